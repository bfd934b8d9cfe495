package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/straytoken/straytoken/devstack"
	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/devstack/faults"
	"github.com/straytoken/straytoken/finding"
)

// field is where a scenario takes place: a stream under load, workers, and between them and the local servers what may
// go wrong.
type field struct {
	t               *testing.T
	size            size
	stack           *devstack.Stack
	kinesis, dynamo *faults.Proxy
	stream          string
	dir             string // of all files
	load            *load
	args            func(h *hand) []string // of every worker, beside the usual ones; may be nil
	failover        time.Duration          // of the workers
	shards          int                    // open ones, all of which must be held
	output          gate                   // between the workers' standard output and its reader

	mu      sync.Mutex
	hands   []*hand // all that were ever started
	lines   []*finding.Finding
	torn    int           // lines of standard output that are none
	slowest time.Duration // time to recover from a fault
}

// hand is one worker process.
type hand struct {
	*node
	name     string
	findings string         // path of its findings, if a scenario wants them in a file
	disk     string         // folder on which a small disk is mounted; "": none
	seen     worker.Metrics // when it was last looked at; guarded by field.mu
	let      bool           // it was ended by the scenario
	silent   int            // samples in a row that it did not answer
}

func newField(t *testing.T, s scenario, size size) *field {
	t.Helper()
	f := &field{t: t, size: size, stack: ownServers(t), stream: "faults-" + rand.Text()[:8],
		dir: t.TempDir(), args: s.args, failover: max(s.failover, size.failover), shards: s.shards}
	f.kinesis, f.dynamo = startProxy(t, f.stack.KinesisEndpoint), startProxy(t, f.stack.DynamoDBEndpoint)
	if err := f.stack.CreateStream(t.Context(), f.stream, s.shards); err != nil {
		t.Fatal(err)
	}
	f.load = newLoad(f.stack.Kinesis(), f.stream, size.rate*max(s.burden, 1), s.theftEvery)
	t.Cleanup(f.end)
	for range s.workers {
		f.start()
	}
	f.awaitHeld()
	return f
}

// ownServers starts local servers for one field alone: they have one thread, and under load they would hold up others.
func ownServers(t *testing.T) *devstack.Stack {
	t.Helper()
	s, err := devstack.Start(context.Background(), devstack.Options{})
	if errors.Is(err, devstack.ErrNoNode) {
		t.Skipf("the local Kinesis and DynamoDB cannot run: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func startProxy(t *testing.T, upstream string) *faults.Proxy {
	t.Helper()
	p, err := faults.Start(upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// env points the workers at the proxies.
func (f *field) env() []string {
	return append(f.stack.Environment(), "AWS_ENDPOINT_URL_KINESIS="+f.kinesis.URL(), "AWS_ENDPOINT_URL_DYNAMODB="+f.dynamo.URL())
}

// start starts a worker.
func (f *field) start() *hand {
	f.t.Helper()
	name := fmt.Sprintf("worker-%d", len(f.all())+1)
	dir := filepath.Join(f.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		f.t.Fatal(err)
	}
	h := &hand{name: name, findings: filepath.Join(dir, "findings.jsonl"),
		node: &node{letters: filepath.Join(dir, "letters.jsonl"), log: &safeBuffer{}}}
	args := []string{"--stream", f.stream, "--application", f.stream + "-leases", "--state-table", f.stream + "-state",
		"--start", "trim-horizon", "--worker-id", name, "--dead-letters", h.letters, "--failover", f.failover.String()}
	if f.args != nil {
		args = append(args, f.args(h)...)
	}
	p, err := worker.Start(worker.Config{
		Binary: plainBinary(f.t), Args: args, Dir: dir, Env: worker.Environment(f.env()...), Log: h.log,
		OnFinding: func(found *finding.Finding, _ time.Time) { f.output.pass(); f.found(found) },
		OnBroken:  func(error) { f.tear() },
	})
	if err != nil {
		f.t.Fatal(err)
	}
	h.Process = p
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hands = append(f.hands, h)
	return h
}

func (f *field) found(line *finding.Finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, line)
}

func (f *field) tear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.torn++
}

// all are all workers that were ever started.
func (f *field) all() []*hand {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.hands)
}

// alive are the workers that the scenario has not ended.
func (f *field) alive() []*hand {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.hands), func(h *hand) bool { return h.let })
}

