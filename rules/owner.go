package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// Trust decides who the owner is when several addresses could be. Time of first
// use is only one reason among others: a thief can be first.
const (
	trustProven    = 60  // the inventory says so
	trustIssuer    = 50  // the credential was asked for there
	trustExplained = 40  // it is like the addresses of many others
	trustPlatform  = 50  // AWS's own agent runs there
	trustRuntime   = 50  // the software names the workload's environment
	trustNeighbour = 30  // another machine of the account started there
	trustEarliest  = 45  // it was used first
	trustOutside   = -50 // it is outside AWS, and the machine should be inside
	trustRelayed   = -99 // only what was signed elsewhere came from it
)

// chooseOwner finds the place that the session belongs to; nil without places.
func (t *trial) chooseOwner() *place {
	var owner *place
	best := 0
	for i, p := range t.places {
		trust := t.trust(p)
		if i == 0 && !t.impossibleHolder(p) {
			trust += trustEarliest
		}
		if owner == nil || trust > best {
			owner, best = p, trust
		}
	}
	return owner
}

// impossibleHolder: functions and containers run one system; who calls with another
// was not the first holder, however early.
func (t *trial) impossibleHolder(p *place) bool {
	return t.kind.Compute() && t.kind != EC2 && slices.ContainsFunc(p.Evidence, func(e finding.Evidence) bool {
		return e.Code == string(ImpossibleSystem)
	})
}

func (t *trial) trust(p *place) int {
	trust := p.trust
	if p.explained == "" && t.machine() && t.neighbours(p) > 0 {
		trust = trustNeighbour
	}
	if t.platformAt(p) {
		trust += trustPlatform
	}
	if t.runsAt(p) {
		trust += trustRuntime
	}
	if t.kind.insideAWS() && t.outsideRanges(p) {
		trust += trustOutside
	}
	if t.presigned(p) || byURL(p) {
		trust += trustRelayed
	}
	for _, e := range p.Evidence {
		trust -= e.Weight
	}
	return trust
}

// environments are the variables that AWS sets for a workload, as SDKs repeat them.
var environments = map[Kind]string{Lambda: "AWS_Lambda", ECS: "AWS_ECS"}

// runsAt tells whether the software at a place says that it runs where the workload
// does. Who copies it gains nothing over the workload itself, which says so too.
func (t *trial) runsAt(p *place) bool {
	name, ok := environments[t.kind]
	here, _ := software(t.set, p.at, version)
	return ok && slices.ContainsFunc(here, func(v string) bool { return strings.Contains(v, environmentMark+name) })
}

// weighAgainstOwner adds what counts once the owner is known.
func (t *trial) weighAgainstOwner(p *place) {
	if p == t.owner {
		t.weighFirstUse(p)
		return
	}
	if !t.suspect(p) {
		return
	}
	if t.presigned(p) {
		p.Evidence = slices.DeleteFunc(p.Evidence, func(e finding.Evidence) bool {
			return e.Code == string(CallerIdentity) || e.Code == string(PersonAddress)
		})
		t.evidence(p, SecondAddress, min(t.policy.relation(t.kind), presignedRelation), "GetCallerIdentity alone, sent by software that cannot sign: the session proves to somebody who it is")
		return
	}
	if byURL(p) {
		p.Evidence = nil
		t.evidence(p, SecondAddress, min(t.policy.relation(t.kind), presignedRelation), "presigned URLs alone: whoever was given one may open it")
		return
	}
	t.evidence(p, SecondAddress, t.relationTo(p), fmt.Sprintf(
		"the session belongs at %s; nothing explains %s: no known network, no Elastic IP, NAT gateway or VPC endpoint of ours", t.owner.where(), p.where()))
	t.drift(p)
	t.olderMetadata(p)
	t.interleaved(p)
	t.newRegion(p)
}

// Relations of a second address that may well be the workload's own: too little by
// themselves, enough with any evidence.
const (
	settling            = 24 * 3600 // seconds in which a machine shows its ways out
	reconnecting        = 900       // seconds in which connections outlive a new way
	firstPublicRelation = 30
	endpointRelation    = 30
	presignedRelation   = 20
	sandboxRelation     = 30
	companionRelation   = 30 // other machines turned up there in the same manner
	vendorRelation      = 10
	awsSixRelation      = 30
)

