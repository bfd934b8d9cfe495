package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// How many other machines must have started from an address before it counts as
// their common way out; more where people or long-term keys use it too, since an
// address known from people is evidence against a machine, not for it.
const (
	poolOfMachines       = 3
	poolSharedWithPeople = 10
	poolExamined         = 16
	companions           = 2 // other machines that share two addresses with the session
	manyCompanions       = 4 // as many that none needs to have begun there
)

// restart is how soon after its start an instance may show its new public address,
// in seconds.
const restart = 15 * 60

// explain finds the reason why a place is the session's own, if there is one, and
// drops the evidence that it outweighs.
func (t *trial) explain(p *place) {
	for _, way := range []struct {
		try   func(*place) string
		trust int
	}{
		{t.byEndpoint, trustProven}, {t.byInventory, trustProven}, {t.byGateway, trustProven}, {t.byTimeline, trustProven},
		{t.known, trustExplained}, {t.byPool, trustExplained}, {t.byIssuer, trustIssuer},
	} {
		if why := way.try(p); why != "" {
			p.explained, p.trust, p.proven = why, way.trust, way.trust == trustProven
			p.Evidence = standing(p.Evidence, p.proven)
			return
		}
	}
}

// standing keeps the evidence that counts even at an explained address: against
// anything what a machine never does, against all but proof also what points to a
// thief's own doing.
func standing(all []finding.Evidence, proven bool) []finding.Evidence {
	return slices.DeleteFunc(all, func(e finding.Evidence) bool {
		switch Code(e.Code) {
		case ConsoleUse, AfterTermination:
			return false
		case RemoteCommand, ForeignEndpoint, IssuedByThief:
			return proven
		}
		return true
	})
}

// known: the configuration names the network.
func (t *trial) known(p *place) string {
	addr, err := netip.ParseAddr(p.First().Address)
	if err != nil || p.private && !t.mayBeOurs(p) {
		return ""
	}
	if k := t.policy.Known.Find(addr, t.account(), p.First().At()); k != nil {
		return fmt.Sprintf("known network %s (%s)", k.Prefix, k.Name)
	}
	return ""
}

// mayBeOurs tells whether a private place is behind an endpoint that nobody else
// owns: everybody's networks have the same private addresses.
func (t *trial) mayBeOurs(p *place) bool {
	if p.Endpoint == "" {
		return false
	}
	account := p.EndpointAccount
	return account == "" || t.ours(account)
}

// byEndpoint: a private address means nothing without its endpoint, and with one
// of ours it is our VPC.
func (t *trial) byEndpoint(p *place) string {
	if p.Endpoint == "" {
		return ""
	}
	switch account := p.EndpointAccount; {
	case account == "":
		return t.byUnnamedEndpoint(p)
	case t.ours(account):
		return fmt.Sprintf("VPC endpoint %s of account %s", p.Endpoint, account)
	}
	return ""
}

// byUnnamedEndpoint judges an endpoint whose account the record does not name: it
// is ours if we saw it made, or if other sessions of ours use it too, or if the
// private address behind it is the instance's own and the software the usual. The
// address alone proves nothing: a thief may give his own machine the same.
func (t *trial) byUnnamedEndpoint(p *place) string {
	if t.inv.OwnEndpoint(p.Endpoint) || t.policy.Timeline.OwnEndpoint(p.Endpoint, p.First().At()) {
		return "VPC endpoint " + p.Endpoint + " of our own"
	}
	own, known := t.ownPrivate(p)
	switch {
	case known && !own || t.rival(p) != nil:
		return ""
	case t.vouched(p) || own && usual(t.set, p.at):
		return "VPC endpoint " + p.Endpoint + ", known to us"
	}
	return ""
}

// ownPrivate tells whether a place's private address is the instance's own, and
// whether its own are known at all.
func (t *trial) ownPrivate(p *place) (own, known bool) {
	own, known = t.listedPrivate(p)
	for _, c := range t.inv.Instance(t.instance()) {
		if network.ParseCaller(c.Host).Class == network.Private {
			known = true
			own = own || c.Host == p.Host
		}
	}
	return own, known
}

// ours tells whether an account is one of our own.
func (t *trial) ours(account string) bool {
	return account == t.account() || t.policy.Timeline.Covers(account) || slices.Contains(t.policy.Accounts, account) ||
		len(t.view.Set(network.AccountKey(account)).Class(classActive)) > 0
}

