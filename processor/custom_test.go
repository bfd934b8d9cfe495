package processor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/rules/custom"
	"github.com/straytoken/straytoken/simulate"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// ruled is a worker with custom rules and exceptions.
func ruled(t *testing.T, store state.Store, to sink.Sink, content string, exceptions ...rules.Exception) *processor.Processor {
	t.Helper()
	engine, err := custom.Parse("rules.yaml", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return processor.New(processor.Config{
		Facts: state.NewFacts(store, 1<<16), Extractor: rules.Extractor{Keep: 1000, Contested: 1000},
		Policy:   &rules.Policy{Custom: engine, Exceptions: exceptions},
		Findings: to, DeadLetters: discard{}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
}

// anyRules meet a good part of the simulated traffic, in every way.
const anyRules = `
- {name: reads, on: event, when: 'event.source == "s3.amazonaws.com" && event.name.startsWith("Get")', evidence: {weight: 15, text: reads}}
- {name: looks, on: event, when: 'event.name in ["ListBuckets", "DescribeInstances"]', finding: {severity: medium, title: Looks around}}
- {name: asks, on: event, when: 'event.name == "GetCallerIdentity"', suppress: known, owner: us}
- {name: far, on: verdict, when: 'addresses.size() > 3', evidence: {weight: -30, text: wanders}}
- {name: many, on: verdict, when: 'intruder.events > 2', finding: {severity: high, title: Many}}
- {name: trial, on: verdict, when: 'verdict.score >= 40', staged: true, suppress: perhaps, owner: us}
`

// TestCustomRulesInAnyOrder: with custom rules too, the same events in any order and
// with repetitions give the same final findings.
func TestCustomRulesInAnyOrder(t *testing.T) {
	events := traffic(t, simulate.Config{Seed: 21, Duration: 2 * 3600e9, Accounts: 1, Regions: []string{"us-east-1"}})
	var want []string
	r := rand.New(rand.NewPCG(4, 4))
	for round := range 4 {
		got := &collector{}
		p := ruled(t, remote{state.NewMemory(1 << 20)}, got, anyRules)
		for part := range slices.Chunk(events, 300) {
			run(t, p, part)
		}
		if err := p.Finish(context.Background()); err != nil {
			t.Fatal(err)
		}
		said := append(saidAll(got.open()), fmt.Sprint("staged ", p.Counts().Staged()["trial"] > 0))
		if round == 0 {
			want = said
			checkVariety(t, got.open())
		}
		diff(t, want, said)
		for range len(events) / 10 {
			events = append(events, events[r.IntN(len(events))])
		}
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
}

// TestCustomRulesOverWorkers: and so they do over several workers that share a store.
func TestCustomRulesOverWorkers(t *testing.T) {
	events := traffic(t, simulate.Config{Seed: 22, Duration: 2 * 3600e9, Accounts: 1, Regions: []string{"us-east-1"}})
	hire := func(store state.Store, to sink.Sink) *processor.Processor { return ruled(t, store, to, anyRules) }
	want := split(t, events, 1, 1, hire)
	checkVariety(t, want.open())
	diff(t, saidAll(want.open()), saidAll(split(t, events, 3, 2, hire).open()))
}

// checkVariety makes sure that the property is about something.
func checkVariety(t *testing.T, open []*finding.Finding) {
	t.Helper()
	for _, what := range []string{"reads", "looks", "many"} {
		if !slices.ContainsFunc(open, func(f *finding.Finding) bool {
			return f.Rule == what || slices.ContainsFunc(f.Evidence, func(e finding.Evidence) bool { return e.Code == what })
		}) {
			t.Errorf("no finding has to do with rule %s", what)
		}
	}
}

// use is an event of one machine's session from an address.
func use(minute int, address, name string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"eventVersion":"1.11","eventTime":%q,"eventSource":"s3.amazonaws.com","eventName":%q,
	"eventID":"e%d%s","awsRegion":"eu-central-1","sourceIPAddress":%q,"userAgent":"aws-sdk-go-v2/1.30.0 os/linux","eventType":"AwsApiCall",
	"recipientAccountId":"111122223333","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLE001:i-0123456789abcdef0",
	"arn":"arn:aws:sts::111122223333:assumed-role/web/i-0123456789abcdef0","accountId":"111122223333","accessKeyId":"ASIAEXAMPLEEXAMPLE01",
	"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLEEXAMPLE001","arn":"arn:aws:iam::111122223333:role/web","accountId":"111122223333"},
	"ec2RoleDelivery":"2.0"}}}`, time.Date(2027, 1, 10, 8, minute, 0, 0, time.UTC).Format(time.RFC3339), name, minute, address, address))
}

// lines are what a collector was sent: activity, rule and reason.
func lines(c *collector) []string {
	var out []string
	for _, f := range c.lines {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Activity, f.Rule, f.Reason)))
	}
	return out
}

func scanner() rules.Exception {
	return rules.Exception{Network: netip.MustParsePrefix("198.51.100.0/24"), Reason: "the scanner", Owner: "security"}
}

func TestSuppressedFromTheStart(t *testing.T) {
	c, memory := &collector{}, state.NewMemory(1<<10)
	p := ruled(t, memory, c, "", scanner())
	run(t, p, []json.RawMessage{use(0, "203.0.113.1", "GetObject"), use(5, "198.51.100.7", "ListBuckets"), use(6, "198.51.100.7", "GetObject")})
	if err := p.Finish(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(c.lines) > 0 || p.Counts().Suppressed.Load() != 1 {
		t.Errorf("sent %v, suppressed %d, want nothing and 1", lines(c), p.Counts().Suppressed.Load())
	}
	list, err := p.Suppressed(context.Background(), []string{"AROAEXAMPLEEXAMPLE001:i-0123456789abcdef0"})
	if err != nil || len(list) != 1 || list[0].Suppressed == nil || *list[0].Suppressed != (finding.Suppressed{Reason: "the scanner", Owner: "security"}) {
		t.Fatalf("listed %v, %v", list, err)
	}
	if f := list[0]; f.Status != finding.Closed || f.Rule != "second-address" || f.Severity < finding.High {
		t.Errorf("listed as %s %s %s", f.Status, f.Rule, f.Severity)
	}
}

// TestSuppressedThenNot: somebody else joins whom the exception does not cover; the
// finding is new to whoever reads it.
func TestSuppressedThenNot(t *testing.T) {
	c := &collector{}
	p := ruled(t, state.NewMemory(1<<10), c, "", scanner())
	run(t, p, []json.RawMessage{use(0, "203.0.113.1", "GetObject"), use(5, "198.51.100.7", "ListBuckets")})
	run(t, p, []json.RawMessage{use(9, "192.0.2.66", "ListBuckets")})
	if got := lines(c); len(got) != 1 || got[0] != "create second-address" {
		t.Errorf("sent %v", got)
	}
}

// TestOpenThenSuppressed: a worker with an exception closes what one without it
// opened, and says why; without the exception it opens again.
func TestOpenThenSuppressed(t *testing.T) {
	store, c := state.NewMemory(1<<10), &collector{}
	run(t, ruled(t, store, c, ""), []json.RawMessage{use(0, "203.0.113.1", "GetObject"), use(5, "198.51.100.7", "ListBuckets")})
	run(t, ruled(t, store, c, "", scanner()), []json.RawMessage{use(6, "198.51.100.7", "GetObject")})
	run(t, ruled(t, store, c, ""), []json.RawMessage{use(7, "198.51.100.7", "PutObject")})
	want := []string{"create second-address", "close second-address suppressed by exception of security: the scanner", "update second-address"}
	if got := lines(c); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// TestLoweredCloses: evidence that speaks for the session closes what was open.
func TestLoweredCloses(t *testing.T) {
	c := &collector{}
	p := ruled(t, state.NewMemory(1<<10), c, `[{name: harmless, on: event, when: 'event.name == "HeadBucket"', evidence: {weight: -60, text: only the prober does that}}]`)
	run(t, p, []json.RawMessage{use(0, "203.0.113.1", "GetObject"), use(5, "198.51.100.7", "ListBuckets")})
	run(t, p, []json.RawMessage{use(6, "198.51.100.7", "HeadBucket")})
	if got := lines(c); len(got) != 2 || got[0] != "create second-address" || !strings.HasPrefix(got[1], "close second-address") {
		t.Errorf("sent %q", got)
	}
}

// TestOwnFindingCloses: a finding of a rule over verdicts is closed when the rule
// does not hold any more, also when the rule is gone.
func TestOwnFindingCloses(t *testing.T) {
	const rule = `[{name: two, on: verdict, when: 'addresses.size() == 2', finding: {severity: low, title: Two}}, {name: xx, on: verdict, when: 'addresses.size() == 2', finding: {severity: high, title: Two addresses}}]`
	for name, later := range map[string]string{"it does not hold": rule, "it is gone": ""} {
		t.Run(name, func(t *testing.T) {
			store, c := state.NewMemory(1<<10), &collector{}
			run(t, ruled(t, store, c, rule), []json.RawMessage{use(0, "203.0.113.1", "GetObject"), use(5, "198.51.100.7", "ListBuckets")})
			run(t, ruled(t, store, c, later), []json.RawMessage{use(6, "192.0.2.66", "ListBuckets")})
			got := slices.DeleteFunc(lines(c), func(l string) bool { return !strings.Contains(l, " xx") })
			if len(got) != 2 || got[0] != "create xx" || !strings.HasPrefix(got[1], "close xx") || !strings.Contains(got[1], "does not hold any more") {
				t.Errorf("sent %q", got)
			}
		})
	}
}

// TestStagedChangesNothing: a staged rule is counted once a session, and nothing
// else is different.
func TestStagedChangesNothing(t *testing.T) {
	events := []json.RawMessage{use(0, "203.0.113.1", "GetObject"), use(5, "198.51.100.7", "ListBuckets"), use(6, "198.51.100.7", "GetObject")}
	const live = `[{name: ss, on: verdict, when: 'verdict.score > 0', suppress: r, owner: o, evidence: {weight: 99, text: t}, finding: {severity: high, title: T}}]`
	without, with := &collector{}, &collector{}
	run(t, ruled(t, state.NewMemory(1<<10), without, ""), events)
	p := ruled(t, state.NewMemory(1<<10), with, strings.Replace(live, "name: ss", "name: ss, staged: true", 1))
	for range 3 {
		run(t, p, events)
	}
	diff(t, saidAll(without.open()), saidAll(with.open()))
	if n := p.Counts().Staged()["ss"]; n != 1 {
		t.Errorf("counted %d, want 1", n)
	}
}
