package trail

import (
	"context"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// dayLayout is how CloudTrail's keys go on after the region.
const dayLayout = "2006/01/02/"

// prefixLister lists one prefix of a bucket with many requests in flight.
type prefixLister struct {
	client   S3
	bucket   string
	out      *collector
	group    *errgroup.Group
	requests *semaphore.Weighted
	found    atomic.Bool // something is there, wanted or not
}

// descend lists one level of folders and goes on with each.
func (l *prefixLister) descend(ctx context.Context, prefix string) error {
	in := &s3.ListObjectsV2Input{Bucket: &l.bucket, Prefix: &prefix, Delimiter: aws.String("/")}
	return l.pages(ctx, in, func(out *s3.ListObjectsV2Output) bool {
		for _, o := range out.Contents {
			l.add(o)
		}
		for _, p := range out.CommonPrefixes {
			if folder := aws.ToString(p.Prefix); folder != prefix { // a store that is not S3 may repeat it for ever
				l.enter(ctx, folder)
			}
		}
		return true
	})
}

// enter decides how to go on with a folder by its name, and its parent's.
func (l *prefixLister) enter(ctx context.Context, folder string) {
	base, parent := path.Base(folder), path.Base(path.Dir(path.Clean(folder)))
	reason, skipped := reasonByName(base)
	switch {
	case skipped:
		l.skip(reason, folder)
	case isAccount(base) && !l.out.filter.allowsAccount(base),
		parent == "CloudTrail" && !l.out.filter.allowsRegion(base):
		l.skip(Filtered, folder)
	case isAccount(parent) && !strings.HasPrefix(base, "CloudTrail"):
		l.skip(NotTrail, folder) // AWSLogs/<account>/ also holds Config, vpcflowlogs, …
	case base == "AWSLogs", base == "CloudTrail", isAccount(base), isOrganization(base):
		l.group.Go(func() error { return l.descend(ctx, folder) })
	case parent == "CloudTrail":
		l.group.Go(func() error { return l.listRegion(ctx, folder) })
	default:
		l.group.Go(func() error { return l.listUnknown(ctx, folder) })
	}
}

// listUnknown lists a folder that may be the prefix of a trail, with AWSLogs in
// it, or anything else.
func (l *prefixLister) listUnknown(ctx context.Context, folder string) error {
	out, err := l.one(ctx, folder+"AWSLogs/")
	switch {
	case err != nil:
		return s3Error("s3:ListBucket", l.bucket, "", err)
	case aws.ToInt32(out.KeyCount) > 0:
		return l.descend(ctx, folder)
	}
	return l.listAll(ctx, folder)
}

// one asks for a single object under a prefix.
func (l *prefixLister) one(ctx context.Context, prefix string) (*s3.ListObjectsV2Output, error) {
	in := &s3.ListObjectsV2Input{Bucket: &l.bucket, Prefix: &prefix, MaxKeys: aws.Int32(1)}
	return l.page(ctx, s3.NewListObjectsV2Paginator(l.client, in))
}

// listAll lists everything under a folder.
func (l *prefixLister) listAll(ctx context.Context, folder string) error {
	in := &s3.ListObjectsV2Input{Bucket: &l.bucket, Prefix: &folder}
	return l.pages(ctx, in, func(out *s3.ListObjectsV2Output) bool {
		for _, o := range out.Contents {
			l.add(o)
		}
		return true
	})
}

// listRegion lists the days of a region that the filter asks for. Keys sort by
// day; a day of grace on each side allows for a stamp near midnight.
func (l *prefixLister) listRegion(ctx context.Context, region string) error {
	in := &s3.ListObjectsV2Input{Bucket: &l.bucket, Prefix: &region}
	last := ""
	if since := l.out.filter.Since; !since.IsZero() {
		in.StartAfter = aws.String(region + since.UTC().Add(-24*time.Hour).Format(dayLayout))
	}
	if until := l.out.filter.Until; !until.IsZero() {
		last = region + until.UTC().Add(48*time.Hour).Format(dayLayout)
	}
	return l.pages(ctx, in, func(out *s3.ListObjectsV2Output) bool {
		for _, o := range out.Contents {
			if last != "" && aws.ToString(o.Key) >= last {
				return false
			}
			l.add(o)
		}
		return true
	})
}

// pages yields the pages of a listing until it ends or yield returns false.
func (l *prefixLister) pages(ctx context.Context, in *s3.ListObjectsV2Input, yield func(*s3.ListObjectsV2Output) bool) error {
	pager := s3.NewListObjectsV2Paginator(l.client, in)
	for pager.HasMorePages() {
		out, err := l.page(ctx, pager)
		if err != nil {
			return s3Error("s3:ListBucket", l.bucket, "", err)
		}
		if !yield(out) {
			return nil
		}
	}
	return nil
}

func (l *prefixLister) page(ctx context.Context, pager *s3.ListObjectsV2Paginator) (*s3.ListObjectsV2Output, error) {
	if err := l.requests.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer l.requests.Release(1)
	return pager.NextPage(ctx)
}

// add adds an object, if it is one of CloudTrail's.
func (l *prefixLister) add(o types.Object) {
	l.found.Store(true)
	if strings.HasSuffix(aws.ToString(o.Key), "/") {
		return // the console's mark of a folder
	}
	obj := object{client: l.client, bucket: l.bucket, key: aws.ToString(o.Key), size: aws.ToInt64(o.Size)}
	if reason, skipped := l.objectReason(o); skipped {
		l.out.skip(reason, obj.url())
		return
	}
	l.out.add(Entry{Name: obj.url(), Size: obj.size, open: obj.open}, obj.url())
}

func (l *prefixLister) objectReason(o types.Object) (Reason, bool) {
	base := path.Base(aws.ToString(o.Key))
	name := parseName(base)
	for segment := range strings.SplitSeq(aws.ToString(o.Key), "/") {
		if reason, ok := reasonByName(segment); ok {
			return reason, true
		}
	}
	switch {
	case !l.out.filter.allows(name):
		return Filtered, true
	case aws.ToInt64(o.Size) == 0:
		return Empty, true
	case name.delivered.IsZero() && !hasTrailExtension(base):
		return NotTrail, true
	case o.StorageClass == types.ObjectStorageClassGlacier, o.StorageClass == types.ObjectStorageClassDeepArchive:
		return Archived, true
	}
	return "", false
}

func (l *prefixLister) skip(r Reason, name string) {
	l.found.Store(true)
	l.out.skip(r, name)
}
