package trail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// S3 is what trail needs of an S3 client; *s3.Client has it. It retries by
// itself what is worth retrying, and is safe for concurrent use.
type S3 interface {
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// DialS3 makes a client from the environment and the shared AWS configuration.
// Without a region it starts in us-east-1: a bucket elsewhere answers with an
// *S3Error that names its region. A configured endpoint is addressed path-style.
func DialS3(ctx context.Context) (S3, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithDefaultRegion("us-east-1"))
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true // a line for every object that was stored without one
	}), nil
}

// bodyAttempts is how often an object is read whose body breaks off. The
// client retries requests, not bodies.
const bodyAttempts = 3

// bodyBackOff is the wait before the second attempt; it doubles.
const bodyBackOff = 200 * time.Millisecond

// object is one object to read.
type object struct {
	client      S3
	bucket, key string
	size        int64
}

func (o object) url() string { return s3Scheme + o.bucket + "/" + o.key }

// open opens the object. A small one is read here and now, so that a body that
// breaks off can be read again.
func (o object) open(ctx context.Context) (io.ReadCloser, error) {
	if o.size > streamAbove {
		return o.get(ctx)
	}
	wait := bodyBackOff
	for attempt := 1; ; attempt++ {
		body, err := o.read(ctx)
		if _, refused := errors.AsType[*S3Error](err); err == nil || refused || attempt == bodyAttempts {
			return io.NopCloser(bytes.NewReader(body)), err
		}
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
		wait *= 2
	}
}

func (o object) get(ctx context.Context) (io.ReadCloser, error) {
	out, err := o.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key})
	if err != nil {
		return nil, s3Error("s3:GetObject", o.bucket, o.key, err)
	}
	return out.Body, nil
}

// read reads the whole object, which must have the size that was listed.
func (o object) read(ctx context.Context) ([]byte, error) {
	r, err := o.get(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	body := make([]byte, o.size)
	if n, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("read %d of %d bytes: %w", n, o.size, err)
	}
	return body, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