// relationTo is the weight of a second address. An IPv6 address beside an IPv4 one
// of a machine may be the same interface, so without inventory it counts less; so
// does a VPC endpoint of unknown owner, and the first public address of a machine known from behind its endpoints, for
// what has no endpoint must go out somewhere.
func (t *trial) relationTo(p *place) int {
	w := t.policy.relation(t.kind)
	switch {
	case t.kind.Compute() && t.rival(p) != nil:
		return w
	case t.sandbox(p):
		return min(w, sandboxRelation)
	case t.firstPublic(p) && p.First().Time-t.places[0].First().Time < settling:
		return min(w, firstPublicRelation)
	case t.unnamedEndpoint(p) && !t.goesOnWithout(p):
		return min(w, endpointRelation)
	case t.dualStack(p):
		return min(w, awsSixRelation)
	case p.companions > 1:
		return min(w, companionRelation)
	case p.companions == 1:
		return min(w, mediumScore)
	case t.issuedAbroad():
		return min(w, vendorRelation)
	case t.kind == Managed && p.First().Time-t.places[0].First().Time > lateNode:
		return w + lateNodeWeight
	case t.kind.Compute() && p.sixBeside(t.owner):
		return min(w, mediumScore)
	}
	return w
}

// Nodes of a distributed job start together: one that comes later is stranger.
const (
	lateNode       = 600 // seconds
	lateNodeWeight = 10
)

// unnamedEndpoint: through a VPC endpoint whose account the record does not name,
// with nothing known of the machine's own private address.
func (t *trial) unnamedEndpoint(p *place) bool {
	if p.Endpoint == "" || p.EndpointAccount != "" {
		return false
	}
	_, known := t.ownPrivate(p)
	return !known
}

// goesOnWithout: the session still reaches a service on its old way, long after it
// reached it through an endpoint. A machine that is given an endpoint takes it.
func (t *trial) goesOnWithout(p *place) bool {
	reached := t.reach(p)
	for _, o := range t.places {
		if o.Endpoint != "" || t.suspect(o) && !t.firstPublic(o) {
			continue
		}
		if slices.ContainsFunc(o.Seen, func(use *state.Observation) bool {
			return use.Time > p.First().Time+reconnecting && slices.Contains(reached, use.Source+" "+use.Region)
		}) {
			return true
		}
	}
	return false
}

// dualStack: an IPv4 and an IPv6 address, the latter of AWS, of one machine.
func (t *trial) dualStack(p *place) bool {
	return t.kind.Compute() && p.sixBeside(t.owner) && (network.AmazonSix(p.First().Address) || network.AmazonSix(t.owner.First().Address))
}

// issuedAbroad: the credential was issued to an account that is not ours, a vendor's,
// whose workers share it.
func (t *trial) issuedAbroad() bool {
	return t.kind == Role && slices.ContainsFunc(t.tokens, func(k token) bool {
		return slices.ContainsFunc(k.issuers, func(account string) bool { return account != "" && !t.ours(account) })
	})
}

// byURL: nothing but presigned URLs of S3 was used from a place.
func byURL(p *place) bool {
	return !slices.ContainsFunc(p.Seen, func(o *state.Observation) bool { return !o.Presigned })
}

// firstPublic: the owner is behind an endpoint, and this is the first address
// without one, but for those against which enough speaks without a second address.
func (t *trial) firstPublic(p *place) bool {
	if !t.machine() || t.owner.Endpoint == "" || p.private {
		return false
	}
	for _, o := range t.places {
		if !o.private && o.alone < mediumScore {
			return o == p
		}
	}
	return false
}

// otherWay: the place may be the machine's other way out, endpoints for some
// services and a gateway for the rest.
func (t *trial) otherWay(p *place) bool { return t.firstPublic(p) || t.unnamedEndpoint(p) }

// presigned: a request that the session signed for somebody else to send, as
// Vault and EKS take as proof of identity.
func (t *trial) presigned(p *place) bool {
	for _, o := range p.Seen {
		if o.Name != "GetCallerIdentity" {
			return false
		}
	}
	if t.set.Member(state.NewMember(classActs, p.Host, p.Endpoint)) != nil {
		return false
	}
	here, _ := software(t.set, p.at, family)
	return !slices.ContainsFunc(here, func(f string) bool { return !(agent{family: f}).bare() })
}
