package straytoken_test

import (
	"go/ast"
	"go/parser"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const securityPage = "docs/security.md"

var (
	testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")
	fileName = regexp.MustCompile("`([a-z/]+/[a-z0-9]+\\.go)`")
)

// TestSecurityPage: every threat in docs/security.md has its four parts, and every test
// and file that the page names exists.
func TestSecurityPage(t *testing.T) {
	page, known := read(t, securityPage), testsOf(t)
	_, threats, _ := strings.Cut(page, "\n## Threats\n")
	threats, _, _ = strings.Cut(threats, "\n## ")
	sections := strings.Split(threats, "\n### ")[1:]
	if len(sections) < 10 {
		t.Fatalf("%s has %d threats", securityPage, len(sections))
	}
	for _, section := range sections {
		title, _, _ := strings.Cut(section, "\n")
		for _, part := range []string{"Gain", "Defence", "Tests", "Remains"} {
			if strings.Count(section, "\n- **"+part+".**") != 1 {
				t.Errorf("%s: %q has no part %s", securityPage, title, part)
			}
		}
		if !testName.MatchString(section) {
			t.Errorf("%s: %q names no test", securityPage, title)
		}
	}
	for _, m := range testName.FindAllStringSubmatch(page, -1) {
		if !known[m[1]] {
			t.Errorf("%s names %s, which does not exist", securityPage, m[1])
		}
	}
	for _, m := range fileName.FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("%s names a file: %v", securityPage, err)
		}
	}
}

// testsOf lists the tests of all packages by name.
func testsOf(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for file, parsed := range sources(t, 0) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				out[f.Name.Name] = true
			}
		}
	}
	return out
}

// readers are the packages that look into records.
var readers = []string{"cloudtrail", "finding", "finding/jsonl", "network", "processor", "rules", "rules/custom", "sink"}

// TestRecordsReachNoNetwork: what looks into records cannot open a connection, so no
// record can say where to.
func TestRecordsReachNoNetwork(t *testing.T) {
	for file, parsed := range sources(t, parser.ImportsOnly) {
		if strings.HasSuffix(file, "_test.go") || !slices.Contains(readers, path.Dir(file)) {
			continue
		}
		for _, name := range importsOf(parsed) {
			if name == "net" || strings.HasPrefix(name, "net/http") || name == "syscall" || strings.Contains(name, "aws-sdk-go") {
				t.Errorf("%s imports %s", file, name)
			}
		}
	}
}

// TestNothingIsExecuted: only tests, the demo and benchmarks start other programs.
func TestNothingIsExecuted(t *testing.T) {
	for file, parsed := range sources(t, parser.ImportsOnly) {
		if strings.HasSuffix(file, "_test.go") || slices.ContainsFunc([]string{"devstack/", "e2e/", "bench/table/"}, func(dir string) bool { return strings.HasPrefix(file, dir) }) {
			continue
		}
		for _, name := range importsOf(parsed) {
			if name == "os/exec" || name == "plugin" {
				t.Errorf("%s imports %s", file, name)
			}
		}
	}
}
