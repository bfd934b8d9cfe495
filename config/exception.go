package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/rules/custom"
)

// Exception is a use of sessions that is known and not to be reported. All
// criteria that are given must hold.
type Exception struct {
	Role    Glob      `yaml:"role"`    // ARN of the session's role; * and ? are wildcards
	Account string    `yaml:"account"` // the session's account id
	Network Prefix    `yaml:"network"` // holds the intruder's address
	Kind    string    `yaml:"kind"`    // kind of session
	Rule    string    `yaml:"rule"`    // the finding's rule: a code of evidence, or a custom rule's name
	When    Condition `yaml:"when"`    // CEL over the verdict
	Reason  string    `yaml:"reason"`  // why it is known; required
	Owner   string    `yaml:"owner"`   // who answers for it; required
	Expires Day       `yaml:"expires"` // event time from which on it does not apply; empty: never
}

// Glob is an ARN, in which * stands for any characters and ? for one.
type Glob struct {
	Text string
}

// UnmarshalYAML reads it.
func (g *Glob) UnmarshalYAML(n *yaml.Node) error {
	if n.Value == "" {
		return nil
	}
	if !strings.HasPrefix(n.Value, "arn:") && !strings.HasPrefix(n.Value, "*") || strings.ContainsAny(n.Value, " \t\n[]{}") {
		return at(n, "%q is no ARN of a role: write it in full, or with * and ? for what may differ", n.Value)
	}
	g.Text = n.Value
	return nil
}

// MarshalYAML writes it.
func (g Glob) MarshalYAML() (any, error) { return g.Text, nil }

// Condition is a predicate in CEL over a verdict.
type Condition struct {
	Text      string
	predicate custom.Predicate
	node      *yaml.Node
}

// UnmarshalYAML reads it.
func (c *Condition) UnmarshalYAML(n *yaml.Node) error {
	c.Text, c.node = n.Value, n
	return nil
}

// MarshalYAML writes it.
func (c Condition) MarshalYAML() (any, error) { return c.Text, nil }

// Predicate is the compiled predicate; false when there is none.
func (c *Condition) Predicate() (custom.Predicate, bool) { return c.predicate, c.Text != "" }

// compile checks and compiles a condition, if there is one.
func (c *Condition) compile(compiler *custom.Compiler) problems {
	if c.node == nil || c.Text == "" {
		return nil
	}
	var p problems
	var bad []custom.Problem
	c.predicate, bad = compiler.Compile(c.Text)
	for _, b := range bad {
		line, column := custom.Position(c.node, nil, b)
		p = append(p, fmt.Sprintf("line %d: column %d: %s", line, column, b.Text))
	}
	return p
}

// checkExceptions finds what is wrong with exceptions, and compiles their
// conditions.
func (j *Judge) checkExceptions() problems {
	var p problems
	var compiler custom.Compiler
	for i := range j.Exceptions {
		e := &j.Exceptions[i]
		for _, text := range e.check(len(j.Rules) > 0) {
			p = append(p, fmt.Sprintf("judge.exceptions[%d]: %s", i, text))
		}
		p = append(p, e.When.compile(&compiler)...)
	}
	return p
}

// check lists what is wrong with the fields of an exception.
func (e *Exception) check(customRules bool) []string {
	var out []string
	note := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	note(!e.narrows(), "needs a criterion: role, account, network, kind, rule or when")
	note(strings.TrimSpace(e.Reason) == "", "needs a reason")
	note(strings.TrimSpace(e.Owner) == "", "needs an owner, who answers for it")
	note(e.Account != "" && !accountID.MatchString(e.Account), "%q is no account id: want 12 digits, in quotes", e.Account)
	_, known := rules.DefaultRelations()[rules.Kind(e.Kind)]
	note(e.Kind != "" && !known, "unknown kind of session %q", e.Kind)
	note(e.Rule != "" && !customRules && !builtIn(e.Rule), "unknown rule %q: there are no judge.rules, and it is none of the codes of evidence", e.Rule)
	return out
}

func builtIn(rule string) bool {
	return rules.Code(rule) == rules.SecondAddress || slices.Contains(rules.Codes(), rules.Code(rule))
}

func (e *Exception) narrows() bool {
	return e.Role.Text != "" || e.Account != "" || e.Network.IsValid() || e.Kind != "" || e.Rule != "" || e.When.Text != ""
}

// expired describes the exceptions that do not apply any more at a time.
func (j *Judge) expired(now time.Time) []string {
	var out []string
	for i, e := range j.Exceptions {
		if e.Expires.past(now) {
			out = append(out, fmt.Sprintf("judge.exceptions[%d] (%s, of %s) expired on %s: remove it or renew it", i, e.Reason, e.Owner, e.Expires.Format(time.DateOnly)))
		}
	}
	return out
}

// CheckRules finds the exceptions for rules that are neither built in nor among
// the names of the custom rules loaded.
func (j *Judge) CheckRules(names []string) error {
	var p problems
	for i, e := range j.Exceptions {
		if e.Rule != "" && !builtIn(e.Rule) && !slices.Contains(names, e.Rule) {
			p = append(p, fmt.Sprintf("judge.exceptions[%d]: unknown rule %q: neither a code of evidence nor a custom rule", i, e.Rule))
		}
	}
	if len(p) == 0 {
		return nil
	}
	return p
}

// RuleFiles expands the patterns of Rules. One that matches nothing is an error:
// its rules would silently be missing.
func (j *Judge) RuleFiles() ([]string, error) {
	var out []string
	for _, pattern := range j.Rules {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("judge.rules: %q: %w", pattern, err)
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("judge.rules: %q matches no file", pattern)
		}
		out = append(out, files...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
