package processor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

// opKind is what a worker does that others can see or that can fail.
type opKind uint8

const (
	opNone       opKind = iota // the thread has ended
	opPut                      // write facts
	opGet                      // read sets
	opSend                     // deliver findings
	opCheckpoint               // say that a batch is done
)

// op is what a thread is about to do.
type op struct {
	kind  opKind
	facts []int // of the ledger, opPut
	keys  []int // of the ledger, opGet
	lines []int // of the ledger, opSend
	shard int   // opCheckpoint
}

// outcome is what becomes of an op.
type outcome uint8

const (
	done        outcome = iota
	failed              // an error, without effect
	failedAfter         // an error, after it took effect
	failedFirst         // an error, after its first half took effect
	failedLast          // an error, after its last half took effect
	fenced              // the checkpoint is refused: the shard is another worker's
)

func (o outcome) String() string {
	return [...]string{"", ", which fails", ", which takes effect and fails", ", of which the first half takes effect and the rest fails",
		", of which the last half takes effect and the rest fails", ", which is refused"}[o]
}

// label is what happens to a process: all that it can know of the others.
type label struct {
	spawn   bool // a thread begins; else one goes on
	shard   int8 // of the new thread, tick for the passing of time
	from    int8 // batch with which the new thread begins
	thread  int8
	outcome outcome
	evict   bool  // the LRU loses everything before the op
	seen    facts // what an opGet finds
}

// tick is the shard of the thread that says what is left to say, an hour later.
const tick = -1

// node is a process after a history of labels. What it does next follows from
// that history alone, so the real code runs once for each history, however many
// interleavings share it.
type node struct {
	parent *node
	label  label
	ops    []op // by thread
	next   map[label]*node
	live   *workerProcess // a process in this very state, until it goes on
	name   string         // of the process, at a root
}

// machine makes processes of one model and remembers what they do.
type machine struct {
	ledger *ledger
	shards [][][]string
	roots  [maxProcesses]*node // processes before their first step; one that takes a dead one's place has its name
	nodes  int
	alive  map[*workerProcess]bool
}

func newMachine(h *history) *machine {
	m := &machine{ledger: newLedger(), shards: h.shards, nodes: 1, alive: map[*workerProcess]bool{}}
	for p := range m.roots {
		m.roots[p] = &node{next: map[label]*node{}, name: fmt.Sprint("worker-", p)}
	}
	return m
}

// after is the process at a node after one more label.
func (m *machine) after(n *node, l label) *node {
	if next := n.next[l]; next != nil {
		return next
	}
	p := n.live
	if n.live = nil; p == nil {
		p = m.replay(n)
	}
	p.apply(l)
	next := &node{parent: n, label: l, ops: p.ops(), next: map[label]*node{}, live: p}
	n.next[l] = next
	m.nodes++
	return next
}

// replay brings a new process to a node.
func (m *machine) replay(n *node) *workerProcess {
	if n.parent == nil {
		return newWorkerProcess(m, n.name)
	}
	p := m.replay(n.parent)
	p.apply(n.label)
	return p
}

func (m *machine) close() {
	for p := range m.alive {
		for _, t := range p.threads {
			t.kill()
		}
	}
}

// workerProcess is a worker's process: the real Processor, whose every call of the store
// and the sink waits for the explorer.
type workerProcess struct {
	machine *machine
	facts   *state.Facts
	proc    *processor.Processor
	threads []*thread
	clock   time.Time
	fillers int
}

// lruKeys is the capacity of a process's LRU, more than any history needs.
const lruKeys = 64

func newWorkerProcess(m *machine, name string) *workerProcess {
	p := &workerProcess{machine: m, clock: dawn}
	p.facts = state.NewFacts(gate{p}, lruKeys)
	p.proc = processor.New(processor.Config{
		Facts: p.facts, Extractor: rules.Extractor{Keep: 1000, Contested: 1000}, DeadLetters: discard{},
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return p.clock }, Findings: sinkFunc(p.send), Name: name,
	})
	m.alive[p] = true
	return p
}

// apply lets one thing happen and waits until every thread is at its next op.
func (p *workerProcess) apply(l label) {
	if l.spawn {
		p.spawn(int(l.shard), int(l.from))
		return
	}
	t := p.threads[l.thread]
	g := grant{evict: l.evict, fenced: l.outcome == fenced}
	switch {
	case l.outcome != done && l.outcome != fenced:
		g.err = errInjected
	case t.op.kind == opGet:
		g.sets = p.machine.ledger.sets(t.op.keys, l.seen)
	}
	t.grants <- g
	t.wait()
}

var errInjected = errors.New("injected")

func (p *workerProcess) ops() []op {
	out := make([]op, len(p.threads))
	for i, t := range p.threads {
		out[i] = t.op
	}
	return out
}

