package rules

import (
	"strings"

	"github.com/straytoken/straytoken/state"
)

// Mentions tells whether a session's facts name something: one of its access keys,
// its principal id, its workload or one of its events that are remembered.
func Mentions(session *state.Set, what string) bool {
	for _, m := range session.Class(classToken) {
		if strings.Contains(m.First().Value, what) {
			return true
		}
	}
	for _, m := range session.Class(classUse) {
		for _, o := range m.Seen {
			if o.EventID == what {
				return true
			}
		}
	}
	return false
}
