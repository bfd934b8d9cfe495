package processor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/rules/custom"
	"github.com/straytoken/straytoken/simulate"
	"github.com/straytoken/straytoken/state"
)

// everywhere is a policy to which every address is known.
func everywhere() *rules.Policy {
	return &rules.Policy{Known: network.NewList([]network.Known{
		{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Name: "all of IPv4"}, {Prefix: netip.MustParsePrefix("::/0"), Name: "all of IPv6"},
	})}
}

// atTwo is an instance's session at two addresses.
func atTwo(instance string, addresses ...string) []json.RawMessage {
	var out []json.RawMessage
	for i, address := range addresses {
		out = append(out, json.RawMessage(fmt.Sprintf(`{"eventVersion":"1.11","eventTime":"2026-03-01T12:%02d:00Z","eventID":"%s-%d","eventType":"AwsApiCall",
			"eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"eu-west-1","sourceIPAddress":%q,"recipientAccountId":"111111111111",
			"userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLE:%s","accountId":"111111111111","accessKeyId":"ASIAEXAMPLE%s"}}`,
			i*10, instance, i, address, instance, instance)))
	}
	return out
}

func TestSetPolicyJudgesWhatFollows(t *testing.T) {
	findings := &collector{}
	p := worker(state.NewMemory(1<<16), findings)
	p.SetPolicy(everywhere())
	run(t, p, atTwo("i-0aaaaaaaaaaaaaaa1", "198.51.100.1", "203.0.113.77"))
	if n := len(findings.open()); n != 0 {
		t.Fatalf("%d findings although every network is known", n)
	}
	p.SetPolicy(&rules.Policy{})
	run(t, p, atTwo("i-0aaaaaaaaaaaaaaa2", "198.51.100.2", "203.0.113.88"))
	if n := len(findings.open()); n != 1 {
		t.Errorf("%d findings, want that of the second session", n)
	}
}

// TestSetPolicyChangesRulesOverEvents: extraction follows the policy too, and the
// finding of a rule that is gone is closed when its session is looked at again.
func TestSetPolicyChangesRulesOverEvents(t *testing.T) {
	engine, err := custom.Parse("rules.yaml", []byte(`[{name: listing, on: event, when: 'event.name == "ListBuckets"', finding: {severity: high, title: Lists}}]`))
	if err != nil {
		t.Fatal(err)
	}
	findings := &collector{}
	p := worker(state.NewMemory(1<<16), findings)
	for _, step := range []struct {
		policy *rules.Policy
		open   int
	}{{&rules.Policy{}, 0}, {&rules.Policy{Custom: engine}, 1}, {&rules.Policy{}, 0}} {
		p.SetPolicy(step.policy)
		run(t, p, atTwo(fmt.Sprintf("i-0aaaaaaaaaaaaaa%d", p.Counts().Events.Load()), "198.51.100.1"))
		if n := len(findings.open()); n != step.open {
			t.Errorf("after %d events %d findings, want %d", p.Counts().Events.Load(), n, step.open)
		}
	}
}

// TestSetPolicyWhileJudging is for the race detector: policies are swapped while
// batches are processed.
func TestSetPolicyWhileJudging(t *testing.T) {
	events := traffic(t, simulate.Config{Seed: 5, Duration: 2 * 3600e9, Accounts: 1, Regions: []string{"us-east-1"}})
	p := worker(state.NewMemory(1<<20), &collector{})
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			p.SetPolicy(everywhere())
			p.SetPolicy(&rules.Policy{})
		}
	})
	for len(events) > 0 {
		n := min(len(events), 200)
		run(t, p, events[:n])
		events = events[n:]
	}
	stop()
	wg.Wait()
}

// TestOrderMeansNothingWithRanges: what other machines do outside AWS counts, in
// whatever order it becomes known.
func TestOrderMeansNothingWithRanges(t *testing.T) {
	ranges, err := network.ReadRanges(strings.NewReader(`{"prefixes":[{"ip_prefix":"3.0.0.0/8","region":"us-east-1","service":"EC2"},
		{"ip_prefix":"34.0.0.0/8","region":"us-east-1","service":"EC2"},{"ip_prefix":"54.0.0.0/8","region":"us-east-1","service":"EC2"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	events := traffic(t, simulate.Config{Seed: 13, Duration: 2 * 3600e9, Accounts: 1, Regions: []string{"us-east-1"}})
	judge := func(events []json.RawMessage) []string {
		findings := &collector{}
		p := worker(remote{state.NewMemory(1 << 20)}, findings)
		p.SetPolicy(&rules.Policy{Ranges: ranges})
		for part := range slices.Chunk(events, 200) {
			run(t, p, part)
		}
		if err := p.Finish(context.Background()); err != nil {
			t.Fatal(err)
		}
		return saidAll(findings.open())
	}
	want := judge(events)
	slices.Reverse(events)
	diff(t, want, judge(events))
	if !slices.ContainsFunc(want, func(s string) bool { return strings.Contains(s, string(rules.OutsideAWS)) }) {
		t.Error("no session was outside AWS: this tells nothing")
	}
}
