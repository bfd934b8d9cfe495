package rules

import (
	"slices"

	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// byTimeline: by the inventory read from AWS the instance had the address at that
// time, or its VPC's common ways out had. Of machines whose VPC is unknown, those
// of the account.
func (t *trial) byTimeline(p *place) string {
	if p.private || !t.machine() {
		return ""
	}
	id, inventory := t.instance(), t.policy.Timeline
	vpcs := slices.Concat(t.inv.VPCs(id), inventory.VPCs(id))
	if len(vpcs) == 0 {
		return t.firstValid(p, inventory.EgressOf(t.account()))
	}
	claims := inventory.Instance(id)
	for _, vpc := range vpcs {
		claims = append(claims, inventory.Egress(vpc)...)
	}
	return t.firstValid(p, claims)
}

// listedPrivate is ownPrivate by the inventory read from AWS: only a complete one
// tells that an address is not the instance's.
func (t *trial) listedPrivate(p *place) (own, known bool) {
	id := t.instance()
	for _, c := range t.policy.Timeline.Instance(id) {
		own = own || c.Host == p.Host && c.Holds(p.First().Time, p.Last)
	}
	return own, own || t.policy.Timeline.KnowsInstance(id, p.First().At())
}

// onlyWaysOut lists the ways out of an instance when they are all that it has, by
// what the trail told or by the inventory read from AWS; nil when there may be
// others.
func (t *trial) onlyWaysOut(id string, at *state.Observation) []network.Claim {
	vpcs := t.inv.VPCs(id)
	if t.inv.GatewaysOnly(t.account(), id) && !t.policy.Timeline.Doubts(t.account(), vpcs, at.At()) {
		var claims []network.Claim
		for _, vpc := range vpcs {
			claims = append(claims, t.inv.Gateways(vpc)...)
		}
		return claims
	}
	return t.policy.Timeline.OnlyEgress(id, at.At())
}