// byInventory: the instance was given the address, or its VPC's gateways have it.
func (t *trial) byInventory(p *place) string {
	id := t.instance()
	if id == "" || p.private {
		return ""
	}
	claims := t.inv.Instance(id)
	for _, vpc := range t.inv.VPCs(id) {
		claims = append(claims, t.inv.Gateways(vpc)...)
	}
	return t.firstValid(p, claims)
}

// byGateway: a NAT gateway of the account, where the machine's VPC is unknown.
func (t *trial) byGateway(p *place) string {
	if !t.machine() || p.private || len(t.inv.VPCs(t.instance())) > 0 {
		return ""
	}
	return t.firstValid(p, t.inv.GatewayOf(t.account(), p.Host))
}

// machine tells whether the session's holder sits in a VPC.
func (t *trial) machine() bool { return t.kind.Compute() || t.kind == Managed }

// firstValid finds a claim that covers a place and comes from a source that can be
// trusted.
func (t *trial) firstValid(p *place, claims []network.Claim) string {
	for _, c := range claims {
		if c.Host != p.Host || !c.Holds(p.First().Time, p.Last) || t.selfServing(p, c.By) {
			continue
		}
		if p.since = c.From; c.Moves {
			p.moved = c.From
		}
		return c.Why
	}
	return ""
}

// selfServing: what was stated from the very address that it would explain, or by
// the session itself from anywhere but its first address, explains nothing. An
// intruder may associate an address of his own.
func (t *trial) selfServing(p *place, by string) bool {
	at := strings.LastIndexByte(by, '@')
	who, host := by[:max(at, 0)], by[at+1:]
	return host == p.Host || who == t.lock && host != t.places[0].Host
}

// byIssuer: whoever asked for the credential may use it where he asked.
func (t *trial) byIssuer(p *place) string {
	if t.kind.Compute() || t.kind.perPrincipal() {
		return ""
	}
	for _, k := range t.tokens {
		if k.issued != nil && k.issue.Service == "" && k.issued.Address != "" && network.ParseCaller(k.issued.Address).Host() == p.Host {
			return "the credential was asked for from here"
		}
	}
	return ""
}

// explainByOwner explains what only makes sense beside the owner's address.
func (t *trial) explainByOwner(p *place) {
	if !t.suspect(p) || t.owner == nil {
		return
	}
	switch {
	case t.predecessor(p):
		p.explained = "the address before " + t.owner.Host + " was associated"
	case t.successor(p):
		p.explained = "an Elastic IP of the account, associated when the session left " + t.owner.Host
	case t.restarted(p):
		p.explained = "the instance was started again and has a new public address"
	case t.before(p):
		p.explained = "the machine's first address, still in use beside " + t.owner.Host
	case t.moved(p):
		p.explained = "the machine moved: the old address is silent since, and the keys are newer"
	case t.sameMachine(p):
		p.explained = "the same private address behind another endpoint"
	case t.sameNetwork(p):
		p.explained = "in the same network as " + t.owner.Host
	default:
		return
	}
	p.Evidence = standing(p.Evidence, true)
}

// predecessor: the session's first address, before an Elastic IP took its place.
func (t *trial) predecessor(p *place) bool {
	return t.owner.moved > 0 && p.First().Time < t.owner.moved && p.Last <= t.owner.moved+restart && !p.private && (p == t.places[0] || t.platformAt(p))
}

// sameMachine: the owner's private address behind an endpoint for another service,
// with the usual software.
func (t *trial) sameMachine(p *place) bool {
	return t.unnamedEndpoint(p) && t.owner.private && p.Host == t.owner.Host && t.rival(p) == nil && usual(t.set, p.at)
}

// rival finds a VPC endpoint through which the session reaches a service that it
// also calls from this place: a machine has one way to a service in a region, and
// where there is an endpoint of its own it is that.
func (t *trial) rival(p *place) *place {
	for _, o := range t.places {
		if o.Endpoint == "" || o == p || p.Endpoint != "" && o.First().Compare(p.First()) > 0 || p.Endpoint == "" && t.suspect(o) {
			continue
		}
		if reached := t.reach(o); slices.ContainsFunc(t.reach(p), func(service string) bool { return slices.Contains(reached, service) }) {
			return o
		}
	}
	return nil
}

