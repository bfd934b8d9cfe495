package processor_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/state"
)

// history is what happened, and which workers read of it.
type history struct {
	shards [][][]string // by shard and batch: events
	on     []int        // by shard: the process that holds it at first

	t     *testing.T
	alone map[[maxShards]int8]map[string]*finding.Finding // by batches: the last lines of a worker that was alone with them
}

func (h *history) processes() int { return slices.Max(h.on) + 1 }

// wanted is what a worker says last of every finding, an hour later, that reads alone
// what is in batches that are done and in no other.
func (h *history) wanted(done [maxShards]int8) map[string]*finding.Finding {
	if last, ok := h.alone[done]; ok {
		return last
	}
	var events, open []string
	for shard, batches := range h.shards {
		events = append(events, slices.Concat(batches[:done[shard]]...)...)
		open = append(open, slices.Concat(batches[done[shard]:]...)...)
	}
	events = slices.DeleteFunc(events, func(e string) bool { return slices.Contains(open, e) })
	c := newCrew(remote{state.NewMemory(1 << 10)})
	c.must(h.t, "alone", events...)
	c.now = dawn.Add(time.Hour)
	if err := c.Tick(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	h.alone[done] = c.last
	return c.last
}

func (h *history) all() (batches [maxShards]int8) {
	for shard := range h.shards {
		batches[shard] = int8(len(h.shards[shard]))
	}
	return batches
}

// atCheckpoint: what the batches that are checkpointed convict by themselves, and
// nothing explains, was delivered.
func (h *history) atCheckpoint(l *ledger, w world) string {
	all := h.wanted(h.all())
	for id, f := range h.wanted(w.done) {
		if f.Status == finding.Open && all[id] != nil && all[id].Status == finding.Open && lastLine(l, w, id) == nil {
			return fmt.Sprintf("batches %v are checkpointed, which convict, and nobody heard of %s", w.done[:len(h.shards)], said(f))
		}
	}
	return ""
}

// afterBatches: once all is read, the last line of every finding tells what all facts
// together do.
func (h *history) afterBatches(l *ledger, w world) string {
	return h.compare(l, w, "once all batches are done", gist)
}

// atTheEnd: an hour later it tells all of it.
func (h *history) atTheEnd(l *ledger, w world) string {
	return h.compare(l, w, "in the end", func(f *finding.Finding) string { return string(f.Phase) + " " + said(f) })
}

func (h *history) compare(l *ledger, w world, when string, tell func(*finding.Finding) string) string {
	want := h.wanted(h.all())
	for id, f := range want {
		last := lastLine(l, w, id)
		switch {
		case f.Status != finding.Open:
		case last == nil:
			return fmt.Sprintf("%s nobody heard of a theft: %s", when, tell(f))
		case last.Status != finding.Open:
			return fmt.Sprintf("%s a theft is closed: %s", when, tell(f))
		case tell(f) != tell(last):
			return fmt.Sprintf("%s the last line says\n  %s\nand all facts together say\n  %s", when, tell(last), tell(f))
		}
	}
	for _, id := range l.ids {
		if last := lastLine(l, w, id); last != nil && last.Status == finding.Open && (want[id] == nil || want[id].Status != finding.Open) {
			return fmt.Sprintf("%s a false finding is open: %s", when, tell(last))
		}
	}
	return ""
}

func lastLine(l *ledger, w world, id string) *finding.Finding {
	if n := slices.Index(l.ids, id); n >= 0 {
		return l.lines[w.last[n]]
	}
	return nil
}

// gist is what is worth a line at once: how bad it is, and who is what.
func gist(f *finding.Finding) string {
	var places []string
	for _, a := range f.Addresses {
		places = append(places, fmt.Sprintf("%s %s", a.Role, a.Address))
	}
	slices.Sort(places)
	return fmt.Sprintf("%s %s %v", f.Token.AccessKeyID, f.Severity, places)
}

// histories are small, and each is about something else.
func histories() map[string]*history {
	batch := func(events ...string) []string { return events }
	shard := func(batches ...[]string) [][]string { return batches }
	owner, theft := get(instA, keyA, 0, home), createUser(instA, keyA, 600, thief)
	other := get(instA, keyA, 600, thief)
	explains := deed{inst: instA, key: keyA, second: 601, source: "ssm", name: "UpdateInstanceInformation", address: thief, agent: "aws-sdk-go/1.55 amazon-ssm-agent/3.3"}.String()
	made := deed{inst: instA, key: keyA, second: 600, source: "iam", name: "CreateAccessKey", address: thief,
		extra: `"responseElements":{"accessKey":{"accessKeyId":"AKIATHIEFTHIEFTHIEF1"}},`}.String()
	used := strings.NewReplacer("AssumedRole", "IAMUser", "AROAWEB:"+instA, "AIDATHIEF", keyA, "AKIATHIEFTHIEFTHIEF1", "sessionContext", "x").Replace(
		deed{inst: instA, key: keyA, second: 700, source: "cloudtrail", name: "StopLogging", address: "203.0.113.99"}.String())
	endpoint := deed{inst: instA, key: keyA, source: "s3", name: "GetObject", address: "10.0.1.10",
		extra: `"vpcEndpointId":"vpce-0123456789abcdef0","vpcEndpointAccountId":"444455556666",`}.String()
	sister := strings.ReplaceAll(get(instC, keyC, 300, "198.51.100.77"), "111122223333", "444455556666")
	return map[string]*history{
		"theft":           {shards: [][][]string{shard(batch(owner)), shard(batch(theft))}, on: []int{0, 1}},
		"owner elsewhere": {shards: [][][]string{shard(batch(owner), batch(other)), shard(batch(explains))}, on: []int{0, 1}},
		"explained":       {shards: [][][]string{shard(batch(endpoint)), shard(batch(sister))}, on: []int{0, 1}},
		"lineage":         {shards: [][][]string{shard(batch(owner)), shard(batch(made, used))}, on: []int{0, 1}},
		"thief's address": {shards: [][][]string{shard(batch(get(instB, keyB, 0, home), theft)), shard(batch(owner, get(instB, keyB, 500, thief)))}, on: []int{0, 1}},
		"three workers":   {shards: [][][]string{shard(batch(owner)), shard(batch(theft)), shard(batch(explains))}, on: []int{0, 1, 2}},
		"duplicates":      {shards: [][][]string{shard(batch(owner, theft)), shard(batch(theft), batch(owner))}, on: []int{0, 1}},
	}
}

// bound is a bound of the model: a default, or another by the environment.
func bound(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestEveryInterleaving walks through all schedules of small histories, in which nothing
// fails, and in which something does: a request before, in the midst of or after its
// effect; a worker that is killed or loses its shard without knowing; an LRU that
// forgets. For larger bounds, which take minutes:
//
//	STRAYTOKEN_MODEL_PREEMPTIONS=3 STRAYTOKEN_MODEL_FAULTS=2 go test -run TestEveryInterleaving -timeout 0 -v ./processor
func TestEveryInterleaving(t *testing.T) {
	faults, preemptions := bound(t, "STRAYTOKEN_MODEL_FAULTS", 1), bound(t, "STRAYTOKEN_MODEL_PREEMPTIONS", 1)
	for name, h := range histories() {
		h.t, h.alone = t, map[[maxShards]int8]map[string]*finding.Finding{}
		t.Run(name, func(t *testing.T) {
			walk(t, h, bounds{preemptions: preemptions + 1})
		})
		for _, kind := range []string{"error", "evict", "crash", "steal"} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				walk(t, h, bounds{faults: faults, kinds: kind, preemptions: preemptions})
			})
		}
	}
}

func walk(t *testing.T, h *history, b bounds) {
	t.Helper()
	start := time.Now()
	e := &explorer{machine: newMachine(h), history: h, bounds: b}
	defer e.close()
	e.explore()
	if e.problem != "" {
		t.Fatal(e.problem)
	}
	t.Logf("%.3g schedules, %d worlds, %d states of workers, %s", e.finished, len(e.visited), e.nodes, time.Since(start).Round(time.Millisecond))
}
