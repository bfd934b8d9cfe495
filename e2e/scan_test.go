package e2e

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
)

// theft is a trail file with one stolen session.
func theft() []byte {
	return trailFile(call(1, home(1), 0), call(1, home(1), 10), call(1, abroad(1), 60))
}

func TestScanReadsFilesFoldersAndStandardInput(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "AWSLogs", "trail.json")
	write(t, file, theft())
	tests := map[string]command{
		"file":           {args: []string{"scan", "--format", "json", file}},
		"folder":         {args: []string{"scan", "--format", "json", folder}},
		"standard input": {args: []string{"scan", "--format", "json", "-"}, stdin: theft()},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			got := c.run(t)
			if got.code != 0 {
				t.Fatalf("exit code %d: %s", got.code, got.stderr)
			}
			found := readFindings(t, got.stdout)
			if len(found) != 1 || found[0].Token.AccessKeyID != key(1) || found[0].Observed.Address != abroad(1) {
				t.Errorf("findings %+v, want one of %s from %s", found, key(1), abroad(1))
			}
			if !strings.Contains(got.stderr, "3 events") || !strings.Contains(got.stderr, "1 findings open") {
				t.Errorf("the summary says %q", got.stderr)
			}
		})
	}
}

// However files are read, the same is found of them.
func TestScanFindsTheSame(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "traffic")
	if got := (command{args: []string{"simulate", "--out", folder, "--seed", "5", "--duplicates", "0.02"}}).run(t); got.code != 0 {
		t.Fatalf("exit code %d: %s", got.code, got.stderr)
	}
	trails := filepath.Join(folder, "AWSLogs")
	want := scanned(t, command{args: []string{"scan", "--format", "json", trails}})
	if len(want) < 40 {
		t.Fatalf("%d findings, want one of each theft", len(want))
	}
	tests := map[string]command{
		"one file at a time": {args: []string{"scan", "--format", "json", "--parallel", "1", trails}},
		"eight at a time":    {args: []string{"scan", "--format", "json", "--parallel", "8", trails}},
		"standard input":     {args: []string{"scan", "--format", "json", "-"}, stdin: concatenated(t, trails)},
		"judged on the way":  {args: []string{"scan", "--format", "json", "--at-once", trails}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			if got := scanned(t, c); !maps.Equal(got, want) {
				t.Errorf("found %v\nwant %v", got, want)
			}
		})
	}
	t.Run("memory too small", func(t *testing.T) {
		c := command{args: []string{"scan", "--format", "json", "--state-keys", "1000", trails}}
		got := scanned(t, c)
		maps.DeleteFunc(got, func(id, _ string) bool { return want[id] == "" })
		if len(got) < len(want)*9/10 {
			t.Errorf("%d of %d are found, want those whose keys were not forgotten", len(got), len(want))
		}
		if !strings.Contains(c.run(t).stderr, "raise --state-keys") {
			t.Error("nothing says that keys were forgotten")
		}
	})
}

// scanned gives what a scan says of each finding that is open in the end, but for the time
// of the scan.
func scanned(t *testing.T, c command) map[string]string {
	t.Helper()
	open := map[string]string{}
	got := c.run(t)
	if got.code != 0 {
		t.Fatalf("exit code %d: %s", got.code, got.stderr)
	}
	for _, f := range readFindings(t, got.stdout) {
		delete(open, f.ID)
		if f.Status != finding.Open {
			continue
		}
		f.Activity, f.DetectedAt, f.Containment = finding.Create, time.Time{}, nil
		line, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		open[f.ID] = string(line)
	}
	return open
}

// concatenated are all files of a folder, one after the other.
func concatenated(t *testing.T, folder string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(all, data...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestScanWithoutTheftPrintsNothing(t *testing.T) {
	got := command{args: []string{"scan", "-"}, stdin: trailFile(call(1, home(1), 0), call(1, home(1), 60))}.run(t)
	if got.code != 0 || got.stdout != "" {
		t.Errorf("exit code %d, output %q; want 0 and none", got.code, got.stdout)
	}
}

func TestScanTellsPeopleInText(t *testing.T) {
	got := command{args: []string{"scan", "-"}, stdin: theft()}.run(t)
	for _, want := range []string{abroad(1), home(1), key(1), "WHAT TO DO"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("the text does not name %s:\n%s", want, got.stdout)
		}
	}
	if strings.Contains(got.stdout, "\x1b") {
		t.Error("colour in what is no terminal")
	}
}

func TestScanFailOn(t *testing.T) {
	tests := map[string]struct {
		severity string
		input    []byte
		code     int
	}{
		"finding of the severity": {"medium", theft(), exitFindings},
		"finding below it":        {"critical", theft(), exitDone},
		"finding not reported":    {"low", trailFile(call(1, home(1), 0), endpointCall(1, 3600)), exitFindings},
		"no finding":              {"low", trailFile(call(1, home(1), 0)), exitDone},
		"no severity":             {"dreadful", theft(), exitUsage},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := command{args: []string{"scan", "--format", "json", "--fail-on", tt.severity, "-"}, stdin: tt.input}.run(t)
			if got.code != tt.code {
				t.Errorf("exit code %d, want %d: %s", got.code, tt.code, got.stderr)
			}
		})
	}
}

// endpointCall comes through a VPC endpoint that nobody knows: of low severity by itself.
func endpointCall(n, second int) object {
	e := call(n, "10.9.9.9", second)
	e["vpcEndpointId"] = "vpce-0e2e0e2e0e2e0e2e0"
	return e
}

func TestScanQuietSaysNothing(t *testing.T) {
	got := command{args: []string{"scan", "--quiet", "--format", "json", "-"}, stdin: theft()}.run(t)
	if got.code != 0 || got.stderr != "" {
		t.Errorf("exit code %d, said %q", got.code, got.stderr)
	}
}

func TestScanKeepsWhatItCannotRead(t *testing.T) {
	letters := filepath.Join(t.TempDir(), "letters.jsonl")
	good, bad := filepath.Join(t.TempDir(), "good.json"), filepath.Join(t.TempDir(), "bad.json")
	write(t, good, theft())
	write(t, bad, []byte("{\"Records\":[{\"eventTime\":"))
	got := straytoken(t, "scan", "--format", "json", "--dead-letters", letters, good, bad)
	if got.code != 0 || len(readFindings(t, got.stdout)) != 1 {
		t.Errorf("exit code %d, output %q: %s", got.code, got.stdout, got.stderr)
	}
	all := readLetters(t, letters)
	if len(all) != 1 || all[0].Source != bad || all[0].Reason != "not_json" {
		t.Errorf("dead letters %+v, want one of %s", all, bad)
	}
}

// readFindings reads standard output, every line of which must be a finding.
func readFindings(t *testing.T, stdout string) []finding.Finding {
	t.Helper()
	var all []finding.Finding
	for line := range strings.Lines(stdout) {
		var f finding.Finding
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.ID == "" {
			t.Fatalf("standard output holds what is no finding: %q", line)
		}
		all = append(all, f)
	}
	return all
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