// reach lists the services, by region, that the session called from a place.
func (t *trial) reach(p *place) []string {
	var out []string
	for _, m := range t.set.Class(classReach) {
		if parts := state.Parts(m.Name); len(parts) == 4 && p.at(parts) {
			out = append(out, parts[2]+" "+parts[3])
		}
	}
	return out
}

// successor: an Elastic IP of the account that was associated with an interface
// nobody knows, when the session's former address fell silent.
func (t *trial) successor(p *place) bool {
	if t.kind != EC2 || t.owner.Last > p.First().Time {
		return false
	}
	return t.firstValid(p, t.inv.Associated(t.account(), p.Host)) != ""
}

// sameNetwork: not a machine's session, and the address is a neighbour of the
// owner's or of the one that asked for the credential: pools of a provider.
func (t *trial) sameNetwork(p *place) bool {
	if t.kind.Compute() || p.private {
		return false
	}
	near := []string{t.owner.First().Address}
	for _, k := range t.tokens {
		if k.issued != nil {
			near = append(near, k.issued.Address)
		}
	}
	return slices.ContainsFunc(near, func(text string) bool { return neighbours(text, p.First().Address) })
}

// neighbours tells whether two IPv4 addresses are in one /24.
func neighbours(a, b string) bool {
	x, errA := netip.ParseAddr(a)
	y, errB := netip.ParseAddr(b)
	return errA == nil && errB == nil && x.Is4() && netip.PrefixFrom(x, 24).Masked().Contains(y)
}

// restarted: the first address after the instance was started, when the address
// from before the start was not used again.
func (t *trial) restarted(p *place) bool {
	id := t.instance()
	if id == "" || p.private || p.Endpoint != "" || t.outsideRanges(p) {
		return false
	}
	for _, start := range t.inv.Moments(id, network.Started) {
		if p.First().Time >= start.At && p.First().Time <= start.At+restart && !t.selfServing(p, start.By) && t.asUsual(p) && t.newlyKeyed(p, start.At) && t.firstSince(p, start.At) {
			return true
		}
	}
	return false
}

// before: the session's first address, where all is as usual, and the proof of the
// owner's place is of later: a second interface. That one address is the machine's own
// does not say that the first is not.
func (t *trial) before(p *place) bool {
	return t.kind == EC2 && p == t.places[0] && !p.private && p.alone == 0 && t.owner.since > p.First().Time && t.asUsual(p)
}

// moved: AWS's agent calls from the place, with keys that were all handed out after
// the owner's address fell silent. It may have been started again by whom the log does
// not name.
func (t *trial) moved(p *place) bool {
	return t.kind == EC2 && !p.private && t.platformAt(p) && t.asUsual(p) && t.owner.Last < p.First().Time &&
		!slices.ContainsFunc(t.tokens, func(k token) bool { return slices.Contains(p.Keys, k.AccessKey) && k.Issued <= t.owner.Last })
}

// asUsual tells whether a place shows software that the session shows elsewhere, and
// nobody there asks who he is who does not ask elsewhere.
func (t *trial) asUsual(p *place) bool {
	asks := func(here bool) bool {
		return slices.ContainsFunc(t.set.Class(classIdentity), func(m *state.Member) bool { return p.at(state.Parts(m.Name)) == here })
	}
	return usual(t.set, p.at) && (!asks(true) || asks(false))
}

// newlyKeyed tells whether a place has a key that was handed out after a time, as an
// instance gets them when it is started, or no place of the session has one yet.
func (t *trial) newlyKeyed(p *place, at int64) bool {
	return t.handedOutSince(p, at) || !slices.ContainsFunc(t.places, func(o *place) bool { return t.handedOutSince(o, at) })
}

func (t *trial) handedOutSince(p *place, at int64) bool {
	return slices.ContainsFunc(t.tokens, func(k token) bool {
		return k.Issued >= at && slices.Contains(p.Keys, k.AccessKey)
	})
}

// firstSince tells whether no other public place was used after a time before this
// one, or at all after it.
func (t *trial) firstSince(p *place, at int64) bool {
	for _, o := range t.places {
		if o == p || o.private {
			continue
		}
		if o.First().Time >= at && !(t.asUsual(o) && t.newlyKeyed(o, at)) {
			continue // somebody with an old key, or who looks around
		}
		before := o.First().Time < at && o.Last < at
		after := o.First().Time > p.First().Time
		if !before && !after {
			return false
		}
	}
	return true
}
