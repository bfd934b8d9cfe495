package kinesis_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream/eventstreamapi"

	"github.com/straytoken/straytoken/kinesis"
)

func TestFanOutFallsBackToPollingWhereThereIsNone(t *testing.T) {
	w := newWorld(t, 1) // kinesalite knows no consumers
	cfg := w.config()
	cfg.FanOut = "straytoken"
	w.putRecords(20, "a")
	var rec recorder
	w.start(cfg, w.clients(), &rec)
	rec.delivered(t, 20)
	rec.exactlyOnce(t, 20)
}

func TestFanOutThatIsNotAllowedIsAnErrorAtStart(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.FanOut = "straytoken"
	var net network
	net.set(func(c call) (*http.Response, error) {
		switch c.operation {
		case "DescribeStreamConsumer":
			return failure(400, "ResourceNotFoundException")
		case "RegisterStreamConsumer":
			return failure(400, "AccessDeniedException")
		}
		return c.send()
	})
	got := wantProblem(t, w.start(cfg, net.clients(w), &recorder{}).wait(), kinesis.AccessDenied)
	if got.Action != "kinesis:RegisterStreamConsumer" {
		t.Errorf("action %s", got.Action)
	}
}

// TestFanOutDelivers shows the whole way through the SDK's event stream, against answers that this test makes: no
// local server speaks SubscribeToShard as AWS does.
func TestFanOutDelivers(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.FanOut = "straytoken"
	var net network
	var subscriptions atomic.Int32
	net.set(func(c call) (*http.Response, error) {
		switch c.operation {
		case "DescribeStreamConsumer":
			return answer(`{"ConsumerDescription":{"ConsumerARN":"arn:aws:kinesis:us-east-1:1:stream/s/consumer/c:1","ConsumerStatus":"ACTIVE"}}`), nil
		case "SubscribeToShard":
			return pushed(t, int(subscriptions.Add(1))), nil
		}
		return c.send()
	})
	var rec recorder
	w.start(cfg, net.clients(w), &rec)
	rec.delivered(t, 2)
	rec.inOrder(t)
	eventually(t, "it subscribes again", func() bool { return subscriptions.Load() >= 2 })
}

// pushed is a subscription that pushes one record and ends.
func pushed(t *testing.T, n int) *http.Response {
	t.Helper()
	record := map[string]any{"SequenceNumber": string(rune('0' + n)), "PartitionKey": "a", "ApproximateArrivalTimestamp": 1,
		"Data": []byte("a:" + string(rune('0'+n)))}
	event, err := json.Marshal(map[string]any{"Records": []any{record}, "MillisBehindLatest": 0,
		"ContinuationSequenceNumber": string(rune('0' + n))})
	if err != nil {
		t.Error(err)
	}
	var body bytes.Buffer
	frame(t, &body, "initial-response", []byte("{}"))
	frame(t, &body, "SubscribeToShardEvent", event)
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/vnd.amazon.eventstream"}},
		Body: io.NopCloser(&body), ContentLength: -1}
}

func frame(t *testing.T, w io.Writer, kind string, payload []byte) {
	t.Helper()
	m := eventstream.Message{Payload: payload}
	m.Headers.Set(eventstreamapi.MessageTypeHeader, eventstream.StringValue(eventstreamapi.EventMessageType))
	m.Headers.Set(eventstreamapi.EventTypeHeader, eventstream.StringValue(kind))
	m.Headers.Set(eventstreamapi.ContentTypeHeader, eventstream.StringValue("application/json"))
	if err := eventstream.NewEncoder().Encode(w, m); err != nil {
		t.Error(err)
	}
}