// evict empties the LRU by filling it with what nobody asks for.
func (p *workerProcess) evict() {
	var fillers []state.Fact
	for range lruKeys {
		p.fillers++
		fillers = append(fillers, state.Fact{Key: state.NewKey("filler", fmt.Sprint(p.fillers)), Member: "m", Observation: state.Observation{EventID: "e"}})
	}
	if _, err := p.facts.Absorb(context.Background(), fillers); err != nil {
		panic(err)
	}
}

// thread is a goroutine that processes a shard, or says what is left to say.
type thread struct {
	process *workerProcess
	op      op // what it waits to do
	ops     chan op
	grants  chan grant
}

// grant lets a thread go on.
type grant struct {
	sets   map[state.Key]*state.Set
	err    error
	evict  bool
	fenced bool
	kill   bool
}

// threadKey finds the thread in a context.
type threadKey struct{}

func (p *workerProcess) spawn(shard, from int) {
	t := &thread{process: p, ops: make(chan op), grants: make(chan grant)}
	p.threads = append(p.threads, t)
	ctx := context.WithValue(context.Background(), threadKey{}, t)
	go func() {
		defer close(t.ops)
		if shard == tick {
			t.tick(ctx)
		} else {
			t.consume(ctx, shard, from)
		}
	}()
	t.wait()
}

func (t *thread) wait() { t.op = <-t.ops }

// do waits for the explorer at an op.
func (t *thread) do(o op) grant {
	t.ops <- o
	g := <-t.grants
	if g.kill {
		runtime.Goexit()
	}
	if g.evict {
		t.process.evict()
	}
	return g
}

func (t *thread) kill() {
	if t.op.kind != opNone {
		t.grants <- grant{kill: true}
		t.wait()
	}
}

// consume processes the batches of a shard as the Kinesis worker does: each until
// it succeeds, then its checkpoint.
func (t *thread) consume(ctx context.Context, shard, from int) {
	for _, events := range t.process.machine.shards[shard][from:] {
		records := make([]processor.Record, len(events))
		for i, e := range events {
			records[i] = processor.Record{Data: []byte(e), Stream: "s", Shard: fmt.Sprint(shard)}
		}
		for t.process.proc.Process(ctx, records) != nil {
		}
		if t.do(op{kind: opCheckpoint, shard: shard}).fenced {
			return
		}
	}
}

func (t *thread) tick(ctx context.Context) {
	t.process.clock = dawn.Add(time.Hour)
	for t.process.proc.Tick(ctx) != nil {
	}
}

// gate is the store as a process reaches it.
type gate struct{ *workerProcess }

func (g gate) Put(ctx context.Context, all []state.Fact) error {
	t, _ := ctx.Value(threadKey{}).(*thread)
	if t == nil {
		return nil // fillers
	}
	return t.do(op{kind: opPut, facts: g.machine.ledger.facts(all)}).err
}

func (g gate) Get(ctx context.Context, keys []state.Key) (map[state.Key]*state.Set, error) {
	t := ctx.Value(threadKey{}).(*thread)
	granted := t.do(op{kind: opGet, keys: g.machine.ledger.keysOf(keys)})
	return granted.sets, granted.err
}

func (p *workerProcess) send(ctx context.Context, findings []*finding.Finding) error {
	t := ctx.Value(threadKey{}).(*thread)
	return t.do(op{kind: opSend, lines: p.machine.ledger.linesOf(findings)}).err
}

// facts is a set of facts of a ledger.
type facts [8]uint64

func (f facts) with(i int) facts {
	f[i/64] |= 1 << (i % 64)
	return f
}

func (f facts) has(i int) bool { return f[i/64]&(1<<(i%64)) != 0 }

func (f facts) and(g facts) facts {
	for i := range f {
		f[i] &= g[i]
	}
	return f
}

func (f facts) without(g facts) facts {
	for i := range f {
		f[i] &^= g[i]
	}
	return f
}

// ledger numbers what a model meets.
type ledger struct {
	all    []state.Fact
	number map[state.Fact]int
	item   map[string]facts // the facts that are one item in DynamoDB: the later replaces the earlier
	items  []string         // by fact
	keys   []state.Key
	keyNo  map[state.Key]int
	under  []facts // by key
	lines  []*finding.Finding
	lineNo map[string]int
	ids    []string
	same   map[facts]facts  // by what is seen: the first seen of which the Sets are the same
	looks  map[string]facts // by how Sets look: the first seen of which they look so
}

func newLedger() *ledger {
	l := &ledger{number: map[state.Fact]int{}, item: map[string]facts{}, keyNo: map[state.Key]int{}, lineNo: map[string]int{},
		same: map[facts]facts{}, looks: map[string]facts{}}
	l.lines = append(l.lines, nil) // 0: nothing was said
	return l
}

