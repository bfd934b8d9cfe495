package rules_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/rules"
)

// held is a Holding of our account.
func held(what network.Sort, address string, from, until time.Time) network.Holding {
	h := network.Holding{Account: ours, Region: "eu-west-1", What: what, ID: string(what) + "-1", VPC: "vpc-1", From: from, Until: until}
	if address != "" {
		h.Address = netip.MustParseAddr(address)
	}
	if what == network.HeldInterface || what == network.HeldElasticIP {
		h.Instance = instance
	}
	return h
}

func timeline(holdings ...network.Holding) *rules.Policy {
	return &rules.Policy{Timeline: network.NewTimeline(holdings)}
}

const (
	homePlace = "198.51.100.1"
	other     = "203.0.113.77"
)

var (
	morning = noon.Add(-6 * time.Hour)
	evening = noon.Add(6 * time.Hour)
	never   = time.Time{}
)

// TestAddressIsOursForItsTime: an Elastic IP from T1 to T2 explains the session's
// second address between them, and neither before nor after.
func TestAddressIsOursForItsTime(t *testing.T) {
	p := timeline(held(network.HeldElasticIP, other, noon.Add(2*time.Hour), noon.Add(4*time.Hour)))
	for _, c := range []struct {
		name   string
		minute int
		want   finding.Role
	}{
		{"before", 60, finding.Intruder},
		{"within", 180, finding.Explained},
		{"after", 300, finding.Intruder},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, second := usage{from: homePlace}, usage{minute: c.minute, from: other}
			v := judged(t, p, second, first, second, usage{minute: c.minute + 5, from: homePlace})
			role, evidence := said(v, other)
			if c.want == finding.Explained && role == finding.Owner { // proven ours, so the session's
				role = finding.Explained
			}
			if role != c.want {
				t.Errorf("%s is %s: %v", other, role, evidence)
			}
		})
	}
}

func TestCommonWaysOutExplain(t *testing.T) {
	prefix := held(network.HeldSubnet, "", morning, never)
	prefix.Prefix = netip.MustParsePrefix("2001:db8:1:2::/64")
	otherVPC := held(network.HeldGateway, other, morning, never)
	otherVPC.VPC = "vpc-2"
	eni := held(network.HeldInterface, "10.0.0.5", morning, never)
	for _, c := range []struct {
		name     string
		second   string
		holdings []network.Holding
		want     bool
	}{
		{"gateway of the VPC", other, []network.Holding{eni, held(network.HeldGateway, other, morning, never)}, true},
		{"gateway of another VPC", other, []network.Holding{eni, otherVPC}, false},
		{"gateway of the account, the VPC unknown", other, []network.Holding{otherVPC}, true},
		{"IPv6 prefix of the VPC", "2001:db8:1:2::99", []network.Holding{eni, prefix}, true},
		{"another IPv6 prefix", "2001:db8:1:3::99", []network.Holding{eni, prefix}, false},
		{"public address of the interface", other, []network.Holding{eni, held(network.HeldInterface, other, morning, never)}, true},
		{"nothing", other, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			second := usage{minute: 60, from: c.second}
			v := judged(t, timeline(c.holdings...), second, usage{from: homePlace}, second)
			role, evidence := said(v, network.ParseCaller(c.second).Host())
			if (role != finding.Intruder) != c.want {
				t.Errorf("%s: %v", role, evidence)
			}
		})
	}
}

// TestOutsideEgressNeedsACompleteInventory: E3 from the inventory read from AWS.
func TestOutsideEgressNeedsACompleteInventory(t *testing.T) {
	base := []network.Holding{
		held(network.HeldInterface, "10.0.0.5", morning, never),
		held(network.HeldGateway, homePlace, morning, never),
	}
	complete := held(network.Complete, "", morning, evening)
	for _, c := range []struct {
		name string
		more []network.Holding
		want bool
	}{
		{"complete", []network.Holding{complete}, true},
		{"never complete", nil, false},
		{"incomplete at that time", []network.Holding{complete, held(network.Unread, "", noon, never)}, false},
		{"incomplete before", []network.Holding{complete, held(network.Unread, "", morning, noon.Add(-time.Hour))}, true},
		{"a default route elsewhere", []network.Holding{complete, held(network.LedElsewhere, "", morning, never)}, false},
		{"a public address of its own", []network.Holding{complete, held(network.HeldElasticIP, "203.0.113.9", morning, never)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			second := usage{minute: 60, from: other}
			v := judged(t, timeline(slices.Concat(base, c.more)...), second, usage{from: homePlace}, second)
			role, evidence := said(v, other)
			if role != finding.Intruder || slices.Contains(evidence, "outside-egress+50") != c.want {
				t.Errorf("%s: %v", role, evidence)
			}
		})
	}
}

