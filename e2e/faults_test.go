package e2e

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// longSet chooses the long set of scenarios.
const longSet = "long"

// soak chooses how long the scenarios are: the short set by default; longSet, or the duration of a steady load with
// random faults.
var soak = flag.String("soak", "", `"long" for the long set of faults, or a duration for a steady load with random faults`)

// size is how much of everything a scenario has.
type size struct {
	rate     int           // sessions a second
	failover time.Duration // of the workers
	fault    time.Duration // how long a fault lasts
	kills    int
	calm     time.Duration // load before the first fault and after the last
}

// sizes are the short set, which is part of all tests, and the long one.
func sizes() (short, long size) {
	return size{rate: 10, failover: 2 * time.Second, fault: 4 * time.Second, kills: 3, calm: 2 * time.Second},
		size{rate: 20, failover: 5 * time.Second, fault: 30 * time.Second, kills: 20, calm: 5 * time.Second}
}

// scenario is a fault and what it meets.
type scenario struct {
	name            string
	shards, workers int
	theftEvery      int                    // sessions
	burden          int                    // times the usual rate; 0: once
	failover        time.Duration          // of the workers, if longer than usual
	args            func(h *hand) []string // of the workers
	long            bool                   // part of the long set alone
	tears           bool                   // lines may be torn: a process dies, or a disk is full
	fault           func(*field)           // begins and ends the fault, and checks what shows of it
}

// scenarios are all faults.
func scenarios() []scenario {
	return []scenario{
		{name: "kill -9", shards: 4, workers: 3, theftEvery: 10, burden: 3, tears: true, fault: killAtRandom},
		{name: "rolling restart", shards: 4, workers: 3, theftEvery: 10, burden: 3, fault: rollingRestart},
		{name: "split 4 to 8, merge 8 to 4", shards: 4, workers: 2, theftEvery: 10, burden: 3, fault: reshard},
		{name: "stopped past its lease", shards: 4, workers: 2, theftEvery: 10, burden: 3, fault: stoppedPastItsLease},
		{name: "a worker joins, one leaves", shards: 6, workers: 2, theftEvery: 10, burden: 2, failover: 5 * time.Second, fault: joinAndLeave},
		{name: "DynamoDB silent, then resets", shards: 4, workers: 2, theftEvery: 10, fault: dynamoDBGone},
		{name: "state table dead", shards: 4, workers: 2, theftEvery: 10, fault: stateTableDead},
		{name: "state table throttled, batches in part", shards: 2, workers: 2, theftEvery: 10, fault: stateTableThrottled},
		{name: "lease table throttled, answers lost", shards: 4, workers: 2, theftEvery: 10, fault: leaseTableSick},
		{name: "Kinesis silent, 503, throttled, iterators expired", shards: 4, workers: 2, theftEvery: 10, fault: kinesisSick},
		{name: "one shard cannot be read", shards: 4, workers: 2, theftEvery: 10, fault: oneShardSick},
		{name: "everything 200 ms late", long: true, shards: 4, workers: 2, theftEvery: 10, fault: allLate},
		{name: "standard output stalls", long: true, shards: 4, workers: 2, theftEvery: 3, fault: outputStalls},
		{name: "stop while standard output stalls", shards: 2, workers: 2, theftEvery: 3, args: shortGrace, tears: true, fault: stopWhileOutputStalls},
		{name: "findings file cannot be written", long: true, shards: 2, workers: 1, theftEvery: 5, args: toFile, fault: fileInTheWay},
		{name: "no space left, at once", shards: 2, workers: 1, theftEvery: 5, args: toFile, fault: deviceFull},
		{name: "no space left, within a line", shards: 2, workers: 1, theftEvery: 2, args: toDisk, tears: true, fault: diskFull},
	}
}

// TestFaults ends every scenario with an exact account: whatever was put is processed or a dead letter, and every
// theft is found.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: a test of two minutes, and -short is set")
	}
	short, long := sizes()
	size := short
	switch *soak {
	case "":
	case longSet:
		size = long
	default:
		t.Skip("skipped: a steady load was asked for")
	}
	var all outcomes
	t.Run("set", func(t *testing.T) {
		for _, s := range scenarios() {
			if s.long && *soak == "" {
				continue
			}
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				all.add(s.run(t, size))
			})
		}
	})
	if *soak != "" {
		all.print(os.Stdout)
	}
}

// run puts a load under a scenario, waits for its end and draws up the account.
func (s scenario) run(t *testing.T, size size) outcome {
	t.Helper()
	f := newField(t, s, size)
	stop := f.underLoad()
	f.pause(size.calm)
	s.fault(f)
	f.pause(size.calm)
	stop()
	f.awaitDrained()
	a := f.settle()
	if err := a.even(); err != nil {
		t.Errorf("the account does not come out even: %v", err)
	}
	if a.torn > 0 && !s.tears {
		t.Errorf("%d torn lines", a.torn)
	}
	r := outcome{s.name, a, f.slowest}
	t.Log(r)
	return r
}

// underLoad puts the load until stop is called.
func (f *field) underLoad() (stop func()) {
	ctx, cancel := context.WithCancel(f.t.Context())
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := f.load.run(ctx); err != nil {
			f.t.Error(err)
		}
	})
	stop = func() {
		cancel()
		wait.Wait()
	}
	f.t.Cleanup(stop)
	return stop
}

func (f *field) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-f.t.Context().Done():
	}
}

// outcome is a row of the report.
type outcome struct {
	name     string
	account  account
	recovery time.Duration // the longest, of several faults
}

const outcomeColumns = "scenario\tput\tprocessed\tpoison\tdead letters\tthefts\tfindings\tagain: records\tlines\tdead letters\ttorn\trecovery"

func (r outcome) cells() string {
	a := &r.account
	return fmt.Sprintf("%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f s", r.name, a.events, a.processed, a.poison, a.letters,
		a.thefts, a.found, a.again.records, a.again.lines, a.again.letters, a.torn, r.recovery.Seconds())
}

func (r outcome) String() string { return r.cells() }

// outcomes are the rows of a report. They are safe for concurrent use.
type outcomes struct {
	mu  sync.Mutex
	all []outcome
}

func (r *outcomes) add(one outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
}

func (r *outcomes) print(to io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, outcomeColumns)
	for _, one := range r.all {
		fmt.Fprintln(t, one)
	}
	if err := t.Flush(); err != nil {
		panic(err)
	}
}
