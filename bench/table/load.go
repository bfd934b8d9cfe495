package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/straytoken/straytoken/bench"
	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/finding"
)

// The load: records of one event each.
const (
	streamShards    = 8
	recordsASecond  = 2000
	ticksASecond    = 20
	quietSessions   = 500
	theftsASecond   = 4
	firstStolen     = 100_000 // number of the first session that is stolen
	theftAfter      = 3 * time.Second
	latencyOutcomes = 5 * time.Second // how long the last findings are waited for
)

// load is a stream of events: known sessions, and thefts of sessions that were first used
// some seconds before.
type load struct {
	client *kinesis.Client
	stream string
	fleet  bench.Fleet
	uses   int // of quiet sessions so far

	mu    sync.Mutex
	put   map[string]time.Time // by access key: when the thief's event was put
	found map[string]time.Time
}

func newLoad(l *local) *load {
	return &load{client: l.Kinesis(), stream: l.stream, put: map[string]time.Time{}, found: map[string]time.Time{}}
}

// quiet are the next n uses of known sessions.
func (l *load) quiet(n int) [][]byte {
	var out [][]byte
	for range n {
		out = append(out, l.fleet.Event(l.uses%quietSessions, l.uses/quietSessions))
		l.uses++
	}
	return out
}

// send puts events as records, each into a shard by chance.
func (l *load) send(ctx context.Context, events [][]byte) error {
	in := &kinesis.PutRecordsInput{StreamName: &l.stream}
	for i, e := range events {
		key := strconv.FormatUint(uint64(l.uses+i)*0x9e3779b97f4a7c15, 36)
		in.Records = append(in.Records, types.PutRecordsRequestEntry{Data: e, PartitionKey: &key})
	}
	out, err := l.client.PutRecords(ctx, in)
	if err == nil && aws.ToInt32(out.FailedRecordCount) > 0 {
		err = fmt.Errorf("%d records were refused", *out.FailedRecordCount)
	}
	if err != nil {
		return fmt.Errorf("put the load: %w", err)
	}
	return nil
}

// saw notes a finding.
func (l *load) saw(f *finding.Finding, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, again := l.found[f.Token.AccessKeyID]; !again {
		l.found[f.Token.AccessKeyID] = at
	}
}

// introduce lets the worker know all quiet sessions, as well as they ever will be.
func (l *load) introduce(ctx context.Context, p *worker.Process) error {
	const uses = 12 * quietSessions // more of each than are kept
	for l.uses < uses {
		if err := l.send(ctx, l.quiet(recordsASecond/ticksASecond)); err != nil {
			return err
		}
	}
	_, err := await(ctx, p, worker.Records, uses)
	return err
}

// run puts the load for a time, and gives the records a second that were put.
func (l *load) run(ctx context.Context, lasts time.Duration) (float64, error) {
	const lag = int(theftAfter/time.Second) * theftsASecond // thefts behind first uses
	began, records := time.Now(), 0
	for n := 0; time.Since(began) < lasts; n++ {
		events := l.quiet(recordsASecond / ticksASecond)
		if every := ticksASecond / theftsASecond; n%every == 0 {
			session := firstStolen + n/every
			events = append(events, l.fleet.Event(session, 0))
			if n/every >= lag {
				events = append(events, l.theft(session-lag))
			}
		}
		if err := l.send(ctx, events); err != nil {
			return 0, err
		}
		records += len(events)
		time.Sleep(time.Until(began.Add(time.Duration(n+1) * time.Second / ticksASecond)))
	}
	return float64(records) / time.Since(began).Seconds(), nil
}

// theft is a thief's use of a session, which is put now.
func (l *load) theft(session int) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put[l.fleet.Key(session)] = time.Now()
	return l.fleet.Stolen(session, 60)
}

// delays are the times from putting a thief's event until the finding, in milliseconds,
// sorted, and how many findings never came.
func (l *load) delays(since time.Time) (ms []float64, lost int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, put := range l.put {
		found, ok := l.found[key]
		switch {
		case put.Before(since):
		case !ok:
			lost++
		default:
			ms = append(ms, float64(found.Sub(put).Microseconds())/1000)
		}
	}
	slices.Sort(ms)
	return ms, lost
}

// latency measures the time from PutRecords to the finding on standard output, under load.
func latency(ctx context.Context, s *settings) ([]line, error) {
	local, err := newLocal(ctx, s, streamShards)
	if err != nil {
		return nil, err
	}
	defer local.close()
	l := newLoad(local)
	p, err := local.work(l.saw)
	if err != nil {
		return nil, err
	}
	defer p.Kill()
	if _, err := await(ctx, p, worker.ShardsHeld, streamShards); err != nil {
		return nil, err
	}
	if err := l.introduce(ctx, p); err != nil {
		return nil, err
	}
	since := time.Now()
	rate, err := l.run(ctx, s.streamTime)
	if err != nil {
		return nil, err
	}
	time.Sleep(latencyOutcomes)
	ms, lost := l.delays(since)
	if len(ms) == 0 {
		return nil, fmt.Errorf("none of %d findings came", lost)
	}
	note := fmt.Sprintf("%d thefts in %.0f records a second, of %d known sessions, for %s; %d findings did not come. Load, servers, and worker share the machine.",
		len(ms)+lost, rate, quietSessions, s.streamTime, lost)
	at := func(share float64) []float64 { return []float64{ms[min(len(ms)-1, int(share*float64(len(ms))))]} }
	what := fmt.Sprintf("PutRecords until the finding is on standard output, %d shards, polling: ", streamShards)
	return []line{
		{what: what + "median", unit: "ms", samples: at(0.5), target: atMost(150), note: note},
		{what: what + "99th percentile", unit: "ms", samples: at(0.99), target: atMost(300), note: note},
	}, nil
}
