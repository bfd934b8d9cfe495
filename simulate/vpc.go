package simulate

import (
	"fmt"
	"strings"
	"time"
)

// vpc is a network of one account and region.
type vpc struct {
	actor
	id        string
	second    int // second octet of 10.x.0.0/16
	subnets   []subnet
	nats      []*nat
	endpoints []endpoint
	hosts     int
	v6        string // the first four groups of its IPv6 /64; empty without IPv6
	// central are egress addresses of another account's inspection network,
	// behind a transit gateway; every workload shows all of them.
	central []string
}

type subnet struct {
	id, zone, routes string
}

type nat struct {
	id, allocation, address string
	secondary               []string
	failed                  bool
}

type endpoint struct {
	id, service string // service as in the event source, without the domain
	gateway     bool
}

// network says how to build a VPC.
type network struct {
	nats       int
	secondary  bool     // a second address on each NAT gateway
	interfaces []string // services with interface endpoints
	gateways   []string // services with gateway endpoints
	logged     bool     // its making is in the log
	v6         bool
	central    bool
}

// newVPC builds a network. Its making appears in the log at the log's beginning,
// or not at all when it is older than the log: the common case in the field.
func (w *world) newVPC(acct *account, region string, n network) *vpc {
	acct.vpcs++
	v := &vpc{actor: w.actor(acct, region, "vpc", acct.vpcs), second: 10 + acct.vpcs%200}
	v.id = hexID(v.rng, "vpc-")
	for i := range 2 {
		v.subnets = append(v.subnets, subnet{
			id: hexID(v.rng, "subnet-"), zone: region + string(rune('a'+i)), routes: hexID(v.rng, "rtb-"),
		})
	}
	if n.v6 {
		v.v6 = w.addresses.prefix64(v6Prefix(region))
	}
	if n.central {
		v.central = []string{w.addresses.inRegion(region), w.addresses.inRegion(region)}
	}
	v.addNATs(n)
	for _, s := range n.interfaces {
		v.endpoints = append(v.endpoints, endpoint{id: hexID(v.rng, "vpce-"), service: s})
	}
	for _, s := range n.gateways {
		v.endpoints = append(v.endpoints, endpoint{id: hexID(v.rng, "vpce-"), service: s, gateway: true})
	}
	if n.logged {
		v.sometime(2*time.Minute, v.logMaking)
	}
	return v
}

func (v *vpc) addNATs(n network) {
	for range n.nats {
		g := &nat{id: hexID(v.rng, "nat-"), allocation: hexID(v.rng, "eipalloc-"), address: v.w.addresses.inRegion(v.region)}
		if n.secondary {
			g.secondary = append(g.secondary, v.w.addresses.inRegion(v.region))
		}
		v.nats = append(v.nats, g)
	}
}

func v6Prefix(region string) string {
	if strings.HasPrefix(region, "us-") {
		return "2600:1f18"
	}
	return "2a05:d018"
}

// nextPrivate returns the private address of the VPC's next machine.
func (v *vpc) nextPrivate() string {
	v.hosts++
	return fmt.Sprintf("10.%d.%d.%d", v.second, 1+v.hosts/200, 10+v.hosts%200)
}

// hostAddress is the private address of what stands at the number-th place of a
// function's network interfaces.
func (v *vpc) hostAddress(number int) string {
	return fmt.Sprintf("10.%d.32.%d", v.second, 10+number%200)
}

// endpointFor returns the endpoint that calls to the service cross.
func (v *vpc) endpointFor(source string) (endpoint, bool) {
	service := strings.TrimSuffix(source, ".amazonaws.com")
	for _, e := range v.endpoints {
		if e.service == service {
			return e, true
		}
	}
	return endpoint{}, false
}

// crossing is a call from the private address over the endpoint. Not every
// service reports the endpoint's account.
func (v *vpc) crossing(e endpoint, private string) origin {
	o := origin{address: private, endpoint: e.id}
	if v.acct.modern && !e.gateway {
		o.endpointOwner = v.acct.id
	}
	return o
}

// egress is the public address behind which the machine of the given number
// reaches the internet: the gateway of its zone, or another while that one is down.
func (v *vpc) egress(a *actor, machine int) string {
	if len(v.central) > 0 {
		return pick(a, v.central)
	}
	for i := range v.nats {
		g := v.nats[(machine+i)%len(v.nats)]
		if g.failed {
			continue
		}
		if len(g.secondary) > 0 && a.chance(40) {
			return pick(a, g.secondary)
		}
		return g.address
	}
	return v.nats[0].address
}
