package trail_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/straytoken/straytoken/trail"
)

// fakeS3 is a bucket in memory. It pages, and fails as it is told.
type fakeS3 struct {
	objects  map[string]string
	class    map[string]types.ObjectStorageClass
	pageSize int
	listErr  error
	getErr   map[string]error // before the body
	breakOff map[string]int   // how many bodies of a key break off half-way

	mu    sync.Mutex
	lists []string // prefixes asked for
	seen  int      // objects and folders handed out by listings
	gets  int
}

func (f *fakeS3) open(context.Context) (trail.S3, error) { return f, nil }

func (f *fakeS3) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listErr != nil {
		return nil, f.listErr
	}
	f.lists = append(f.lists, aws.ToString(in.Prefix))
	after := max(aws.ToString(in.StartAfter), aws.ToString(in.ContinuationToken))
	out := &s3.ListObjectsV2Output{}
	for _, item := range f.level(aws.ToString(in.Prefix), aws.ToString(in.Delimiter)) {
		if item <= after {
			continue
		}
		if len(out.Contents)+len(out.CommonPrefixes) == f.pageSize {
			out.IsTruncated = aws.Bool(true)
			break
		}
		f.seen++
		out.NextContinuationToken = aws.String(item)
		if content, ok := f.objects[item]; ok && (in.Delimiter == nil || !strings.HasSuffix(item, "/") || item == aws.ToString(in.Prefix)) {
			out.Contents = append(out.Contents, types.Object{
				Key: aws.String(item), Size: aws.Int64(int64(len(content))), StorageClass: f.class[item],
			})
		} else {
			out.CommonPrefixes = append(out.CommonPrefixes, types.CommonPrefix{Prefix: aws.String(item)})
		}
	}
	out.KeyCount = aws.Int32(int32(len(out.Contents) + len(out.CommonPrefixes)))
	return out, nil
}

// level is what a prefix holds, sorted; with a delimiter, folders are one item.
func (f *fakeS3) level(prefix, delimiter string) []string {
	var items []string
	for key := range f.objects {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if i := strings.Index(rest, "/"); delimiter != "" && i >= 0 {
			key = prefix + rest[:i+1]
		}
		items = append(items, key)
	}
	slices.Sort(items)
	return slices.Compact(items)
}

func (f *fakeS3) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gets++
	key := aws.ToString(in.Key)
	if err := f.getErr[key]; err != nil {
		return nil, err
	}
	content := f.objects[key]
	var body io.Reader = strings.NewReader(content)
	if f.breakOff[key] > 0 {
		f.breakOff[key]--
		body = io.MultiReader(strings.NewReader(content[:len(content)/2]), failing{})
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(body)}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
