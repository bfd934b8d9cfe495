// Package straytoken_test holds the project's pages against its code: what
// ARCHITECTURE.md and the documentation say must be what is there.
package straytoken_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/straytoken/straytoken"
	kcl    = "github.com/vmware/vmware-go-kcl-v2"
)

// TestFolders holds ARCHITECTURE.md's list of folders against the folders that hold
// files.
func TestFolders(t *testing.T) {
	var named []string
	for _, row := range table(t, "ARCHITECTURE.md", "Folders") {
		named = append(named, strings.TrimSuffix(code(t, row[0]), "/"))
	}
	slices.Sort(named)
	for _, dir := range folders(t) {
		if !slices.Contains(named, dir) {
			t.Errorf("ARCHITECTURE.md does not name the folder %s", dir)
		}
	}
	for _, name := range named {
		if !slices.Contains(folders(t), name) {
			t.Errorf("ARCHITECTURE.md names the folder %s, which does not exist", name)
		}
	}
}

// TestImports holds the import table: a package imports exactly those packages of
// ours that the table says, and its tests only those, itself and the test tools.
func TestImports(t *testing.T) {
	allowed, tools := importTable(t), testTools(t)
	code, tests := imports(t)
	for pkg, used := range code {
		want, ok := allowed[pkg]
		if !ok {
			t.Errorf("the import table has no row for %s, which imports %v", pkg, used)
			continue
		}
		for _, p := range minus(used, want) {
			t.Errorf("%s imports %s, which the import table does not allow", pkg, p)
		}
		for _, p := range minus(want, used) {
			t.Errorf("the import table lets %s import %s, which it does not", pkg, p)
		}
	}
	for _, pkg := range minus(keys(allowed), keys(code)) {
		t.Errorf("the import table has a row for %s, which is no package", pkg)
	}
	free := freeTests(t)
	for pkg, used := range tests {
		if slices.Contains(free, pkg) {
			continue
		}
		for _, p := range minus(used, slices.Concat(allowed[pkg], tools, []string{pkg})) {
			t.Errorf("the tests of %s import %s, which is neither in the row of %s nor a test tool", pkg, p, pkg)
		}
	}
}

// TestKCLStaysInside: only package kinesis knows the Kinesis Client Library.
func TestKCLStaysInside(t *testing.T) {
	for file, parsed := range sources(t, parser.ImportsOnly) {
		for _, name := range importsOf(parsed) {
			if strings.HasPrefix(name, kcl) && path.Dir(file) != "kinesis" {
				t.Errorf("%s imports %s", file, name)
			}
		}
	}
}

// TestJudgementIsPure: rules and network do no I/O and have no clock, or verdicts
// would depend on more than the facts.
func TestJudgementIsPure(t *testing.T) {
	impure := []string{"os", "os/exec", "net/http", "io/fs", "log", "log/slog", "math/rand", "math/rand/v2", "sync"}
	for file, parsed := range sources(t, 0) {
		if dir := path.Dir(file); dir != "rules" && dir != "network" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, name := range importsOf(parsed) {
			if slices.Contains(impure, name) {
				t.Errorf("%s imports %s", file, name)
			}
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && isClock(sel) {
				t.Errorf("%s asks the clock: time.%s", file, sel.Sel.Name)
			}
			return true
		})
	}
}

func isClock(sel *ast.SelectorExpr) bool {
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "NewTicker"}, sel.Sel.Name)
}

// TestLeasesGoByMonotonicTime: what package kinesis knows of its own time keeps the
// monotonic reading, so that a wall clock that jumps moves no lease. The files that are
// left out hold AWS's times alone.
func TestLeasesGoByMonotonicTime(t *testing.T) {
	strip := []string{"UTC", "Local", "In", "Round", "Truncate", "Unix", "UnixMilli", "UnixNano", "Date", "Format"}
	awsTimes := []string{"kinesis/position.go", "kinesis/reader.go", "kinesis/table.go"}
	for file, parsed := range sources(t, 0) {
		if path.Dir(file) != "kinesis" || strings.HasSuffix(file, "_test.go") || slices.Contains(awsTimes, file) {
			continue
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains(strip, sel.Sel.Name) {
				t.Errorf("%s uses %s, which takes the monotonic reading off a time", file, sel.Sel.Name)
			}
			return true
		})
	}
}

