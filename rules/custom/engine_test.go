package custom_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/rules/custom"
	"github.com/straytoken/straytoken/state"
)

// theft is a verdict with an owner and an intruder.
func theft() *rules.Verdict {
	use := func(at int64, address, name string) []*state.Observation {
		return []*state.Observation{{Time: at, EventID: name, Source: "s3.amazonaws.com", Name: name, Address: address, Agent: "aws-cli/2", Region: "us-east-1"}}
	}
	return &rules.Verdict{
		Case: "AROAX:i-1", Lock: "AROAX:i-1", Kind: rules.EC2, Score: 90, Severity: finding.High,
		Session:  rules.Session{AccessKey: "ASIAX", RoleARN: "arn:aws:iam::111122223333:role/web", Account: "111122223333", Issued: 1_799_999_000},
		Evidence: []finding.Evidence{{Code: "second-address", Weight: 70}, {Code: "agent-drift", Weight: 20}},
		Places: []rules.Place{
			{Role: finding.Owner, Host: "203.0.113.1", Seen: use(1_800_000_000, "203.0.113.1", "GetObject"), Last: 1_800_000_000},
			{Role: finding.Intruder, Host: "192.0.2.66", Seen: use(1_800_000_100, "192.0.2.66", "ListBuckets"), Last: 1_800_000_100, Score: 90,
				Evidence: []finding.Evidence{{Code: "second-address", Weight: 70}, {Code: "agent-drift", Weight: 20}}},
		},
	}
}

// call is an event signed by a session.
func call() *cloudtrail.Event {
	return &cloudtrail.Event{
		Time: time.Unix(1_800_000_000, 0).UTC(), Source: "iam.amazonaws.com", Name: "CreateAccessKey", ID: "e1", Region: "us-east-1",
		SourceIPAddress: "192.0.2.66", UserAgent: "aws-cli/2", Request: cloudtrail.RawOf(`{"userName":"backdoor","tags":[{"key":"a"}],"max":7}`),
		Identity: cloudtrail.Identity{Type: "AssumedRole", AccessKeyID: "ASIAEXAMPLEEXAMPLE01", PrincipalID: "AROAX:i-1", Issuer: cloudtrail.SessionIssuer{ARN: "arn:aws:iam::111122223333:role/web"}},
	}
}

