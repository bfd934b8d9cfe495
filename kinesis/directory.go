package kinesis

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	// listInterval is how often the shards are listed when nothing calls for it sooner.
	listInterval = 5 * time.Second
	// omissionGrace is how long a shard that a listing omits is still believed to exist.
	omissionGrace = 2 * time.Minute
)

// directory knows the shards of the stream from its last listings.
type directory struct {
	api    *kinesis.Client
	stream string
	stale  chan struct{} // asks for a listing soon; capacity 1

	mu     sync.Mutex
	shards map[string]listed
	since  time.Time // first listing
}

type listed struct {
	shard types.Shard
	at    time.Time // last listing that had it
}

func newDirectory(api *kinesis.Client, stream string) *directory {
	return &directory{api: api, stream: stream, stale: make(chan struct{}, 1), shards: map[string]listed{}}
}

// refresh lists the shards, page by page.
func (d *directory) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var found []types.Shard
	in := &kinesis.ListShardsInput{StreamName: &d.stream}
	for in != nil {
		out, err := d.api.ListShards(ctx, in)
		if err != nil {
			return fmt.Errorf("list the shards: %w", err)
		}
		found = append(found, out.Shards...)
		in = nil
		if out.NextToken != nil {
			in = &kinesis.ListShardsInput{NextToken: out.NextToken} // a token excludes the name
		}
	}
	d.merge(found, time.Now())
	return nil
}

func (d *directory) merge(found []types.Shard, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.since.IsZero() {
		d.since = now
	}
	for _, s := range found {
		d.shards[aws.ToString(s.ShardId)] = listed{s, now}
	}
	maps.DeleteFunc(d.shards, func(_ string, l listed) bool { return now.Sub(l.at) > omissionGrace })
}

// hurry asks for a listing soon: a shard has ended, or a read met something unknown.
func (d *directory) hurry() {
	select {
	case d.stale <- struct{}{}:
	default:
	}
}

// all returns the shards, sorted by name.
func (d *directory) all() []types.Shard {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []types.Shard
	for _, l := range d.shards {
		out = append(out, l.shard)
	}
	slices.SortFunc(out, func(a, b types.Shard) int {
		return cmp.Compare(aws.ToString(a.ShardId), aws.ToString(b.ShardId))
	})
	return out
}

// names returns the names of the shards.
func (d *directory) names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.shards))
}

// parents returns the parents of a shard that the stream still has: two after a merge, none once they have expired.
func (d *directory) parents(shard string) (out []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.shards[shard].shard
	for _, parent := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
		if _, ok := d.shards[aws.ToString(parent)]; ok {
			out = append(out, *parent)
		}
	}
	return out
}

// has reports whether the stream has the shard.
func (d *directory) has(shard string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.shards[shard]
	return ok
}

// gone reports whether every listing for omissionGrace has omitted the shard.
func (d *directory) gone(shard string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.shards[shard]
	return !ok && !d.since.IsZero() && time.Since(d.since) > omissionGrace
}
