package rules

import "fmt"

// Trust decides who the owner is when several addresses could be. Time of first
// use is only one reason among others: a thief can be first.
const (
	trustExplained = 100 // the inventory or the configuration says so
	trustPlatform  = 50  // AWS's own agent runs there
	trustNeighbour = 30  // another machine of the account started there
	trustEarliest  = 25  // it was used first
)

// chooseOwner finds the place that the session belongs to; nil without places.
func (t *trial) chooseOwner() *place {
	var owner *place
	best := 0
	for i, p := range t.places {
		trust := t.trust(p)
		if i == 0 {
			trust += trustEarliest
		}
		if owner == nil || trust > best {
			owner, best = p, trust
		}
	}
	return owner
}

func (t *trial) trust(p *place) int {
	trust := 0
	if p.explained != "" {
		trust += trustExplained
	}
	if t.platformAt(p) {
		trust += trustPlatform
	}
	if t.machine() && t.neighbours(p) > 0 {
		trust += trustNeighbour
	}
	for _, e := range p.Evidence {
		trust -= e.Weight
	}
	return trust
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
	t.evidence(p, SecondAddress, t.relationTo(p), fmt.Sprintf(
		"the session belongs at %s; nothing explains %s: no known network, no Elastic IP, NAT gateway or VPC endpoint of ours", t.owner.where(), p.where()))
	t.drift(p)
	t.olderMetadata(p)
	t.interleaved(p)
	t.newRegion(p)
}

// relationTo is the weight of a second address. An IPv6 address beside an IPv4 one
// of a machine may be the same interface, so without inventory it counts less.
func (t *trial) relationTo(p *place) int {
	w := t.policy.relation(t.kind)
	if t.kind.Compute() && p.sixBeside(t.owner) {
		return min(w, mediumScore)
	}
	return w
}
