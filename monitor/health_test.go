package monitor_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/straytoken/straytoken/kinesis"
	"github.com/straytoken/straytoken/monitor"
)

var now = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// ago is some seconds before now.
func ago(seconds int) time.Time { return now.Add(-time.Duration(seconds) * time.Second) }

// well is a worker that does what it should, with one shard.
func well() kinesis.Status {
	return kinesis.Status{
		Running: true, LastLook: ago(1), LastScan: ago(1), Failover: 15 * time.Second, Handler: 5 * time.Minute,
		Shards: []kinesis.ShardStatus{{Shard: "shardId-7", Since: ago(9000), LastRead: ago(1), LastSign: ago(1), LastProgress: ago(1)}},
	}
}

func TestHealth(t *testing.T) {
	tests := map[string]struct {
		change       func(*kinesis.Status, *kinesis.ShardStatus)
		alive, ready string // what the answer says; "": 200
	}{
		"well":       {func(*kinesis.Status, *kinesis.ShardStatus) {}, "", ""},
		"no shard":   {func(s *kinesis.Status, _ *kinesis.ShardStatus) { s.Shards = nil }, "", ""},
		"starting":   {func(s *kinesis.Status, _ *kinesis.ShardStatus) { *s = kinesis.Status{Failover: s.Failover} }, "", "lease table"},
		"table away": {func(s *kinesis.Status, _ *kinesis.ShardStatus) { s.LastScan = ago(3600) }, "", "lease table"},
		"loop dead":  {func(s *kinesis.Status, _ *kinesis.ShardStatus) { s.LastLook, s.LastScan = ago(151), ago(151) }, "not looked at for 2m31s", "lease table"},
		"failing for an hour": {func(_ *kinesis.Status, sh *kinesis.ShardStatus) {
			sh.LastProgress, sh.Failing = ago(3600), "dynamodb is throttled"
		}, "", "shard shardId-7 has not moved for 1h0m0s: dynamodb is throttled"},
		"a slow batch": {func(_ *kinesis.Status, sh *kinesis.ShardStatus) {
			sh.LastProgress, sh.LastSign, sh.InHand = ago(59), ago(59), 3
		}, "", ""},
		"a very slow batch": {func(_ *kinesis.Status, sh *kinesis.ShardStatus) {
			sh.LastProgress, sh.LastSign, sh.InHand = ago(61), ago(61), 3
		}, "", "shardId-7 has not moved for 1m1s: a batch of 3 records is not done yet"},
		"nothing read": {func(_ *kinesis.Status, sh *kinesis.ShardStatus) { sh.LastProgress = ago(61) }, "", "nothing is read"},
		"never moved":  {func(_ *kinesis.Status, sh *kinesis.ShardStatus) { sh.Since, sh.LastProgress = ago(61), time.Time{} }, "", "for 1m1s"},
		"shard dead":   {func(_ *kinesis.Status, sh *kinesis.ShardStatus) { sh.LastProgress, sh.LastSign = ago(451), ago(451) }, "no sign of life for 7m31s", "has not moved"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := well()
			tt.change(&s, &s.Shards[0])
			check(t, "alive", monitor.Alive(s, now), tt.alive)
			check(t, "ready", monitor.Ready(s, now), tt.ready)
		})
	}
}

func check(t *testing.T, what string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: got %v, want %q", what, err, want)
	}
}

// A shard that stands still says so, who it is, how long and why, less and less often.
func TestStallsAreToldAtRisingIntervals(t *testing.T) {
	var log bytes.Buffer
	stalls := monitor.NewStalls(slog.New(slog.NewTextHandler(&log, nil)))
	s := well()
	sh := &s.Shards[0]
	sh.Failing, sh.Behind = "AccessDenied", 90*time.Second
	for second := range 3600 {
		stalls.Look(s, sh.LastProgress.Add(time.Duration(second)*time.Second))
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 6 {
		t.Fatalf("%d lines in an hour, want 6:\n%s", len(lines), log.String())
	}
	for i, want := range []string{"for=1m0s", "for=2m0s", "for=4m0s", "for=8m0s", "for=16m0s", "for=32m0s"} {
		for _, part := range []string{want, "shard=shardId-7", "why=AccessDenied", "behind=1m30s", "level=WARN"} {
			if !strings.Contains(lines[i], part) {
				t.Errorf("line %d does not say %s: %s", i, part, lines[i])
			}
		}
	}
	log.Reset()
	stalls.Look(s, sh.LastProgress.Add(time.Second))
	stalls.Look(s, sh.LastProgress.Add(2*time.Second))
	if got := log.String(); strings.Count(got, "moves again") != 1 {
		t.Errorf("after the stall: %q", got)
	}
	log.Reset()
	stalls.Look(s, sh.LastProgress.Add(time.Minute))
	if got := log.String(); !strings.Contains(got, "for=1m0s") {
		t.Errorf("the next stall: %q", got)
	}
}

// serve starts a server and gives what it answers to a path.
func serve(t *testing.T, alive, ready monitor.Check) (get func(path string) (int, string), address string) {
	t.Helper()
	s, err := monitor.Listen("127.0.0.1:0", alive, ready, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return func(path string) (int, string) {
		response, err := http.Get("http://" + s.Address() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}, s.Address()
}

func TestProbesAnswer(t *testing.T) {
	good := func(context.Context) error { return nil }
	bad := func(context.Context) error { return monitor.Ready(kinesis.Status{}, now) }
	get, _ := serve(t, good, bad)
	if code, body := get("/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("/healthz: %d %q", code, body)
	}
	if code, body := get("/readyz"); code != 503 || !strings.Contains(body, "lease table") {
		t.Errorf("/readyz: %d %q", code, body)
	}
}

// A client that sends nothing, or a head without end, must not hold a connection for ever.
func TestListenerEndsIdleAndEndlessClients(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for time-outs")
	}
	t.Parallel()
	never := func(context.Context) error { return nil }
	_, address := serve(t, never, never)
	for name, first := range map[string]string{"silent": "", "slow head": "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", "large head": "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 1<<16)} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, first); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s: the connection stays open: %v", name, err)
		}
	}
}
