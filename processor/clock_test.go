package processor_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
)

// jump sets the wall clock ahead, or back, in a minute of a story.
type jump struct {
	minute int
	by     time.Duration
}

const storyMinutes = 60

// story is what the workers read, by minute: two thefts, and a session that is
// suspected until its other address turns out to be of a sister account.
func story() map[int][]string {
	const foreign = `"vpcEndpointId":"vpce-0123456789abcdef0","vpcEndpointAccountId":"444455556666",`
	return map[int][]string{
		0:  {get(instA, keyA, 0, home), get(instB, keyB, 0, "198.51.100.12")},
		4:  {createUser(instA, keyA, 240, thief)},
		6:  {deed{inst: instD, key: keyD, second: 360, source: "s3", name: "GetObject", address: "10.0.1.10", extra: foreign}.String()},
		10: {createUser(instA, keyA, 600, thief), get(instA, keyA, 601, home)},
		12: {ofSister(get(instC, keyC, 720, "198.51.100.77"))},
		22: {createUser(instB, keyB, 1320, "203.0.113.77")},
		24: {createUser(instB, keyB, 1440, "203.0.113.77"), createUser(instA, keyA, 1441, thief)},
	}
}

// TestClockJumps: the wall clock of a worker, and of the table that forgets by it, is set
// ahead or back by hours in the middle of a run, for good or for some minutes, and the
// worker lives on or is followed by another. What is found is the same, and all of it has
// its last word within the time that it takes when the clock goes right.
func TestClockJumps(t *testing.T) {
	calm := told(t, nil, false)
	want := saidAll(calm.open())
	if len(want) != 2 || len(calm.last) != 3 {
		t.Fatalf("%d findings, %d of them open: %v", len(calm.last), len(want), want)
	}
	for _, by := range []time.Duration{5 * time.Hour, -5 * time.Hour, 11 * time.Hour, -9 * time.Hour} {
		for minute := 0; minute < 30; minute += 3 {
			for _, jumps := range [][]jump{{{minute, by}}, {{minute, by}, {minute + 7, -by}}} {
				name := fmt.Sprint(jumps)
				got := told(t, jumps, false)
				if open := saidAll(got.open()); !slices.Equal(open, want) {
					t.Errorf("%s: open\n%v\nwant\n%v", name, open, want)
				}
				checkWord(t, name, calm, got)
				got = told(t, jumps, true) // a count of events may end with its worker
				if open := gists(got); !slices.Equal(open, gists(calm)) {
					t.Errorf("%s, by two workers: open\n%v\nwant\n%v", name, open, gists(calm))
				}
				checkWord(t, name+", by two workers", calm, got)
			}
		}
	}
}

// checkWord checks that each finding begins once, is closed only if it is without a jump,
// and that the last word of each is said.
func checkWord(t *testing.T, name string, calm, got *collector) {
	t.Helper()
	begun, closed := map[string]int{}, map[string]int{}
	for _, f := range got.lines {
		switch f.Activity {
		case finding.Create:
			begun[f.ID]++
		case finding.Close:
			closed[f.ID]++
		}
	}
	for id, f := range got.last {
		other := calm.last[id]
		if other == nil || begun[id] != 1 || f.Status != other.Status || f.Status == finding.Open && (closed[id] > 0 || f.Phase != finding.Settled) {
			t.Errorf("%s: %s begins %d times, is closed %d times, and is %s, %s in the end", name, id, begun[id], closed[id], f.Status, f.Phase)
		}
	}
}

// told is what is said while a story lasts and for an hour more. At each jump the worker
// ends and another begins, if there are heirs.
func told(t *testing.T, jumps []jump, heirs bool) *collector {
	t.Helper()
	all := &collector{}
	store := &forgetful{items: map[string]mortal{}}
	hire := func() *crew {
		c := newCrew(remote{store})
		store.now = &c.now
		return c
	}
	c, ahead := hire(), time.Duration(0)
	for minute := range 2 * storyMinutes {
		for _, j := range jumps {
			if j.minute == minute {
				ahead += j.by
				if heirs {
					c = hire()
				}
			}
		}
		said := len(c.lines)
		for second := 0; second < 60; second += 30 {
			c.now = dawn.Add(time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + ahead)
			if events := story()[minute]; second == 0 && len(events) > 0 {
				c.must(t, "1", events...)
			}
			if err := c.Tick(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if err := all.Send(context.Background(), c.lines[said:]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
