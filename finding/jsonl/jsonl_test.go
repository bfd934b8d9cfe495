package jsonl_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/straytoken/straytoken/finding/jsonl"
)

type entry struct {
	Name string `json:"name"`
}

func TestAppendWritesOneSafeLine(t *testing.T) {
	tests := map[string]struct{ name, want string }{
		"plain":          {"a<b>&c", `{"name":"a<b>&c"}`},
		"newline":        {"a\nb", `{"name":"a\nb"}`},
		"escape":         {"\x1b[2J", `{"name":"\u001b[2J"}`},
		"delete":         {"\x7f", `{"name":"\u007f"}`},
		"C1 control":     {"\u009b2J", `{"name":"\u009b2J"}`},
		"bidi override":  {"\u202eabc", `{"name":"\u202eabc"}`},
		"line separator": {"a\u2028b", `{"name":"a\u2028b"}`},
		"beyond the BMP": {"\U000e0041", `{"name":"\udb40\udc41"}`},
		"invalid UTF-8":  {"\xff", `{"name":"\ufffd"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := jsonl.Append([]byte("x"), entry{tt.name})
			if err != nil {
				t.Fatal(err)
			}
			if want := "x" + tt.want + "\n"; string(got) != want {
				t.Errorf("got %q, want %q", got, want)
			}
			var back entry
			if err := json.Unmarshal(got[1:], &back); err != nil {
				t.Fatal(err)
			}
			if want := strings.ToValidUTF8(tt.name, "\ufffd"); back.Name != want {
				t.Errorf("decoded %q, want %q", back.Name, want)
			}
		})
	}
}

func TestAppendErrorLeavesDst(t *testing.T) {
	got, err := jsonl.Append([]byte("kept"), func() {})
	if err == nil || string(got) != "kept" {
		t.Errorf("got %q, %v", got, err)
	}
}

// collect returns the names read, with "!" for each broken line, and the error
// that ended the reading.
func collect(seq iter.Seq2[*entry, error]) (names []string, last error) {
	for e, err := range seq {
		var broken *jsonl.LineError
		switch {
		case errors.As(err, &broken):
			names = append(names, "!")
		case err != nil:
			last = err
		default:
			names = append(names, e.Name)
		}
	}
	return names, last
}

func TestRead(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"empty":              {"", ""},
		"two":                {"{\"name\":\"a\"}\n{\"name\":\"b\"}\n", "a b"},
		"no last newline":    {"{\"name\":\"a\"}\n{\"name\":\"b\"}", "a b"},
		"unknown field":      {"{\"name\":\"a\",\"new\":{\"x\":[1]}}\n", "a"},
		"blank lines":        {"\n\r\n{\"name\":\"a\"}\n\n", "a"},
		"torn line":          {"{\"na\n{\"name\":\"b\"}\n", "! b"},
		"torn last line":     {"{\"name\":\"a\"}\n{\"na", "a !"},
		"longest line":       {"{\"name\":\"" + strings.Repeat("a", 89) + "\"}\n", strings.Repeat("a", 89)},
		"one byte too long":  {"{\"name\":\"" + strings.Repeat("a", 90) + "\"}\n{\"name\":\"b\"}\n", "! b"},
		"long over buffers":  {strings.Repeat("a", 200<<10) + "\n{\"name\":\"b\"}\n", "! b"},
		"long without a end": {strings.Repeat("a", 200<<10), "!"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			names, err := collect(jsonl.Read[entry](strings.NewReader(tt.in), 100))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReadStopsAtAnErrorOfTheReader(t *testing.T) {
	broken := errors.New("disk gone")
	in := io.MultiReader(strings.NewReader("{\"name\":\"a\"}\n{\"na"), iotest.ErrReader(broken))
	names, err := collect(jsonl.Read[entry](in, 100))
	if strings.Join(names, " ") != "a" || !errors.Is(err, broken) {
		t.Errorf("got %v, %v", names, err)
	}
}

func TestReadNamesTheLine(t *testing.T) {
	for _, err := range jsonl.Read[entry](strings.NewReader("\n\n"+strings.Repeat("a", 200)), 100) {
		if !errors.Is(err, jsonl.ErrTooLong) || !strings.HasPrefix(err.Error(), "line 3: ") {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("{\"name\":\"a\"}\n{\"na\n\n")
	f.Fuzz(func(t *testing.T, in string) {
		values := 0
		for _, err := range jsonl.Read[entry](strings.NewReader(in), 64) {
			var broken *jsonl.LineError
			if err != nil && !errors.As(err, &broken) {
				t.Fatalf("a reader that never fails: %v", err)
			}
			values++
		}
		if lines := strings.Count(in, "\n") + 1; values > lines {
			t.Errorf("%d values of %d lines", values, lines)
		}
	})
}

// FuzzAppendAndRead: what was written whole is read whole and in order, whatever stands
// between the lines and however the last one ends.
func FuzzAppendAndRead(f *testing.F) {
	f.Add("a", "b", []byte("{\"na"), uint(5))
	f.Add("a\nb", "\x1b[2J\u202e\u2028", []byte("\n\n\x00\xff\r\n{}\n[]\nnull\n1e999\n"), uint(0))
	f.Add(strings.Repeat("é", 300), "\U000e0041\xff", []byte(strings.Repeat("x", 5000)+"\n{\"name\":\"c\"}"), uint(20))
	f.Fuzz(func(t *testing.T, first, second string, garbage []byte, cut uint) {
		const limit = 1 << 12
		one, two := written(t, first), written(t, second)
		if len(one) > limit || len(two) > limit {
			t.Skip()
		}
		torn := two[:cut%uint(len(two))]
		file := string(one) + string(garbage) + "\n" + string(two) + string(torn)
		names, err := collect(jsonl.Read[entry](strings.NewReader(file), limit))
		if err != nil {
			t.Fatalf("a reader that never fails: %v", err)
		}
		between, err := collect(jsonl.Read[entry](strings.NewReader(string(garbage)+"\n"), limit))
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Concat([]string{valid(first)}, between, []string{valid(second)}, end(torn, second))
		if !slices.Equal(names, want) {
			t.Errorf("of %q\nread %q\nwant %q", file, names, want)
		}
	})
}

// written is the line of an entry, of printable ASCII alone.
func written(t *testing.T, name string) []byte {
	t.Helper()
	line, err := jsonl.Append(nil, entry{name})
	if err != nil {
		t.Fatal(err)
	}
	body, ended := bytes.CutSuffix(line, []byte("\n"))
	if !ended || bytes.ContainsFunc(body, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("%q is written as %q", name, line)
	}
	return line
}

// valid is a text as JSON can hold it.
func valid(text string) string { return string([]rune(text)) }

// end is what is read of the beginning of an entry's line: all of it if the newline
// alone is missing, else that it is broken, or nothing of nothing.
func end(torn []byte, name string) []string {
	switch {
	case len(torn) == 0:
		return nil
	case json.Valid(torn):
		return []string{valid(name)}
	}
	return []string{"!"}
}
