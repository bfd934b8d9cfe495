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
)

// restart is how soon after its start an instance may show its new public address,
// in seconds.
const restart = 15 * 60

// explain finds the reason why a place is the session's own, if there is one, and
// drops the evidence that it outweighs.
func (t *trial) explain(p *place) {
	for _, try := range []func(*place) (string, int64){t.known, t.byEndpoint, t.byInventory, t.byGateway, t.byPool, t.byIssuer} {
		if why, since := try(p); why != "" {
			p.explained, p.since, p.Evidence = why, since, standing(p.Evidence)
			return
		}
	}
}

// standing keeps the evidence that counts even at an explained address.
func standing(all []finding.Evidence) []finding.Evidence {
	return slices.DeleteFunc(all, func(e finding.Evidence) bool {
		return e.Code != string(ConsoleUse) && e.Code != string(AfterTermination)
	})
}

// known: the configuration names the network.
func (t *trial) known(p *place) (string, int64) {
	addr, err := netip.ParseAddr(p.First().Address)
	if err != nil || p.private && p.Endpoint == "" {
		return "", 0
	}
	if k := t.policy.Known.Find(addr, t.account(), p.First().At()); k != nil {
		return fmt.Sprintf("known network %s (%s)", k.Prefix, k.Name), 0
	}
	return "", 0
}

// byEndpoint: a private address means nothing without its endpoint, and with one
// of ours it is our VPC.
func (t *trial) byEndpoint(p *place) (string, int64) {
	if p.Endpoint == "" {
		return "", 0
	}
	switch account := p.endpoint.First().Value; {
	case account == "":
		return t.byUnnamedEndpoint(p)
	case t.ours(account):
		return fmt.Sprintf("VPC endpoint %s of account %s", p.Endpoint, account), p.First().Time
	}
	return "", 0
}

// byUnnamedEndpoint judges an endpoint whose account the record does not name: it
// is ours if we saw it made, or if the private address behind it is the
// instance's own, or if other sessions of ours use it too.
func (t *trial) byUnnamedEndpoint(p *place) (string, int64) {
	if t.inv.OwnEndpoint(p.Endpoint) {
		return "VPC endpoint " + p.Endpoint + " of our own", p.First().Time
	}
	own, known := t.ownPrivate(p.Host)
	others := t.othersAt(network.EndpointKey(p.Endpoint))
	switch {
	case known && !own:
		return "", 0
	case own || others > 0:
		return "VPC endpoint " + p.Endpoint + ", known to us", p.First().Time
	}
	return "", 0
}

// ownPrivate tells whether a private address is the instance's own, and whether
// its own are known at all.
func (t *trial) ownPrivate(host string) (own, known bool) {
	for _, c := range t.inv.Instance(t.instance()) {
		if network.ParseCaller(c.Host).Class == network.Private {
			known = true
			own = own || c.Host == host
		}
	}
	return own, known
}

// ours tells whether an account is one of our own.
func (t *trial) ours(account string) bool {
	return account == t.account() || slices.Contains(t.policy.Accounts, account) ||
		len(t.view.Set(network.AccountKey(account)).Class(classActive)) > 0
}

// byInventory: the instance was given the address, or its VPC's gateways have it.
func (t *trial) byInventory(p *place) (string, int64) {
	id := t.instance()
	if id == "" || p.private {
		return "", 0
	}
	claims := t.inv.Instance(id)
	for _, vpc := range t.inv.VPCs(id) {
		claims = append(claims, t.inv.Gateways(vpc)...)
	}
	return t.firstValid(p, claims)
}

// byGateway: a NAT gateway of the account, where the machine's VPC is unknown.
func (t *trial) byGateway(p *place) (string, int64) {
	if !t.machine() || p.private || len(t.inv.VPCs(t.instance())) > 0 {
		return "", 0
	}
	return t.firstValid(p, t.inv.GatewayOf(t.account(), p.Host))
}

