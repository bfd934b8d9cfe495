package straytoken_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/evaluate"
	"github.com/straytoken/straytoken/evaluate/labels"
	"github.com/straytoken/straytoken/simulate"
)

// scenarioTable is what the tour's scan made of each theft.
func scenarioTable(t *testing.T, dir string) string {
	t.Helper()
	set, alerts := truth(t, dir), findings(t, dir)
	byID := map[string]evaluate.Alert{}
	for _, a := range alerts {
		byID[a.ID] = a
	}
	results := map[string]evaluate.Result{}
	report := evaluate.Score(set, alerts, evaluate.DefaultSeverity)
	if wrong := len(report.Missed) + len(report.False) + len(report.Swapped); wrong > 0 {
		t.Errorf("the tour's scan is wrong in %d findings: missed %v, false %+v, swapped %+v", wrong, report.Missed, report.False, report.Swapped)
	}
	for _, r := range report.Thefts {
		results[r.Scenario] = r
	}
	var b strings.Builder
	b.WriteString("| Scenario | What the thief does | Found as | Evidence |\n|---|---|---|---|\n")
	for _, s := range simulate.Scenarios() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, s.Description, outcome(s, results[s.Name], byID))
	}
	return b.String()
}

// outcome is what was found of a scenario, and by what evidence.
func outcome(s simulate.Scenario, r evaluate.Result, alerts map[string]evaluate.Alert) string {
	if len(r.Alerts) == 0 {
		return "not found | " + s.Hidden
	}
	var pieces []string
	for _, e := range alerts[r.Alerts[0]].Evidence {
		pieces = append(pieces, fmt.Sprintf("`%s` %d", e.Code, e.Weight))
	}
	return r.Severity + " | " + strings.Join(pieces, ", ")
}

// patternTable lists what is harmless in the tour's traffic.
func patternTable(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| Pattern | What happens |\n|---|---|\n")
	for _, p := range truth(t, dir).Benign {
		fmt.Fprintf(&b, "| `%s` | %s |\n", p.Pattern, p.Why)
	}
	return b.String()
}

func truth(t *testing.T, dir string) *labels.Set {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "traffic", "labels.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	set, err := labels.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func findings(t *testing.T, dir string) []evaluate.Alert {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "findings.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	alerts, err := evaluate.ReadFindings(f)
	if err != nil {
		t.Fatal(err)
	}
	return alerts
}
