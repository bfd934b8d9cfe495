package main

import (
	"log/slog"
	"time"

	"github.com/straytoken/straytoken/config"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/rules/custom"
)

// judgement is what a configuration and the files that it names say of judgement.
type judgement struct {
	policy *rules.Policy
	engine *custom.Engine
	when   []custom.Predicate // conditions of exceptions
}

// newJudgement reads all that judgement depends on, with more files of rules.
func newJudgement(c *config.Config, more ...string) (*judgement, error) {
	engine, err := loadRules(c, more...)
	if err != nil {
		return nil, err
	}
	p, err := policy(c)
	if err != nil {
		return nil, err
	}
	j := &judgement{policy: p, engine: engine}
	j.except(c.Judge.Exceptions)
	if len(engine.Rules()) > 0 {
		p.Custom = engine
	}
	return j, nil
}

// loadRules compiles the custom rules of a configuration and of more files.
func loadRules(c *config.Config, more ...string) (*custom.Engine, error) {
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
	return engine, nil
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

// failures counts how often rules failed, by rule; the conditions of exceptions
// count together.
func (j *judgement) failures() map[string]int64 {
	out := map[string]int64{}
	for _, r := range j.engine.Rules() {
		out[r.Rule] = r.Failures()
	}
	for _, p := range j.when {
		out[custom.Exceptions] += p.Failures()
	}
	return out
}

// warn logs what a good configuration should not have.
func warn(log *slog.Logger, c *config.Config) {
	for _, warning := range c.Warnings(time.Now()) {
		log.Warn("the configuration has a weakness", "warning", warning)
	}
}