func parse(t testing.TB, content string) *custom.Engine {
	t.Helper()
	engine, err := custom.Parse("r.yaml", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// rule makes a rule that weighs.
func rule(name, on, when string) string {
	return fmt.Sprintf("- name: %s\n  on: %s\n  when: |\n    %s\n  evidence: {weight: 10, text: t}\n", name, on, when)
}

func TestVerdictVariables(t *testing.T) {
	for when, want := range map[string]bool{
		`verdict.score == 90 && verdict.severity == "high" && verdict.rule == "second-address"`: true,
		`verdict.kind == "ec2" && "agent-drift" in verdict.evidence`:                            true,
		`token.role_arn == "arn:aws:iam::111122223333:role/web" && token.kind == "ec2"`:         true,
		`token.issued == timestamp("2027-01-15T07:43:20Z")`:                                     true,
		`token.expires.getFullYear() == 1970`:                                                   true,
		`owner.address == "203.0.113.1" && owner.names == ["GetObject"]`:                        true,
		`intruder.address == "192.0.2.66" && intruder.score == 90 && intruder.events == 1`:      true,
		`intruder.first - owner.last == duration("100s")`:                                       true,
		`addresses.size() == 2 && addresses[1].role == "intruder"`:                              true,
		`cidr(intruder.address, "192.0.2.0/24") && !cidr("s3.amazonaws.com", "0.0.0.0/0")`:      true,
		`cidr("::ffff:192.0.2.1", "192.0.2.0/24")`:                                              true,
		`glob(token.role_arn, "*:role/w?b")`:                                                    true,
		`glob(token.role_arn, "role/web")`:                                                      false,
		`intruder.endpoint != ""`:                                                               false,
	} {
		engine := parse(t, rule("r1", "verdict", when))
		if got := len(engine.Verdicts(theft())) == 1; got != want {
			t.Errorf("%s is %t", when, got)
		}
		if n := engine.Rules()[0].Failures(); n != 0 {
			t.Errorf("%s failed", when)
		}
	}
}

func TestEventVariables(t *testing.T) {
	for when, want := range map[string]bool{
		`event.name == "CreateAccessKey" && event.source == "iam.amazonaws.com" && event.region == "us-east-1"`: true,
		`event.request.userName == "backdoor" && event.request.max == 7`:                                        true,
		`event.request.tags.exists(t, t.key == "a")`:                                                            true,
		`has(event.request.policy)`:                                                                             false,
		`event.response.size() == 0`:                                                                            true,
		`event.identity.type == "AssumedRole" && event.identity.role_arn.endsWith(":role/web")`:                 true,
		`event.name in ["DeleteTrail", "StopLogging"]`:                                                          false,
		`event.name == "DeleteTrail" || event.name == "CreateAccessKey"`:                                        true,
		`event.name == "DeleteTrail" || event.read_only == false`:                                               true,
		`event.name != "DeleteTrail"`:                                                                           true,
		`event.time > timestamp("2027-01-01T00:00:00Z")`:                                                        true,
	} {
		engine := parse(t, rule("r1", "event", when))
		if got := slices.Equal(engine.Events(call()), []string{"r1"}); got != want {
			t.Errorf("%s is %t", when, got)
		}
		if n := engine.Rules()[0].Failures(); n != 0 {
			t.Errorf("%s failed", when)
		}
	}
}

// TestFailuresStayAlone: a rule that fails holds for nothing, is counted, and the
// rules around it hold as ever.
func TestFailuresStayAlone(t *testing.T) {
	engine := parse(t, rule("r1", "verdict", "true")+
		rule("r2", "verdict", "addresses[9].score > 1")+
		rule("r3", "verdict", "verdict.score / (owner.score * 0) > 1")+
		rule("r4", "verdict", `cidr(intruder.address, token.arn)`)+
		rule("r5", "verdict", "verdict.score > 1")+
		rule("e1", "event", "event.request.missing == 1")+
		rule("e2", "event", "true"))
	var held []string
	for _, e := range engine.Verdicts(theft()) {
		held = append(held, e.Rule)
	}
	if !slices.Equal(held, []string{"r1", "r5"}) {
		t.Errorf("held: %v", held)
	}
	if got := engine.Events(call()); !slices.Equal(got, []string{"e2"}) {
		t.Errorf("met: %v", got)
	}
	for _, r := range engine.Rules() {
		want := int64(0)
		if slices.Contains([]string{"r2", "r3", "r4", "e1"}, r.Rule) {
			want = 1
		}
		if r.Failures() != want {
			t.Errorf("%s failed %d times, want %d", r.Rule, r.Failures(), want)
		}
	}
}

// TestCostLimit: a predicate that is cheap on what can be expected fails on what a
// caller made huge, and soon.
func TestCostLimit(t *testing.T) {
	engine := parse(t, rule("r1", "event", `event.request.names.all(n, n != "x")`))
	huge := call()
	huge.Request = cloudtrail.RawOf(`{"names":[` + strings.Repeat(`"a",`, 1<<16) + `"a"]}`)
	start := time.Now()
	if got := engine.Events(huge); len(got) != 0 {
		t.Errorf("met: %v", got)
	}
	if n := engine.Rules()[0].Failures(); n != 1 {
		t.Errorf("failed %d times, want once", n)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestKinds(t *testing.T) {
	engine := parse(t, "- name: r1\n  on: verdict\n  kinds: [lambda]\n  when: 'true'\n  evidence: {weight: 1, text: t}\n")
	v := theft()
	if len(engine.Verdicts(v)) != 0 {
		t.Error("holds for a machine")
	}
	if v.Kind = rules.Lambda; len(engine.Verdicts(v)) != 1 {
		t.Error("does not hold for a function")
	}
}

func BenchmarkVerdicts(b *testing.B) {
	for _, n := range []int{0, 20, 200} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			engine, v := parse(b, many("verdict", n)), theft()
			b.ReportAllocs()
			for b.Loop() {
				engine.Verdicts(v)
			}
		})
	}
}

// BenchmarkJudge judges a session with two addresses.
func BenchmarkJudge(b *testing.B) {
	for _, n := range []int{0, 200} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			memory, policy := state.NewMemory(1<<10), &rules.Policy{}
			if n > 0 {
				policy.Custom = parse(b, many("verdict", n))
			}
			for _, address := range []string{"203.0.113.1", "192.0.2.66"} {
				e := call()
				e.SourceIPAddress = address
				_ = memory.Put(b.Context(), rules.Extractor{Keep: 10}.Facts(e)) // memory never fails
			}
			b.ReportAllocs()
			for b.Loop() {
				policy.Judge("ASIAEXAMPLEEXAMPLE01", memory)
			}
		})
	}
}

func BenchmarkEvents(b *testing.B) {
	for _, kind := range []string{"event", "any"} {
		for _, n := range []int{0, 20} {
			b.Run(fmt.Sprintf("%s/rules=%d", kind, n), func(b *testing.B) {
				engine, e := parse(b, many(kind, n)), call()
				x := rules.Extractor{Keep: 10, Contested: 1000}
				if engine.OnEvents() {
					x.Custom = engine
				}
				b.ReportAllocs()
				for b.Loop() {
					x.Facts(e)
				}
			})
		}
	}
}

// many makes rules that look at several fields and do not hold: over events, of
// one name each, or of any.
func many(kind string, n int) string {
	var b strings.Builder
	for i := range n {
		name := fmt.Sprintf("r%d", i)
		switch kind {
		case "verdict":
			b.WriteString(rule(name, "verdict", fmt.Sprintf(`glob(token.role_arn, "arn:aws:iam::*:role/team-%d-*") && addresses.all(a, cidr(a.address, "10.%d.0.0/16"))`, i, i)))
		case "event":
			b.WriteString(rule(name, "event", fmt.Sprintf(`event.name == "Delete%d" && event.source == "iam.amazonaws.com"`, i)))
		case "any":
			b.WriteString(rule(name, "event", fmt.Sprintf(`event.source == "iam.amazonaws.com" && cidr(event.address, "10.%d.0.0/16")`, i)))
		}
	}
	return b.String()
}
