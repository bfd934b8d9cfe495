package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// commandLine runs a command line and gives its exit code and what it says.
func commandLine(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	if err != nil {
		out.WriteString(oneLine(err))
	}
	return exitCode(err), out.String()
}

func temporary(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const ruleFile = `- {name: r1, on: event, when: 'event.name == "X"', finding: {severity: high, title: T}, cases: [{name: c,
  events: [{eventTime: "2027-01-10T08:00:00Z", eventSource: sts.amazonaws.com, eventName: X, sourceIPAddress: 192.0.2.1, userIdentity: {type: AssumedRole, principalId: "A:b", accessKeyId: ASIAEXAMPLEEXAMPLE01}}],
  want: {flagged: true, rule: r1}}]}`

func TestTestCommand(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		code int
		says string
	}{
		"passes":     {ruleFile, exitDone, "1 rules, 1 cases, 0 failed"},
		"fails":      {strings.Replace(ruleFile, "rule: r1", "rule: r2", 1), exitFindings, "want rule r2, got high r1"},
		"a bad file": {strings.Replace(ruleFile, "event.name", "event.nmae", 1), exitUsage, "rules.yaml:1:37: rule r1: undefined field 'nmae'"},
		"no events":  {strings.Replace(ruleFile, "events: [{", "events: [missing.json, {", 1), exitFailure, "missing.json"},
	} {
		t.Run(name, func(t *testing.T) {
			code, says := commandLine(t, "test", temporary(t, "rules.yaml", tt.file))
			if code != tt.code || !strings.Contains(says, tt.says) {
				t.Errorf("exit code %d, want %d; says %s", code, tt.code, says)
			}
		})
	}
}

func TestValidateNamesExpiredExceptions(t *testing.T) {
	code, says := commandLine(t, "config", "validate", temporary(t, "c.yaml", "judge:\n  exceptions: [{kind: ec2, reason: the audit, owner: us, expires: 2020-01-01}]\n"))
	if code != exitDone || !strings.Contains(says, "c.yaml: warning: judge.exceptions[0] (the audit, of us) expired on 2020-01-01") {
		t.Errorf("exit code %d: %s", code, says)
	}
}

func TestValidateCompilesRules(t *testing.T) {
	rules := temporary(t, "rules.yaml", strings.Replace(ruleFile, "event.name", "event.nmae", 1))
	code, says := commandLine(t, "config", "validate", temporary(t, "c.yaml", "judge: {rules: ["+rules+"]}\n"))
	if code != exitUsage || !strings.Contains(says, "undefined field 'nmae'") {
		t.Errorf("exit code %d: %s", code, says)
	}
}
