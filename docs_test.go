package straytoken_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/config"
	"github.com/straytoken/straytoken/kinesis"
	"github.com/straytoken/straytoken/monitor"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

var update = flag.Bool("update", false, "write the generated parts of the pages anew")

// generated holds the part of a page between <!-- generated: NAME --> and
// <!-- end --> against what the code says, or writes it anew with -update.
func generated(t *testing.T, file, name, want string) {
	t.Helper()
	text := read(t, file)
	begin := "<!-- generated: " + name + " -->\n"
	before, rest, ok := strings.Cut(text, begin)
	have, after, ended := strings.Cut(rest, "<!-- end -->")
	if !ok || !ended {
		t.Fatalf("%s has no part %q", file, name)
	}
	if have == want {
		return
	}
	if !*update {
		t.Errorf("%s: the part %q is not what the code says; go test -run %s -update . writes it anew.\nhave:\n%s\nwant:\n%s",
			file, name, t.Name(), have, want)
		return
	}
	if err := os.WriteFile(file, []byte(before+begin+want+"<!-- end -->"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// numbered is a number before a comment, which only its authors know.
var numbered = regexp.MustCompile(`^E[0-9]+ `)

// TestEvidenceTable holds the weights in docs/detection.md.
func TestEvidenceTable(t *testing.T) {
	weights := rules.DefaultWeights()
	var b strings.Builder
	b.WriteString("| Code | Weight | Meaning |\n|---|---|---|\n")
	for _, c := range constants(t, "rules", "Code") {
		weight := "by kind"
		if w, ok := weights[rules.Code(c.value)]; ok {
			weight = fmt.Sprint(w)
		}
		delete(weights, rules.Code(c.value))
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.value, weight, numbered.ReplaceAllString(c.comment, ""))
	}
	for code := range weights {
		t.Errorf("rules.DefaultWeights has %q, for which rules has no constant", code)
	}
	generated(t, "docs/detection.md", "evidence", b.String())
}

// TestKindTable holds the weight of a second address in docs/detection.md.
func TestKindTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("| Kind | A second address counts | Holder |\n|---|---|---|\n")
	for _, c := range constants(t, "rules", "Kind") {
		fmt.Fprintf(&b, "| `%s` | %d | %s |\n", c.value, rules.DefaultRelations()[rules.Kind(c.value)], c.comment)
	}
	generated(t, "docs/detection.md", "kinds", b.String())
}

// constant is a typed string constant with its comment.
type constant struct{ value, comment string }

// constants lists a package's constants of a type, in their order.
func constants(t *testing.T, pkg, typ string) []constant {
	t.Helper()
	var out []constant
	files := sources(t, 0)
	for _, name := range keys(files) {
		if filepath.Dir(name) != pkg || strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(files[name], func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				return true
			}
			lit, isText := v.Values[0].(*ast.BasicLit)
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != typ || !isText {
				return true
			}
			comment := strings.TrimSpace(v.Comment.Text())
			if comment == "" {
				comment = strings.TrimSpace(v.Doc.Text())
			}
			out = append(out, constant{strings.Trim(lit.Value, `"`), strings.Join(strings.Fields(comment), " ")})
			return true
		})
	}
	return out
}

// TestMetricsTable holds the metrics in docs/operations.md.
func TestMetricsTable(t *testing.T) {
	p := processor.New(processor.Config{})
	registry := monitor.Metrics(p.Counts(), state.NewFacts(state.NewMemory(1), 0))
	monitor.Decoding(registry, p.Decoding)
	monitor.StoreCalls(registry, func() (int, int64) { return 0, 0 })
	monitor.NewStream(registry, func() kinesis.Status { return kinesis.Status{} })
	generated(t, "docs/operations.md", "metrics", metricsTable(t, registry))
}

func metricsTable(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| Metric | Type | Label | Meaning |\n|---|---|---|---|\n")
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "straytoken_") {
			continue
		}
		label, values := "", []string{}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				label, values = l.GetName(), append(values, "`"+l.GetValue()+"`")
			}
		}
		if label != "" {
			slices.Sort(values)
			label = "`" + label + "`: " + strings.Join(values, ", ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), label, f.GetHelp())
	}
	return b.String()
}

