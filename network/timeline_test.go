package network_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/straytoken/straytoken/network"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func holding(what network.Sort, address, instance, vpc string, from, until time.Time) network.Holding {
	h := network.Holding{Account: account, Region: region, What: what, ID: string(what) + "-1", Instance: instance, VPC: vpc, From: from, Until: until}
	if address != "" {
		h.Address = netip.MustParseAddr(address)
	}
	return h
}

// vpc is a private instance behind one NAT gateway, of which all is known for a day.
func vpc(more ...network.Holding) *network.Timeline {
	day := noon.Add(-12 * time.Hour)
	return network.NewTimeline(append([]network.Holding{
		holding(network.Complete, "", "", "", day, day.Add(24*time.Hour)),
		holding(network.HeldInterface, "10.0.0.5", "i-1", "vpc-1", day, time.Time{}),
		holding(network.HeldGateway, "198.51.100.1", "", "vpc-1", day, time.Time{}),
	}, more...))
}

func TestTimelineClaimsHoldForTheirTime(t *testing.T) {
	timeline := network.NewTimeline([]network.Holding{
		holding(network.HeldElasticIP, "203.0.113.1", "i-1", "", noon, noon.Add(time.Hour)),
		holding(network.HeldGateway, "2001:db8::1", "", "vpc-1", time.Time{}, noon),
	})
	eip, gateway := timeline.Instance("i-1"), timeline.Egress("VPC-1")
	if len(eip) != 1 || len(gateway) != 1 || len(timeline.EgressOf(account)) != 1 {
		t.Fatalf("claims: %v and %v", eip, gateway)
	}
	for _, c := range []struct {
		name  string
		claim network.Claim
		at    time.Time
		want  bool
	}{
		{"before", eip[0], noon.Add(-time.Hour), false},
		{"within", eip[0], noon.Add(30 * time.Minute), true},
		{"after", eip[0], noon.Add(2 * time.Hour), false},
		{"since nobody knows when", gateway[0], noon.Add(-9000 * time.Hour), true},
		{"after an unknown beginning", gateway[0], noon.Add(time.Hour), false},
	} {
		if got := c.claim.Holds(c.at.Unix(), c.at.Unix()); got != c.want {
			t.Errorf("%s: holds %v", c.name, got)
		}
	}
	if !eip[0].Moves || gateway[0].Moves || gateway[0].Host != "2001:db8::/64" {
		t.Errorf("claims: %+v, %+v", eip[0], gateway[0])
	}
}

func TestTimelineCompleteness(t *testing.T) {
	gap := holding(network.Unread, "", "", "", noon, noon.Add(time.Hour))
	timeline := vpc(gap)
	for _, c := range []struct {
		name   string
		region string
		at     time.Time
		want   bool
	}{
		{"before anybody looked", region, noon.Add(-13 * time.Hour), false},
		{"read", region, noon.Add(-time.Hour), true},
		{"in a gap", region, noon.Add(time.Minute), false},
		{"after the gap", region, noon.Add(2 * time.Hour), true},
		{"just after the last reading", region, noon.Add(12*time.Hour + 10*time.Minute), true},
		{"long after the last reading", region, noon.Add(13 * time.Hour), false},
		{"another region", "us-east-1", noon.Add(-time.Hour), false},
	} {
		if got := timeline.Complete(account, c.region, c.at); got != c.want {
			t.Errorf("%s: complete %v", c.name, got)
		}
	}
}

func TestTimelineOnlyEgress(t *testing.T) {
	other := holding(network.HeldGateway, "198.51.100.2", "", "vpc-1", noon, time.Time{})
	other.Account = "222222222222" // shares the VPC, and is not read
	for _, c := range []struct {
		name     string
		timeline *network.Timeline
		instance string
		want     int
	}{
		{"all is known", vpc(), "i-1", 1},
		{"nobody knows the instance", vpc(), "i-2", 0},
		{"a gap", vpc(holding(network.Unread, "", "", "", noon, time.Time{})), "i-1", 0},
		{"a public address of its own", vpc(holding(network.HeldElasticIP, "203.0.113.1", "i-1", "", noon, time.Time{})), "i-1", 0},
		{"a route elsewhere", vpc(holding(network.LedElsewhere, "", "", "vpc-1", noon, time.Time{})), "i-1", 0},
		{"a route elsewhere in another VPC", vpc(holding(network.LedElsewhere, "", "", "vpc-2", noon, time.Time{})), "i-1", 1},
		{"a route elsewhere long ago", vpc(holding(network.LedElsewhere, "", "", "vpc-1", time.Time{}, noon.Add(-time.Hour))), "i-1", 1},
		{"a gateway of an account that is not read", vpc(other), "i-1", 0},
		{"no timeline", nil, "i-1", 0},
	} {
		if got := c.timeline.OnlyEgress(c.instance, noon.Add(time.Minute)); len(got) != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestTimelineOfNothing(t *testing.T) {
	var timeline *network.Timeline
	if timeline.Len() != 0 || timeline.Covers(account) || timeline.Instance("i-1") != nil || timeline.VPCs("i-1") != nil ||
		timeline.Egress("vpc-1") != nil || timeline.EgressOf(account) != nil || timeline.OwnEndpoint("vpce-1", noon) ||
		timeline.Complete(account, region, noon) || timeline.Doubts(account, nil, noon) || timeline.KnowsInstance("i-1", noon) {
		t.Error("nil knows something")
	}
}

func TestTimelineKnowsItsAccountsEndpointsAndInstances(t *testing.T) {
	timeline := vpc(network.Holding{Account: account, Region: region, What: network.HeldEndpoint, ID: "vpce-1", VPC: "vpc-1", From: noon})
	if !timeline.Covers(account) || timeline.Covers("999999999999") {
		t.Error("wrong accounts")
	}
	if !timeline.OwnEndpoint("vpce-1", noon.Add(time.Hour)) || timeline.OwnEndpoint("vpce-1", noon.Add(-time.Hour)) || timeline.OwnEndpoint("vpce-2", noon) {
		t.Error("wrong endpoints")
	}
	if !timeline.KnowsInstance("i-1", noon) || timeline.KnowsInstance("i-2", noon) || timeline.VPCs("i-1")[0] != "vpc-1" {
		t.Error("wrong instances")
	}
}