// machine tells whether the session's holder sits in a VPC.
func (t *trial) machine() bool { return t.kind.Compute() || t.kind == Managed }

// firstValid finds a claim that covers a place. What was stated from the very
// address that it would explain explains nothing: an intruder may associate an
// address of his own.
func (t *trial) firstValid(p *place, claims []network.Claim) (string, int64) {
	for _, c := range claims {
		if c.Host == p.Host && c.Holds(p.First().Time, p.Last) && !strings.HasSuffix(c.By, "@"+p.Host) {
			return c.Why, c.From
		}
	}
	return "", 0
}

// byPool: other machines of the account started out from this address, so it is
// their common way out.
func (t *trial) byPool(p *place) (string, int64) {
	if !t.machine() || p.private {
		return "", 0
	}
	needed := poolOfMachines
	set := t.view.Set(network.AddressKey(t.account(), p.Host))
	if len(set.Class(classUsed)) > 0 && !t.inv.Owned(t.account(), p.Host) {
		needed = poolSharedWithPeople
	}
	if n := t.startedAt(set, p.Host); n >= needed {
		return fmt.Sprintf("common way out of %d other machines of the account", n), p.First().Time
	}
	return "", 0
}

// startedAt counts the other sessions under an address whose first use of all was
// there.
func (t *trial) startedAt(set *state.Set, host string) int {
	n := 0
	for i, m := range set.Class(classSession) {
		if i == poolExamined {
			break
		}
		other := m.First().Session
		if other == "" || other == t.lock {
			continue
		}
		if uses := t.view.Set(SessionKey(other)).Class(classUse); len(uses) > 0 && state.Parts(uses[0].Name)[0] == host {
			n++
		}
	}
	return n
}

// othersAt counts the other sessions under a key.
func (t *trial) othersAt(key state.Key) int {
	n := 0
	for _, m := range t.view.Set(key).Class(classSession) {
		if m.First().Session != t.lock {
			n++
		}
	}
	return n
}

// byIssuer: whoever asked for the credential may use it where he asked.
func (t *trial) byIssuer(p *place) (string, int64) {
	if t.kind.Compute() || t.kind.perPrincipal() {
		return "", 0
	}
	for _, k := range t.tokens {
		if k.issued != nil && k.issue.Service == "" && k.issued.Address != "" && network.ParseCaller(k.issued.Address).Host() == p.Host {
			return "the credential was asked for from here", p.First().Time
		}
	}
	return "", 0
}

// explainByOwner explains what only makes sense beside the owner's address.
func (t *trial) explainByOwner(p *place) {
	if !t.suspect(p) || t.owner == nil {
		return
	}
	switch {
	case t.predecessor(p):
		p.explained = "the address before " + t.owner.Host + " was associated"
	case t.restarted(p):
		p.explained = "the instance was started again and has a new public address"
	default:
		return
	}
	p.Evidence = standing(p.Evidence)
}

// predecessor: the session's address before the one that the inventory explains,
// not used after that began to hold.
func (t *trial) predecessor(p *place) bool {
	return t.owner.explained != "" && p.First().Time < t.owner.since && p.Last <= t.owner.since+restart && !p.private
}

// restarted: the first address after the instance was started, when the address
// from before the start was not used again.
func (t *trial) restarted(p *place) bool {
	id := t.instance()
	if id == "" || p.private || p.Endpoint != "" {
		return false
	}
	for _, at := range t.inv.Times(id, network.Started) {
		if p.First().Time >= at && p.First().Time <= at+restart && t.firstSince(p, at) {
			return true
		}
	}
	return false
}

// firstSince tells whether no other public place was used after a time before this
// one, or at all after it.
func (t *trial) firstSince(p *place, at int64) bool {
	for _, o := range t.places {
		if o == p || o.private {
			continue
		}
		before := o.First().Time < at && o.Last < at
		after := o.First().Time > p.First().Time
		if !before && !after {
			return false
		}
	}
	return true
}
