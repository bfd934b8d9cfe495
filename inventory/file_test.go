package inventory_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/inventory"
	"github.com/straytoken/straytoken/network"
)

func TestUpdateKeepsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "inventory.jsonl")
	for i := range 3 {
		if _, err := inventory.Update(path, []inventory.Reading{reading(10*i, nil, "203.0.113.1")}, inventory.MergeOptions{Now: minute(10 * i)}); err != nil {
			t.Fatal(err)
		}
	}
	want := merged(reading(0, nil, "203.0.113.1"), reading(10, nil, "203.0.113.1"), reading(20, nil, "203.0.113.1"))
	got, err := inventory.Load(path)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBadFileIsNeitherUsedNorReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "inventory.jsonl")
	var good bytes.Buffer
	if err := inventory.Encode(&good, merged(reading(0, nil, "203.0.113.1", "203.0.113.2"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		line       int
	}{
		{"half-written", good.String()[:good.Len()-20], 3},
		{"without its last end of line", strings.TrimRight(good.String(), "\n"), 3},
		{"no JSON", good.String() + "hello\n", 4},
		{"unknown field", `{"account":"1","region":"r","what":"endpoint","colour":"red"}` + "\n", 1},
		{"unknown sort", `{"account":"1","region":"r","what":"host"}` + "\n", 1},
		{"no address", "\n" + `{"account":"1","region":"r","what":"eip"}` + "\n", 2},
		{"bad address", `{"account":"1","region":"r","what":"eip","address":"1.2.3"}` + "\n", 1},
		{"no account", `{"region":"r","what":"endpoint"}` + "\n", 1},
		{"backwards", `{"account":"1","region":"r","what":"endpoint","from":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"}` + "\n", 1},
		{"endless line", strings.Repeat("x", 1<<17), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var bad *inventory.LineError
			if _, err := inventory.Load(path); !errors.As(err, &bad) || bad.Line != c.line || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want line %d", err, c.line)
			}
			if _, err := inventory.Update(path, []inventory.Reading{reading(0, nil)}, inventory.MergeOptions{Now: noon}); err == nil {
				t.Error("a bad file was replaced")
			}
			if text, _ := os.ReadFile(path); string(text) != c.text {
				t.Error("the bad file was changed")
			}
		})
	}
}

// TestLongErrorsFit: an error of any length leaves a file that can be read.
func TestLongErrorsFit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "inventory.jsonl")
	long := errors.New(strings.Repeat("é", 1<<17))
	for i := range 2 {
		if _, err := inventory.Update(path, []inventory.Reading{reading(10*i, long)}, inventory.MergeOptions{Now: minute(10 * i)}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := inventory.Load(path); err != nil || len(got) != 1 || !strings.HasPrefix(got[0].Reason, "éé") {
		t.Errorf("%d lines, %v", len(got), err)
	}
}

func TestSaveFailsWhereItCannotWrite(t *testing.T) {
	if err := inventory.Save(filepath.Join(t.TempDir(), "missing", "inventory.jsonl"), nil); err == nil {
		t.Error("no error")
	}
}

// FuzzDecode: what is read is valid, can be asked, and is read again as it was; what
// is not names its line.
func FuzzDecode(f *testing.F) {
	var good bytes.Buffer
	if err := inventory.Encode(&good, merged(reading(0, nil, "203.0.113.1"), reading(10, errRead))); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add([]byte(`{"account":"1","region":"r","what":"subnet","prefix":"2001:db8::/64","vpc":"vpc-1","until":"2026-01-02T00:00:00+01:00"}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		holdings, err := inventory.Decode(bytes.NewReader(text))
		var bad *inventory.LineError
		if err != nil {
			if lines := bytes.Count(text, []byte("\n")) + 1; !errors.As(err, &bad) || bad.Line < 1 || bad.Line > lines {
				t.Errorf("%v of %d lines", err, lines)
			}
			return
		}
		ask(t, holdings)
		var again bytes.Buffer
		if err := inventory.Encode(&again, holdings); err != nil {
			t.Fatal(err)
		}
		twice, err := inventory.Decode(&again)
		if err != nil || !slices.Equal(holdings, twice) {
			t.Fatalf("%v: %+v became %+v", err, holdings, twice)
		}
	})
}

// ask asks a timeline of all that is in it, in both orders: each must be the same.
func ask(t *testing.T, holdings []network.Holding) {
	t.Helper()
	forth := network.NewTimeline(holdings)
	turned := slices.Clone(holdings)
	slices.Reverse(turned)
	back := network.NewTimeline(turned)
	for _, h := range holdings {
		if !forth.Covers(h.Account) || forth.Len() != len(holdings) {
			t.Errorf("account %q is not covered", h.Account)
		}
		for _, at := range []time.Time{h.From, h.Until} {
			if forth.Complete(h.Account, h.Region, at) != back.Complete(h.Account, h.Region, at) ||
				forth.OwnEndpoint(h.ID, at) != back.OwnEndpoint(h.ID, at) || forth.KnowsInstance(h.Instance, at) != back.KnowsInstance(h.Instance, at) {
				t.Errorf("the order of the lines decides about %+v", h)
			}
		}
		if len(forth.Instance(h.Instance)) != len(back.Instance(h.Instance)) || len(forth.EgressOf(h.Account)) != len(back.EgressOf(h.Account)) {
			t.Errorf("the order of the lines decides about %+v", h)
		}
	}
}
