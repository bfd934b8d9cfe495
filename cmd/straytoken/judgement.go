package main

import (
	"github.com/straytoken/straytoken/config"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/rules/custom"
)

// judgement is what a configuration says of judgement, with its custom rules.
type judgement struct {
	policy    *rules.Policy
	extractor rules.Extractor
	engine    *custom.Engine
	when      []custom.Predicate // conditions of exceptions
}

// newJudgement loads the custom rules of a configuration and of more files.
func newJudgement(c *config.Config, more ...string) (*judgement, error) {
	files, err := c.Judge.RuleFiles()
	if err != nil {
		return nil, coded{exitUsage, err}
	}
	engine, err := custom.Load(append(files, more...))
	if err != nil {
		return nil, coded{exitUsage, err}
	}
	var names []string
	for _, r := range engine.Rules() {
		names = append(names, r.Rule)
	}
	if err := c.Judge.CheckRules(names); err != nil {
		return nil, coded{exitUsage, err}
	}
	j := &judgement{policy: policy(&c.Judge), engine: engine}
	j.extractor = rules.Extractor{Keep: c.State.KeepQuiet, Contested: c.State.KeepDisputed}
	j.except(c.Judge.Exceptions)
	if len(names) > 0 {
		j.policy.Custom = engine
	}
	if engine.OnEvents() {
		j.extractor.Custom = engine
	}
	return j, nil
}

func (j *judgement) except(list []config.Exception) {
	for i := range list {
		e := &list[i]
		one := rules.Exception{Role: e.Role.Text, Account: e.Account, Network: e.Network.Prefix, Kind: rules.Kind(e.Kind),
			Rule: rules.Code(e.Rule), Reason: e.Reason, Owner: e.Owner, Expires: e.Expires.Time}
		if when, ok := e.When.Predicate(); ok {
			one.When, j.when = when, append(j.when, when)
		}
		j.policy.Exceptions = append(j.policy.Exceptions, one)
	}
}

// failures gives the counters of rules that fail, by rule; the conditions of
// exceptions count together.
func (j *judgement) failures() map[string]func() int64 {
	out := map[string]func() int64{}
	for _, r := range j.engine.Rules() {
		out[r.Rule] = r.Failures
	}
	if len(j.when) > 0 {
		out[custom.Exceptions] = func() (n int64) {
			for _, p := range j.when {
				n += p.Failures()
			}
			return n
		}
	}
	return out
}