// let notes that a worker is to end: nobody waits for it any more.
func (f *field) let(h *hand) *hand {
	f.mu.Lock()
	defer f.mu.Unlock()
	h.let = true
	return h
}

// kill ends a worker by force.
func (f *field) kill(h *hand) { f.let(h).Kill() }

// terminate asks workers to end and waits until they have, in order.
func (f *field) terminate(hands ...*hand) {
	f.t.Helper()
	for _, h := range hands {
		f.let(h).Terminate()
	}
	for _, h := range hands {
		if err := h.awaitEnd(patience); err != nil {
			f.t.Errorf("%s: %v\n%s", h.name, err, h.log)
		}
	}
}

// end leaves nothing running, whatever became of the test.
func (f *field) end() {
	f.output.open()
	f.kinesis.Set(nil)
	f.dynamo.Set(nil)
	for _, h := range f.all() {
		h.Kill()
		if h.disk == "" {
			continue
		}
		if err := unmount(h.disk); err != nil {
			f.t.Error(err)
		}
	}
}

// look asks a worker how it is, and remembers it.
func (f *field) look(h *hand) (worker.Metrics, error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), 2*time.Second)
	defer cancel()
	m, err := h.Metrics(ctx)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	h.seen = m
	return m, nil
}

// unready is why a worker says that it is not ready; "" when it is.
func (f *field) unready(h *hand) string {
	ctx, cancel := context.WithTimeout(f.t.Context(), 2*time.Second)
	defer cancel()
	status, body, err := h.Get(ctx, "/readyz")
	switch {
	case err != nil:
		return err.Error()
	case status == 200:
		return ""
	}
	return fmt.Sprintf("%d %s", status, strings.TrimSpace(body))
}

const behindSeconds = "straytoken_behind_seconds"

// healthy tells whether all workers are ready, hold all shards and are not behind, or what is wrong.
func (f *field) healthy() (bool, string) {
	held := int64(0)
	for _, h := range f.alive() {
		if why := f.unready(h); why != "" {
			return false, h.name + ": " + why
		}
		m, err := f.look(h)
		if err != nil {
			return false, err.Error()
		}
		held += m.Sum(worker.ShardsHeld)
		if lag := m[behindSeconds]; lag > 2 {
			return false, fmt.Sprintf("%s is %.1f s behind", h.name, lag)
		}
	}
	return held == int64(f.shards), fmt.Sprintf("%d of %d shards are held", held, f.shards)
}

// awaitHeld waits until all is well.
func (f *field) awaitHeld() {
	f.t.Helper()
	await(f.t, "all is well", func() (bool, string) {
		ok, why := f.healthy()
		return ok, why + "\n" + f.logs()
	})
}

// recovers is called when a fault is over: it measures how long it takes until all is well again.
func (f *field) recovers() {
	f.t.Helper()
	over := time.Now()
	f.awaitHeld()
	f.slowest = max(f.slowest, time.Since(over))
}

// logs are the last lines of the workers that are there.
func (f *field) logs() string {
	var b strings.Builder
	for _, h := range f.alive() {
		lines := strings.Split(strings.TrimSpace(h.log.String()), "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "SDK ") })
		fmt.Fprintf(&b, "%s:\n  %s\n", h.name, strings.Join(lines[max(0, len(lines)-8):], "\n  "))
	}
	return b.String()
}

// gate can be shut: who passes then waits. Its zero value is open.
type gate struct {
	mu   sync.Mutex
	wait chan struct{} // nil: open
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wait = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.wait != nil {
		close(g.wait)
		g.wait = nil
	}
}

func (g *gate) pass() {
	g.mu.Lock()
	wait := g.wait
	g.mu.Unlock()
	if wait != nil {
		<-wait
	}
}
