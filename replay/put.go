package replay

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"
)

// Record is a record to put as it is.
type Record struct {
	Name         string // for Options.OnProblem
	PartitionKey string
	Data         []byte
}

// Put puts records as they are, of one partition key in their order. It uses those
// options that say nothing of events. Otherwise it is as Run: an error that the
// sequence yields is a problem, and what follows it is put.
func Put(ctx context.Context, client Client, records iter.Seq2[Record, error], o Options) (Summary, error) {
	return run(ctx, client, o.withDefaults(), func(ctx context.Context, l lanes, t *tally) error {
		for r, err := range records {
			if err != nil {
				t.problem(err, 0)
				continue
			}
			if err := l.send(ctx, &record{name: r.Name, key: r.PartitionKey, data: r.Data}); err != nil {
				return err
			}
		}
		return nil
	})
}

// run runs the lanes, and what feeds them.
func run(ctx context.Context, client Client, o Options, feed func(context.Context, lanes, *tally) error) (Summary, error) {
	group, ctx := errgroup.WithContext(ctx)
	t := newTally(o)
	lanes := newLanes(client, o, t)
	for _, l := range lanes {
		group.Go(func() error { return l.run(ctx) })
	}
	group.Go(func() error {
		defer lanes.close()
		return feed(ctx, lanes, t)
	})
	err := group.Wait()
	return t.summary, err
}