// importTable reads ARCHITECTURE.md's table, package → packages.
func importTable(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, row := range table(t, "ARCHITECTURE.md", "Imports") {
		out[code(t, row[0])] = codes(row[1])
	}
	return out
}

// freeTests lists the packages whose tests may import anything, by the same table.
func freeTests(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, row := range table(t, "ARCHITECTURE.md", "Imports") {
		if strings.Contains(row[1], "its tests: any") {
			out = append(out, code(t, row[0]))
		}
	}
	return out
}

// testTools reads the line of ARCHITECTURE.md that names the test tools.
func testTools(t *testing.T) []string {
	t.Helper()
	for line := range strings.Lines(read(t, "ARCHITECTURE.md")) {
		if rest, ok := strings.CutPrefix(line, "Test tools: "); ok {
			return codes(rest)
		}
	}
	t.Fatal("ARCHITECTURE.md has no line that begins with \"Test tools: \"")
	return nil
}

// imports gives the packages of ours that each package imports, in its code and in
// its tests. The tests in the root are of no package.
func imports(t *testing.T) (inCode, inTests map[string][]string) {
	t.Helper()
	inCode, inTests = map[string][]string{}, map[string][]string{}
	for file, parsed := range sources(t, parser.ImportsOnly) {
		dir, into := path.Dir(file), inCode
		if strings.HasSuffix(file, "_test.go") {
			into = inTests
		}
		if dir == "." {
			continue
		}
		for _, name := range append(importsOf(parsed), module+"/") {
			own, ok := strings.CutPrefix(name, module+"/")
			if ok && !slices.Contains(into[dir], own) && own != "" {
				into[dir] = append(into[dir], own)
			} else if into[dir] == nil {
				into[dir] = []string{}
			}
		}
	}
	return inCode, inTests
}

func importsOf(f *ast.File) []string {
	var out []string
	for _, i := range f.Imports {
		name, err := strconv.Unquote(i.Path.Value)
		if err == nil {
			out = append(out, name)
		}
	}
	return out
}

// sources parses all Go files, by their slash-separated path from the root.
func sources(t *testing.T, mode parser.Mode) map[string]*ast.File {
	t.Helper()
	out := map[string]*ast.File{}
	walk(t, func(file string) {
		if path.Ext(file) != ".go" {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(file), nil, mode|parser.ParseComments)
		if err != nil {
			t.Errorf("parse: %v", err)
			return
		}
		out[file] = parsed
	})
	return out
}

// folders lists the folders that hold files.
func folders(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{}
	walk(t, func(file string) { seen[path.Dir(file)] = true })
	delete(seen, ".")
	return keys(seen)
}

// walk visits the project's files: not what is hidden, built, installed or test
// data, and not traffic that somebody simulated here.
func walk(t *testing.T, visit func(file string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || file == "." {
			return err
		}
		if entry.IsDir() && skipped(file, entry.Name()) {
			return fs.SkipDir
		}
		if !entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			visit(filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func skipped(dir, name string) bool {
	if strings.HasPrefix(name, ".") || slices.Contains([]string{"bin", "node_modules", "testdata"}, name) {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "AWSLogs"))
	return err == nil
}

// table reads the rows of the first Markdown table below a heading, without its
// header.
func table(t *testing.T, file, heading string) [][]string {
	t.Helper()
	_, rest, ok := strings.Cut(read(t, file), "# "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", file, heading)
	}
	var rows [][]string
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if len(rows) > 0 {
				break
			}
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		t.Fatalf("%s has no table below %q", file, heading)
	}
	return rows[2:]
}

var inlineCode = regexp.MustCompile("`([^`]+)`")

// codes lists what a text has between backticks.
func codes(text string) []string {
	var out []string
	for _, m := range inlineCode.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// code is the one thing that a cell has between backticks.
func code(t *testing.T, cell string) string {
	t.Helper()
	all := codes(cell)
	if len(all) == 0 {
		t.Fatalf("the cell %q has nothing in backticks", cell)
	}
	return all[0]
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(fmt.Errorf("read %s: %w", file, err))
	}
	return string(text)
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
