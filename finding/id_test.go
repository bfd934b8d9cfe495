package finding_test

import (
	"regexp"
	"testing"

	"github.com/straytoken/straytoken/finding"
)

func TestID(t *testing.T) {
	// printf 9:principal8:AROA:i-1 | sha256sum. An ID that changes makes every open
	// finding a new alert.
	if got, want := finding.ID("principal", "AROA:i-1"), "st-0f26ddc1bb463fd751fc"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if id := finding.ID(); !regexp.MustCompile(`^st-[0-9a-f]{20}$`).MatchString(id) {
		t.Errorf("got %s", id)
	}
	seen := map[string][]string{}
	for _, parts := range [][]string{{}, {""}, {"a", "b"}, {"ab"}, {"a", "", "b"}, {"b", "a"}, {"a,1:b"}} {
		id := finding.ID(parts...)
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q share %s", parts, other, id)
		}
		seen[id] = parts
	}
}
