package custom_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/rules/custom"
)

// head is a good rule but for its predicate, which begins at line 3, column 9.
const head = "- name: r1\n  on: verdict\n  when: "

const tail = "\n  evidence: {weight: 10, text: t}\n"

func TestBadRules(t *testing.T) {
	tests := []struct {
		name, file, want string
	}{
		{"unknown field", head + "verdict.scroe > 1" + tail, "r.yaml:3:16: rule r1: undefined field 'scroe'"},
		{"unknown variable", head + "vredict.score > 1" + tail, "r.yaml:3:9: rule r1: undeclared reference to 'vredict'"},
		{"variables of the other kind", head + `event.name == "X"` + tail, "r.yaml:3:9: rule r1: undeclared reference to 'event'"},
		{"type error", head + `verdict.score > "high"` + tail, "r.yaml:3:23: rule r1: found no matching overload for '_>_'"},
		{"wrong result", head + "verdict.score + 1" + tail, "r.yaml:3:9: rule r1: gives int, want bool"},
		{"result of any type", strings.Replace(head, "verdict", "event", 1) + "event.request.flag" + tail, "gives dyn, want bool: compare it"},
		{"syntax", head + "verdict.score >" + tail, "rule r1: Syntax error"},
		{"in quotes", head + `'verdict.scroe > 1'` + tail, "r.yaml:3:17: rule r1: undefined field 'scroe'"},
		{"second line of a block", head + "|\n    true &&\n    verdict.scroe > 1" + tail, "r.yaml:5:12: rule r1: undefined field 'scroe'"},
		{"second line of a folded block", head + ">\n    true &&\n    verdict.scroe > 1" + tail, "r.yaml:5:12: rule r1: undefined field 'scroe'"},
		{"bad network", head + `cidr(intruder.address, "10.0.0.0/33")` + tail, `r.yaml:3:32: rule r1: "10.0.0.0/33" is no network`},
		{"expensive", head + "addresses.all(a, addresses.all(b, a.score < b.score))" + tail, "r.yaml:3:9: rule r1: may cost"},
		{"very expensive", head + "addresses.all(a, addresses.all(b, addresses.all(c, addresses.all(d, a.events + b.events + c.events < d.events))))" + tail, "rule r1: may cost"},
		{"too long", head + strings.Repeat("true && ", 2000) + "true" + tail, "rule r1: expression"},
		{"no name", "- on: verdict\n  when: 'true'" + tail, "r.yaml:2:9: a rule has no name"},
		{"bad name", "- name: R 1\n  on: verdict\n  when: 'true'" + tail, `"R 1" is no name of a rule`},
		{"name of something built in", "- name: agent-drift\n  on: verdict\n  when: 'true'" + tail, "is the name of something built in"},
		{"name of the exceptions", "- name: exceptions\n  on: verdict\n  when: 'true'" + tail, "is the name of something built in"},
		{"name twice", head + "'true'" + tail + head + "'true'" + tail, "r.yaml:5:9: rule r1: there is a rule of this name already"},
		{"no when", "- name: r1\n  on: verdict" + tail, "has no when"},
		{"bad on", "- name: r1\n  on: session\n  when: 'true'" + tail, `on is "session": want event or verdict`},
		{"no effect", head + "'true'\n", "does nothing"},
		{"weight of nothing", head + "'true'\n  evidence: {text: t}\n", "evidence.weight is 0"},
		{"weight of everything", head + "'true'\n  evidence: {weight: 100000}\n", "evidence.weight is 100000"},
		{"suppression without owner", head + "'true'\n  suppress: because\n", "without an owner"},
		{"finding without severity", head + "'true'\n  finding: {title: T}\n", "finding.severity is"},
		{"finding without title", head + "'true'\n  finding: {severity: high}\n", "has no title"},
		{"finding that nobody reads", head + "'true'\n  finding: {severity: informational, title: T}\n", "finding.severity is"},
		{"unknown kind", head + "'true'\n  kinds: [vm]" + tail, `r.yaml:4:11: rule r1: unknown kind of session "vm"`},
		{"unknown key", head + "'true'\n  wieght: 1" + tail, "r.yaml:4: field wieght not found"},
		{"case without events", head + "'true'\n  cases: [{name: c}]" + tail, "case 1 (c) has no events"},
		{"case with a bad network", head + "'true'\n  cases: [{name: c, events: [x], known: [y]}]" + tail, `"y" is no network`},
		{"no list", "name: r1\n", "r.yaml:1: cannot unmarshal"},
		{"no YAML", "- {", "r.yaml:"},
		{"two problems", head + "verdict.x" + tail + strings.Replace(head, "r1", "r2", 1) + "verdict.y" + tail, "r.yaml:7:16: rule r2: undefined field 'y'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := custom.Parse("r.yaml", []byte(tt.file))
			var bad custom.Errors
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestGoodRules(t *testing.T) {
	for name, when := range map[string]string{
		"a comparison":    `verdict.score >= 60 && verdict.severity != "critical"`,
		"a list":          `"second-address" in verdict.evidence`,
		"a loop":          `addresses.exists(a, a.role == "explained" && cidr(a.address, "10.0.0.0/8"))`,
		"two lists":       `addresses.exists(a, a.names.exists(n, n.startsWith("Create")))`,
		"time":            `intruder.first - token.issued < duration("1h") && owner.last > timestamp("2027-01-01T00:00:00Z")`,
		"a regexp":        `token.session_name.matches("^i-[0-9a-f]+$")`,
		"a glob":          `glob(token.arn, "arn:aws:sts::*:assumed-role/x-*")`,
		"computed bounds": `intruder.events > 3 ? intruder.agent.contains("curl") : size(intruder.regions) > 1`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := custom.Parse("r.yaml", []byte(head+"|\n    "+when+tail)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEmptyFile(t *testing.T) {
	engine, err := custom.Parse("r.yaml", nil)
	if err != nil || len(engine.Rules()) != 0 || engine.OnEvents() {
		t.Errorf("got %v, %v", engine.Rules(), err)
	}
}

func TestLoadReadsAllFiles(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "1.yaml"), filepath.Join(dir, "2.yaml")
	for path, name := range map[string]string{one: "r1", two: "r2"} {
		if err := os.WriteFile(path, []byte(strings.Replace(head, "r1", name, 1)+"'true'\n  staged: true"+tail), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	engine, err := custom.Load([]string{one, two})
	if err != nil || !slices.Equal(engine.Staged(), []string{"r1", "r2"}) {
		t.Errorf("got %v, %v", engine.Staged(), err)
	}
	if _, err := custom.Load([]string{filepath.Join(dir, "3.yaml")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// FuzzParse: no file makes the loader panic; one that loads can be judged by; a line
// that a problem names is one that the file has.
func FuzzParse(f *testing.F) {
	f.Add([]byte(head + "verdict.score > 1" + tail))
	f.Add([]byte(strings.Replace(head, "verdict", "event", 1) + `event.request.x == 1 || event.name in ["A"]` + tail))
	f.Add([]byte(head + "|\n    addresses.all(a, a.events[0] > 1)\n" + tail))
	f.Add([]byte("- &a {name: r1, on: verdict, when: *a}"))
	f.Add([]byte(head + ">\n\n  x\n y" + tail))
	f.Add([]byte("\""))
	f.Add([]byte("- name: a\n\x01"))
	examples, err := filepath.Glob("../../examples/rules/*.yaml")
	if err != nil || len(examples) == 0 {
		f.Fatal(err)
	}
	for _, path := range examples {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		engine, err := custom.Parse("r.yaml", content)
		var bad custom.Errors
		switch {
		case err == nil:
			engine.Verdicts(theft())
			engine.Events(call())
		case !errors.As(err, &bad) || len(bad) == 0:
			t.Errorf("not a problem of the file: %v", err)
		}
		for _, problem := range bad {
			if lines := bytes.Count(content, []byte("\n")) + 1; problem.Line < 0 || problem.Line > lines+1 {
				t.Errorf("line %d of %d: %v", problem.Line, lines, problem)
			}
		}
	})
}