// TestConfigurationReference: docs/operations.md has every field and its default.
func TestConfigurationReference(t *testing.T) {
	defaults := printed(t)
	var named []string
	for _, row := range table(t, "docs/operations.md", "Fields") {
		field := code(t, row[0])
		named = append(named, field)
		want := defaults[field]
		if have := strings.Trim(row[1], "`"); want != "" && !sameValue(have, want) {
			t.Errorf("docs/operations.md says that the default of %s is %q, it is %q", field, have, want)
		}
	}
	fields := leaves(reflect.TypeFor[config.Config](), "")
	for _, f := range minus(fields, named) {
		t.Errorf("docs/operations.md does not explain the field %s", f)
	}
	for _, f := range minus(named, fields) {
		t.Errorf("docs/operations.md explains the field %s, which does not exist", f)
	}
}

// leaves lists the fields of a configuration, "stream.name" or "findings[].type".
func leaves(typ reflect.Type, at string) []string {
	switch {
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct && hasFields(typ.Elem()):
		return leaves(typ.Elem(), at+"[]")
	case typ.Kind() != reflect.Struct || !hasFields(typ):
		return []string{at}
	}
	var out []string
	for i := range typ.NumField() {
		name := typ.Field(i).Tag.Get("yaml")
		if at != "" {
			name = at + "." + name
		}
		out = append(out, leaves(typ.Field(i).Type, name)...)
	}
	return out
}

func hasFields(typ reflect.Type) bool {
	return typ.NumField() > 0 && typ.Field(0).Tag.Get("yaml") != ""
}

// printed gives the defaults as straytoken config print shows them; zero values
// and lists are left out.
func printed(t *testing.T) map[string]string {
	t.Helper()
	c, err := config.Parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := c.Print(&text); err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text.Bytes(), &tree); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	flatten("", tree, out)
	return out
}

func flatten(at string, tree map[string]any, out map[string]string) {
	for name, v := range tree {
		switch v := v.(type) {
		case map[string]any:
			flatten(at+name+".", v, out)
		case []any:
		default:
			if text := fmt.Sprint(v); text != "" && text != "0" && text != "false" {
				out[at+name] = text
			}
		}
	}
}

// sameValue compares values, durations by their length.
func sameValue(a, b string) bool {
	x, errX := time.ParseDuration(a)
	y, errY := time.ParseDuration(b)
	return a == b || errX == nil && errY == nil && x == y
}

// TestExampleConfiguration: it is good and shows every field.
func TestExampleConfiguration(t *testing.T) {
	const file = "examples/straytoken.yaml"
	if _, err := config.Load(file); err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(read(t, file)), &tree); err != nil {
		t.Fatal(err)
	}
	for _, field := range leaves(reflect.TypeFor[config.Config](), "") {
		if !shows(tree, strings.Split(field, ".")) {
			t.Errorf("%s does not show %s", file, field)
		}
	}
}

// shows tells whether a tree has a field; of a list, whether any element has it.
func shows(tree any, names []string) bool {
	if len(names) == 0 {
		return true
	}
	m, ok := tree.(map[string]any)
	if !ok {
		return false
	}
	name, isList := strings.CutSuffix(names[0], "[]")
	v, ok := m[name]
	if !ok || !isList {
		return ok && shows(v, names[1:])
	}
	list, _ := v.([]any)
	return slices.ContainsFunc(list, func(e any) bool { return shows(e, names[1:]) })
}

// TestDeadLetterReasons: docs/operations.md explains each.
func TestDeadLetterReasons(t *testing.T) {
	var named, want []string
	for _, row := range table(t, "docs/operations.md", "Dead letters") {
		named = append(named, code(t, row[0]))
	}
	for r := range processor.New(processor.Config{}).Counts().Bad {
		want = append(want, string(r))
	}
	if missing := minus(want, named); len(missing) > 0 {
		t.Errorf("docs/operations.md does not explain the reasons %v", missing)
	}
	if extra := minus(named, want); len(extra) > 0 {
		t.Errorf("docs/operations.md explains the reasons %v, which do not exist", extra)
	}
	if len(want) < len(cloudtrail.Reasons()) {
		t.Errorf("%d reasons are counted, the decoder has %d", len(want), len(cloudtrail.Reasons()))
	}
}

