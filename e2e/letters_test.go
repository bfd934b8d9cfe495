package e2e

import (
	"bytes"
	"os"
	"testing"

	"github.com/straytoken/straytoken/sink"
)

// readLetters reads a file of dead letters, every line of which must be one.
func readLetters(t *testing.T, path string) []*sink.DeadLetter {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []*sink.DeadLetter
	for letter, err := range sink.ReadDeadLetters(bytes.NewReader(content)) {
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, letter)
	}
	return all
}
