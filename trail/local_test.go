package trail_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/straytoken/straytoken/trail"
)

const (
	event   = `{"eventVersion":"1.11","eventTime":"2026-01-02T03:04:05Z","eventSource":"sts.amazonaws.com","eventName":"GetCallerIdentity"}`
	records = `{"Records":[` + event + `]}`
)

func compressed(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tree writes files (name, content) under a new folder; ".gz" compresses.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		data := []byte(content)
		if filepath.Ext(name) == ".gz" && content != "" {
			data = compressed(t, content)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func list(t *testing.T, o trail.Options, paths ...string) trail.Listing {
	t.Helper()
	l, err := trail.List(t.Context(), paths, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// names are the entries' base names, in order.
func names(l trail.Listing) []string {
	var s []string
	for _, e := range l.Entries {
		s = append(s, filepath.Base(e.Name))
	}
	return s
}

func counts(l trail.Listing) map[trail.Reason]int {
	m := map[trail.Reason]int{}
	for r, s := range l.Skipped {
		m[r] = s.Count
	}
	return m
}

// awsLogs is the layout of an organization trail with two accounts.
func awsLogs() map[string]string {
	return map[string]string{
		"AWSLogs/o-abc/111111111111/CloudTrail/us-east-1/2026/01/02/111111111111_CloudTrail_us-east-1_20260102T0310Z_aaaaaaaaaaaaaaaa.json.gz":                 records,
		"AWSLogs/o-abc/111111111111/CloudTrail/eu-west-1/2026/01/02/111111111111_CloudTrail_eu-west-1_20260102T0305Z_bbbbbbbbbbbbbbbb.json.gz":                 records,
		"AWSLogs/o-abc/222222222222/CloudTrail/us-east-1/2026/01/01/222222222222_CloudTrail_us-east-1_20260101T2355Z_cccccccccccccccc.json.gz":                 records,
		"AWSLogs/o-abc/111111111111/CloudTrail-Digest/us-east-1/2026/01/02/111111111111_CloudTrail-Digest_us-east-1_x_us-east-1_20260102T031000Z.json.gz":      "{}",
		"AWSLogs/o-abc/111111111111/CloudTrail-Insight/us-east-1/2026/01/02/111111111111_CloudTrail-Insight_us-east-1_20260102T0310Z_dddddddddddddddd.json.gz": records,
	}
}

func TestListOrdersByDeliveryOverAllPaths(t *testing.T) {
	dir := tree(t, awsLogs())
	l := list(t, trail.Options{}, dir)
	want := []string{
		"222222222222_CloudTrail_us-east-1_20260101T2355Z_cccccccccccccccc.json.gz",
		"111111111111_CloudTrail_eu-west-1_20260102T0305Z_bbbbbbbbbbbbbbbb.json.gz",
		"111111111111_CloudTrail_us-east-1_20260102T0310Z_aaaaaaaaaaaaaaaa.json.gz",
	}
	if got := names(l); !slices.Equal(got, want) {
		t.Errorf("order = %q, want %q", got, want)
	}
	first := l.Entries[0]
	if first.Account != "222222222222" || first.Region != "us-east-1" ||
		!first.Delivered.Equal(time.Date(2026, 1, 1, 23, 55, 0, 0, time.UTC)) {
		t.Errorf("name read as %+v", first)
	}
	if c := counts(l); c[trail.Digest] != 1 || c[trail.Insight] != 1 || len(c) != 2 {
		t.Errorf("skipped = %v", c)
	}
}

func TestListFilters(t *testing.T) {
	dir := tree(t, awsLogs())
	stamp := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for name, c := range map[string]struct {
		filter trail.Filter
		want   int
	}{
		"since is included": {trail.Filter{Since: stamp("2026-01-02T03:05:00Z")}, 2},
		"until is excluded": {trail.Filter{Until: stamp("2026-01-02T03:05:00Z")}, 1},
		"account":           {trail.Filter{Accounts: []string{"111111111111"}}, 2},
		"region":            {trail.Filter{Regions: []string{"eu-west-1", "ap-south-1"}}, 1},
		"all together":      {trail.Filter{Since: stamp("2026-01-02T00:00:00Z"), Regions: []string{"us-east-1"}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := list(t, trail.Options{Filter: c.filter}, dir)
			if len(l.Entries) != c.want || l.Skipped[trail.Filtered].Count != 3-c.want {
				t.Errorf("entries %q, skipped %v", names(l), counts(l))
			}
		})
	}
}

func TestListSkipsWhatIsNoTrail(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.json":            records,
		"b.json.gz":         records,
		"c.ndjson":          event + "\n" + event + "\n",
		"d.log":             "  \n" + event,
		"array.json":        "[" + event + "]",
		"lookup.json":       `{"Events":[]}`,
		"x.labels.json":     `{"schema":1,"thefts":[]}`,
		"README.md":         "# Records",
		"picture.png":       "\x89PNG\r\n",
		"empty.json.gz":     "",
		".hidden.json":      records,
		".git/objects.json": records,
	})
	l := list(t, trail.Options{}, dir)
	if got, want := names(l), []string{"a.json", "array.json", "b.json.gz", "c.ndjson", "d.log", "lookup.json"}; !slices.Equal(got, want) {
		t.Errorf("entries = %q, want %q", got, want)
	}
	c := counts(l)
	if c[trail.NotTrail] != 3 || c[trail.Empty] != 1 || c[trail.Hidden] != 2 {
		t.Errorf("skipped = %v", c)
	}
}

func TestListKeepsBrokenTrailForItsReader(t *testing.T) {
	dir := tree(t, map[string]string{"broken.json": "\x1f\x8bnot gzip"})
	if l := list(t, trail.Options{}, dir); len(l.Entries) != 1 {
		t.Errorf("a broken file was skipped: %v", counts(l))
	}
}

func TestListNamedFileIsReadWhateverItIsCalled(t *testing.T) {
	dir := tree(t, map[string]string{"export": "not json"})
	if l := list(t, trail.Options{}, filepath.Join(dir, "export")); len(l.Entries) != 1 {
		t.Errorf("entries = %q", names(l))
	}
}

func TestListUnstampedFilesKeepTheOrderOfPaths(t *testing.T) {
	dir := tree(t, map[string]string{"z.json": records, "a.json": records})
	l := list(t, trail.Options{}, filepath.Join(dir, "z.json"), filepath.Join(dir, "a.json"))
	if got := names(l); !slices.Equal(got, []string{"z.json", "a.json"}) {
		t.Errorf("order = %q", got)
	}
}

func TestListSameFileOnce(t *testing.T) {
	dir := tree(t, map[string]string{"a.json": records})
	l := list(t, trail.Options{}, dir, filepath.Join(dir, "a.json"), dir)
	if len(l.Entries) != 1 || l.Skipped[trail.Repeated].Count != 2 {
		t.Errorf("entries %q, skipped %v", names(l), counts(l))
	}
}

func TestListMissingPath(t *testing.T) {
	dir := tree(t, map[string]string{"a.json": records})
	missing := filepath.Join(dir, "nowhere")
	_, err := trail.List(t.Context(), []string{dir, missing}, trail.Options{})
	if e, ok := errors.AsType[*trail.MissingError](err); !ok || e.Path != missing {
		t.Errorf("err = %v", err)
	}
}

func TestListLinks(t *testing.T) {
	dir := tree(t, map[string]string{"a/x.json": records, "b/y.json": records})
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skipf("this file system has no symbolic links: %v", err)
		}
	}
	link(dir, "a/up")
	link("self", "self")
	link("nowhere", "dangling")
	link("b", "c")
	l := list(t, trail.Options{}, dir)
	if got := names(l); !slices.Equal(got, []string{"x.json", "y.json"}) {
		t.Errorf("entries = %q", got)
	}
	if len(l.Problems) != 2 {
		t.Errorf("problems = %v, want self and dangling", l.Problems)
	}
	if l.Skipped[trail.Repeated].Count != 2 {
		t.Errorf("skipped = %v, want the loop and the second way to b", counts(l))
	}
}

func TestListReportsUnreadableFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := tree(t, map[string]string{"a.json": records, "locked/b.json": records})
	locked := filepath.Join(dir, "locked")
	if err := os.Chmod(locked, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(locked, 0o755) })
	l := list(t, trail.Options{}, dir)
	if len(l.Entries) != 1 || len(l.Problems) != 1 {
		t.Errorf("entries %q, problems %v", names(l), l.Problems)
	}
}

func TestListEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := trail.List(ctx, []string{t.TempDir()}, trail.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestRealData(t *testing.T) {
	for set, want := range map[string]int{"invictus": 55, "stratus": 35} {
		t.Run(set, func(t *testing.T) {
			dir := filepath.Join("../../shared/data", set)
			if _, err := os.Stat(dir); err != nil {
				t.Skipf("the real trail files are not on this machine: %v", err)
			}
			l := list(t, trail.Options{}, dir)
			if len(l.Entries) != want || len(l.Skipped) != 0 || len(l.Problems) != 0 {
				t.Fatalf("%d entries, skipped %v, problems %v", len(l.Entries), l.Skipped, l.Problems)
			}
			for f, err := range l.Files(t.Context(), nil) {
				if err != nil || int64(len(f.Body)) != f.Size {
					t.Errorf("%s: %d of %d bytes, %v", f.Name, len(f.Body), f.Size, err)
				}
			}
		})
	}
	t.Run("labels beside them", func(t *testing.T) {
		const dir = "../../shared/data"
		if _, err := os.Stat(dir); err != nil {
			t.Skipf("the real trail files are not on this machine: %v", err)
		}
		if l := list(t, trail.Options{}, dir); len(l.Entries) != 90 || l.Skipped[trail.NotTrail].Count != 2 {
			t.Errorf("%d entries, skipped %v", len(l.Entries), l.Skipped)
		}
	})
}
