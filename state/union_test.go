package state

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// TestUnionIsAddition: the union of facts is what adding them one by one gives.
func TestUnionIsAddition(t *testing.T) {
	kinds := []Retention{{Keep: 3, Contested: 8, Step: time.Hour}, {Members: 3}, {Keep: 2}}
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 7))
		var facts []Fact
		if seed%2 == 0 {
			facts = append(facts, Fact{Member: ContestedClass, Observation: Observation{Time: 1, EventID: "c"}})
		}
		for i := range 200 {
			k := r.IntN(len(kinds))
			facts = append(facts, Fact{Member: NewMember(fmt.Sprint("class", k), fmt.Sprint(r.IntN(6))),
				Observation: Observation{Time: int64(1000 + r.IntN(20000)), EventID: fmt.Sprint(r.IntN(150)), Agent: "agent"}, Retention: kinds[k]})
			if k == 0 && i%10 == 0 { // a moved Last
				facts[len(facts)-1].EventID = ""
			}
		}
		var want *Set
		for _, f := range facts {
			want = want.Add(f)
		}
		r.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		got := union(facts)
		for _, m := range want.Members() {
			if have := got.Member(m.Name); have == nil || !reflect.DeepEqual(have.Seen, m.Seen) || have.Last != m.Last {
				t.Fatalf("seed %d: %s: have %+v, want %+v", seed, m.Name, have, m)
			}
		}
		if got.Len() != want.Len() {
			t.Fatalf("seed %d: %d members, want %d", seed, got.Len(), want.Len())
		}
	}
}

// disputed is all that is kept at most of a session that a thief uses a lot.
func disputed() []Fact {
	var facts []Fact
	for a := range 256 {
		member := fmt.Sprintf("use|203.0.%d.%d||ASIA", a/250, a%250)
		for i := range 1000 {
			facts = append(facts, Fact{Key: "k", Member: member, Retention: Retention{Keep: 1000, Members: 256},
				Observation: Observation{Time: int64(a*1000 + i), EventID: fmt.Sprint(a, i)}})
		}
	}
	return facts
}

// TestUnionCopiesNothing: reading a big Set back costs no copy per fact.
func TestUnionCopiesNothing(t *testing.T) {
	facts := disputed()
	if n := testing.AllocsPerRun(1, func() { union(facts) }); n > float64(len(facts))/10 {
		t.Errorf("%.0f allocations for %d facts", n, len(facts))
	}
}

func BenchmarkUnion(b *testing.B) {
	facts := disputed()
	b.ReportAllocs()
	for b.Loop() {
		union(facts)
	}
}
