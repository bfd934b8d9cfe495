package custom

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/rules"
)

// Rule is one compiled rule.
type Rule struct {
	rules.Effect
	Path  string // its file
	Cases []Case

	onEvent bool
	when    *predicate
}

// Failures counts the evaluations of the rule that failed.
func (r *Rule) Failures() int64 { return r.when.failures.Load() }

// Engine is compiled rules. It is safe for concurrent use; a nil Engine has no
// rules.
type Engine struct {
	rules    []*Rule
	byName   map[string]*Rule
	verdicts []*Rule
	events   map[string][]*Rule // by the event name that the rule needs
	unnamed  []*Rule            // rules over events of any name
}

var _ rules.Custom = (*Engine)(nil)

// Load reads and compiles rule files. What is wrong with their content is all in
// one error of type Errors.
func Load(paths []string) (*Engine, error) {
	var files []*file
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		files = append(files, readFile(path, content))
	}
	return compile(files)
}

// Parse compiles the content of one rule file, whose path is for messages.
func Parse(path string, content []byte) (*Engine, error) {
	return compile([]*file{readFile(path, content)})
}

func compile(files []*file) (*Engine, error) {
	c := &compiler{engine: newEngine()}
	var errE, errV error
	c.onEvent, errE = eventScope()
	c.onVerdict, errV = verdictScope()
	if err := errors.Join(errE, errV); err != nil {
		return nil, err
	}
	var bad Errors
	for _, f := range files {
		c.file = f
		for i := range f.rules {
			c.rule(&f.rules[i])
		}
		bad = append(bad, f.bad...)
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return c.engine, nil
}

// add puts a rule where it is looked for.
func (e *Engine) add(r *Rule) {
	e.rules = append(e.rules, r)
	e.byName[r.Rule] = r
	if !r.onEvent {
		e.verdicts = append(e.verdicts, r)
		return
	}
	names, ok := eventNames(r.when.expr)
	if !ok {
		e.unnamed = append(e.unnamed, r)
		return
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		e.events[name] = append(e.events[name], r)
	}
}

// Rules lists the rules in the order of their files.
func (e *Engine) Rules() []*Rule {
	if e == nil {
		return nil
	}
	return e.rules
}

// Staged names the rules that are staged.
func (e *Engine) Staged() []string {
	var out []string
	for _, r := range e.Rules() {
		if r.Effect.Staged {
			out = append(out, r.Rule)
		}
	}
	return out
}

// OnEvents tells whether there is a rule over events.
func (e *Engine) OnEvents() bool { return e != nil && len(e.unnamed)+len(e.events) > 0 }

// Events implements rules.Custom.
func (e *Engine) Events(event *cloudtrail.Event) []string {
	named := e.events[event.Name]
	if len(named)+len(e.unnamed) == 0 {
		return nil
	}
	vars := &eventVars{event: event}
	var out []string
	for _, list := range [][]*Rule{named, e.unnamed} {
		for _, r := range list {
			if r.when.holds(vars) {
				out = append(out, r.Rule)
			}
		}
	}
	return out
}

// Verdicts implements rules.Custom.
func (e *Engine) Verdicts(v *rules.Verdict) []*rules.Effect {
	var out []*rules.Effect
	var vars map[string]any
	for _, r := range e.verdicts {
		if len(r.Kinds) > 0 && !slices.Contains(r.Kinds, v.Kind) {
			continue
		}
		if vars == nil {
			vars = verdictVars(v)
		}
		if r.when.holds(vars) {
			out = append(out, &r.Effect)
		}
	}
	return out
}

// Effect implements rules.Custom.
func (e *Engine) Effect(rule string) *rules.Effect {
	r := e.byName[rule]
	if r == nil || !r.onEvent {
		return nil
	}
	return &r.Effect
}

// Alone is an engine of this rule alone, in force even where it is staged.
func (r *Rule) Alone() *Engine {
	one := &Rule{Effect: r.Effect, Path: r.Path, onEvent: r.onEvent, when: &predicate{program: r.when.program, expr: r.when.expr}}
	one.Effect.Staged = false
	e := newEngine()
	e.add(one)
	return e
}

func newEngine() *Engine { return &Engine{byName: map[string]*Rule{}, events: map[string][]*Rule{}} }

// Relative gives the path of a file that a case names.
func (r *Rule) Relative(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.Path), path)
}
