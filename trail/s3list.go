package trail

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// bucketLister lists S3 prefixes. Where a prefix has CloudTrail's own layout,
//
//	AWSLogs/[o-…/]<account>/CloudTrail/<region>/YYYY/MM/DD/<file>
//
// it goes down level by level, so that accounts and regions are listed in
// parallel, unwanted ones not at all, and days outside the filter not either.
type bucketLister struct {
	open     func(context.Context) (S3, error)
	parallel int
	out      *collector
	client   S3 // made when the first path needs it
}

func (b *bucketLister) list(ctx context.Context, url string) error {
	if err := b.dial(ctx); err != nil {
		return err
	}
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(url, s3Scheme), "/")
	group, groupCtx := errgroup.WithContext(ctx)
	l := &prefixLister{
		client: b.client, bucket: bucket, out: b.out,
		group: group, requests: semaphore.NewWeighted(int64(b.parallel)),
	}
	group.Go(func() error { return l.descend(groupCtx, prefix) })
	if err := group.Wait(); err != nil {
		return err
	}
	if !l.found.Load() {
		return &MissingError{Path: url}
	}
	return nil
}

func (b *bucketLister) dial(ctx context.Context) (err error) {
	if b.client != nil {
		return nil
	}
	open := b.open
	if open == nil {
		open = DialS3
	}
	b.client, err = open(ctx)
	return err
}
