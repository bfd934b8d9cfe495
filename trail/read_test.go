package trail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/trail"
)

func TestFilesInOrderWithProgress(t *testing.T) {
	files := map[string]string{}
	for i := range 100 {
		files[fmt.Sprintf("%03d.json", i)] = fmt.Sprintf(`{"Records":[],"n":%d}`, i)
	}
	l := list(t, trail.Options{Parallel: 3}, tree(t, files))
	var last trail.Progress
	i := 0
	for f, err := range l.Files(t.Context(), func(p trail.Progress) { last = p }) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf(`{"Records":[],"n":%d}`, i); string(f.Body) != want {
			t.Fatalf("file %d holds %s", i, f.Body)
		}
		i++
	}
	if i != 100 || last.Files != 100 || last.TotalFiles != 100 || last.Bytes != last.TotalBytes || last.Bytes != l.Bytes() {
		t.Errorf("%d files, progress %+v", i, last)
	}
}

func TestFilesReportsOneAndGoesOn(t *testing.T) {
	dir := tree(t, map[string]string{"a.json": records, "b.json": records, "c.json": records})
	l := list(t, trail.Options{}, dir)
	if err := os.Remove(filepath.Join(dir, "b.json")); err != nil {
		t.Fatal(err)
	}
	read, failed := 0, []error{}
	for _, err := range l.Files(t.Context(), nil) {
		if err != nil {
			failed = append(failed, err)
			continue
		}
		read++
	}
	if read != 2 || len(failed) != 1 {
		t.Fatalf("read %d, errors %v", read, failed)
	}
	if e, ok := errors.AsType[*trail.FileError](failed[0]); !ok || filepath.Base(e.Name) != "b.json" || !errors.Is(e, os.ErrNotExist) {
		t.Errorf("err = %v", failed[0])
	}
}

func TestFilesStopsWithConsumer(t *testing.T) {
	l := list(t, trail.Options{}, tree(t, map[string]string{"a.json": records, "b.json": records}))
	for range l.Files(t.Context(), nil) {
		break
	}
}

func TestFilesEndsWithItsContext(t *testing.T) {
	l := list(t, trail.Options{}, tree(t, map[string]string{"a.json": records, "b.json": records}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []error
	for _, err := range l.Files(ctx, nil) {
		got = append(got, err)
		cancel()
	}
	if len(got) != 2 || got[0] != nil || !errors.Is(got[1], context.Canceled) {
		t.Errorf("errors = %v", got)
	}
}

// parts reads standard input to its end.
func parts(t *testing.T, in io.Reader) []string {
	t.Helper()
	var got []string
	for f, err := range list(t, trail.Options{Stdin: in}, trail.Stdin).Files(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != trail.Stdin || f.Part != len(got) {
			t.Errorf("part %d is %+v", len(got), f.Entry)
		}
		got = append(got, string(f.Body))
	}
	return got
}

func TestStdin(t *testing.T) {
	pretty := "{\n  \"Records\": [\n    {\"a\": \"}\\\"]\"}\n  ]\n}"
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"nothing":                 {"", nil},
		"blank":                   {"\n \n", nil},
		"one document":            {records, []string{records}},
		"pretty document":         {pretty, []string{pretty}},
		"concatenated files":      {records + records + pretty, []string{records, records, pretty}},
		"lines":                   {event + "\n" + event + "\n" + event, []string{event + "\n" + event + "\n", event}},
		"broken line among lines": {event + "\n{\"a\n" + event + "\n", []string{event + "\n{\"a\n" + event + "\n"}},
		"broken at the end":       {records + `{"Records":[`, []string{records, `{"Records":[`}},
		"no JSON":                 {"hello\nworld", []string{"hello\nworld"}},
		"unbalanced":              {"}" + records, []string{"}", records}},
	} {
		t.Run(name, func(t *testing.T) {
			for form, in := range map[string]io.Reader{
				"plain": strings.NewReader(c.in),
				"gzip":  bytes.NewReader(compressed(t, c.in)),
			} {
				if got := parts(t, in); fmt.Sprint(got) != fmt.Sprint(c.want) {
					t.Errorf("%s: parts = %q, want %q", form, got, c.want)
				}
			}
		})
	}
}

func TestStdinHoldsNothingBack(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	go io.WriteString(w, event+"\n")
	for f, err := range list(t, trail.Options{Stdin: r}, trail.Stdin).Files(t.Context(), nil) {
		if err != nil || string(f.Body) != event+"\n" {
			t.Errorf("body %q, err %v", f.Body, err)
		}
		break
	}
}

func TestStdinEndsWithItsContext(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	var got error
	for _, err := range list(t, trail.Options{Stdin: r}, trail.Stdin).Files(ctx, nil) {
		got = err
	}
	if !errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("err = %v", got)
	}
}

// A file too large to be read ahead comes in parts that lose nothing.
func TestLargeFileIsStreamed(t *testing.T) {
	line := strings.Replace(event, "1.11", strings.Repeat("x", 10_000), 1) + "\n"
	content := strings.Repeat(line, 1000)
	l := list(t, trail.Options{}, tree(t, map[string]string{"large.ndjson": content, "small.json": records}))
	var b strings.Builder
	n, largest := 0, 0
	var last trail.Progress
	for f, err := range l.Files(t.Context(), func(p trail.Progress) { last = p }) {
		if err != nil {
			t.Fatal(err)
		}
		n, largest = n+1, max(largest, len(f.Body))
		b.Write(f.Body)
	}
	if b.String() != content+records {
		t.Error("content differs")
	}
	if n < 10 || largest > 1<<20 {
		t.Errorf("%d parts, the largest of %d bytes", n, largest)
	}
	if last.Bytes != last.TotalBytes {
		t.Errorf("progress = %+v", last)
	}
}

// FuzzStdin holds that the parts of a stream are the stream, blanks aside.
func FuzzStdin(f *testing.F) {
	for _, s := range []string{records + records, event + "\n" + event, "{\"a\": \"\\\"\"}\n}", "[[{", "\"", "\f ", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if strings.HasPrefix(in, "\x1f\x8b") {
			t.Skip("gzip")
		}
		blank := strings.NewReplacer(" ", "", "\n", "", "\t", "", "\r", "")
		got := strings.Join(parts(t, strings.NewReader(in)), "")
		if blank.Replace(got) != blank.Replace(in) {
			t.Errorf("parts make %q of %q", got, in)
		}
	})
}
