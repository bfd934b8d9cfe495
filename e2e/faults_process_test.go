package e2e

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/straytoken/straytoken/devstack/demo/worker"
)

// killAtRandom kills workers at random moments, also while they start, and starts another one each time.
func killAtRandom(f *field) {
	for range f.size.kills {
		f.pause(200*time.Millisecond + rand.N(2*time.Second))
		alive := f.alive()
		f.kill(alive[rand.N(len(alive))])
		f.start()
	}
	f.recovers()
}

// rollingRestart replaces the workers one after the other, as an upgrade does.
func rollingRestart(f *field) {
	for _, old := range f.alive() {
		f.terminate(old)
		f.start()
		f.recovers()
	}
}

// stoppedPastItsLease makes a worker sleep until others have its shards. When it wakes it still believes that it holds
// them.
func stoppedPastItsLease(f *field) {
	for range max(1, f.size.kills/5) {
		alive := f.alive()
		sleeper, other := alive[0], alive[1]
		f.signal(sleeper, syscall.SIGSTOP)
		f.awaitHolds(other, f.shards)
		f.pause(time.Second)
		f.signal(sleeper, syscall.SIGCONT)
		f.recovers()
	}
}

func (f *field) signal(h *hand, s syscall.Signal) {
	f.t.Helper()
	if err := syscall.Kill(h.PID(), s); err != nil {
		f.t.Fatal(err)
	}
}

func (f *field) awaitHolds(h *hand, shards int) {
	f.t.Helper()
	await(f.t, h.name+" takes the shards", func() (bool, string) {
		held := h.count(f.t, worker.ShardsHeld)
		return held == int64(shards), fmt.Sprintf("it holds %d of %d\n%s", held, shards, h.log)
	})
}

// joinAndLeave adds a worker and takes one away. Each time the shards must be spread evenly again within two failover
// times.
func joinAndLeave(f *field) {
	joined := f.start()
	if _, err := joined.Address(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	f.awaitEven("a worker joined")
	f.pause(f.size.fault / 4)
	f.terminate(f.alive()[0])
	f.awaitEven("a worker left")
}

func (f *field) awaitEven(when string) {
	f.t.Helper()
	since := time.Now()
	share := int64(f.shards / len(f.alive()))
	await(f.t, "the shards are spread evenly", func() (bool, string) {
		for _, h := range f.alive() {
			if held := h.count(f.t, worker.ShardsHeld); held != share {
				return false, fmt.Sprintf("%s holds %d shards, want %d\n%s", h.name, held, share, f.logs())
			}
		}
		return true, ""
	})
	took := time.Since(since)
	f.slowest = max(f.slowest, took)
	if limit := 2 * f.failover; took > limit {
		f.t.Errorf("%s: the shards were spread evenly after %s, want at most %s", when, took, limit)
	}
}

// reshard splits every shard and merges the halves again.
func reshard(f *field) {
	for _, s := range f.open() {
		f.split(s)
	}
	f.shards *= 2
	f.recovers()
	f.pause(f.size.fault / 4)
	for pair := range slices.Chunk(f.open(), 2) {
		f.merge(pair[0], pair[1])
	}
	f.shards /= 2
	f.recovers()
}

// open gives the shards that take records, in the order of their hash keys.
func (f *field) open() (open []types.Shard) {
	f.t.Helper()
	out, err := f.stack.Kinesis().ListShards(f.t.Context(), &kinesis.ListShardsInput{StreamName: &f.stream})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, s := range out.Shards {
		if s.SequenceNumberRange.EndingSequenceNumber == nil {
			open = append(open, s)
		}
	}
	slices.SortFunc(open, func(a, b types.Shard) int { return firstKey(a).Cmp(firstKey(b)) })
	return open
}

func firstKey(s types.Shard) *big.Int { return hashKey(aws.ToString(s.HashKeyRange.StartingHashKey)) }

func hashKey(decimal string) *big.Int {
	n, _ := new(big.Int).SetString(decimal, 10)
	return n
}

func (f *field) split(s types.Shard) {
	f.t.Helper()
	sum := new(big.Int).Add(firstKey(s), hashKey(aws.ToString(s.HashKeyRange.EndingHashKey)))
	middle := sum.Rsh(sum, 1).String()
	_, err := f.stack.Kinesis().SplitShard(f.t.Context(), &kinesis.SplitShardInput{StreamName: &f.stream, ShardToSplit: s.ShardId, NewStartingHashKey: &middle})
	f.awaitActive(err)
}

func (f *field) merge(a, b types.Shard) {
	f.t.Helper()
	_, err := f.stack.Kinesis().MergeShards(f.t.Context(), &kinesis.MergeShardsInput{StreamName: &f.stream, ShardToMerge: a.ShardId, AdjacentShardToMerge: b.ShardId})
	f.awaitActive(err)
}

func (f *field) awaitActive(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	await(f.t, "the stream is active", func() (bool, string) {
		out, err := f.stack.Kinesis().DescribeStreamSummary(f.t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &f.stream})
		return err == nil && out.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive, fmt.Sprint(err)
	})
}
