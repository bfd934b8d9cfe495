package inventory_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/straytoken/straytoken/inventory"
	"github.com/straytoken/straytoken/network"
)

// found is an Elastic IP as a reading has it.
func found(address string) network.Holding {
	return network.Holding{Account: ours, Region: region, What: network.HeldElasticIP, Address: netip.MustParseAddr(address), Instance: "i-1"}
}

// reading is a reading so many minutes after noon.
func reading(minutes int, err error, addresses ...string) inventory.Reading {
	r := inventory.Reading{Account: ours, Region: region, At: minute(minutes), Err: err}
	for _, a := range addresses {
		r.Holdings = append(r.Holdings, found(a))
	}
	return r
}

func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

// merged is what a row of readings comes to, each merged by itself.
func merged(readings ...inventory.Reading) []network.Holding {
	var known []network.Holding
	for _, r := range readings {
		known = inventory.Merge(known, []inventory.Reading{r}, inventory.MergeOptions{Now: r.At})
	}
	return known
}

func of(known []network.Holding, what network.Sort) []network.Holding {
	var out []network.Holding
	for _, h := range known {
		if h.What == what {
			out = append(out, h)
		}
	}
	return out
}

var errRead = errors.New("denied")

func TestMergeDates(t *testing.T) {
	const a, b = "203.0.113.1", "203.0.113.2"
	type span struct{ from, until time.Time }
	open := time.Time{}
	for _, c := range []struct {
		name     string
		readings []inventory.Reading
		a, b     []span
	}{
		{"there from the first reading on", []inventory.Reading{reading(0, nil, a), reading(10, nil, a)}, []span{{open, open}}, nil},
		{"new", []inventory.Reading{reading(0, nil, a), reading(10, nil, a, b)}, []span{{open, open}}, []span{{minute(0), open}}},
		{"gone", []inventory.Reading{reading(0, nil, a, b), reading(10, nil, b)}, []span{{open, minute(10)}}, []span{{open, open}}},
		{"gone and back", []inventory.Reading{reading(0, nil, a), reading(10, nil), reading(20, nil, a)}, []span{{minute(10), open}, {open, minute(10)}}, nil},
		{"not seen in half a reading", []inventory.Reading{reading(0, nil, a), reading(10, errRead)}, []span{{open, open}}, nil},
		{"new in half a reading", []inventory.Reading{reading(0, nil, a), reading(10, errRead, b)}, []span{{open, open}}, []span{{minute(0), open}}},
		{"listed twice", []inventory.Reading{reading(0, nil, a, a)}, []span{{open, open}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := map[string][]span{a: c.a, b: c.b}
			got := map[string][]span{}
			for _, h := range of(merged(c.readings...), network.HeldElasticIP) {
				got[h.Address.String()] = append(got[h.Address.String()], span{h.From, h.Until})
			}
			for address, spans := range want {
				if len(spans) != len(got[address]) {
					t.Fatalf("%s: %v, want %v", address, got[address], spans)
				}
				for _, s := range spans {
					if !contains(got[address], s) {
						t.Errorf("%s: %v, want %v", address, got[address], spans)
					}
				}
			}
		})
	}
}

func contains[T comparable](all []T, one T) bool {
	for _, x := range all {
		if x == one {
			return true
		}
	}
	return false
}

func TestMergeTrustsAWSForTheBeginning(t *testing.T) {
	late := found("203.0.113.2")
	late.From = minute(7)
	second := reading(10, nil)
	second.Holdings = []network.Holding{late}
	if got := of(merged(reading(0, nil), second), network.HeldElasticIP); !got[0].From.Equal(minute(7)) {
		t.Errorf("from %s", got[0].From)
	}
}

func TestMergeKnowsWhatIsComplete(t *testing.T) {
	for _, c := range []struct {
		name     string
		readings []inventory.Reading
		complete map[int]bool // by minute
	}{
		{"one after the other", []inventory.Reading{reading(0, nil), reading(30, nil)}, map[int]bool{-1: false, 0: true, 15: true, 30: true, 40: true, 60: false}},
		{"a failure between", []inventory.Reading{reading(0, nil), reading(10, errRead), reading(20, nil)}, map[int]bool{5: false, 15: false, 21: true}},
		{"failing still", []inventory.Reading{reading(0, nil), reading(10, errRead), reading(20, errRead)}, map[int]bool{5: false, 25: false}},
		{"never read", []inventory.Reading{reading(0, errRead)}, map[int]bool{0: false, 5: false}},
		{"a night without readings", []inventory.Reading{reading(0, nil), reading(600, nil)}, map[int]bool{0: true, 300: false, 600: true}},
		{"failed twice, with good ones between", []inventory.Reading{reading(0, nil), reading(10, errRead), reading(20, nil), reading(30, nil), reading(40, errRead), reading(50, nil)},
			map[int]bool{15: false, 25: true, 45: false, 51: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			timeline := network.NewTimeline(merged(c.readings...))
			for at, want := range c.complete {
				if got := timeline.Complete(ours, region, minute(at)); got != want {
					t.Errorf("minute %d: complete %v", at, got)
				}
			}
		})
	}
}

func TestMergeForgetsAfterTheRetention(t *testing.T) {
	known := merged(reading(0, nil, "203.0.113.1"), reading(10, nil))
	for _, c := range []struct {
		now       time.Time
		retention time.Duration
		want      int
	}{
		{minute(10).Add(89 * 24 * time.Hour), 0, 1},
		{minute(10).Add(91 * 24 * time.Hour), 0, 0},
		{minute(90), time.Hour, 0},
	} {
		got := inventory.Merge(known, nil, inventory.MergeOptions{Now: c.now, Retention: c.retention})
		if n := len(of(got, network.HeldElasticIP)); n != c.want {
			t.Errorf("%s later: %d addresses", c.now.Sub(noon), n)
		}
	}
}

func TestMergeLeavesOtherRegionsAlone(t *testing.T) {
	first := reading(0, nil, "203.0.113.1")
	other := reading(10, nil)
	other.Region = "us-east-1"
	known := merged(first, other)
	if got := of(known, network.HeldElasticIP); len(got) != 1 || !got[0].Until.IsZero() {
		t.Errorf("%+v", got)
	}
	if got := of(known, network.Complete); len(got) != 2 {
		t.Errorf("%+v", got)
	}
}
