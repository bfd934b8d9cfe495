package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// place is where a record lies.
type place struct{ shard, sequence string }

// load puts events into a stream and remembers them one by one. Every event is the first use of a session at an
// address, so that none of them is processed without leaving a fact with its id. Some sessions are stolen, and some
// records are poison.
type load struct {
	client     *kinesis.Client
	stream     string
	rate       int // sessions a second
	theftEvery int // sessions

	mu     sync.Mutex
	next   int               // session
	events map[string]bool   // ids
	stolen map[string]bool   // access keys
	poison map[place]bool    // records
	last   map[string]string // by shard: the last sequence number
}

const (
	poisonEvery  = 100 // sessions
	ticksASecond = 10
)

func newLoad(client *kinesis.Client, stream string, rate, theftEvery int) *load {
	return &load{client: client, stream: stream, rate: rate, theftEvery: theftEvery,
		events: map[string]bool{}, stolen: map[string]bool{}, poison: map[place]bool{}, last: map[string]string{}}
}

// parcel is a record to put, and what it is.
type parcel struct {
	data  []byte
	event string // id; none: poison
}

// run puts records until ctx ends.
func (l *load) run(ctx context.Context) error {
	tick := time.NewTicker(time.Second / ticksASecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := l.put(context.WithoutCancel(ctx), l.parcels(l.rate/ticksASecond)); err != nil {
				return err
			}
		}
	}
}

// parcels are the records of the next sessions.
func (l *load) parcels(sessions int) []parcel {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []parcel
	for range sessions {
		n := l.next
		l.next++
		all = append(all, newParcel(n, home(n), 0))
		if n%l.theftEvery == 0 {
			l.stolen[key(n)] = true
			all = append(all, newParcel(n, abroad(n), 60))
		}
		if n%poisonEvery == 0 {
			all = append(all, parcel{data: fmt.Appendf(nil, "<html>%d Bad Gateway</html>", n)})
		}
	}
	return all
}

func newParcel(n int, address string, second int) parcel {
	e := call(n, address, second)
	return parcel{encode(e), e["eventID"].(string)}
}

// put puts records, each into a shard by chance, and notes where they lie.
func (l *load) put(ctx context.Context, parcels []parcel) error {
	for len(parcels) > 0 {
		in := &kinesis.PutRecordsInput{StreamName: &l.stream}
		for _, p := range parcels {
			in.Records = append(in.Records, types.PutRecordsRequestEntry{Data: p.data, PartitionKey: aws.String(fmt.Sprint(rand.Uint64()))})
		}
		out, err := l.client.PutRecords(ctx, in)
		if err != nil {
			return fmt.Errorf("put the load: %w", err)
		}
		parcels = l.note(parcels, out.Records)
	}
	return nil
}

// note remembers what was put and returns what was not.
func (l *load) note(parcels []parcel, results []types.PutRecordsResultEntry) (left []parcel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, r := range results {
		if r.ErrorCode != nil {
			left = append(left, parcels[i])
			continue
		}
		at := place{aws.ToString(r.ShardId), aws.ToString(r.SequenceNumber)}
		if before(l.last[at.shard], at.sequence) {
			l.last[at.shard] = at.sequence
		}
		if parcels[i].event == "" {
			l.poison[at] = true
		} else {
			l.events[parcels[i].event] = true
		}
	}
	return left
}

// ends gives the last sequence number of every shard so far.
func (l *load) ends() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ends := map[string]string{}
	for shard, sequence := range l.last {
		ends[shard] = sequence
	}
	return ends
}

// before compares sequence numbers, which are decimal.
func before(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }
