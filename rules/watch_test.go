package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

// TestWatched: only what is worth a finding is judged again with every fact about
// its account, and about the account whose endpoint the intruder came through.
func TestWatched(t *testing.T) {
	for severity, want := range map[finding.Severity][]string{
		finding.Low:    nil,
		finding.Medium: {"account/111122223333", "account/444455556666"},
	} {
		v := rules.Verdict{Lock: "AROAWEB:i-1", Severity: severity, Session: rules.Session{Account: "111122223333"}, Places: []rules.Place{
			{Role: finding.Owner, Host: "10.0.0.1", EndpointAccount: "777788889999", Seen: []*state.Observation{{Time: 1}}},
			{Role: finding.Intruder, Host: "10.0.0.2", EndpointAccount: "444455556666", Seen: []*state.Observation{{Time: 2}}},
		}}
		var got []string
		for _, f := range v.Consequences() {
			if strings.HasPrefix(f.Member, "watch|") {
				got = append(got, string(f.Key))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: watched under %v, want %v", severity, got, want)
		}
	}
}
