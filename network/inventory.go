package network

import (
	"fmt"
	"slices"
	"time"

	"github.com/straytoken/straytoken/state"
)

// retirement is how long an address counts as ours after it was given up: the
// event of giving it up, and uses just before, can arrive late.
const retirement = 20 * time.Minute

// ahead is how much earlier than its event a statement holds: an event's time is
// that of the call's completion, on another host.
const ahead = 5 * time.Minute

// Claim is an address that the inventory gives to somebody, for a time.
type Claim struct {
	Host  string // as Caller.Host
	Why   string // for people
	From  int64  // seconds since 1970
	Until int64  // seconds since 1970; 0: still
	By    string // who stated it, "session@address"
	// Moves tells that the claim took the place of another address, as an Elastic IP
	// does of the public address that an instance had before.
	Moves bool
}

// Holds tells whether the claim covers all of a span of uses (seconds since 1970).
func (c *Claim) Holds(first, last int64) bool {
	return first >= c.From-int64(ahead/time.Second) && (c.Until == 0 || last <= c.Until+int64(retirement/time.Second))
}

// Inventory reads what was learned. It is pure: its answers depend on the View.
type Inventory struct{ View state.View }

// values are the members of a class, each with its value, what else it names, and
// who stated it.
type value struct {
	*state.Member
	text string
	more []string
	by   string
}

func (inv Inventory) values(key state.Key, class string) []value {
	var out []value
	for _, m := range inv.View.Set(key).Class(class) {
		parts := state.Parts(m.Name)
		if len(parts) < 2 {
			continue
		}
		last := len(parts) - 1
		out = append(out, value{Member: m, text: parts[0], more: parts[1:last], by: parts[last]})
	}
	return out
}

// ended is when something was given up; 0 when it was not.
func (inv Inventory) ended(key state.Key) int64 {
	if ends := inv.values(key, Ended); len(ends) > 0 {
		return ends[0].First().Time
	}
	return 0
}

func (v *value) claim(host, why string, until int64) Claim {
	return Claim{Host: host, Why: why, From: v.First().Time, Until: until, By: v.by}
}

func (c Claim) moving() Claim {
	c.Moves = true
	return c
}

// Instance lists the addresses of an instance and its interfaces: its own, and
// the Elastic IPs that were associated with them.
func (inv Inventory) Instance(id string) []Claim {
	claims := inv.attached(InstanceKey(id), "the instance")
	for _, eni := range inv.values(InstanceKey(id), Interface) {
		claims = append(claims, inv.attached(InterfaceKey(eni.text), "interface "+eni.text)...)
	}
	return claims
}

// attached lists the addresses under one instance or interface.
func (inv Inventory) attached(key state.Key, what string) []Claim {
	var claims []Claim
	for _, a := range inv.values(key, Address) {
		claims = append(claims, a.claim(hostOf(a.text), fmt.Sprintf("%s was given it by %s", what, a.First().Name), 0))
	}
	for _, a := range inv.values(key, ElasticIP) {
		claims = append(claims, a.claim(hostOf(a.text), "Elastic IP associated with "+what, inv.associationEnd(a.more)).moving())
	}
	for _, a := range inv.values(key, Allocation) {
		for _, ip := range inv.values(AllocationKey(a.text), Address) {
			claims = append(claims, a.claim(hostOf(ip.text), "Elastic IP "+a.text+" associated with "+what, inv.associationEnd(a.more)).moving())
		}
	}
	return claims
}

// associationEnd is when the association named last in a member ended.
func (inv Inventory) associationEnd(more []string) int64 {
	if len(more) == 0 || more[len(more)-1] == "" {
		return 0
	}
	return inv.ended(AssociationKey(more[len(more)-1]))
}

// VPCs lists the VPCs of an instance.
func (inv Inventory) VPCs(instance string) []string {
	var out []string
	for _, v := range inv.values(InstanceKey(instance), VPC) {
		if !slices.Contains(out, v.text) {
			out = append(out, v.text)
		}
	}
	return out
}

// Gateways lists the public addresses of a VPC's NAT gateways.
func (inv Inventory) Gateways(vpc string) []Claim {
	var claims []Claim
	for _, g := range inv.values(VPCKey(vpc), Gateway) {
		end := inv.ended(GatewayKey(g.text))
		for _, a := range inv.values(GatewayKey(g.text), Allocation) {
			for _, ip := range inv.values(AllocationKey(a.text), Address) {
				claims = append(claims, a.claim(hostOf(ip.text), fmt.Sprintf("NAT gateway %s of %s", g.text, vpc), end))
			}
		}
	}
	return claims
}

// GatewayOf tells whether an address of an account belongs to a NAT gateway,
// whichever VPC that is in.
func (inv Inventory) GatewayOf(account, host string) []Claim {
	var claims []Claim
	for _, e := range inv.values(AddressKey(account, host), ElasticIP) {
		if len(e.more) == 0 {
			continue
		}
		for _, g := range inv.values(AllocationKey(e.more[0]), Gateway) {
			claims = append(claims, g.claim(host, fmt.Sprintf("NAT gateway %s of account %s", g.text, account), inv.ended(GatewayKey(g.text))))
		}
	}
	return claims
}

