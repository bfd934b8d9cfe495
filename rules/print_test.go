package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/simulate"
	"github.com/straytoken/straytoken/state"
)

// stated writes out facts without their observations.
func stated(facts []state.Fact) string {
	lines := make([]string, len(facts))
	for i := range facts {
		lines[i] = fmt.Sprintf("%s %s %+v", facts[i].Key, facts[i].Member, facts[i].Retention)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// traffic is simulated events by what they do, as JSON objects, and the events themselves.
func traffic(tb testing.TB, see func(*cloudtrail.Event)) (samples []map[string]any) {
	tb.Helper()
	kinds := map[string]int{}
	decoder := cloudtrail.NewDecoder(cloudtrail.Limits{})
	_, _, err := simulate.Generate(context.Background(), simulate.Config{Seed: 3, Duration: 2 * time.Hour, Accounts: 2}, func(_ string, content []byte) error {
		_, err := decoder.Decode(content, func(e *cloudtrail.Event) error {
			see(e)
			kind := e.Source + e.Name + e.Identity.Type + e.ErrorCode
			if kinds[kind]++; kinds[kind] > 2 {
				return nil
			}
			var sample map[string]any
			if err := json.Unmarshal([]byte(e.Raw.JSON()), &sample); err != nil {
				return err
			}
			samples = append(samples, sample)
			return nil
		})
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return samples
}

// TestEqualPrintsStateTheSame over all of simulated traffic, and over pairs of events that
// differ in one field.
func TestEqualPrintsStateTheSame(t *testing.T) {
	x := rules.Extractor{Keep: 10, Contested: 1000, Ranges: withRanges(t).Ranges}
	byBase, byEvent := map[uint64]string{}, map[uint64]string{}
	repeated := 0
	check := func(e *cloudtrail.Event) {
		r := x.Read(e)
		base, use, more := r.Facts(0)
		base = append(base, use...)
		if text, known := byBase[r.Print.Base]; known && text != stated(base) {
			t.Fatalf("events of one base state\n%s\nand\n%s\n%s", text, stated(base), e.Raw.JSON())
		}
		byBase[r.Print.Base] = stated(base)
		if r.Print.Event == 0 {
			return
		}
		text, known := byEvent[r.Print.Event]
		if known && text != stated(append(base, more...)) {
			t.Fatalf("events of one Print state\n%s\nand\n%s\n%s", text, stated(append(base, more...)), e.Raw.JSON())
		}
		if known {
			repeated++
		}
		byEvent[r.Print.Event] = stated(append(base, more...))
	}
	samples := traffic(t, check)
	if repeated < len(byEvent) {
		t.Errorf("%d Prints were met again, of %d: the test says little", repeated, len(byEvent))
	}
	decoder := cloudtrail.NewDecoder(cloudtrail.Limits{})
	for i, sample := range samples {
		for _, other := range []map[string]any{samples[(i+1)%len(samples)], samples[(i+7)%len(samples)]} {
			for _, changed := range blends(sample, other) {
				text, err := json.Marshal(changed)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := decoder.Decode(text, func(e *cloudtrail.Event) error { check(e); return nil }); err != nil {
					continue // without a time, a source or a name it is no event
				}
			}
		}
	}
}

// blends are an event with each of its members, and of the members' members, in turn as
// another event has it.
func blends(event, other map[string]any) (all []map[string]any) {
	keys := slices.Sorted(maps.Keys(event))
	for key := range other {
		if _, has := event[key]; !has {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		changed := maps.Clone(event)
		if value, has := other[key]; has {
			changed[key] = value
		} else {
			delete(changed, key)
		}
		all = append(all, changed)
		mine, _ := event[key].(map[string]any)
		theirs, _ := other[key].(map[string]any)
		if mine == nil || theirs == nil {
			continue
		}
		for _, inner := range blends(mine, theirs) {
			changed := maps.Clone(event)
			changed[key] = inner
			all = append(all, changed)
		}
	}
	return all
}

// TestPrintsIgnoreTimeAndID: what differs in time, id and request alone has one Print.
func TestPrintsIgnoreTimeAndID(t *testing.T) {
	x := rules.Extractor{Keep: 10}
	prints := map[state.Print]bool{}
	for n := range 5 {
		text := fmt.Sprintf(`{"eventTime":"2026-03-01T12:00:0%d","eventID":"%d","requestID":"%d","eventSource":"ec2.amazonaws.com","eventName":"Describe%d",
			"awsRegion":"us-east-1","sourceIPAddress":"192.0.2.7","requestParameters":{"n":%d},
			"userIdentity":{"type":"AssumedRole","principalId":"AROA:x","accessKeyId":"ASIA0000000000000001"}}`, n, n, n, n, n)
		_, err := cloudtrail.NewDecoder(cloudtrail.Limits{}).Decode([]byte(strings.Replace(text, `",`, `Z",`, 1)), func(e *cloudtrail.Event) error {
			prints[x.Read(e).Print] = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for p := range prints {
		if len(prints) != 1 || p.Event == 0 {
			t.Errorf("%v", prints)
		}
	}
}
