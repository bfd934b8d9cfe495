package rules

import (
	"net/netip"
	"slices"
	"time"

	"github.com/straytoken/straytoken/finding"
)

// Exception is a use of sessions that the operator knows of and answers for. A
// verdict that meets all its criteria is not reported. At least one is to be
// given; one that is empty is met by all.
type Exception struct {
	Role    string       // ARN of the session's role; * and ? as in Glob
	Account string       // the session's account
	Network netip.Prefix // holds every intruder's address
	Kind    Kind
	Rule    Code      // what mainly convicts, as Verdict.Rule
	When    Predicate // nil: always
	Reason  string
	Owner   string    // who answers for it
	Expires time.Time // an intruder first seen then or later, by event time, is not covered; zero: never
}

// Predicate decides over a verdict. One that fails does not hold.
type Predicate interface {
	Holds(v *Verdict) bool
}

// Suppression says why a verdict is not reported.
type Suppression struct {
	By     string // "exception" or the rule that suppresses
	Reason string
	Owner  string
}

// except finds the first exception that a verdict meets; nil when there is none or
// nothing to suppress.
func (p *Policy) except(v *Verdict) *Suppression {
	if v.Intruder() == nil {
		return nil
	}
	for i := range p.Exceptions {
		if e := &p.Exceptions[i]; e.meets(v) {
			return &Suppression{By: "exception", Reason: e.Reason, Owner: e.Owner}
		}
	}
	return nil
}

// meets tells whether a verdict meets all criteria.
func (e *Exception) meets(v *Verdict) bool {
	switch {
	case e.Role != "" && !Glob(e.Role, v.Session.RoleARN),
		e.Account != "" && e.Account != v.Session.Account,
		e.Kind != "" && e.Kind != v.Kind,
		e.Rule != "" && e.Rule != v.Rule(),
		!e.coversIntruders(v):
		return false
	}
	return e.When == nil || e.When.Holds(v)
}

// coversIntruders tells whether all intruders came before the exception's end and
// from its network: an exception for one must not hide another.
func (e *Exception) coversIntruders(v *Verdict) bool {
	return !slices.ContainsFunc(v.Places, func(p Place) bool {
		return p.Role == finding.Intruder && !(e.holds(p.First().Address) && e.lasts(p.First().At()))
	})
}

func (e *Exception) holds(address string) bool {
	if !e.Network.IsValid() {
		return true
	}
	addr, err := netip.ParseAddr(address)
	return err == nil && e.Network.Contains(addr.Unmap())
}

func (e *Exception) lasts(at time.Time) bool { return e.Expires.IsZero() || at.Before(e.Expires) }

// Glob tells whether a text matches a pattern in which * stands for any characters,
// also none, and ? for exactly one byte. Everything else stands for itself.
func Glob(pattern, text string) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
