package straytoken_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/straytoken/straytoken/evaluate/labels"
)

// binary builds the command once and gives the folder that it is in. The caller's
// test is skipped with -short.
func binary(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the command")
	}
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// scratch is a folder for what all tests share, made and removed by TestMain.
var scratch string

var built = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "build", "-o", filepath.Join(scratch, "straytoken"), "./cmd/straytoken").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build ./cmd/straytoken: %w\n%s", err, out)
	}
	return scratch, nil
})

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "straytoken-docs-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch) // a folder left behind in the temporary folder fails no test
	os.Exit(code)
}

// shell runs a line in a folder as README.md shows it, and gives what it prints.
func shell(t *testing.T, dir, line string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+binary(t)+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// moving are the parts of the output that differ from run to run.
var moving = []struct {
	pattern *regexp.Regexp
	text    string
}{
	{regexp.MustCompile(`, [0-9.µmsh]+ \([0-9]+ events/s\)`), ", … (… events/s)"},
	{regexp.MustCompile(`[0-9]+ judgements`), "… judgements"},
	{regexp.MustCompile(`[0-9]+ (findings raised and closed)`), "… $1"},
	{regexp.MustCompile(`detected .* after the first foreign call`), "detected … after the first foreign call"},
	{regexp.MustCompile(`  +[0-9]+h[0-9]+m[0-9.]+s`), "  …"},
}

func steady(text string) string {
	for _, m := range moving {
		text = m.pattern.ReplaceAllString(text, m.text)
	}
	return text
}

// TestTour runs README.md's tour and holds what it shows.
func TestTour(t *testing.T) {
	dir := t.TempDir()
	for _, stop := range []struct{ name, line string }{
		{"tour-simulate", "straytoken simulate --out traffic"},
		{"tour-scan", "straytoken scan traffic >findings.txt"},
		{"tour-evaluate", "straytoken scan -q --format json traffic >findings.jsonl\n" +
			"straytoken evaluate traffic/labels.json findings.jsonl | grep -E '^(scenario|total|hidden|alerts [0-9])'"},
	} {
		out := steady(shell(t, dir, stop.line))
		shown := "$ " + strings.ReplaceAll(stop.line, "\n", "\n$ ")
		generated(t, "README.md", stop.name, "```console\n"+shown+"\n"+out+"```\n")
	}
	generated(t, "docs/detection.md", "scenarios", scenarioTable(t, dir))
	generated(t, "docs/detection.md", "patterns", patternTable(t, dir))
	generated(t, "README.md", "tour-finding", "```text\n"+steady(excerpt(t, dir))+"```\n")
}

// excerpt is the finding of the tour's simplest theft, up to the advice.
func excerpt(t *testing.T, dir string) string {
	t.Helper()
	key := stolen(t, dir, "ec2-ssrf-internet-1")
	text, err := os.ReadFile(filepath.Join(dir, "findings.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range regexp.MustCompile(`(?m)^\[`).Split(string(text), -1) {
		what, _, _ := strings.Cut(one, "  THE SESSION\n")
		if strings.Contains(what, key) {
			return "[" + strings.TrimSpace(what) + "\n"
		}
	}
	t.Fatalf("no finding tells of %s", key)
	return ""
}

// stolen is the key of a theft by the labels.
func stolen(t *testing.T, dir, id string) string {
	t.Helper()
	set := truth(t, dir)
	i := slices.IndexFunc(set.Thefts, func(one labels.Theft) bool { return one.ID == id })
	if i < 0 {
		t.Fatalf("no theft %s", id)
	}
	return set.Thefts[i].AccessKey
}

// TestCommands: every command in the pages exists, with its flags; and README.md's
// table names every command.
func TestCommands(t *testing.T) {
	known := subcommands(t)
	walk(t, func(file string) {
		if filepath.Ext(file) != ".md" {
			return
		}
		for _, language := range []string{"console", "sh"} {
			for _, block := range blocks(t, file, language) {
				block = strings.ReplaceAll(block, "\\\n", " ")
				for line := range strings.Lines(block) {
					checkLine(t, file, line, known)
				}
			}
		}
	})
	var named []string
	for _, row := range table(t, "README.md", "Commands") {
		name, _, _ := strings.Cut(code(t, row[0]), " ")
		named = append(named, name)
	}
	if missing := minus(keys(known), named); len(missing) > 0 {
		t.Errorf("README.md's table does not name the commands %v", missing)
	}
}

var invocation = regexp.MustCompile(`^(?:\$ )?(?:bin/)?straytoken (\w+)( .*)?$`)

func checkLine(t *testing.T, file, line string, known map[string]string) {
	t.Helper()
	line, _, _ = strings.Cut(strings.TrimSpace(line), " | ")
	m := invocation.FindStringSubmatch(line)
	if m == nil {
		return
	}
	help, ok := known[m[1]]
	if !ok {
		t.Errorf("%s: %q: there is no command %s", file, line, m[1])
		return
	}
	for word := range strings.FieldsSeq(m[2]) {
		name, _, _ := strings.Cut(word, "=")
		if strings.HasPrefix(name, "--") && !strings.Contains(help, name+" ") {
			t.Errorf("%s: %q: %s has no flag %s", file, line, m[1], name)
		}
	}
}

// subcommands gives the help of every command.
func subcommands(t *testing.T) map[string]string {
	t.Helper()
	dir := binary(t)
	help := func(args ...string) string {
		out, err := exec.Command(filepath.Join(dir, "straytoken"), append(args, "--help")...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	_, list, _ := strings.Cut(help(), "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	out := map[string]string{}
	for line := range strings.Lines(list) {
		if name := strings.Fields(line); len(name) > 0 && name[0] != "help" {
			out[name[0]] = help(name[0])
		}
	}
	if len(out) < 2 {
		t.Fatalf("the help lists no commands: %s", list)
	}
	return out
}

// TestFindingSample: the JSON in docs/detection.md is what a scan prints, as far as
// its names go.
func TestFindingSample(t *testing.T) {
	dir := t.TempDir()
	shell(t, dir, "straytoken simulate --out traffic --scenario ec2-ssrf-internet --duration 2h")
	line, _, _ := strings.Cut(shell(t, dir, "straytoken scan -q --format json traffic"), "\n")
	var have map[string]any
	if err := json.Unmarshal([]byte(line), &have); err != nil {
		t.Fatal(err)
	}
	for _, row := range table(t, "docs/detection.md", "A finding") {
		for _, name := range codes(row[0]) {
			if _, ok := have[name]; !ok && !slices.Contains([]string{"reason", "custom", "suppressed"}, name) {
				t.Errorf("docs/detection.md explains the field %s, which a finding does not have", name)
			}
			delete(have, name)
		}
	}
	for _, name := range keys(have) {
		t.Errorf("docs/detection.md does not explain the field %s", name)
	}
}
