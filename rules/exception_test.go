package rules_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

var eight = time.Date(2027, 1, 10, 8, 0, 0, 0, time.UTC)

// eventAt is an event of one machine's session, some minutes after eight.
func eventAt(minute int, address string) *cloudtrail.Event {
	return &cloudtrail.Event{
		Time: eight.Add(time.Duration(minute) * time.Minute), Source: "s3.amazonaws.com", Name: "ListBuckets", ID: address, Region: "eu-central-1",
		SourceIPAddress: address, UserAgent: "aws-sdk-go-v2/1.30.0 os/linux", RecipientAccountID: "111122223333",
		Identity: cloudtrail.Identity{
			Type: "AssumedRole", PrincipalID: "AROAX:i-0123456789abcdef0", AccountID: "111122223333", AccessKeyID: "ASIAEXAMPLEEXAMPLE01",
			RoleDelivery: "2.0", Issuer: cloudtrail.SessionIssuer{Type: "Role", ARN: "arn:aws:iam::111122223333:role/web"},
		},
	}
}

// judgeEvents judges the session of some events.
func judgeEvents(p *rules.Policy, events ...*cloudtrail.Event) []rules.Verdict {
	memory := state.NewMemory(1 << 10)
	for _, e := range events {
		_ = memory.Put(context.Background(), rules.Extractor{Keep: 10, Contested: 10, Custom: p.Custom}.Facts(e)) // memory never fails
	}
	return p.Judge("AROAX:i-0123456789abcdef0", memory)
}

type always bool

func (a always) Holds(*rules.Verdict) bool { return bool(a) }

func TestExceptions(t *testing.T) {
	network := netip.MustParsePrefix
	owner, intruder, another := eventAt(0, "203.0.113.1"), eventAt(5, "198.51.100.7"), eventAt(30, "192.0.2.66")
	two, three := []*cloudtrail.Event{owner, intruder}, []*cloudtrail.Event{owner, intruder, another}
	tests := []struct {
		name   string
		e      rules.Exception
		events []*cloudtrail.Event
		want   bool
	}{
		{"role", rules.Exception{Role: "arn:aws:iam::111122223333:role/web"}, two, true},
		{"role by pattern", rules.Exception{Role: "arn:aws:iam::*:role/w?b"}, two, true},
		{"another role", rules.Exception{Role: "arn:aws:iam::*:role/db"}, two, false},
		{"account", rules.Exception{Account: "111122223333"}, two, true},
		{"another account", rules.Exception{Account: "444455556666"}, two, false},
		{"network", rules.Exception{Network: network("198.51.100.0/24")}, two, true},
		{"another network", rules.Exception{Network: network("10.0.0.0/8")}, two, false},
		{"the owner's network", rules.Exception{Network: network("203.0.113.0/24")}, two, false},
		{"network of one intruder of two", rules.Exception{Network: network("198.51.100.0/24")}, three, false},
		{"network of both", rules.Exception{Network: network("128.0.0.0/1")}, three, true},
		{"kind", rules.Exception{Kind: rules.EC2}, two, true},
		{"another kind", rules.Exception{Kind: rules.Lambda}, two, false},
		{"rule", rules.Exception{Rule: rules.SecondAddress}, two, true},
		{"another rule", rules.Exception{Rule: rules.PersonAddress}, two, false},
		{"condition", rules.Exception{When: always(true)}, two, true},
		{"condition that does not hold", rules.Exception{When: always(false)}, two, false},
		{"all criteria", rules.Exception{Role: "*", Kind: rules.EC2, Network: network("198.51.100.0/24"), When: always(true)}, two, true},
		{"all criteria but one", rules.Exception{Role: "*", Kind: rules.EC2, Network: network("198.51.100.0/24"), Account: "444455556666"}, two, false},
		{"not expired", rules.Exception{Kind: rules.EC2, Expires: eight.Add(6 * time.Minute)}, two, true},
		{"expired at the intruder's first use", rules.Exception{Kind: rules.EC2, Expires: eight.Add(5 * time.Minute)}, two, false},
		{"expired before the second intruder", rules.Exception{Kind: rules.EC2, Expires: eight.Add(6 * time.Minute)}, three, false},
		{"nothing to suppress", rules.Exception{Kind: rules.EC2}, []*cloudtrail.Event{owner}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.e.Reason, tt.e.Owner = "why", "who"
			v := judgeEvents(&rules.Policy{Exceptions: []rules.Exception{tt.e}}, tt.events...)[0]
			if got := v.Suppressed != nil; got != tt.want {
				t.Errorf("suppressed is %t", got)
			}
			if v.Suppressed != nil && (v.Suppressed.Reason != "why" || v.Suppressed.Owner != "who") {
				t.Errorf("suppressed as %+v", v.Suppressed)
			}
			if len(tt.events) > 1 && !v.Guilty() {
				t.Error("the verdict itself has changed")
			}
		})
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "abc", true}, {"a*c", "abbc", true}, {"a*c", "abcd", false},
		{"?", "", false}, {"?", "a", true}, {"a?c", "abc", true}, {"*b*", "abc", true}, {"a*b*c", "a1b2b3c", true}, {"a*bc", "abbc", true},
		{"[a]", "a", false}, {"**", "x", true}, {"abc", "abc", true}, {"abc", "ab", false},
	} {
		if got := rules.Glob(tt.pattern, tt.text); got != tt.want {
			t.Errorf("Glob(%q, %q) is %t", tt.pattern, tt.text, got)
		}
	}
}

