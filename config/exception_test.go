package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/config"
)

const good = `judge:
  exceptions:
    - role: arn:aws:iam::*:role/scanner-*
      account: "111122223333"
      network: 198.51.100.0/24
      kind: ec2
      rule: second-address
      when: verdict.score < 100 && intruder.agent.contains("scan")
      reason: the scanner
      owner: security
      expires: 2027-01-31
`

func TestGoodException(t *testing.T) {
	c, err := config.Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	e := c.Judge.Exceptions[0]
	if _, ok := e.When.Predicate(); !ok || e.Role.Text != "arn:aws:iam::*:role/scanner-*" || e.Network.String() != "198.51.100.0/24" || e.Expires.Month() != time.January {
		t.Errorf("read as %+v", e)
	}
	day := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	if len(c.Warnings(day.Add(-time.Second))) != 0 || len(c.Warnings(day)) != 1 {
		t.Error("does not end on its day")
	}
}

// TestPrintedAgain: what is printed reads as what was read, with an exception of
// one criterion too.
func TestPrintedAgain(t *testing.T) {
	for _, text := range []string{good, "judge:\n  exceptions: [{kind: ec2, reason: r, owner: o}]\n"} {
		c, err := config.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var once, twice bytes.Buffer
		if err := c.Print(&once); err != nil {
			t.Fatal(err)
		}
		again, err := config.Parse(once.Bytes())
		if err != nil {
			t.Fatalf("%v in\n%s", err, once.String())
		}
		if err := again.Print(&twice); err != nil || once.String() != twice.String() {
			t.Errorf("%v:\n%s\n%s", err, once.String(), twice.String())
		}
	}
}

func TestBadExceptions(t *testing.T) {
	for name, tt := range map[string]struct{ fields, want string }{
		"no criterion":      {"reason: r, owner: o", "judge.exceptions[0]: needs a criterion"},
		"no reason":         {"kind: ec2, owner: o", "judge.exceptions[0]: needs a reason"},
		"no owner":          {"kind: ec2, reason: r", "judge.exceptions[0]: needs an owner"},
		"network":           {"network: 198.51.100.0/33, reason: r, owner: o", `line 3: "198.51.100.0/33" is no network`},
		"role":              {"role: scanner, reason: r, owner: o", `line 3: "scanner" is no ARN`},
		"account":           {"account: 1, reason: r, owner: o", `"1" is no account id`},
		"kind":              {"kind: vm, reason: r, owner: o", `unknown kind of session "vm"`},
		"rule":              {"rule: r1, reason: r, owner: o", `unknown rule "r1"`},
		"condition":         {`when: "verdict.scroe > 1", reason: r, owner: o`, "line 3: column 22: undefined field 'scroe'"},
		"condition's type":  {`when: verdict.score, reason: r, owner: o`, "gives int, want bool"},
		"day":               {"kind: ec2, reason: r, owner: o, expires: soon", `line 3: "soon" is no date`},
		"unknown criterion": {"arn: x, reason: r, owner: o", "line 3: field arn not found"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse([]byte("judge:\n  exceptions:\n    - {" + tt.fields + "}\n"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestRuleFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "straytoken.yaml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "a.rules.yaml"), "")
	write(filepath.Join(dir, "b.rules.yaml"), "")
	write(file, "judge:\n  rules: ['*.rules.yaml', a.rules.yaml]\n  exceptions: [{rule: r1, reason: r, owner: o}]\n")
	c, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	files, err := c.Judge.RuleFiles()
	if err != nil || !slices.Equal(files, []string{filepath.Join(dir, "a.rules.yaml"), filepath.Join(dir, "b.rules.yaml")}) {
		t.Errorf("got %v, %v", files, err)
	}
	if err := c.Judge.CheckRules([]string{"r1"}); err != nil {
		t.Error(err)
	}
	if err := c.Judge.CheckRules(nil); err == nil || !strings.Contains(err.Error(), `"r1"`) {
		t.Errorf("an exception for no rule: %v", err)
	}
	c.Judge.Rules = []string{filepath.Join(dir, "c.yaml")}
	if _, err := c.Judge.RuleFiles(); err == nil {
		t.Error("a pattern that matches nothing is no error")
	}
}
