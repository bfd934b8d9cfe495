package kinesis

import (
	"fmt"
	"testing"
	"time"
)

func TestShare(t *testing.T) {
	cases := []struct {
		name    string
		members []member
		open    int
		want    []int
	}{
		{"alone", []member{{"a", 0, 0}}, 5, []int{5}},
		{"even", []member{{"a", 4, 0}, {"b", 0, 0}}, 4, []int{2, 2}},
		{"the remainder stays where it is", []member{{"a", 1, 0}, {"b", 2, 0}}, 3, []int{1, 2}},
		{"nobody goes empty", []member{{"a", 2, 0}, {"b", 2, 0}, {"c", 0, 0}}, 4, []int{2, 1, 1}},
		{"more workers than shards", []member{{"a", 1, 0}, {"b", 0, 0}}, 1, []int{1, 0}},
		{"a bounded worker leaves the rest", []member{{"a", 0, 1}, {"b", 0, 0}}, 5, []int{1, 4}},
		{"all bounded", []member{{"a", 0, 1}, {"b", 0, 1}}, 5, []int{1, 1}},
		{"nothing open", []member{{"a", 0, 0}}, 0, []int{0}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for i, m := range c.members {
				if got := share(c.members, c.open, m.owner); got != c.want[i] {
					t.Errorf("%s gets %d; want %d", m.owner, got, c.want[i])
				}
			}
		})
	}
}

func TestSharesAddUp(t *testing.T) {
	for workers := range 7 {
		for open := range 20 {
			var members []member
			for i := range workers {
				members = append(members, member{fmt.Sprint(i), i * open % 5, 0})
			}
			sum := 0
			for _, m := range members {
				sum += share(members, open, m.owner)
			}
			if workers > 0 && sum != open {
				t.Errorf("%d workers hold %d of %d shards", workers, sum, open)
			}
		}
	}
}

// TestNoShardIsLeftToEachOther: two workers whose leases ended at the same time have taken a shard each. What one of them
// held besides still has its name in the table, and both must think the same of it.
func TestNoShardIsLeftToEachOther(t *testing.T) {
	table := contents{workers: map[string]workerRow{}, shards: map[string]row{
		"taken by a":           {owner: "a", token: "new"},
		"taken by b":           {owner: "b", token: "new"},
		"lost by b":            {owner: "b", token: "old"},
		"read to its end by a": {owner: "a", token: "old", checkpoint: shardEnd},
	}}
	sum := 0
	for _, me := range []string{"a", "b"} {
		table.workers[me] = workerRow{}
	}
	for me := range table.workers {
		var s snapshot
		s.advance(table, time.Now())
		sum += share(s.members(me, 0, time.Second), 3, me)
	}
	if sum != 3 {
		t.Errorf("the workers take %d of 3 shards", sum)
	}
}
