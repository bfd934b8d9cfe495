package rules_test

import (
	"context"
	"testing"
	"time"

	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

// TestForgottenFirstUse: what time to live leaves of a session, steps without
// observations, is judged without a panic, and accuses nobody.
func TestForgottenFirstUse(t *testing.T) {
	const lock = "AROAWEB:i-0000000000000000a"
	memory := state.NewMemory(100)
	for _, member := range []string{"token|ASIAAAAAAAAAAAAAAAA1", "use|198.51.100.10||ASIAAAAAAAAAAAAAAAA1", "use|203.0.113.66||ASIAAAAAAAAAAAAAAAA1"} {
		left := state.Fact{Key: rules.SessionKey(lock), Member: member, Observation: state.Observation{Time: 1_772_000_000}, Retention: state.Retention{Step: 6 * time.Hour}}
		if err := memory.Put(context.Background(), []state.Fact{left}); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range (&rules.Policy{}).Judge(lock, memory) {
		if v.Intruder() != nil {
			t.Errorf("an intruder from nothing: %+v", v)
		}
	}
}
