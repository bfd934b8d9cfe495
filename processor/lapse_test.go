package processor_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/state"
)

const instD, keyD = "i-0000000000000000d", "ASIADDDDDDDDDDDDDDD1"

// lapse is a story, the event that makes its conviction lapse, and the keys of the
// findings that are open in the end.
type lapse struct {
	events []string
	late   string
	open   []string
}

// lapses are stories in which a session convicts its neighbours at an address until
// it turns out to be at home there, so that it is its other address that is strange, or
// to have done nothing there that is new for its role.
func lapses() map[string]lapse {
	const lair = "203.0.113.99"
	asks := deed{inst: instB, key: keyB, second: 600, source: "sts", name: "GetCallerIdentity", address: thief}.String()
	atHome := deed{inst: instB, key: keyB, second: 601, source: "ssm", name: "UpdateInstanceInformation", address: thief,
		agent: "aws-sdk-go/1.55 amazon-ssm-agent/3.3"}.String()
	made := deed{inst: instC, key: keyC, second: 300, source: "sts", name: "AssumeRole", address: lair,
		extra: `"responseElements":{"credentials":{"accessKeyId":"` + keyB + `"}},`}.String()
	theft := []string{get(instB, keyB, 400, home), asks, get(instA, keyA, 900, thief)}
	robbed := []string{get(instC, keyC, 0, "198.51.100.13"), made}
	asked := deed{inst: instD, key: keyD, second: 5, source: "sts", name: "GetCallerIdentity", address: "198.51.100.14"}.String()
	function := append(slices.Clone(robbed), asFunction(append(slices.Clone(theft), asked)...)...)
	return map[string]lapse{
		"nobody else convicts":         {append(slices.Clone(theft), atHome), atHome, []string{keyB}},
		"the role asked before":        {append(slices.Clone(theft), asked), asked, []string{keyB}},
		"a convicted neighbour":        {append(slices.Clone(theft), get(instD, keyD, 950, thief), atHome), atHome, []string{keyB}},
		"a key that AWS itself handed": {append(append(slices.Clone(theft), robbed...), atHome), atHome, []string{keyB, keyC}},
		"a function's key by a thief":  {function, function[len(function)-1], []string{keyB, keyC}},
	}
}

// asFunction makes the events of an instance those of a function.
func asFunction(events ...string) []string {
	out := slices.Clone(events)
	for i, e := range out {
		if strings.Contains(e, instB) {
			out[i] = strings.NewReplacer(`"ec2RoleDelivery":"2.0",`, "", `"accessKeyId":"`+keyB+`"`, `"accessKeyId":"`+keyB+
				`","inScopeOf":{"issuerType":"AWS::Lambda::Function","credentialsIssuedTo":"arn:aws:lambda:eu-west-1:111122223333:function:f"}`, instB, "f").Replace(e)
		}
	}
	return out
}

// TestNeighboursOfALapsedConviction: when a conviction does not stand by itself any
// more, whoever was judged by it is judged again at once, in whatever order things were
// learned and though the verdict itself stands for other reasons.
func TestNeighboursOfALapsedConviction(t *testing.T) {
	for name, story := range lapses() {
		t.Run(name, func(t *testing.T) {
			before := fed(t, false, slices.DeleteFunc(slices.Clone(story.events), func(e string) bool { return e == story.late }))
			if accused := opened(before); !slices.Contains(accused, keyA) {
				t.Errorf("the neighbour is not convicted while nothing is explained, but %v", accused)
			}
			want := gists(fed(t, false, story.events))
			if open := opened(fed(t, false, story.events)); !slices.Equal(open, story.open) {
				t.Errorf("open in the end: %v, want %v", open, story.open)
			}
			n, step := 0, 1
			if len(story.events) > 5 {
				step = 7 // of many orders some
			}
			permute(story.events, func(order []string) {
				if n++; n%step != 0 {
					return
				}
				heirs := n%2 == 0
				if got := gists(fed(t, heirs, order)); !slices.Equal(got, want) {
					t.Errorf("heirs %v, in the order\n%s\nopen: %v\nwant: %v", heirs, strings.Join(order, "\n"), got, want)
				}
			})
		})
	}
}

// fed is what was said when events were processed one after the other, by one worker,
// or each by another.
func fed(t *testing.T, heirs bool, events []string) *collector {
	t.Helper()
	all := &collector{}
	store := remote{state.NewMemory(10000)}
	c := newCrew(store)
	for _, e := range events {
		if heirs {
			c = newCrew(store)
		}
		said := len(c.lines)
		c.must(t, "1", e)
		if err := all.Send(context.Background(), c.lines[said:]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// opened are the keys of the open findings.
func opened(c *collector) []string {
	var keys []string
	for _, f := range c.open() {
		keys = append(keys, f.Token.AccessKeyID)
	}
	slices.Sort(keys)
	return keys
}

// gists are the open findings, each in short.
func gists(c *collector) []string {
	var all []string
	for _, f := range c.open() {
		all = append(all, fmt.Sprint(f.Severity, f.Rule, gist(f)))
	}
	slices.Sort(all)
	return all
}

// permute calls f with each order of events.
func permute(events []string, f func([]string)) {
	if len(events) == 1 {
		f(events)
		return
	}
	for i := range events {
		rest := slices.Delete(slices.Clone(events), i, i+1)
		permute(rest, func(order []string) { f(append([]string{events[i]}, order...)) })
	}
}