// TestBounds: ARCHITECTURE.md explains every bound of what is remembered.
func TestBounds(t *testing.T) {
	var named, want []string
	for _, row := range table(t, "ARCHITECTURE.md", "Bounds") {
		named = append(named, code(t, row[0]))
	}
	for i := range reflect.TypeFor[state.Retention]().NumField() {
		want = append(want, reflect.TypeFor[state.Retention]().Field(i).Name)
	}
	if !slices.Equal(named, want) {
		t.Errorf("ARCHITECTURE.md names the bounds %v, state.Retention has %v", named, want)
	}
}

// TestExitCodes holds README.md's table against the constants of the command.
func TestExitCodes(t *testing.T) {
	parsed := sources(t, 0)["cmd/straytoken/main.go"]
	var want, have []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if ok && strings.HasPrefix(v.Names[0].Name, "exit") {
			want = append(want, v.Values[0].(*ast.BasicLit).Value)
		}
		return true
	})
	for _, row := range table(t, "README.md", "Exit codes") {
		have = append(have, code(t, row[0]))
	}
	if !slices.Equal(want, have) {
		t.Errorf("README.md names the exit codes %v, the command has %v", have, want)
	}
}

var request = regexp.MustCompile(`&(kinesis|dynamodb|s3|ec2)\.(\w+)Input\{`)

// s3Actions are the IAM actions whose names differ from the call's.
var s3Actions = map[string]string{"ListObjectsV2": "ListBucket"}

// TestPolicies: the IAM policies in docs/operations.md allow exactly the actions
// that the code needs.
func TestPolicies(t *testing.T) {
	used := map[string]bool{}
	for file := range sources(t, parser.ImportsOnly) {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "devstack/") {
			continue
		}
		for _, m := range request.FindAllStringSubmatch(read(t, file), -1) {
			call := m[2]
			if name, ok := s3Actions[call]; ok {
				call = name
			}
			used[m[1]+":"+call] = true
		}
	}
	allowed := policyActions(t, "docs/operations.md")
	for _, a := range minus(keys(used), keys(allowed)) {
		t.Errorf("the code needs %s, which no policy in docs/operations.md allows", a)
	}
	for _, a := range minus(keys(allowed), keys(used)) {
		t.Errorf("a policy in docs/operations.md allows %s, which the code does not need", a)
	}
}

// policyActions reads the actions of the identity policies in a page's JSON blocks.
func policyActions(t *testing.T, file string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, block := range blocks(t, file, "json") {
		var policy struct {
			Statement []struct {
				Action    []string
				Principal any
			}
		}
		if err := json.Unmarshal([]byte(block), &policy); err != nil {
			t.Errorf("%s has a block that is no JSON: %v\n%s", file, err, block)
			continue
		}
		for _, s := range policy.Statement {
			for _, a := range s.Action {
				out[a] = true
			}
		}
	}
	return out
}

// blocks lists the fenced blocks of a language.
func blocks(t *testing.T, file, language string) []string {
	t.Helper()
	var out []string
	for _, part := range strings.Split(read(t, file), "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		out = append(out, block)
	}
	return out
}

// TestErrorLines: every line that the troubleshooting table quotes is a text of the
// code; … stands for anything.
func TestErrorLines(t *testing.T) {
	texts := literals(t)
	for _, row := range table(t, "docs/operations.md", "Troubleshooting") {
		for _, quoted := range codes(row[0]) {
			if !slices.ContainsFunc(texts, func(text string) bool { return inOrder(text, strings.Split(quoted, "…")) }) {
				t.Errorf("docs/operations.md explains %q, which is no text in the code", quoted)
			}
		}
	}
}

// literals lists the string literals of the code without its tests.
func literals(t *testing.T) []string {
	t.Helper()
	var out []string
	for file, parsed := range sources(t, 0) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok {
				out = append(out, lit.Value)
			}
			return true
		})
	}
	return out
}

// inOrder tells whether a text has all parts, one after the other.
func inOrder(text string, parts []string) bool {
	for _, part := range parts {
		_, rest, ok := strings.Cut(text, strings.TrimSpace(part))
		if !ok {
			return false
		}
		text = rest
	}
	return true
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// TestLinks: links between pages lead somewhere.
func TestLinks(t *testing.T) {
	walk(t, func(file string) {
		if filepath.Ext(file) != ".md" {
			return
		}
		for _, m := range link.FindAllStringSubmatch(read(t, file), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			}
		}
	})
}