// learnedVPC is what the trail tells of an instance behind a NAT gateway at homePlace.
func learnedVPC() []usage {
	admin := usage{from: "192.0.2.10", session: "admin", minute: -120}
	make := func(action string, request, response any) usage {
		u := admin
		u.action, u.request, u.response = "ec2.amazonaws.com "+action, request, response
		return u
	}
	return []usage{
		make("CreateSubnet", nil, map[string]any{"subnet": map[string]any{"subnetId": "subnet-1", "vpcId": "vpc-1", "mapPublicIpOnLaunch": false}}),
		make("AllocateAddress", nil, map[string]any{"allocationId": "eipalloc-1", "publicIp": homePlace}),
		make("CreateNatGateway", map[string]any{"CreateNatGatewayRequest": map[string]any{"AllocationId": "eipalloc-1"}},
			map[string]any{"CreateNatGatewayResponse": map[string]any{"natGateway": map[string]any{"natGatewayId": "nat-1", "vpcId": "vpc-1", "subnetId": "subnet-9"}}}),
		make("RunInstances", map[string]any{}, map[string]any{"instancesSet": map[string]any{"items": []any{map[string]any{"instanceId": instance, "vpcId": "vpc-1", "subnetId": "subnet-1", "privateIpAddress": "10.0.0.5"}}}}),
	}
}

// TestGapsCastDoubtOnWhatTheTrailTells: E3 from the trail alone, unless the
// inventory says that there may be other ways out.
func TestGapsCastDoubtOnWhatTheTrailTells(t *testing.T) {
	for _, c := range []struct {
		name string
		p    *rules.Policy
		want bool
	}{
		{"no inventory", &rules.Policy{}, true},
		{"a gap", timeline(held(network.Unread, "", noon, never)), false},
		{"a route elsewhere", timeline(held(network.LedElsewhere, "", morning, never)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			second := usage{minute: 60, from: other}
			_, evidence := said(judged(t, c.p, second, append(learnedVPC(), usage{from: homePlace}, second)...), other)
			if slices.Contains(evidence, "outside-egress+50") != c.want {
				t.Errorf("%v", evidence)
			}
		})
	}
}

func TestEndpointsOfTheInventoryAreOurs(t *testing.T) {
	endpoint := held(network.HeldEndpoint, "", morning, noon.Add(30*time.Minute))
	endpoint.ID = "vpce-0123456789abcdef0"
	for _, c := range []struct {
		name   string
		minute int
		want   bool
	}{{"while it was ours", 10, true}, {"after it was deleted", 60, false}} {
		t.Run(c.name, func(t *testing.T) {
			second := usage{minute: c.minute, from: "10.0.0.77", endpoint: endpoint.ID, agent: "curl/8.0"}
			v := judged(t, timeline(endpoint), second, usage{from: homePlace}, second)
			i := slices.IndexFunc(v.Places, func(p rules.Place) bool { return p.Endpoint != "" })
			if ours := strings.Contains(v.Places[i].Why, "of our own"); ours != c.want {
				t.Errorf("%s", v.Places[i].Why)
			}
		})
	}
}

// TestPrivateAddressBehindAnUnknownEndpoint: the instance's own is explained; one
// that a complete inventory does not list is stranger than one that nobody knows.
func TestPrivateAddressBehindAnUnknownEndpoint(t *testing.T) {
	eni := held(network.HeldInterface, "10.0.0.5", morning, never)
	complete := held(network.Complete, "", morning, evening)
	for _, c := range []struct {
		name, address string
		p             *rules.Policy
		strange       bool
		explained     bool
	}{
		{"its own", "10.0.0.5", timeline(eni), false, true},
		{"not its own", "10.0.0.99", timeline(eni, complete), true, false},
		{"not listed, but the list has gaps", "10.0.0.99", timeline(eni), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			second := usage{minute: 60, from: c.address, endpoint: "vpce-0fedcba9876543210", action: "sqs.amazonaws.com ListQueues"}
			v := judged(t, c.p, second, usage{from: homePlace}, second)
			role, evidence := said(v, c.address)
			if got := slices.Contains(evidence, "strange-endpoint+30"); got != c.strange {
				t.Errorf("evidence %v", evidence)
			}
			if got := role != finding.Intruder; got != c.explained {
				t.Errorf("%s: %v", role, evidence)
			}
		})
	}
}
