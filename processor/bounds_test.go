package processor_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

const mib = 1 << 20

// peak follows what the heap takes, until stop gives the most.
func peak() (stop func() int64) {
	ended, most := make(chan struct{}), make(chan int64)
	go func() {
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		high := int64(0)
		for {
			high = max(high, heap())
			select {
			case <-ended:
				most <- high
				return
			case <-ticker.C:
			}
		}
	}()
	return func() int64 {
		close(ended)
		return <-most
	}
}

// heap is what the heap takes, free parts of it included, those given back to the system not.
func heap() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() + s[1].Value.Uint64() + s[2].Value.Uint64())
}

// under runs f with a memory limit, as run does, and gives what the heap grew to at most.
func under(t *testing.T, limit int64, f func()) int64 {
	t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	before := debug.SetMemoryLimit(limit)
	defer debug.SetMemoryLimit(before)
	stop := peak()
	f()
	return stop()
}

// packed compresses what write writes.
func packed(t *testing.T, write func(io.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	write(z)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// limited is a processor that is to stay under a limit, divided as run divides it, on a store that does not grow.
func limited(limit int64, keys int, letters sink.DeadLetterSink) (*processor.Processor, *state.Facts) {
	facts := state.NewFacts(remote{state.NewMemory(keys)}, 1<<20)
	facts.Bound(limit / 2)
	return processor.New(processor.Config{
		Facts: facts, Memory: limit / 4, Extractor: rules.Extractor{Keep: 10, Contested: 1000}, DeadLetters: letters,
		Limits: cloudtrail.Limits{MaxDecompressed: 16 * mib}, Logger: slog.New(slog.DiscardHandler),
		Findings: sinkFunc(func(context.Context, []*finding.Finding) error { return nil }),
	}), facts
}

// withoutRaceDetector skips what measures memory, of which the race detector takes several times as much.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("measures memory: run without -race")
	}
}

// Gzip bombs on many shards at once must wait for each other, not add up. Without a budget 24 buffers of 16 MiB, which
// grow by copying, would take 800 MiB.
func TestBombsOnManyShardsStayUnderTheLimit(t *testing.T) {
	withoutRaceDetector(t)
	const limit, shards = 256 * mib, 24
	letters := &letterCounter{}
	p, _ := limited(limit, 1000, letters)
	padding := strings.Repeat("x", 100_000)
	full := packed(t, func(w io.Writer) { // as much as a record may unpack to, of large events
		fmt.Fprint(w, `{"Records":[`)
		for i := range 150 {
			fmt.Fprint(w, deed{inst: instA, key: keyA, second: i, source: "s3", name: "GetObject", address: "198.51.100.1", extra: `"requestParameters":{"p":"` + padding + `"},`}, ",")
		}
		fmt.Fprint(w, get(instA, keyA, 0, "198.51.100.1"), "]}")
	})
	bomb := packed(t, func(w io.Writer) {
		for range 64 {
			w.Write(make([]byte, mib))
		}
	})
	deep := packed(t, func(w io.Writer) { w.Write(bomb) })
	var waits int64
	most := under(t, limit, func() {
		var wg sync.WaitGroup
		for n := range shards {
			wg.Go(func() {
				for _, data := range [][]byte{full, bomb, full, deep} {
					if err := p.Process(t.Context(), []processor.Record{{Data: data, Shard: fmt.Sprint(n)}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		_, waits = p.Decoding()
	})
	t.Logf("at most %d MiB of %d, %d waits", most/mib, limit/mib, waits)
	if most > limit*5/4 {
		t.Errorf("the heap grew to %d MiB, the limit is %d", most/mib, limit/mib)
	}
	if waits == 0 {
		t.Error("no record had to wait")
	}
	if taken, _ := p.Decoding(); taken != 0 {
		t.Errorf("%d bytes are still reserved", taken)
	}
	if n := p.Counts().Events.Load(); n != 2*151*shards {
		t.Errorf("%d events, want %d", n, 2*151*shards)
	}
	if n := letters.count(); n != 2*shards {
		t.Errorf("%d dead letters, want %d", n, 2*shards)
	}
}

// letterCounter counts dead letters.
type letterCounter struct {
	mu sync.Mutex
	n  int
}

func (l *letterCounter) Send(_ context.Context, letters []sink.DeadLetter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n += len(letters)
	return nil
}

func (l *letterCounter) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}

// One event that states the addresses of very many instances must not be many times its size.
func TestGiantEventStaysUnderTheLimit(t *testing.T) {
	withoutRaceDetector(t)
	const limit = 128 * mib
	p, facts := limited(limit, 1000, discard{})
	var items strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&items, `{"instanceId":"i-%08x","vpcId":"vpc-%d","subnetId":"subnet-1","privateIpAddress":"10.%d.%d.%d"},`, i, i, i>>16, i>>8&255, i&255)
	}
	event := deed{inst: instA, key: keyA, second: 1, source: "ec2", name: "RunInstances", address: "198.51.100.1",
		extra: `"responseElements":{"instancesSet":{"items":[` + strings.TrimSuffix(items.String(), ",") + `]}},`}.String()
	most := under(t, limit, func() {
		if err := p.Process(t.Context(), []processor.Record{{Data: []byte(event)}}); err != nil {
			t.Error(err)
		}
	})
	t.Logf("at most %d MiB of %d, %d facts of %d MiB", most/mib, limit/mib, facts.Stats().Seen.Load(), len(event)/mib)
	if n := facts.Stats().Seen.Load(); most > limit*5/4 || n > 10_100 || n < 10_000 {
		t.Errorf("the heap grew to %d MiB, the limit is %d; %d facts", most/mib, limit/mib, n)
	}
}

// One record of very many events must be learned in parts: what it says, all at once, would be many times its size.
func TestFloodOfEventsStaysUnderTheLimit(t *testing.T) {
	withoutRaceDetector(t)
	const limit = 128 * mib
	tests := map[string]struct {
		events int
		event  func(i int) string
	}{
		"calls of one session": {6_000, func(i int) string { return get(instA, keyA, i, "198.51.100.1") }},
		"sessions at one address": {600, func(i int) string {
			return get(fmt.Sprintf("i-%017x", i), fmt.Sprintf("ASIA%016d", i), i%60, "198.51.100.1")
		}},
		"addresses of one session": {600, func(i int) string {
			return get(instA, keyA, i%60, fmt.Sprintf("10.0.%d.%d", i>>8, i&255))
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, facts := limited(limit, 2000, discard{})
			record := packed(t, func(w io.Writer) {
				for i := range tt.events {
					fmt.Fprintln(w, strings.Join(strings.Fields(tt.event(i)), ""))
				}
			})
			most := under(t, limit, func() {
				if err := p.Process(t.Context(), []processor.Record{{Data: record}}); err != nil {
					t.Error(err)
				}
			})
			t.Logf("at most %d MiB of %d; %d keys known, %d MiB; %d dropped", most/mib, limit/mib, facts.Known(), facts.Bytes()/mib, facts.Stats().Evicted.Load())
			if most > limit*5/4 {
				t.Errorf("the heap grew to %d MiB, the limit is %d", most/mib, limit/mib)
			}
			if n := p.Counts().Events.Load(); n != int64(tt.events) {
				t.Errorf("%d events, want %d", n, tt.events)
			}
			if n := facts.Bytes(); n > limit/2 {
				t.Errorf("the cache takes %d MiB, it may take %d", n/mib, limit/2/mib)
			}
		})
	}
}
