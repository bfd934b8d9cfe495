package rules

import (
	"slices"

	"github.com/straytoken/straytoken/state"
)

// Fields of a member of classAgent, behind host and endpoint.
func family(parts []string) string { return parts[2] }
func system(parts []string) string { return parts[3] }
func version(parts []string) string {
	if parts[4] == "" {
		return ""
	}
	return parts[2] + " " + parts[4]
}

// software lists what a session's user agents showed at the places that match, and
// at all others, each sorted and without repetitions.
func software(session *state.Set, match func([]string) bool, field func([]string) string) (here, elsewhere []string) {
	for _, m := range session.Class(classAgent) {
		parts := state.Parts(m.Name)
		if len(parts) != 5 || field(parts) == "" {
			continue
		}
		if match(parts) {
			here = append(here, field(parts))
		} else {
			elsewhere = append(elsewhere, field(parts))
		}
	}
	slices.Sort(here)
	slices.Sort(elsewhere)
	return slices.Compact(here), slices.Compact(elsewhere)
}

// onHost matches all that happened at a host, behind whatever endpoint.
func onHost(host string) func([]string) bool {
	return func(parts []string) bool { return parts[0] == host }
}
