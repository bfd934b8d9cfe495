// Package custom compiles the operator's own rules, written in CEL in YAML files,
// for package rules.
//
// A predicate is checked when it is loaded: its names and types, that it decides yes
// or no, and that it cannot take long whatever the log says. At run time it is held
// to a cost limit besides. One that fails all the same holds for nothing, is
// counted, and disturbs no other.
package custom
