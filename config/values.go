package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/straytoken/straytoken/finding"
)

// problems are all that is wrong with a configuration, a line each.
type problems []string

func (p problems) Error() string { return strings.Join(p, "\n") }

// at is a problem at a node, in the form that the YAML library merges with its own.
func at(n *yaml.Node, format string, args ...any) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: ", n.Line) + fmt.Sprintf(format, args...)}}
}

// Duration is written as 15s, 5m or 1h30m.
type Duration struct{ time.Duration }

// UnmarshalYAML reads it.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if err != nil || v < 0 {
		return at(n, "%q is no duration: write 15s, 5m or 1h30m", n.Value)
	}
	d.Duration = v
	return nil
}

// MarshalYAML writes it.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

// Prefix is a network in CIDR form; a single address is a network of one. Empty is
// none.
type Prefix struct {
	netip.Prefix
	line int
}

// UnmarshalYAML reads it.
func (p *Prefix) UnmarshalYAML(n *yaml.Node) error {
	if n.Value == "" {
		return nil
	}
	p.line = n.Line
	if addr, err := netip.ParseAddr(n.Value); err == nil {
		p.Prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		return nil
	}
	v, err := netip.ParsePrefix(n.Value)
	if err != nil {
		return at(n, "%q is no network: write 192.0.2.0/24 or 2001:db8::/32", n.Value)
	}
	if v != v.Masked() {
		return at(n, "%q has bits set behind its mask: write %s", n.Value, v.Masked())
	}
	p.Prefix = v
	return nil
}

// MarshalYAML writes it.
func (p Prefix) MarshalYAML() (any, error) {
	if !p.IsValid() {
		return "", nil
	}
	return p.String(), nil
}

// Day is a date or an RFC 3339 time.
type Day struct{ time.Time }

// UnmarshalYAML reads it; empty is unset.
func (d *Day) UnmarshalYAML(n *yaml.Node) error {
	if n.Value == "" {
		return nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, n.Value); err == nil {
			d.Time = t.UTC()
			return nil
		}
	}
	return at(n, "%q is no date: write 2027-01-31 or 2027-01-31T12:00:00Z", n.Value)
}

// MarshalYAML writes it.
func (d Day) MarshalYAML() (any, error) {
	if d.IsZero() {
		return "", nil
	}
	return d.Format(time.RFC3339), nil
}

// IsZero leaves an unset day out of what is printed.
func (d Day) IsZero() bool { return d.Time.IsZero() }

// past tells whether a day is set and has come at a time.
func (d Day) past(now time.Time) bool { return !d.IsZero() && !now.Before(d.Time) }

// Start is latest, trim-horizon or a time.
type Start struct{ Text string }

// UnmarshalYAML reads it.
func (s *Start) UnmarshalYAML(n *yaml.Node) error {
	if _, err := time.Parse(time.RFC3339, n.Value); err != nil && n.Value != "latest" && n.Value != "trim-horizon" {
		return at(n, "%q is no start: write latest, trim-horizon or a time like 2027-01-31T12:00:00Z", n.Value)
	}
	s.Text = n.Value
	return nil
}

// MarshalYAML writes it.
func (s Start) MarshalYAML() (any, error) { return s.Text, nil }

// Severity is a severity's name; empty means the default.
type Severity struct{ Text string }

// UnmarshalYAML reads it; empty is unset.
func (s *Severity) UnmarshalYAML(n *yaml.Node) error {
	if n.Value == "" {
		return nil
	}
	if _, err := finding.ParseSeverity(n.Value); err != nil {
		return at(n, "%v", err)
	}
	s.Text = n.Value
	return nil
}

// MarshalYAML writes it.
func (s Severity) MarshalYAML() (any, error) { return s.Text, nil }

// Value is the severity; informational when none is set.
func (s Severity) Value() finding.Severity {
	v, err := finding.ParseSeverity(s.Text)
	if err != nil {
		return finding.Informational
	}
	return v
}

// Kind is a kind of output.
type Kind string

// UnmarshalYAML reads it.
func (k *Kind) UnmarshalYAML(n *yaml.Node) error {
	return oneOf(n, (*string)(k), "output", "stdout", "file")
}

// Format is a form of findings.
type Format string

// UnmarshalYAML reads it.
func (f *Format) UnmarshalYAML(n *yaml.Node) error {
	return oneOf(n, (*string)(f), "format", "json", "text")
}

// When is the moment at which an output hears of a finding.
type When string

// The moments.
const (
	AtOnce  When = "at-once"
	Settled When = "settled"
)

// UnmarshalYAML reads it.
func (w *When) UnmarshalYAML(n *yaml.Node) error {
	return oneOf(n, (*string)(w), "moment", string(AtOnce), string(Settled))
}

func oneOf(n *yaml.Node, v *string, what string, names ...string) error {
	if !slices.Contains(names, n.Value) {
		return at(n, "unknown %s %q: want one of %s", what, n.Value, strings.Join(names, ", "))
	}
	*v = n.Value
	return nil
}
