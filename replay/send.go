package replay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	backOffMin = 50 * time.Millisecond
	backOffMax = 5 * time.Second
	// requestAttempts is how many requests in a row may fail as a whole, each
	// retried by the client, before the stream counts as unreachable.
	requestAttempts = 10
)

// sender makes requests and takes what they answer. It belongs to one lane.
type sender struct {
	client   Client
	stream   string
	limit    limiter
	tally    *tally
	attempts int // a record

	setbacks int // requests in a row that did not take every record
	failures int // requests in a row that failed as a whole
}

// send puts a batch once and returns the records to send again, after a pause
// if the stream asks for one.
func (s *sender) send(ctx context.Context, batch []*record) ([]*record, error) {
	if err := s.limit.wait(ctx, len(batch), sizeOf(batch)); err != nil {
		return nil, err
	}
	sentAt := time.Now()
	out, err := s.client.PutRecords(ctx, s.request(batch))
	if ctx.Err() != nil && err != nil {
		return nil, context.Cause(ctx)
	}
	if err == nil && len(out.Records) != len(batch) {
		err = fmt.Errorf("%d answers for %d records", len(out.Records), len(batch))
	}
	if err := s.check(err); err != nil {
		return nil, s.alone(batch, err)
	}
	put, left := s.sort(batch, out, err)
	s.tally.request(sentAt, put, len(left))
	return left, s.pause(ctx, len(left) > 0)
}

func (s *sender) request(batch []*record) *kinesis.PutRecordsInput {
	in := &kinesis.PutRecordsInput{Records: make([]types.PutRecordsRequestEntry, len(batch))}
	if strings.HasPrefix(s.stream, "arn:") {
		in.StreamARN = &s.stream
	} else {
		in.StreamName = &s.stream
	}
	for i, r := range batch {
		in.Records[i] = types.PutRecordsRequestEntry{Data: r.data, PartitionKey: aws.String(r.key)}
	}
	return in
}

// alone is the end of the replay, unless the stream refused a record that is larger
// than every stream takes: that record is left out then.
func (s *sender) alone(batch []*record, err error) error {
	var refused *StreamError
	if !errors.As(err, &refused) || refused.Problem != Refused || !batch[0].large() {
		return err
	}
	s.tally.problem(&RecordError{Name: batch[0].name, EventIDs: batch[0].ids, Err: err}, batch[0].events)
	return nil
}

// check turns the failure of a request into the end of the replay, if it is one.
func (s *sender) check(err error) error {
	if err == nil {
		s.failures = 0
		return nil
	}
	meaning, problem := judge(err)
	if meaning == unsure {
		s.failures++
	}
	if meaning == fatal || s.failures >= requestAttempts {
		return &StreamError{Stream: s.stream, Problem: problem, Err: err}
	}
	return nil
}

// sort tells the records that were put from those to send again, and gives up
// those that were sent often enough.
func (s *sender) sort(batch []*record, out *kinesis.PutRecordsOutput, failed error) (put []delivered, left []*record) {
	for i, r := range batch {
		r.attempts++
		reason := failed
		if failed == nil {
			reason = entryError(out.Records[i])
		}
		switch {
		case reason == nil:
			put = append(put, delivered{r, aws.ToString(out.Records[i].ShardId)})
		case r.attempts < s.attempts:
			left = append(left, r)
		default:
			err := fmt.Errorf("given up after %d attempts: %w", r.attempts, reason)
			s.tally.problem(&RecordError{Name: r.name, EventIDs: r.ids, Err: err}, r.events)
		}
	}
	return put, left
}

func entryError(e types.PutRecordsResultEntry) error {
	if e.ErrorCode == nil {
		return nil
	}
	return fmt.Errorf("%s: %s", *e.ErrorCode, aws.ToString(e.ErrorMessage))
}

// pause waits longer with every setback in a row, with full jitter.
func (s *sender) pause(ctx context.Context, setback bool) error {
	if !setback {
		s.setbacks = 0
		return nil
	}
	limit := min(backOffMin<<min(s.setbacks, 10), backOffMax)
	s.setbacks++
	return sleep(ctx, backOffMin/2+rand.N(limit))
}

func sizeOf(batch []*record) int {
	n := 0
	for _, r := range batch {
		n += r.size()
	}
	return n
}