// Owned tells whether an address is an Elastic IP of an account.
func (inv Inventory) Owned(account, host string) bool {
	return len(inv.values(AddressKey(account, host), ElasticIP)) > 0
}

// GatewaysOnly tells whether an instance can reach the internet by its VPC's known
// NAT gateways alone: neither its subnet nor its launch gave it a public address, and no default route
// of the VPC leads where we cannot follow. Without that knowledge it says no.
func (inv Inventory) GatewaysOnly(account, instance string) bool {
	subnets := inv.values(InstanceKey(instance), Subnet)
	if len(subnets) == 0 || len(inv.values(InstanceKey(instance), PublicIP)) > 0 {
		return false
	}
	for _, s := range subnets {
		if len(inv.values(SubnetKey(s.text), NoPublicIP)) == 0 || len(inv.values(SubnetKey(s.text), PublicIP)) > 0 {
			return false
		}
	}
	return !inv.leadsElsewhere(account, inv.VPCs(instance))
}

// leadsElsewhere tells whether a default route of one of the VPCs, or of a route
// table whose VPC is unknown, goes to a transit gateway, an appliance or a peer.
func (inv Inventory) leadsElsewhere(account string, vpcs []string) bool {
	for _, route := range inv.values(AccountKey(account), Incomplete) {
		if len(route.more) == 0 {
			return true
		}
		owners := inv.values(RouteTableKey(route.more[0]), VPC)
		if len(owners) == 0 || slices.ContainsFunc(owners, func(v value) bool { return slices.Contains(vpcs, v.text) }) {
			return true
		}
	}
	return false
}

// Associated lists the claims to an Elastic IP of an account that was associated
// with an interface or instance of which nothing else is known: with whom it is,
// only its use can tell.
func (inv Inventory) Associated(account, host string) []Claim {
	var claims []Claim
	for _, e := range inv.values(AddressKey(account, host), ElasticIP) {
		if len(e.more) == 0 {
			continue
		}
		for _, eni := range inv.values(AllocationKey(e.more[0]), Interface) {
			if len(inv.values(InterfaceKey(eni.text), Instance)) == 0 {
				claims = append(claims, eni.claim(host, fmt.Sprintf("Elastic IP %s associated with %s", e.more[0], eni.text), inv.ended(AllocationKey(e.more[0]))).moving())
			}
		}
	}
	return claims
}

// OwnEndpoint tells whether a VPC endpoint was created in a trail of ours.
func (inv Inventory) OwnEndpoint(id string) bool {
	return len(inv.values(EndpointKey(id), VPC)) > 0
}

// InstancesOf lists the instances whose addresses a fact of the inventory may
// explain, as far as they are known: those of the VPC that it is about.
func (inv Inventory) InstancesOf(key state.Key, member string) []string {
	if state.Class(member) == Instance {
		return nil // that an instance is in a VPC says nothing of its neighbours
	}
	var out []string
	for _, vpc := range inv.vpcsOf(key) {
		for _, i := range inv.values(VPCKey(vpc), Instance) {
			out = append(out, i.text)
		}
	}
	return out
}

// vpcsOf lists the VPCs that a subnet, gateway, route table or allocation is in.
func (inv Inventory) vpcsOf(key state.Key) []string {
	var out []string
	switch key.Kind() {
	case "vpc":
		return []string{key.Rest()}
	case "allocation":
		for _, g := range inv.values(key, Gateway) {
			out = append(out, inv.vpcsOf(GatewayKey(g.text))...)
		}
	case "subnet", "nat", "rtb":
		for _, v := range inv.values(key, VPC) {
			out = append(out, v.text)
		}
	}
	return out
}

// Moment is when something happened, and who says so.
type Moment struct {
	At int64  // seconds since 1970
	By string // "session@address"
}

// Moments lists when something of a class happened to an instance, earliest first.
func (inv Inventory) Moments(instance, class string) []Moment {
	var out []Moment
	for _, v := range inv.values(InstanceKey(instance), class) {
		out = append(out, Moment{At: v.First().Time, By: v.by})
	}
	return out
}

// Made tells whether all VPCs were made in the trail, so that all their gateways
// are in it too. Without any it says no.
func (inv Inventory) Made(vpcs []string) bool {
	return len(vpcs) > 0 && !slices.ContainsFunc(vpcs, func(vpc string) bool { return len(inv.values(VPCKey(vpc), Created)) == 0 })
}

// CommandsFrom lists when an address sent commands to an instance, and which, newest
// last.
func (inv Inventory) CommandsFrom(instance, host string) []*state.Observation {
	var out []*state.Observation
	for _, v := range inv.values(InstanceKey(instance), Command) {
		if v.text == host {
			out = append(out, v.Seen...)
		}
	}
	slices.SortFunc(out, (*state.Observation).Compare)
	return out
}

func hostOf(text string) string { return ParseCaller(text).Host() }