func (l *ledger) facts(all []state.Fact) []int {
	out := make([]int, len(all))
	for i, f := range all {
		out[i] = l.fact(f)
	}
	return out
}

func (l *ledger) fact(f state.Fact) int {
	if n, ok := l.number[f]; ok {
		return n
	}
	n := len(l.all)
	if n >= 64*len(facts{}) {
		panic("more facts than a model can hold")
	}
	item := fmt.Sprint(f.Key, "\x00", f.Member, "\x00", f.Time, "\x00", f.EventID)
	l.all, l.items, l.number[f] = append(l.all, f), append(l.items, item), n
	l.item[item] = l.item[item].with(n)
	key := l.key(f.Key)
	l.under[key] = l.under[key].with(n)
	return n
}

func (l *ledger) key(k state.Key) int {
	n, ok := l.keyNo[k]
	if !ok {
		n = len(l.keys)
		l.keys, l.under, l.keyNo[k] = append(l.keys, k), append(l.under, facts{}), n
	}
	return n
}

func (l *ledger) keysOf(keys []state.Key) []int {
	out := make([]int, len(keys))
	for i, k := range keys {
		out[i] = l.key(k)
	}
	return out
}

func (l *ledger) linesOf(findings []*finding.Finding) []int {
	out := make([]int, len(findings))
	for i, f := range findings {
		text := line(f)
		if l.lineNo[text] == 0 {
			l.lineNo[text] = len(l.lines)
			l.lines = append(l.lines, f)
		}
		if !slices.Contains(l.ids, f.ID) {
			l.ids = append(l.ids, f.ID)
		}
		out[i] = l.lineNo[text]
	}
	return out
}

// line is all that matters of a line of a finding.
func line(f *finding.Finding) string {
	return fmt.Sprintf("%s %s %s %s", f.Activity, f.Status, f.Phase, said(f))
}

// put is the store after facts were written.
func (l *ledger) put(store facts, written []int) facts {
	for _, n := range written {
		store = store.without(l.item[l.items[n]]).with(n)
	}
	return store
}

// see is what of the store is under keys. Of what gives the same Sets it is always
// the same.
func (l *ledger) see(store facts, keys []int) facts {
	var mask facts
	for _, k := range keys {
		for i := range mask {
			mask[i] |= l.under[k][i]
		}
	}
	seen := store.and(mask)
	same, known := l.same[seen]
	if !known {
		look := l.look(keys, seen)
		if same, known = l.looks[look]; !known {
			same, l.looks[look] = seen, seen
		}
		l.same[seen] = same
	}
	return same
}

func (l *ledger) look(keys []int, seen facts) string {
	var b strings.Builder
	sets := l.sets(keys, seen)
	for _, k := range keys {
		fmt.Fprintln(&b, l.keys[k])
		for _, m := range sets[l.keys[k]].Members() {
			fmt.Fprintln(&b, m.Name, m.Last, m.Retention)
			for _, o := range m.Seen {
				fmt.Fprintln(&b, *o)
			}
		}
	}
	return b.String()
}

// sets are the Sets of keys over the facts seen. The contested mark is first, as a
// reader does that has them all at once.
func (l *ledger) sets(keys []int, seen facts) map[state.Key]*state.Set {
	var marks, rest []state.Fact
	for n, f := range l.all {
		switch {
		case !seen.has(n):
		case f.Member == state.ContestedClass:
			marks = append(marks, f)
		default:
			rest = append(rest, f)
		}
	}
	memory := state.NewMemory(1 << 10)
	names := make([]state.Key, len(keys))
	for i, k := range keys {
		names[i] = l.keys[k]
	}
	if err := memory.Put(context.Background(), append(marks, rest...)); err != nil {
		panic(err)
	}
	sets, err := memory.Get(context.Background(), names)
	if err != nil {
		panic(err)
	}
	return sets
}

// describe says what an op does.
func (l *ledger) describe(o op) string {
	var parts []string
	switch o.kind {
	case opPut:
		for _, n := range o.facts {
			parts = append(parts, string(l.all[n].Key)+" "+l.all[n].Member)
		}
		return "writes " + strings.Join(parts, ", ")
	case opGet:
		for _, k := range o.keys {
			parts = append(parts, string(l.keys[k]))
		}
		return "reads " + strings.Join(parts, ", ")
	case opSend:
		for _, n := range o.lines {
			parts = append(parts, line(l.lines[n]))
		}
		return "delivers " + strings.Join(parts, ", ")
	case opCheckpoint:
		return fmt.Sprintf("checkpoints shard %d", o.shard)
	}
	return "has nothing to do"
}
