package custom

import (
	"slices"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

// verdictVars are the variables that a predicate over verdicts sees.
func verdictVars(v *rules.Verdict) map[string]any {
	places := make([]Place, len(v.Places))
	var owner, intruder Place
	for i := range v.Places {
		places[i] = placeOf(&v.Places[i])
	}
	for _, p := range slices.Backward(places) {
		switch finding.Role(p.Role) {
		case finding.Owner:
			owner = p
		case finding.Intruder:
			intruder = p
		}
	}
	return map[string]any{
		"verdict": Verdict{Score: v.Score, Severity: v.Severity.String(), Rule: string(v.Rule()), Kind: string(v.Kind), Evidence: codes(v.Evidence)},
		"token":   tokenOf(v), "owner": owner, "intruder": intruder, "addresses": places,
	}
}

func tokenOf(v *rules.Verdict) Token {
	s := &v.Session
	return Token{
		AccessKeyID: s.AccessKey, Kind: string(v.Kind), PrincipalID: s.Principal, ARN: s.ARN, RoleARN: s.RoleARN,
		SessionName: s.Name, AccountID: s.Account, Resource: s.Resource, Issued: time.Unix(s.Issued, 0).UTC(), Expires: time.Unix(v.Expires, 0).UTC(),
	}
}

func placeOf(p *rules.Place) Place {
	return Place{
		Address: p.First().Address, Endpoint: p.Endpoint, Agent: p.First().Agent, Role: string(p.Role), Score: p.Score,
		Evidence: codes(p.Evidence), Events: len(p.Seen), First: p.First().At(), Last: time.Unix(p.Last, 0).UTC(),
		Sources: distinct(p.Seen, func(o *state.Observation) string { return o.Source }),
		Names:   distinct(p.Seen, func(o *state.Observation) string { return o.Name }),
		Regions: distinct(p.Seen, func(o *state.Observation) string { return o.Region }),
		Errors:  distinct(p.Seen, func(o *state.Observation) string { return o.Error }),
	}
}

func codes(evidence []finding.Evidence) []string {
	out := make([]string, len(evidence))
	for i, e := range evidence {
		out[i] = e.Code
	}
	return out
}

// distinct lists what observations say, sorted, once each, without the empty.
func distinct(seen []*state.Observation, field func(*state.Observation) string) []string {
	var out []string
	for _, o := range seen {
		if s := field(o); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}
