package config

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Warnings are what a good configuration should not have, each with its place, as of
// a time: networks and exceptions that no longer hold, networks that nobody answers
// for or that are listed twice.
func (c *Config) Warnings(now time.Time) []string {
	return append(c.Judge.networkWarnings(now), c.Judge.expired(now)...)
}

func (j *Judge) networkWarnings(now time.Time) []string {
	networks := slices.Clone(j.Networks)
	slices.SortStableFunc(networks, func(a, b Network) int { return cmp.Compare(a.CIDR.line, b.CIDR.line) })
	var out []string
	for i, n := range networks {
		warn := func(format string, args ...any) {
			out = append(out, fmt.Sprintf("line %d: %s ", n.CIDR.line, n.CIDR)+fmt.Sprintf(format, args...))
		}
		if n.Expires.past(now) {
			warn("expired on %s: remove it or renew it", n.Expires.Format(time.DateOnly))
		}
		if n.Reason == "" {
			warn("has no reason: nobody will know why it is trusted")
		}
		if n.Owner == "" {
			warn("has no owner: nobody answers for it")
		}
		if k := slices.IndexFunc(networks[:i], n.repeats); k >= 0 {
			warn("is on line %d too, for the same accounts", networks[k].CIDR.line)
		}
	}
	return out
}

// repeats tells whether two networks are the same for some account. One inside
// another is no repetition.
func (n *Network) repeats(o Network) bool {
	if n.CIDR.Prefix != o.CIDR.Prefix {
		return false
	}
	return len(n.Accounts) == 0 || len(o.Accounts) == 0 || slices.ContainsFunc(n.Accounts, func(id string) bool { return slices.Contains(o.Accounts, id) })
}
