package cloudtrail_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/straytoken/straytoken/cloudtrail"
)

// realData is where the project's real CloudTrail data lies, beside the repository. It
// is not part of it.
const realData = "../../shared/data"

// Every field of every real event reads as encoding/json reads it, in a trail file and
// in a message of CloudWatch Logs.
func TestRealEvents(t *testing.T) {
	for set, want := range map[string]int{"invictus": 2900, "stratus": 310} {
		t.Run(set, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(realData, set, "*.json.gz"))
			if err != nil || len(files) == 0 {
				t.Skipf("No real data in %s/%s: nothing to compare with.", realData, set)
			}
			total := 0
			for _, file := range files {
				total += checkTrailFile(t, file)
			}
			if total != want {
				t.Errorf("%d events, want %d", total, want)
			}
		})
	}
}

// checkTrailFile compares a file with the oracle and returns how many events it has.
func checkTrailFile(t *testing.T, file string) int {
	t.Helper()
	packed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := decode(t, cloudtrail.Limits{}, string(packed))
	if got.err != nil || got.sum.BadTotal != 0 {
		t.Fatalf("%s: error %v, bad %v", file, got.err, got.sum.Bad)
	}
	want := trailFile(t, packed)
	if len(got.events) != len(want) {
		t.Fatalf("%s: %d events, want %d", file, len(got.events), len(want))
	}
	messages := decode(t, cloudtrail.Limits{}, subscription(got.raws...))
	if messages.err != nil || len(messages.events) != len(want) {
		t.Fatalf("%s: %d messages, error %v", file, len(messages.events), messages.err)
	}
	for i := range want {
		checkEvent(t, got.events[i], want[i])
		checkEvent(t, messages.events[i], want[i])
	}
	return len(want)
}

// trailFile reads a trail file with the standard library.
func trailFile(t *testing.T, packed []byte) []object {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Records []object }
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file.Records
}
