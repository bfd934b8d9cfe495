package custom

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
)

var ruleName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,62}$`)

// maxWeight bounds the weight of evidence, both ways.
const maxWeight = 200

// compiler turns the rules of files into an engine.
type compiler struct {
	engine             *Engine
	onEvent, onVerdict *scope
	file               *file
}

// rule compiles one rule, or notes what is wrong with it.
func (c *compiler) rule(f *fileRule) {
	before := len(c.file.bad)
	c.checkName(f)
	c.checkEffects(f)
	c.checkCases(f)
	r := &Rule{Effect: c.effect(f), Path: c.file.path, Cases: f.Cases, onEvent: f.On.string == "event"}
	r.when = c.predicate(f)
	if len(c.file.bad) == before {
		c.engine.add(r)
	}
}

func (c *compiler) checkName(f *fileRule) {
	name := f.Name.string
	switch {
	case f.Name.node == nil:
		c.file.note(f.anywhere(), "", "a rule has no name")
	case !ruleName.MatchString(name):
		c.file.note(f.Name.node, "", "%q is no name of a rule: 2 to 63 lower case letters, digits and hyphens", name)
	case rules.Code(name) == rules.SecondAddress || slices.Contains(rules.Codes(), rules.Code(name)) || name == Exceptions:
		c.file.note(f.Name.node, "", "%q is the name of something built in", name)
	case c.engine.byName[name] != nil:
		c.file.note(f.Name.node, name, "there is a rule of this name already, in %s", c.engine.byName[name].Path)
	}
}

// Exceptions is the name under which the failures of exceptions are counted; no
// rule may have it.
const Exceptions = "exceptions"

func (f *fileRule) anywhere() *yaml.Node {
	for _, t := range []text{f.When, f.On} {
		if t.node != nil {
			return t.node
		}
	}
	return nil
}

func (c *compiler) checkEffects(f *fileRule) {
	name, at := f.Name.string, f.Name.node
	if f.Evidence == nil && f.Suppress == "" && f.Finding == nil {
		c.file.note(at, name, "does nothing: give it evidence, suppress or a finding")
	}
	if e := f.Evidence; e != nil && (e.Weight == 0 || e.Weight > maxWeight || e.Weight < -maxWeight) {
		c.file.note(at, name, "evidence.weight is %d: want -%d to %d, not 0", e.Weight, maxWeight, maxWeight)
	}
	if f.Suppress != "" && f.Owner == "" {
		c.file.note(at, name, "suppresses without an owner: say who answers for it")
	}
	if f.Finding != nil {
		c.checkFinding(f.Finding, at, name)
	}
	for _, k := range f.Kinds {
		if _, ok := rules.DefaultRelations()[rules.Kind(k.string)]; !ok {
			c.file.note(k.node, name, "unknown kind of session %q: want one of %s", k.string, kinds())
		}
	}
}

func (c *compiler) checkFinding(f *fileFinding, at *yaml.Node, name string) {
	if s, err := finding.ParseSeverity(f.Severity.string); err != nil || s < finding.Low {
		if f.Severity.node != nil {
			at = f.Severity.node
		}
		c.file.note(at, name, "finding.severity is %q: want low, medium, high or critical", f.Severity.string)
	}
	if strings.TrimSpace(f.Title.string) == "" {
		c.file.note(at, name, "its finding has no title")
	}
}

func kinds() string {
	var names []string
	for k := range maps.Keys(rules.DefaultRelations()) {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (c *compiler) checkCases(f *fileRule) {
	for i, one := range f.Cases {
		what := fmt.Sprintf("case %d (%s)", i+1, one.Name)
		if len(one.Events) == 0 {
			c.file.note(f.Name.node, f.Name.string, "%s has no events", what)
		}
		for _, network := range one.Known {
			if _, err := netip.ParsePrefix(network); err != nil {
				c.file.note(f.Name.node, f.Name.string, "%s: %q is no network", what, network)
			}
		}
		if s := one.Want.Severity; s != "" {
			if _, err := finding.ParseSeverity(s); err != nil {
				c.file.note(f.Name.node, f.Name.string, "%s: %v", what, err)
			}
		}
	}
}

// predicate compiles a rule's predicate; nil when it is bad.
func (c *compiler) predicate(f *fileRule) *predicate {
	scope := c.onVerdict
	switch f.On.string {
	case "event":
		scope = c.onEvent
	case "verdict":
	default:
		c.file.note(f.anywhere(), f.Name.string, "on is %q: want event or verdict", f.On.string)
		return nil
	}
	if f.When.node == nil {
		c.file.note(f.On.node, f.Name.string, "has no when")
		return nil
	}
	p, bad := scope.compile(f.When.string)
	for _, problem := range bad {
		c.file.noteProblem(f.When, f.Name.string, problem)
	}
	return p
}

func (c *compiler) effect(f *fileRule) rules.Effect {
	e := rules.Effect{Rule: f.Name.string, Owner: f.Owner, Staged: f.Staged, Suppress: f.Suppress}
	for _, k := range f.Kinds {
		e.Kinds = append(e.Kinds, rules.Kind(k.string))
	}
	if f.Evidence != nil {
		e.Weight, e.Text = f.Evidence.Weight, f.Evidence.Text
	}
	if f.Finding != nil {
		e.Title = f.Finding.Title.string
		e.Severity, _ = finding.ParseSeverity(f.Finding.Severity.string) // checked by checkFinding
	}
	return e
}
