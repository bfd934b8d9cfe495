package kinesis

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// silentPeer answers nothing until the caller gives up.
type silentPeer struct{}

func (silentPeer) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestPollerGivesUpOnAHungSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &poller{stream: "s", at: place{shard: "x", position: TrimHorizon()}, api: kinesis.New(kinesis.Options{
			Region: "us-east-1", HTTPClient: silentPeer{}, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})}
		start := time.Now()
		if _, err := p.read(t.Context(), 1, time.Second); err == nil || time.Since(start) > callTimeout {
			t.Errorf("error %v after %v; want one after %v at most", err, time.Since(start), callTimeout)
		}
	})
}

func TestLibraryLoggerEndsNothing(t *testing.T) {
	var out strings.Builder
	l := libraryLogger{slog.New(slog.NewTextHandler(&out, nil))}
	l.Fatalf("fatal %d", 1)
	l.Panicf("panic %d", 2)
	l.Infof("of no interest")
	l.Errorf("%v", errLeaseEnded)
	if got := out.String(); !strings.Contains(got, "fatal 1") || !strings.Contains(got, "panic 2") || strings.Count(got, "\n") != 2 {
		t.Errorf("log %q", got)
	}
}

func TestSnapshotNeedsAScanToCallALeaseStale(t *testing.T) {
	now := time.Now()
	const failover = 10 * time.Second
	var s snapshot
	rows := contents{shards: map[string]row{"x": {owner: "other", token: "t", counter: 1}}}
	steps := []struct {
		name    string
		after   time.Duration
		counter int64
		want    bool
	}{
		{"first seen", 0, 1, false},
		{"unchanged for less than the failover time", 9 * time.Second, 1, false},
		{"unchanged for the failover time", 10 * time.Second, 1, true},
		{"renewed after all", 11 * time.Second, 2, false},
		{"unchanged again", 21 * time.Second, 2, true},
	}
	for _, step := range steps {
		rows.shards["x"] = row{owner: "other", token: "t", counter: step.counter}
		s.advance(rows, now.Add(step.after))
		if got := s.free("x", "me", failover); got != step.want {
			t.Errorf("%s: free %v; want %v", step.name, got, step.want)
		}
	}
}

func TestPauseEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if pause(ctx, time.Hour) == nil || pause(ctx, 0) == nil {
		t.Error("no error from an ended context")
	}
}