// fixed are custom rules over verdicts that always hold.
type fixed []*rules.Effect

func (fixed) Events(*cloudtrail.Event) []string         { return nil }
func (f fixed) Verdicts(*rules.Verdict) []*rules.Effect { return f }
func (fixed) Effect(string) *rules.Effect               { return nil }

// TestSuppressedConvictsNobody: an address that is known and excepted says nothing
// against the sessions of others.
func TestSuppressedConvictsNobody(t *testing.T) {
	v := judgeEvents(&rules.Policy{Exceptions: []rules.Exception{{Kind: rules.EC2, Reason: "r", Owner: "o"}}}, eventAt(0, "203.0.113.1"), eventAt(5, "198.51.100.7"))[0]
	for _, f := range v.Consequences() {
		if state.Class(f.Member) == "convict" {
			t.Errorf("convicts: %s", f.Member)
		}
	}
}

func TestEffectsOfVerdictRules(t *testing.T) {
	own := &rules.Effect{Rule: "mine", Title: "Mine", Severity: finding.High}
	tests := []struct {
		name    string
		effects fixed
		events  []*cloudtrail.Event
		score   int
		count   int // of verdicts
	}{
		{"none", nil, []*cloudtrail.Event{eventAt(0, "203.0.113.1"), eventAt(5, "198.51.100.7")}, 70, 1},
		{"raises", fixed{{Rule: "up", Weight: 30}}, []*cloudtrail.Event{eventAt(0, "203.0.113.1"), eventAt(5, "198.51.100.7")}, 100, 1},
		{"lowers", fixed{{Rule: "down", Weight: -50}}, []*cloudtrail.Event{eventAt(0, "203.0.113.1"), eventAt(5, "198.51.100.7")}, 20, 1},
		{"lowers every intruder", fixed{{Rule: "down", Weight: -50}}, []*cloudtrail.Event{eventAt(0, "203.0.113.1"), eventAt(5, "198.51.100.7"), eventAt(30, "192.0.2.66")}, 20, 1},
		{"not below zero", fixed{{Rule: "down", Weight: -200}}, []*cloudtrail.Event{eventAt(0, "203.0.113.1"), eventAt(5, "198.51.100.7")}, 0, 1},
		{"against the owner", fixed{{Rule: "up", Weight: 60}}, []*cloudtrail.Event{eventAt(0, "203.0.113.1")}, 60, 1},
		{"staged", fixed{{Rule: "up", Weight: 30, Staged: true}}, []*cloudtrail.Event{eventAt(0, "203.0.113.1"), eventAt(5, "198.51.100.7")}, 70, 1},
		{"a finding of its own", fixed{own}, []*cloudtrail.Event{eventAt(0, "203.0.113.1"), eventAt(5, "198.51.100.7")}, 70, 2},
		{"a finding of its own, without an intruder", fixed{own}, []*cloudtrail.Event{eventAt(0, "203.0.113.1")}, 0, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := judgeEvents(&rules.Policy{Custom: tt.effects}, tt.events...)
			if len(got) != tt.count || got[0].Score != tt.score {
				t.Fatalf("%d verdicts, score %d; want %d, %d", len(got), got[0].Score, tt.count, tt.score)
			}
			if len(got) == 2 && (got[1].Intruder() == nil || got[1].Severity != finding.High || got[1].Rule() != "mine" || got[1].Case == got[0].Case) {
				t.Errorf("its own finding is %+v", got[1])
			}
		})
	}
}
