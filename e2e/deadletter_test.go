package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/sink"
)

// replayLetters runs replay --dead-letter.
func (w *world) replayLetters(args ...string) result {
	w.t.Helper()
	return command{args: append([]string{"replay", "--dead-letter", "--stream", w.stream}, args...), env: w.env()}.run(w.t)
}

// records are all records of the stream's only shard.
func (w *world) records() []types.Record {
	w.t.Helper()
	client, shard := w.stack.Kinesis(), "shardId-000000000000"
	at, err := client.GetShardIterator(w.t.Context(), &kinesis.GetShardIteratorInput{StreamName: &w.stream, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := client.GetRecords(w.t.Context(), &kinesis.GetRecordsInput{ShardIterator: at.ShardIterator})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Records
}

// awaitLetters waits until a worker has written dead letters.
func (n *node) awaitLetters(t *testing.T, want int64) {
	t.Helper()
	await(t, "the worker writes dead letters", func() (bool, string) {
		got := n.count(t, "straytoken_dead_letters_total")
		return got == want, fmt.Sprintf("%d of %d", got, want)
	})
}

// A dead letter put back must be the record that it was. The worker goes on appending to the file that is put back.
func TestDeadLetterIsPutBackAsItWas(t *testing.T) {
	w := newWorld(t, 1)
	n := w.start()
	poison := bytes.Repeat([]byte("\x00\xff{"), megabyte/4)
	_, sequence := w.put("its own key", poison)
	n.awaitLetters(t, 1)
	letter := readLetters(t, n.letters)[0]
	if letter.PartitionKey != "its own key" || letter.SequenceNumber != sequence || letter.Arrival.IsZero() || !bytes.Equal(letter.Data, poison) {
		t.Errorf("the letter has key %q, number %s, arrival %v, %d bytes", letter.PartitionKey, letter.SequenceNumber, letter.Arrival, len(letter.Data))
	}
	if got := w.replayLetters(n.letters); got.code != exitDone || got.stdout != "" || !strings.Contains(got.stderr, "1 of 1 dead letters are back") {
		t.Fatalf("exit code %d, said %q", got.code, got.stderr)
	}
	n.awaitLetters(t, 2)
	w.stop()
	records := w.records()
	if len(records) != 2 {
		t.Fatalf("%d records in the stream, want 2", len(records))
	}
	for i, r := range records {
		if *r.PartitionKey != "its own key" || !bytes.Equal(r.Data, poison) {
			t.Errorf("record %d has the key %q and %d bytes", i, *r.PartitionKey, len(r.Data))
		}
	}
}

// What was only too large for a limit is found once the limit was raised.
func TestDeadLettersAreProcessedAfterTheFix(t *testing.T) {
	w := newWorld(t, 1)
	strict := filepath.Join(t.TempDir(), "strict.yaml")
	write(t, strict, []byte("limits:\n  decompressed: 1000\n"))
	first := w.start("--config", strict)
	w.put(key(1), zip(theft()))
	w.put(key(2), []byte("no CloudTrail"))
	first.awaitLetters(t, 2)
	w.stop()
	if len(w.findings) > 0 {
		t.Fatalf("found before the fix: %s", w.findings[0].Title)
	}
	second := w.start()
	got := w.replayLetters("--reason", "too_large", first.letters)
	if got.code != exitDone || !strings.Contains(got.stderr, "1 of 2 dead letters are back") || !strings.Contains(got.stderr, "1 of other reasons") {
		t.Fatalf("exit code %d, said %q", got.code, got.stderr)
	}
	w.awaitAccused(1, 2)
	await(t, "the records are processed", func() (bool, string) {
		n := second.count(t, worker.Records)
		return n == 1, fmt.Sprintf("%d records", n)
	})
	w.stop()
}

// Files that are torn, and letters without a whole record, are told of; the rest is put back.
func TestReplayOfDeadLettersTellsWhatIsLeftOut(t *testing.T) {
	w := newWorld(t, 1)
	path := filepath.Join(t.TempDir(), "letters.jsonl")
	f, err := sink.OpenDeadLetterFile(path)
	if err != nil {
		t.Fatal(err)
	}
	letters := []sink.DeadLetter{
		{Reason: "not_json", SequenceNumber: "1", Data: []byte("good")},
		{Reason: "defect", Session: "ASIA1", Error: "a session, and no record"},
		{Reason: "too_large", Source: "evil\x1b[2J", Data: []byte("start"), Size: 99},
	}
	if err := f.Send(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, append(content, `{"reason":"not_json","data":"Z29`...))
	got := w.replayLetters(path)
	if got.code != exitInput {
		t.Errorf("exit code %d, want %d", got.code, exitInput)
	}
	for _, want := range []string{"line 4", "5 of 99 bytes were kept", "1 of 3 dead letters are back", "2 left out", "1 about a session"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("%q does not say %q", got.stderr, want)
		}
	}
	if strings.Contains(got.stderr, "\x1b") {
		t.Error("a letter's text reaches the terminal as it is")
	}
	if records := w.records(); len(records) != 1 || string(records[0].Data) != "good" || len(*records[0].PartitionKey) != 64 {
		t.Errorf("records %+v", records)
	}
	other := filepath.Join(t.TempDir(), "findings.jsonl")
	write(t, other, []byte("{\"id\":\"st-1\"}\n"))
	tests := map[string]struct {
		args []string
		code int
		says string
	}{
		"missing":        {[]string{path + "x"}, exitInput, path + "x"},
		"a folder":       {[]string{t.TempDir()}, exitInput, "directory"},
		"other lines":    {[]string{other}, exitInput, "no dead letter"},
		"unknown reason": {[]string{"--reason", "bad_luck", path}, exitUsage, "truncated_gzip"},
		"a format":       {[]string{"--format", "trail", path}, exitUsage, "--format"},
		"no stream":      {[]string{"--stream", "nowhere", path}, exitFailure, "does not exist"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := w.replayLetters(tt.args...); got.code != tt.code || !strings.Contains(got.stderr, tt.says) {
				t.Errorf("exit code %d, want %d; it says %q, want %q", got.code, tt.code, got.stderr, tt.says)
			}
		})
	}
}
