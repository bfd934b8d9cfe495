package processor_test

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of a model.
const (
	maxProcesses = 3
	maxShards    = 3
	maxFindings  = 4
)

// world is the state of everything between two steps.
type world struct {
	store    facts
	procs    [maxProcesses]*node
	owner    [maxShards]int8   // which process holds the lease of a shard
	done     [maxShards]int8   // batches of a shard that are checkpointed
	last     [maxFindings]int8 // by finding of the ledger: the last line; 0: none
	faults   int8
	running  int8 // the process of the last step, while preemptions are counted
	switched int8 // preemptions
	lastWord bool // all batches are done, and an hour has passed
}

// bounds say how much can go wrong in one schedule.
type bounds struct {
	faults int
	kinds  string // of faults: some of "error", "evict", "crash", "steal"
	// preemptions is how often a process may be interrupted that could go on; negative:
	// as often as there are steps.
	preemptions int
}

// explorer walks through every schedule of a history, each world once.
type explorer struct {
	*machine
	history  *history
	bounds   bounds
	visited  []visit
	level    map[world]int // the worlds that the next step may lead to
	finished float64       // schedules
	problem  string
}

// visit is a world, how it was first reached and in how many ways.
type visit struct {
	world
	schedules float64
	from      int
	step      step
}

// step is what leads from one world to the next; kept as it is, since words are only
// needed of a counterexample.
type step struct {
	kind          stepKind
	process, heir int8
	shard         int8
	label         label
	op            op
}

type stepKind uint8

const (
	stepOp    stepKind = iota // a thread does its op
	stepCrash                 // a process is killed, another takes over
	stepSteal                 // a process loses a shard and does not know
)

// begin is the world before the first step.
func (e *explorer) begin() world {
	var w world
	for p := range e.history.processes() {
		w.procs[p] = e.roots[p]
	}
	for shard, p := range e.history.on {
		w.owner[shard] = int8(p)
		w.procs[p] = e.after(w.procs[p], label{spawn: true, shard: int8(shard)})
	}
	return w
}

// explore visits all worlds, nearest first, so that a counterexample is as short as
// any. It stops at the first problem.
func (e *explorer) explore() {
	e.visited = []visit{{world: e.begin(), schedules: 1, from: -1}}
	for first := 0; first < len(e.visited) && e.problem == ""; {
		last := len(e.visited)
		e.level = map[world]int{}
		for at := first; at < last && e.problem == ""; at++ {
			e.expand(at)
		}
		first = last
	}
}

// reach notes that a step leads from a visit to a world.
func (e *explorer) reach(from int, w world, s step) {
	if e.problem != "" {
		return
	}
	if !w.lastWord && e.allDone(w) {
		e.check(from, w, &s, e.history.afterBatches)
		w = e.hourLater(w)
	}
	at, known := e.level[w]
	if !known {
		at = len(e.visited)
		e.level[w] = at
		e.visited = append(e.visited, visit{world: w, from: from, step: s})
	}
	e.visited[at].schedules += e.visited[from].schedules
}

func (e *explorer) check(from int, w world, last *step, holds func(*ledger, world) string) {
	problem := holds(e.ledger, w)
	if problem == "" || e.problem != "" {
		return
	}
	steps := e.path(from)
	if last != nil {
		steps = append(steps, e.say(*last))
	}
	e.problem = problem + "\n" + strings.Join(steps, "\n")
}

// allDone tells whether every batch is checkpointed and no thread is under way.
func (e *explorer) allDone(w world) bool {
	for shard := range e.shards {
		if int(w.done[shard]) < len(e.shards[shard]) {
			return false
		}
	}
	return e.idle(w)
}

func (e *explorer) idle(w world) bool {
	return !slices.ContainsFunc(w.procs[:], func(n *node) bool { return n != nil && !n.rests() })
}

// rests tells whether a process has nothing to do.
func (n *node) rests() bool {
	return n != nil && !slices.ContainsFunc(n.ops, func(o op) bool { return o.kind != opNone })
}

func (e *explorer) hourLater(w world) world {
	w.lastWord = true
	for p, n := range w.procs {
		if n != nil {
			w.procs[p] = e.after(n, label{spawn: true, shard: tick})
		}
	}
	return w
}

// expand takes every step that is possible in a world.
func (e *explorer) expand(at int) {
	w := e.visited[at].world
	if e.idle(w) {
		e.finished += e.visited[at].schedules
		e.check(at, w, nil, e.history.atTheEnd)
		return
	}
	for p, n := range w.procs {
		if n == nil || !e.mayRun(w, p) {
			continue
		}
		busy := false
		for thread, o := range n.ops {
			if o.kind != opNone {
				busy = true
				e.step(at, p, thread, o)
			}
		}
		if int(w.faults) < e.bounds.faults && e.may("crash") && !n.justRead() {
			e.crash(at, p)
		}
		if w.lastWord && busy {
			return // one after the other
		}
	}
}

// mayRun tells whether it is the turn of a process, as far as preemptions are bounded.
func (e *explorer) mayRun(w world, p int) bool {
	return int(w.running) == p || int(w.switched) != e.bounds.preemptions || w.procs[w.running].rests()
}

// ran notes who took the last step.
func (e *explorer) ran(w world, p int) world {
	if e.bounds.preemptions >= 0 && int(w.running) != p {
		if !w.procs[w.running].rests() {
			w.switched++
		}
		w.running = int8(p)
	}
	return w
}

// begins tells whether a process is at the first op of a batch. To lose the shard
// later is no different: it does not know, and the other takes its time.
func (n *node) begins() bool {
	return n.parent != nil && (n.label.spawn || n.parent.ops[n.label.thread].kind == opCheckpoint)
}

