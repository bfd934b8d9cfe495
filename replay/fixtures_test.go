package replay_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/trail"
)

var epoch = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

// record is the JSON of an event; extra is put into its requestParameters.
func record(id int, key string, at time.Time, extra string) string {
	return fmt.Sprintf(`{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAX:i-1","accountId":"111111111111","accessKeyId":%q},`+
		`"eventTime":%q,"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7",`+
		`"userAgent":"a <b> & \"c\" \\ é","requestParameters":{"extra":%q},"eventID":"id-%06d","eventType":"AwsApiCall","recipientAccountId":"111111111111"}`,
		key, at.Format(time.RFC3339), extra, id)
}

// generate makes files of events over a number of keys, of which the first has half.
func generate(events, keys int) []trail.File {
	var files []trail.File
	for first := 0; first < events; first += 100 {
		var list []string
		for i := first; i < min(first+100, events); i++ {
			key := 0
			if i%2 == 1 {
				key = i / 2 % keys
			}
			list = append(list, record(i, fmt.Sprintf("ASIA%016d", key), epoch.Add(time.Duration(i/10)*time.Second), "x"))
		}
		files = append(files, file(fmt.Sprintf("%d.json", first), list...))
	}
	return files
}

func file(name string, records ...string) trail.File {
	return trail.File{Entry: trail.Entry{Name: name}, Body: []byte(`{"Records":[` + strings.Join(records, ",\n ") + `]}`)}
}

func all(files []trail.File) iter.Seq2[trail.File, error] {
	return func(yield func(trail.File, error) bool) {
		for _, f := range files {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// realFiles are the trail files of a real set, or the reason that there are none.
func realFiles(t *testing.T, set string) []trail.File {
	t.Helper()
	dir := "../../shared/data/" + set
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the real trail files are not on this machine: %v", err)
	}
	l, err := trail.List(t.Context(), []string{dir}, trail.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var files []trail.File
	for f, err := range l.Files(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// seen is an event as it came out of a decoder.
type seen struct {
	replay.Source
	json string
}

// decode decodes bodies, each a record or a file.
func decode(t *testing.T, bodies ...[]byte) []seen {
	t.Helper()
	var events []seen
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	for _, body := range bodies {
		sum, err := d.Decode(body, func(e *cloudtrail.Event) error {
			s, err := replay.NewSource(e)
			events = append(events, seen{s, string(s.JSON)})
			return err
		})
		if err != nil || sum.BadTotal > 0 {
			t.Fatalf("decode %.80q: %v, %v", body, err, sum.Bad)
		}
	}
	return events
}

func bodies(files []trail.File) [][]byte {
	var b [][]byte
	for _, f := range files {
		b = append(b, f.Body)
	}
	return b
}

// byKey lists the events' JSON by partition key, in order, repetitions left out.
func byKey(events []seen) map[string][]string {
	m, known := map[string][]string{}, map[string]bool{}
	for _, e := range events {
		if !known[e.json] {
			known[e.json] = true
			m[e.PartitionKey] = append(m[e.PartitionKey], e.json)
		}
	}
	return m
}

// fate is what a fake stream does with a record, or a request.
type fate int

const (
	take         fate = iota
	refuse            // an error, and no effect
	takeAndError      // an error, and the effect nevertheless
)

// fakeStream is a stream of four shards that fails as it is told, and holds
// every request to the limits of PutRecords.
type fakeStream struct {
	t       *testing.T
	latency time.Duration // of a request
	largest int           // record that it takes; 0: the classic size
	request func(call int) (fate, error)
	record  func(call, index int, key string) fate

	mu    sync.Mutex
	calls int
	sizes []int
	data  [][]byte
	keys  []string
}

func (s *fakeStream) PutRecords(_ context.Context, in *kinesis.PutRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error) {
	time.Sleep(s.latency)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	s.sizes = append(s.sizes, len(in.Records))
	s.checkLimits(in)
	if s.request != nil {
		if f, err := s.request(s.calls); f == refuse {
			return nil, err
		} else if f == takeAndError {
			for _, r := range in.Records {
				s.store(r)
			}
			return nil, err
		}
	}
	out := &kinesis.PutRecordsOutput{}
	for i, r := range in.Records {
		out.Records = append(out.Records, s.put(i, r))
	}
	return out, nil
}

func (s *fakeStream) put(index int, r types.PutRecordsRequestEntry) types.PutRecordsResultEntry {
	f := take
	if s.record != nil {
		f = s.record(s.calls, index, aws.ToString(r.PartitionKey))
	}
	if f != refuse {
		s.store(r)
	}
	switch f {
	case refuse:
		return types.PutRecordsResultEntry{ErrorCode: aws.String("ProvisionedThroughputExceededException"), ErrorMessage: aws.String("slow down")}
	case takeAndError:
		return types.PutRecordsResultEntry{ErrorCode: aws.String("InternalFailure"), ErrorMessage: aws.String("oops")}
	}
	return types.PutRecordsResultEntry{ShardId: aws.String(fmt.Sprintf("shardId-%d", len(aws.ToString(r.PartitionKey))%4))}
}

func (s *fakeStream) store(r types.PutRecordsRequestEntry) {
	s.data = append(s.data, slices.Clone(r.Data))
	s.keys = append(s.keys, aws.ToString(r.PartitionKey))
}

func (s *fakeStream) checkLimits(in *kinesis.PutRecordsInput) {
	total := 0
	for _, r := range in.Records {
		key := aws.ToString(r.PartitionKey)
		size := len(r.Data) + len(key)
		total += size
		if n := utf8.RuneCountInString(key); n < 1 || n > 256 || size > max(s.largest, 1<<20) {
			s.t.Errorf("record of %d bytes with a key of %d characters", size, n)
		}
	}
	if len(in.Records) == 0 || len(in.Records) > 500 || total > max(s.largest, 5<<20) {
		s.t.Errorf("request of %d records, %d bytes", len(in.Records), total)
	}
}

var errBroken = errors.New("connection reset by peer")
