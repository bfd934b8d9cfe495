// Package rules judges: from what is remembered of a session it decides whether
// somebody else uses its credentials, and says why.
//
// It has two halves. Facts reduces one event to what is worth remembering of it.
// Judge reads remembered facts through a View and gives a Verdict. Both are pure:
// no I/O, no clock, no memory of their own. A verdict therefore depends on which
// events happened and not on the order in which they arrived, on how often, or on
// which worker saw them, and it can be reached again at any time.
//
// The operator has a say in two ways: by exceptions, which keep verdicts from being
// reported, and by rules of his own behind the interface Custom, which package
// rules/custom compiles. Both are pure as well.
package rules