// justRead tells whether the last op of a process was a read. To kill it then is no
// different from having killed it before.
func (n *node) justRead() bool {
	return n.parent != nil && !n.label.spawn && n.parent.ops[n.label.thread].kind == opGet
}

// step lets a thread do its op, in every way in which it can end.
func (e *explorer) step(at, p, thread int, o op) {
	e.end(at, p, thread, o, done, false)
	if int(e.visited[at].faults) == e.bounds.faults {
		return
	}
	if n := e.visited[at].procs[p]; e.may("evict") && (o.kind != opGet || !n.justRead()) { // reads learn nothing that the LRU keeps
		e.end(at, p, thread, o, done, true)
	}
	for _, how := range e.waysToFail(o) {
		e.end(at, p, thread, o, how, false)
	}
	if n := e.visited[at].procs[p]; e.may("steal") && !e.visited[at].lastWord && n.begins() {
		e.steal(at, p, thread)
	}
}

func (e *explorer) may(kind string) bool { return strings.Contains(e.bounds.kinds, kind) }

func (e *explorer) waysToFail(o op) []outcome {
	switch {
	case !e.may("error"):
	case o.kind == opGet:
		return []outcome{failed}
	case o.kind == opPut && len(o.facts) > 1:
		return []outcome{failed, failedAfter, failedFirst, failedLast}
	case o.kind == opPut || o.kind == opSend:
		return []outcome{failed, failedAfter}
	}
	return nil
}

// end is the world after an op ended in one way.
func (e *explorer) end(at, p, thread int, o op, how outcome, evict bool) {
	w := e.ran(e.visited[at].world, p)
	l := label{thread: int8(thread), outcome: how, evict: evict}
	if evict || how != done {
		w.faults++
	}
	switch o.kind {
	case opPut:
		w.store = e.ledger.put(w.store, effect(o.facts, how))
	case opGet:
		if how == done {
			l.seen = e.ledger.see(w.store, o.keys)
		}
	case opSend:
		for _, line := range effect(o.lines, how) {
			w.last[slices.Index(e.ledger.ids, e.ledger.lines[line].ID)] = int8(line)
		}
	case opCheckpoint:
		if int(w.owner[o.shard]) == p {
			w.done[o.shard]++
		} else {
			l.outcome = fenced
		}
	}
	taken := step{process: int8(p), label: l, op: o}
	if o.kind == opCheckpoint && l.outcome == done {
		e.check(at, w, &taken, e.history.atCheckpoint)
	}
	w.procs[p] = e.after(w.procs[p], l)
	e.reach(at, w, taken)
}

// effect is which items of a request take effect.
func effect(items []int, how outcome) []int {
	switch how {
	case failed:
		return nil
	case failedFirst:
		return items[:len(items)/2]
	case failedLast:
		return items[len(items)/2:]
	}
	return items
}

// crash kills a process, and its shards go to another, new or old.
func (e *explorer) crash(at, p int) {
	for heir, n := range e.visited[at].procs {
		if heir != p && (!n.rests() || e.visited[at].lastWord) {
			continue
		}
		w := e.visited[at].world
		w.faults++
		w.procs[p] = e.roots[p]
		if w.lastWord {
			w.procs[p] = e.after(e.roots[p], label{spawn: true, shard: tick})
		}
		for shard, owner := range w.owner[:len(e.shards)] {
			if int(owner) == p && int(w.done[shard]) < len(e.shards[shard]) {
				w = e.handOver(w, shard, heir)
			}
		}
		e.reach(at, w, step{kind: stepCrash, process: int8(p), heir: int8(heir)})
	}
}

// steal gives the shard of a thread to another process; the thread does not know.
func (e *explorer) steal(at, p, thread int) {
	shard := e.shardOf(e.visited[at].procs[p], thread)
	if int(e.visited[at].owner[shard]) != p {
		return
	}
	for heir, n := range e.visited[at].procs {
		if heir == p || n != nil && !n.rests() {
			continue
		}
		w := e.visited[at].world
		w.faults++
		if n == nil { // a worker that begins
			w.procs[heir] = e.roots[heir]
		}
		w = e.handOver(w, shard, heir)
		e.reach(at, w, step{kind: stepSteal, process: int8(p), heir: int8(heir), shard: int8(shard)})
	}
}

func (e *explorer) handOver(w world, shard, heir int) world {
	w.owner[shard] = int8(heir)
	w.procs[heir] = e.after(w.procs[heir], label{spawn: true, shard: int8(shard), from: w.done[shard]})
	return w
}

// shardOf finds the shard of a thread in the history of its process.
func (e *explorer) shardOf(n *node, thread int) int {
	var shards []int
	for ; n.parent != nil; n = n.parent {
		if n.label.spawn {
			shards = append(shards, int(n.label.shard))
		}
	}
	return shards[len(shards)-1-thread]
}

func (e *explorer) say(s step) string {
	switch s.kind {
	case stepCrash:
		return fmt.Sprintf("  worker %d is killed; worker %d takes over", s.process+1, s.heir+1)
	case stepSteal:
		return fmt.Sprintf("  worker %d loses shard %d to worker %d and does not know", s.process+1, s.shard, s.heir+1)
	}
	who := fmt.Sprintf("  worker %d", s.process+1)
	if s.label.thread > 0 {
		who += fmt.Sprintf(", thread %d,", s.label.thread+1)
	}
	if s.label.evict {
		who += " forgets what it knew and"
	}
	return who + " " + e.ledger.describe(s.op) + s.label.outcome.String()
}

// path is the steps to a visit, a line each.
func (e *explorer) path(at int) []string {
	var steps []string
	for ; e.visited[at].from >= 0; at = e.visited[at].from {
		steps = append(steps, e.say(e.visited[at].step))
	}
	slices.Reverse(steps)
	return steps
}
