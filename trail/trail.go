// Package trail finds CloudTrail files and reads them in the order of their
// delivery: single files, folders, S3 prefixes and standard input. It yields
// bytes; what they mean is package cloudtrail's business.
//
// List resolves paths to a Listing without reading any file to its end;
// Listing.Files then reads ahead of its consumer with bounded memory.
package trail

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

const (
	s3Scheme        = "s3://"
	defaultParallel = 16
)

// Options say how to look and what for. The zero value reads everything.
type Options struct {
	// OpenS3 makes the S3 client; it is called at most once, and only if a path
	// is in S3. Nil means DialS3.
	OpenS3 func(context.Context) (S3, error)
	// Stdin is what the path "-" reads; nil means os.Stdin.
	Stdin io.Reader
	// Parallel bounds the requests and reads in flight; 0 means 16.
	Parallel int
	Filter   Filter
}

func (o Options) parallel() int {
	if o.Parallel <= 0 {
		return defaultParallel
	}
	return o.Parallel
}

// Filter leaves out files by what their names say. A file whose name does not
// say (it is not named as CloudTrail names its files) passes every filter.
type Filter struct {
	// Since and Until bound the delivery stamp: Since <= stamp < Until. A file
	// holds events from before its stamp, usually up to ten minutes, after an
	// outage hours. Zero means no bound.
	Since, Until time.Time
	Accounts     []string // ids of accounts; empty means all
	Regions      []string // empty means all
}

// List resolves paths: "-", "s3://bucket/prefix", a file or a folder. Entries
// are in the order of delivery, whatever the order of the paths; files whose
// name has no delivery stamp come first, in the order of the paths, then by
// name.
//
// A path that does not exist is a *MissingError, a request that S3 refused an
// *S3Error; the problems of all paths are joined. A part of a folder that
// cannot be read is not an error but one of Listing.Problems.
func List(ctx context.Context, paths []string, o Options) (Listing, error) {
	c := &collector{filter: o.Filter, skipped: map[Reason]Skips{}}
	bucket := &bucketLister{open: o.OpenS3, parallel: o.parallel(), out: c}
	var errs []error
	for i, p := range paths {
		if err := ctx.Err(); err != nil {
			return Listing{}, err
		}
		c.path = i
		errs = append(errs, listPath(ctx, p, o, c, bucket))
	}
	if err := errors.Join(errs...); err != nil {
		return Listing{}, err
	}
	return c.listing(o.parallel()), nil
}

func listPath(ctx context.Context, path string, o Options, c *collector, b *bucketLister) error {
	switch {
	case path == Stdin:
		c.add(Entry{Name: Stdin, Size: -1, open: stdinOpener(o.Stdin)}, Stdin)
		return nil
	case strings.HasPrefix(path, s3Scheme):
		return b.list(ctx, path)
	default:
		return listLocal(ctx, path, c)
	}
}
