// Package evaluate scores findings against labelled records: what was found, what
// was missed, who was accused in place of the thief, and how long it took.
//
// It judges findings by keys, principals, addresses and event ids only, never by
// the rule or evidence that led to them.
package evaluate
