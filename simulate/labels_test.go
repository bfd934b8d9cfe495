package simulate_test

import (
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
	"github.com/straytoken/straytoken/simulate"
)

func TestLabelsHoldForOtherRuns(t *testing.T) {
	tests := map[string]simulate.Config{
		"shortest":       {Seed: 1, Duration: 2 * time.Hour, ThievesPerScenario: 2},
		"one account":    {Seed: 2, Duration: 3 * time.Hour, Accounts: 1, Regions: []string{"eu-central-1"}},
		"many, repeated": {Seed: 3, Duration: 2 * time.Hour, Accounts: 5, Regions: []string{"us-west-2", "ap-south-1"}, Duplicates: 0.3},
	}
	for name, cfg := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := run(t, cfg)
			checkScenarios(t, out, max(1, cfg.ThievesPerScenario))
			checkEvents(t, out)
		})
	}
}

// checkScenarios wants each scenario n times, in good order.
func checkScenarios(t *testing.T, out *output, n int) {
	t.Helper()
	for _, s := range simulate.Scenarios() {
		count := 0
		for _, theft := range out.labels.Thefts {
			if theft.Scenario == s.Name {
				count++
				checkTheft(t, s, &theft)
			}
		}
		if count != n {
			t.Errorf("%s: %d thefts, want %d", s.Name, count, n)
		}
	}
}

func checkTheft(t *testing.T, s simulate.Scenario, theft *labels.Theft) {
	t.Helper()
	if theft.IsVisible() != s.Visible() {
		t.Errorf("%s: visible %v", theft.ID, theft.IsVisible())
	}
	if theft.AccessKey == "" || theft.PrincipalID == "" || theft.SessionCreated.IsZero() {
		t.Errorf("%s: stolen session %q of %q, created %v", theft.ID, theft.AccessKey, theft.PrincipalID, theft.SessionCreated)
	}
	if s.Visible() && (len(theft.MustFlag) == 0 || theft.FirstUse.IsZero() || len(theft.AttackerAddresses) == 0) {
		t.Errorf("%s: nothing to flag", theft.ID)
	}
	if slices.Contains(theft.SiblingKeys, theft.AccessKey) {
		t.Errorf("%s: the stolen key is its own sibling", theft.ID)
	}
	for _, a := range theft.AttackerAddresses {
		if s.Visible() && s.Name != "ec2-colliding-address" && slices.Contains(theft.LegitAddresses, a) {
			t.Errorf("%s: %s is both owner's and thief's", theft.ID, a)
		}
	}
}

// checkEvents holds labels against records: must_flag is exactly the set of events
// made with a theft's keys from the thief's addresses.
func checkEvents(t *testing.T, out *output) {
	t.Helper()
	events := out.byID()
	uses := map[[2]string][]string{} // key and address to event ids
	for _, e := range out.events {
		use := [2]string{e.Identity.AccessKeyID, e.SourceIPAddress}
		uses[use] = append(uses[use], e.EventID)
	}
	for _, theft := range out.labels.Thefts {
		for _, id := range theft.MustFlag {
			e, ok := events[id]
			if !ok {
				t.Errorf("%s: event %s is not in the log", theft.ID, id)
			}
			if !slices.Contains(theft.Keys(), e.Identity.AccessKeyID) || !slices.Contains(theft.AttackerAddresses, e.SourceIPAddress) {
				t.Errorf("%s: event %s by %s from %s", theft.ID, id, e.Identity.AccessKeyID, e.SourceIPAddress)
			}
		}
		if !theft.IsVisible() || theft.Scenario == "ec2-colliding-address" {
			continue
		}
		for _, key := range theft.Keys() {
			for _, address := range theft.AttackerAddresses {
				for _, id := range uses[[2]string{key, address}] {
					if !slices.Contains(theft.MustFlag, id) {
						t.Errorf("%s: event %s (%s) is the thief's and not labelled", theft.ID, id, events[id].EventName)
					}
				}
			}
		}
	}
}

func TestThievesKeepTheirAddressesToThemselves(t *testing.T) {
	out := run(t, simulate.Config{Duration: 2 * time.Hour, ThievesPerScenario: 2})
	owner := map[string]string{}
	for _, theft := range out.labels.Thefts {
		for _, a := range theft.AttackerAddresses {
			if !theft.IsVisible() || netip.MustParseAddr(a).IsPrivate() {
				continue // private addresses recur
			}
			if before, taken := owner[a]; taken {
				t.Errorf("%s belongs to %s and %s", a, before, theft.ID)
			}
			owner[a] = theft.ID
		}
	}
	for _, b := range out.labels.Benign {
		for _, a := range b.Addresses {
			if theft, taken := owner[a]; taken {
				t.Errorf("%s of %s is also in benign %s", a, theft, b.Pattern)
			}
		}
	}
}

// checkBenign wants each labelled pattern to be in the log.
func checkBenign(t *testing.T, out *output) {
	t.Helper()
	keys := map[string]bool{}
	for _, e := range out.events {
		keys[e.Identity.AccessKeyID] = true
	}
	keyless := []string{"operator-terraform", "corrected-record", "late-records"}
	for _, b := range out.labels.Benign {
		if slices.Contains(keyless, b.Pattern) {
			continue
		}
		if !slices.ContainsFunc(b.Keys, func(k string) bool { return keys[k] }) || len(b.Addresses) == 0 {
			t.Errorf("%s: %d keys, %d addresses, none in use", b.Pattern, len(b.Keys), len(b.Addresses))
		}
		for _, k := range b.Keys {
			if k[:4] != "ASIA" || len(k) != 20 {
				t.Errorf("%s: key %q", b.Pattern, k)
			}
		}
	}
}

func TestScenariosFilter(t *testing.T) {
	out := run(t, simulate.Config{Scenarios: []string{"ec2-pivot", "lambda-internet"}, ThievesPerScenario: 2, Duration: 2 * time.Hour})
	if len(out.labels.Thefts) != 4 || out.summary.Thefts != 4 || out.summary.Visible != 4 {
		t.Errorf("%d thefts, summary %+v", len(out.labels.Thefts), out.summary)
	}
}

func TestScenariosAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range simulate.Scenarios() {
		if seen[s.Name] || s.Description == "" || s.Workload == "" {
			t.Errorf("scenario %+v", s)
		}
		seen[s.Name] = true
	}
}

// The thief of ec2-delivered-first is in an earlier file than any call of the owner.
func TestDeliveredFirst(t *testing.T) {
	for seed := range uint64(2) {
		out := run(t, simulate.Config{Seed: seed, Duration: 2 * time.Hour, Scenarios: []string{"ec2-delivered-first"}})
		theft := out.labels.Thefts[0]
		var thief, owner event
		for _, e := range out.events {
			if e.Identity.PrincipalID != theft.PrincipalID {
				continue
			}
			first := &owner
			if slices.Contains(theft.MustFlag, e.EventID) {
				first = &thief
			}
			if first.file == "" || delivered(e) < delivered(*first) {
				*first = e
			}
		}
		if delivered(thief) >= delivered(owner) {
			t.Errorf("seed %d: thief delivered %s, owner %s", seed, delivered(thief), delivered(owner))
		}
		if theft.FirstUseOfSession {
			t.Errorf("seed %d: the owner was first in time", seed)
		}
	}
}

// delivered is the slot of an event's file.
func delivered(e event) string {
	return trailName.FindStringSubmatch(filepath.ToSlash(e.file))[6]
}
