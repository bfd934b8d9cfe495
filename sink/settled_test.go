package sink_test

import (
	"bytes"
	"testing"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/sink"
)

// TestSettled: what is provisional does not pass, nor its close.
func TestSettled(t *testing.T) {
	var out bytes.Buffer
	findings := batch("st-1", "st-2", "st-1", "st-2")
	for i, f := range findings {
		f.Phase = finding.Provisional
		if f.ID == "st-2" {
			f.Phase = finding.Settled
		}
		if i > 1 {
			f.Activity, f.Status = finding.Close, finding.Closed
		}
	}
	if err := sink.Settled(sink.JSON(&out)).Send(t.Context(), findings); err != nil {
		t.Fatal(err)
	}
	checkIDs(t, out.Bytes(), 0, "st-2", "st-2")
}
