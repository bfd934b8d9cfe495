package kinesis_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/straytoken/straytoken/kinesis"
)

func TestReadsRepairThemselves(t *testing.T) {
	cases := map[string]func() (*http.Response, error){
		"expired iterator": func() (*http.Response, error) { return failure(400, "ExpiredIteratorException") },
		"throttled":        func() (*http.Response, error) { return failure(400, "ProvisionedThroughputExceededException") },
		"KMS throttled":    func() (*http.Response, error) { return failure(400, "KMSThrottlingException") },
		"internal failure": func() (*http.Response, error) { return failure(500, "InternalFailure") },
		"unavailable":      func() (*http.Response, error) { return failure(503, "ServiceUnavailable") },
		"cut":              func() (*http.Response, error) { return nil, errCut },
	}
	for name, fail := range cases {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) { readsRepairThemselves(t, fail) })
	}
}

// readsRepairThemselves lets every second call that reads fail, a few times, while records come.
func readsRepairThemselves(t *testing.T, fail func() (*http.Response, error)) {
	w := newWorld(t, 1)
	var net network
	var calls, faults atomic.Int32
	var rec recorder
	worker := w.start(w.config(), net.clients(w), &rec)
	eventually(t, "the worker runs", func() bool { return worker.shards() == 1 })
	net.set(func(c call) (*http.Response, error) {
		reading := c.operation == "GetRecords" || c.operation == "GetShardIterator"
		if reading && calls.Add(1)%2 == 1 && faults.Load() < 4 {
			faults.Add(1)
			return fail()
		}
		return c.send()
	})
	for range 5 {
		w.putRecords(10, "a")
		wait(t, 100*time.Millisecond)
	}
	rec.delivered(t, 50)
	eventually(t, "all faults were met", func() bool { return faults.Load() == 4 })
	w.putRecords(10, "a")
	rec.delivered(t, 60)
	rec.exactlyOnce(t, 60)
	rec.inOrder(t)
}

func TestShardsListedInPages(t *testing.T) {
	w := newWorld(t, 5)
	var net network
	net.set(func(c call) (*http.Response, error) {
		var in struct{ NextToken, StreamName string }
		if err := json.Unmarshal([]byte(c.body), &in); err != nil || c.operation != "ListShards" {
			return c.send()
		}
		if in.NextToken != "" && in.StreamName != "" {
			return failure(400, "InvalidArgumentException") // as Kinesis does
		}
		return answer(w.page(len(in.NextToken))), nil
	})
	worker := w.start(w.config(), net.clients(w), &recorder{})
	eventually(t, "all shards are found", func() bool { return worker.shards() == 5 })
}

// page is an answer of ListShards with two shards, from the first-th on. The local server knows no pages.
func (w *world) page(first int) string {
	last := min(first+2, len(w.openShards()))
	var shards []string
	for _, s := range w.openShards()[first:last] {
		shards = append(shards, fmt.Sprintf(`{"ShardId":%q,"SequenceNumberRange":{"StartingSequenceNumber":%q}}`,
			*s.ShardId, *s.SequenceNumberRange.StartingSequenceNumber))
	}
	body := `{"Shards":[` + strings.Join(shards, ",") + `]`
	if last < len(w.openShards()) {
		body += fmt.Sprintf(`,"NextToken":%q`, strings.Repeat("x", last))
	}
	return body + "}"
}

func TestShardOmittedByAListingKeepsItsLease(t *testing.T) {
	w := newWorld(t, 2)
	var net network
	var listings atomic.Int32
	var rec recorder
	worker := w.start(w.config(), net.clients(w), &rec)
	w.putRecords(10, "a", "b", "c", "d")
	rec.delivered(t, 40)
	net.set(func(c call) (*http.Response, error) {
		if c.operation == "ListShards" {
			listings.Add(1)
			return answer(`{"Shards":[]}`), nil
		}
		return c.send()
	})
	eventually(t, "an empty listing was seen", func() bool { return listings.Load() > 0 })
	w.putRecords(10, "a", "b", "c", "d")
	rec.delivered(t, 80)
	rec.exactlyOnce(t, 80)
	if worker.shards() != 2 || w.lease("shardId-000000000000")["LeaseCheckpoint"] == "" {
		t.Error("a lease or a checkpoint was lost")
	}
}

func TestReplacedStreamEndsTheRun(t *testing.T) {
	w := newWorld(t, 1)
	var net network
	worker := w.start(w.config(), net.clients(w), &recorder{})
	eventually(t, "the worker runs", func() bool { return worker.shards() == 1 })
	net.set(func(c call) (*http.Response, error) {
		switch c.operation {
		case "GetRecords", "GetShardIterator":
			return failure(400, "ResourceNotFoundException")
		case "DescribeStreamSummary":
			return answer(`{"StreamDescriptionSummary":{"StreamStatus":"ACTIVE","StreamCreationTimestamp":2000000000}}`), nil
		}
		return c.send()
	})
	wantProblem(t, worker.wait(), kinesis.StreamReplaced)
}

// answer is a successful answer of AWS.
func answer(body string) *http.Response {
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}
