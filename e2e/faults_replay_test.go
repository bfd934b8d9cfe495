package e2e

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/straytoken/straytoken/devstack/faults"
)

// Replay puts every event, whatever the stream refuses: it takes batches in part, throttles, and loses answers.
func TestReplayThroughFaults(t *testing.T) {
	t.Parallel()
	size, _ := sizes()
	f := newField(t, scenario{shards: 2, workers: 1, theftEvery: 10}, size)
	var events [][]byte
	for _, p := range f.load.parcels(200) {
		if p.event != "" {
			events = append(events, p.data)
			f.load.events[p.event] = true
		}
	}
	file := filepath.Join(t.TempDir(), "trail.json")
	write(t, file, fmt.Appendf(nil, `{"Records":[%s]}`, bytes.Join(events, []byte(","))))
	f.kinesis.Set(faults.First(
		faults.Share(1./4, faults.On(faults.Refuse(faults.Throttled), "PutRecords")),
		faults.Share(1./8, faults.On(faults.Mute, "PutRecords")),
		faults.On(faults.Part(3), "PutRecords"),
	))
	got := command{args: []string{"replay", "--stream", f.stream, file}, env: f.env()}.run(t)
	if got.code != exitDone {
		t.Fatalf("exit code %d: %s", got.code, got.stderr)
	}
	f.kinesis.Set(nil)
	await(t, "all is processed", func() (bool, string) {
		seen := len(f.eventsSeen())
		return seen == len(events), fmt.Sprintf("%d of %d events\n%s", seen, len(events), f.logs())
	})
	a := f.settle()
	if err := a.even(); err != nil {
		t.Errorf("the account does not come out even: %v", err)
	}
	t.Log(outcome{"replay", a, 0})
}
