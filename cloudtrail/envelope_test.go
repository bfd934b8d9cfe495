package cloudtrail_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/cloudtrail"
)

// envelopes has a record in each form that CloudTrail travels in, and the events in
// it. The documentation points to these names.
func envelopes() []struct {
	name   string
	record string
	want   []string
} {
	a, b, c := small("A"), small("B"), small("C")
	pretty := strings.ReplaceAll(strings.ReplaceAll(a, ",", ",\n  "), "{", "{\n  ")
	return []struct {
		name   string
		record string
		want   []string
	}{
		{"bare event", a, []string{"A"}},
		{"bare event gzip", zip(a), []string{"A"}},
		{"bare event pretty-printed", pretty, []string{"A"}},
		{"byte order mark", "\xef\xbb\xbf" + a, []string{"A"}},
		{"JSON array", "[" + a + "," + b + "]", []string{"A", "B"}},
		{"JSON array over several lines", "[\n" + a + "\n]\n", []string{"A"}},
		{"JSON array over several lines, an element a line", "[\n" + a + ",\n" + b + "\n]\n", []string{"A", "B"}},
		{"trail file over several lines", "{\"Records\": [\n" + a + "\n]}\n", []string{"A"}},
		{"JSON array of envelopes", "[" + eventBridge(a) + "," + records(b) + "," + quote(c) + "]", []string{"A", "B", "C"}},
		{"EventBridge", eventBridge(a), []string{"A"}},
		{"CloudWatch Logs subscription", logs(a, b), []string{"A", "B"}},
		{"CloudWatch Logs subscription gzip", zip(logs(a, b)), []string{"A", "B"}},
		{"CloudWatch Logs control message", `{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]}`, nil},
		{"trail file", records(a, b), []string{"A", "B"}},
		{"trail file gzip", zip(records(a, b)), []string{"A", "B"}},
		{"trail file empty", records(), nil},
		{"gzip of several members", zip(a+"\n") + zip(b), []string{"A", "B"}},
		{"gzip in gzip", zip(zip(a)), []string{"A"}},
		{"LookupEvents output", lookup(a, b), []string{"A", "B"}},
		{"LookupEvents element", lookupElement(a), []string{"A"}},
		{"NDJSON", a + "\n" + b + "\r\n\n  \n" + c + "\n", []string{"A", "B", "C"}},
		{"NDJSON of envelopes", records(a) + "\n" + eventBridge(b) + "\n" + encode64(zip(c)), []string{"A", "B", "C"}},
		{"concatenated objects", a + b + " " + c, []string{"A", "B", "C"}},
		{"concatenated pretty-printed objects", pretty + pretty, []string{"A", "A"}},
		{"KPL aggregate", aggregate(a, b), []string{"A", "B"}},
		{"KPL aggregate of envelopes", aggregate(zip(logs(a, b)), eventBridge(c)), []string{"A", "B", "C"}},
		{"KPL aggregate in KPL aggregate", aggregate(aggregate(a), b), []string{"A", "B"}},
		{"base64 standard", encode64(zip(a)), []string{"A"}},
		{"base64 standard unpadded", base64.RawStdEncoding.EncodeToString([]byte(a + "  ")), []string{"A"}},
		{"base64 URL", base64.URLEncoding.EncodeToString([]byte(`{"x":"???>>>~~~","detail":` + a + `}`)), []string{"A"}},
		{"base64 URL unpadded", base64.RawURLEncoding.EncodeToString([]byte(`{"x":"???>>>~~~","detail":` + a + `}`)), []string{"A"}},
		{"base64 in lines of 76", wrapped(encode64(records(a, b))), []string{"A", "B"}},
		{"base64 in base64", encode64(encode64(a)), []string{"A"}},
		{"JSON string", quote(a), []string{"A"}},
		{"SNS notification", notification(eventBridge(a)), []string{"A"}},
		{"SQS message", `{"MessageId":"1","Body":` + quote(a) + `}`, []string{"A"}},
		{"SQS messages of SNS notifications", records(`{"messageId":"1","eventSource":"aws:sqs","body":` + quote(notification(a)) + `}`), []string{"A"}},
		{"digest file", `{"awsAccountId":"111122223333","digestStartTime":"2026-03-01T11:00:00Z","digestEndTime":"2026-03-01T12:00:00Z","logFiles":[]}`, nil},
		{"Insight file", records(`{"eventTime":"2026-03-01T12:00:00Z","eventType":"AwsCloudTrailInsight","eventCategory":"Insight","insightDetails":{}}`), nil},
		{"aggregated event", `{"eventVersion":"1.0","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","eventSource":"s3.amazonaws.com","timeWindow":{}}`, nil},
	}
}

func wrapped(s string) string {
	var b strings.Builder
	for chunk := range slices.Chunk([]byte(s), 76) {
		b.Write(chunk)
		b.WriteByte('\n')
	}
	return b.String()
}

func TestEnvelopes(t *testing.T) {
	for _, tt := range envelopes() {
		t.Run(tt.name, func(t *testing.T) {
			got := decode(t, cloudtrail.Limits{}, tt.record)
			if got.err != nil || got.sum.BadTotal != 0 {
				t.Fatalf("err %v, bad %v", got.err, got.sum.Bad)
			}
			if !slices.Equal(got.names, tt.want) {
				t.Errorf("got events %v, want %v", got.names, tt.want)
			}
		})
	}
}

// One Decoder must not carry anything from record to record.
func TestDecoderIsReusable(t *testing.T) {
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	for range 2 {
		for _, tt := range envelopes() {
			got := decodeWith(t, d, tt.record)
			if got.err != nil || !slices.Equal(got.names, tt.want) {
				t.Errorf("%s: got %v and %v, want %v", tt.name, got.names, got.err, tt.want)
			}
		}
	}
}

func TestSkippedAreCounted(t *testing.T) {
	tests := []struct {
		envelope string
		want     cloudtrail.SkipReason
	}{
		{"CloudWatch Logs control message", cloudtrail.SkipControlMessage},
		{"digest file", cloudtrail.SkipDigest},
		{"Insight file", cloudtrail.SkipInsight},
		{"aggregated event", cloudtrail.SkipAggregated},
	}
	for _, tt := range tests {
		t.Run(tt.want.String(), func(t *testing.T) {
			got := decode(t, cloudtrail.Limits{}, recordOf(t, tt.envelope))
			var want [cloudtrail.SkipReasons]int
			want[tt.want] = 1
			if got.sum.Skipped != want {
				t.Errorf("got %v, want %v", got.sum.Skipped, want)
			}
		})
	}
}

func recordOf(t *testing.T, envelope string) string {
	t.Helper()
	for _, tt := range envelopes() {
		if tt.name == envelope {
			return tt.record
		}
	}
	t.Fatalf("no envelope %q", envelope)
	return ""
}

func TestEnvelopesAreCounted(t *testing.T) {
	record := aggregate(encode64(zip(logs(small("A")+small("B")))),
		notification(eventBridge(small("C"))), records(small("D")), lookup(small("E")), "["+small("F")+"]")
	got := decode(t, cloudtrail.Limits{}, record)
	if got.err != nil || len(got.names) != 6 {
		t.Fatalf("got %v, %v", got.names, got.err)
	}
	for kind := range cloudtrail.Envelope(cloudtrail.EnvelopeKinds) {
		if got.sum.Envelopes[kind] == 0 {
			t.Errorf("envelope %v was opened and not counted", kind)
		}
	}
}
