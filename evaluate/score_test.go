package evaluate_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/evaluate"
	"github.com/straytoken/straytoken/evaluate/labels"
	"github.com/straytoken/straytoken/finding"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// truth has two thefts that the log shows, one that it does not, and one benign session.
func truth() *labels.Set {
	hidden := false
	return &labels.Set{Schema: labels.Schema, Thefts: []labels.Theft{
		{ID: "ssrf-1", Scenario: "ssrf", AccessKey: "ASIAA", SiblingKeys: []string{"ASIAB"}, PrincipalID: "AROA1:i-1",
			LegitAddresses: []string{"3.3.3.3"}, AttackerAddresses: []string{"45.76.0.1"}, MustFlag: []string{"e1", "e2"}, FirstUse: noon},
		{ID: "chain-1", Scenario: "chain", AccessKey: "ASIAC", PrincipalID: "AROA2:i-2", LegitAddresses: []string{"3.3.3.4"}, ContextEvents: []string{"c1"},
			AttackerAddresses: []string{"45.76.0.2", "45.76.0.3"}, MustFlag: []string{"e3", "e4"},
			DerivedCredentials: []string{"ASIAD"}, DerivedEvents: []string{"e4"}, FirstUse: noon},
		{ID: "nat-1", Scenario: "nat", AccessKey: "ASIAE", PrincipalID: "AROA3:i-3", Visible: &hidden, MustFlag: []string{"e5"},
			LegitAddresses: []string{"3.3.3.5", "3.3.3.6"}, AttackerAddresses: []string{"3.3.3.5"}},
	}, Benign: []labels.Benign{{Pattern: "nat-failover", PrincipalIDs: []string{"AROA9:i-9"}, Keys: []string{"ASIAZ"}, Addresses: []string{"3.3.3.9"}}}}
}

// found makes a high finding, one minute after noon.
func found(id, key, principal, intruder string, events ...string) finding.Finding {
	return finding.Finding{
		ID: id, Status: finding.Open, Severity: finding.High, EventIDs: events, DetectedAt: noon.Add(time.Minute),
		Token:     finding.Token{AccessKeyID: key, PrincipalID: principal},
		Observed:  &finding.Observation{Address: intruder, Time: noon.Add(10 * time.Second)},
		Addresses: []finding.Address{{Address: intruder, Role: finding.Intruder}},
	}
}

func with(f finding.Finding, change func(*finding.Finding)) finding.Finding {
	change(&f)
	return f
}

func score(t *testing.T, findings ...finding.Finding) evaluate.Report {
	t.Helper()
	var b bytes.Buffer
	for _, f := range findings {
		if err := json.NewEncoder(&b).Encode(f); err != nil {
			t.Fatal(err)
		}
	}
	alerts, err := evaluate.ReadFindings(&b)
	if err != nil {
		t.Fatal(err)
	}
	return evaluate.Score(truth(), alerts, evaluate.DefaultSeverity)
}

func TestScore(t *testing.T) {
	first := found("f1", "ASIAA", "AROA1:i-1", "45.76.0.1", "e1", "e2")
	second := found("f2", "ASIAC", "AROA2:i-2", "45.76.0.2", "e3", "e4")
	closed := func(f *finding.Finding) { f.Status = finding.Closed }
	low := func(f *finding.Finding) { f.Severity = finding.Low }
	owner := finding.Address{Address: "3.3.3.3", Role: finding.Intruder}
	tests := []struct {
		name                                     string
		findings                                 []finding.Finding
		alerts, found, swapped, false, withdrawn int
		missed                                   string
	}{
		{"nothing", nil, 0, 0, 0, 0, 0, "ssrf-1 chain-1"},
		{"perfect", []finding.Finding{first, second}, 2, 2, 0, 0, 0, ""},
		{"missed", []finding.Finding{first}, 1, 1, 0, 0, 0, "chain-1"},
		{"by sibling key", []finding.Finding{found("f1", "ASIAB", "", "45.76.0.1")}, 1, 1, 0, 0, 0, "chain-1"},
		{"by a second key", []finding.Finding{with(found("f1", "ASIAX", "", "45.76.0.1"), func(f *finding.Finding) { f.Token.AccessKeyIDs = []string{"ASIAX", "ASIAB"} })}, 1, 1, 0, 0, 0, "chain-1"},
		{"by derived key", []finding.Finding{found("f1", "ASIAD", "AROA7:x", "45.76.0.3", "e4")}, 1, 1, 0, 0, 0, "ssrf-1"},
		{"repeated line", []finding.Finding{first, first, second}, 2, 2, 0, 0, 0, ""},
		{"two alerts for one theft", []finding.Finding{first, found("f1b", "ASIAB", "AROA1:i-1", "45.76.0.1")}, 2, 1, 0, 0, 0, "chain-1"},
		{"benign session", []finding.Finding{first, second, found("f3", "ASIAZ", "AROA9:i-9", "3.3.3.9", "e9")}, 3, 2, 0, 1, 0, ""},
		{"unknown session", []finding.Finding{found("f3", "ASIAQ", "AROA8:i-8", "3.3.3.8")}, 1, 0, 0, 1, 0, "ssrf-1 chain-1"},
		{"owner accused", []finding.Finding{found("f1", "ASIAA", "AROA1:i-1", "3.3.3.3", "e7"), second}, 2, 1, 1, 0, 0, "ssrf-1"},
		{"third address accused", []finding.Finding{found("f1", "ASIAA", "AROA1:i-1", "9.9.9.9")}, 1, 0, 0, 1, 0, "ssrf-1 chain-1"},
		{"right address, none of the events", []finding.Finding{found("f1", "ASIAA", "AROA1:i-1", "45.76.0.1", "e9")}, 1, 0, 0, 1, 0, "ssrf-1 chain-1"},
		{"both accused", []finding.Finding{with(first, func(f *finding.Finding) { f.Addresses = append(f.Addresses, owner) }), second}, 2, 2, 0, 0, 0, ""},
		{"closed in the end", []finding.Finding{first, with(first, closed), second}, 1, 1, 0, 0, 1, "ssrf-1"},
		{"closed and opened again", []finding.Finding{first, with(first, closed), first, second}, 2, 2, 0, 0, 0, ""},
		{"too low", []finding.Finding{with(first, low), second}, 1, 1, 0, 0, 0, "ssrf-1"},
		{"owner accused in a hidden theft", []finding.Finding{first, second, found("f4", "ASIAE", "AROA3:i-3", "3.3.3.6", "e8")}, 3, 2, 0, 1, 0, ""},
		{"context of a theft", []finding.Finding{first, second, found("f5", "ASIAC", "AROA2:i-2", "10.107.159.90", "c1")}, 3, 2, 0, 0, 0, ""},
		{"hidden theft", []finding.Finding{first, second, found("f4", "ASIAE", "AROA3:i-3", "3.3.3.5", "e5")}, 3, 2, 0, 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := score(t, tt.findings...)
			if r.Alerts != tt.alerts || r.Total.Found != tt.found || len(r.Swapped) != tt.swapped || len(r.False) != tt.false || r.Withdrawn != tt.withdrawn {
				t.Errorf("alerts %d, found %d, swapped %d, false %d, withdrawn %d", r.Alerts, r.Total.Found, len(r.Swapped), len(r.False), r.Withdrawn)
			}
			if missed := strings.Join(r.Missed, " "); missed != tt.missed {
				t.Errorf("missed %q, want %q", missed, tt.missed)
			}
		})
	}
}

func TestScoreFigures(t *testing.T) {
	r := score(t,
		found("f1", "ASIAA", "AROA1:i-1", "45.76.0.1", "e1"),
		found("f1b", "ASIAB", "AROA1:i-1", "45.76.0.1", "e2"),
		found("f2", "ASIAC", "AROA2:i-2", "3.3.3.4"),
		found("f3", "ASIAZ", "AROA9:i-9", "3.3.3.9"))
	total := r.Total
	if total.Recall != 0.5 || total.Precision != 0.5 || total.AlertsPerTheft != 2 || total.Covered != 2 || total.Events != 4 {
		t.Errorf("total %+v", total)
	}
	if total.MedianDelay != time.Minute || r.Thefts[0].Onset != 10*time.Second {
		t.Errorf("delay %v, onset %v", total.MedianDelay, r.Thefts[0].Onset)
	}
	chain := r.Scenarios[slices.IndexFunc(r.Scenarios, func(t evaluate.Tally) bool { return t.Scenario == "chain" })]
	if chain.Recall != 0 || chain.Precision != 0 || chain.Swapped != 1 {
		t.Errorf("chain %+v", chain)
	}
	if r.Hidden.Thefts != 1 || r.Hidden.Found != 0 {
		t.Errorf("hidden %+v", r.Hidden)
	}
	if r.False[0].About != "nat-failover" || r.Swapped[0].About != "chain-1" {
		t.Errorf("false about %q, swapped about %q", r.False[0].About, r.Swapped[0].About)
	}
}

func TestScoreCountsDerivedEvents(t *testing.T) {
	r := score(t, found("f2", "ASIAC", "AROA2:i-2", "45.76.0.2", "e3", "e4"))
	if c := r.Thefts[1]; c.Derived != 1 || c.DerivedCovered != 1 || c.Covered != 2 || c.Severity != "high" {
		t.Errorf("theft %+v", c)
	}
}

func TestScoreCountsMixedVerdicts(t *testing.T) {
	r := score(t, with(found("f1", "ASIAA", "AROA1:i-1", "45.76.0.1", "e1"), func(f *finding.Finding) {
		f.Addresses = append(f.Addresses, finding.Address{Address: "3.3.3.3", Role: finding.Intruder})
	}))
	if r.Total.Mixed != 1 || r.Total.Found != 1 {
		t.Errorf("total %+v", r.Total)
	}
}

// An alert counts from when it became serious enough, not from its first line.
func TestDelayCountsFromTheSeverity(t *testing.T) {
	f := found("f1", "ASIAA", "AROA1:i-1", "45.76.0.1", "e1")
	r := score(t,
		with(f, func(f *finding.Finding) { f.Severity = finding.Low }),
		with(f, func(f *finding.Finding) { f.DetectedAt = noon.Add(5 * time.Minute) }),
		with(f, func(f *finding.Finding) { f.DetectedAt = noon.Add(9 * time.Minute) }))
	if r.Total.MedianDelay != 5*time.Minute {
		t.Errorf("delay %v, want 5m", r.Total.MedianDelay)
	}
}

func TestReportTextHidesTheDelayOfAnOldLog(t *testing.T) {
	f := with(found("f1", "ASIAA", "AROA1:i-1", "45.76.0.1", "e1"), func(f *finding.Finding) { f.DetectedAt = noon.AddDate(1, 0, 0) })
	r := score(t, f)
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "8760h") {
		t.Errorf("a year's delay in\n%s", b.String())
	}
}

func TestReportText(t *testing.T) {
	r := score(t, found("f1", "ASIAA", "AROA1:i-1", "45.76.0.1", "e1"), found("f3", "ASIAZ", "AROA9:i-9", "3.3.3.9"),
		found("f2", "ASIAC", "AROA2:i-2", "3.3.3.4"))
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"severity medium", "missed: chain-1", "swapped: f2 about chain-1", "false: 1 about nat-failover", "hidden (not scored)"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	var asJSON bytes.Buffer
	if err := r.WriteJSON(&asJSON); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(asJSON.Bytes()) {
		t.Error("report is not JSON")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }

func TestReportSaysWhenItCannotBeWritten(t *testing.T) {
	r := score(t)
	if r.WriteText(brokenPipe{}) == nil || r.WriteJSON(brokenPipe{}) == nil {
		t.Error("a failed write went unnoticed")
	}
}

func TestReadFindingsRefuses(t *testing.T) {
	for name, text := range map[string]string{"half a line": `{"id": "f1"`, "no id": `{}`, "no finding": `[]`} {
		t.Run(name, func(t *testing.T) {
			if _, err := evaluate.ReadFindings(strings.NewReader(text)); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// A second finding about a credential that the thief made is no repetition; a second one about the stolen session is.
func TestAlertsOfOneSession(t *testing.T) {
	made := found("f2", "ASIAD", "AROA8:made", "45.76.0.3", "e4")
	for name, c := range map[string]struct {
		findings []finding.Finding
		most     int
	}{
		"once, and once the credential made": {[]finding.Finding{found("f1", "ASIAC", "AROA2:i-2", "45.76.0.2", "e3"), made}, 1},
		"twice":                              {[]finding.Finding{found("f1", "ASIAC", "AROA2:i-2", "45.76.0.2", "e3"), found("f3", "ASIAC", "AROA2:i-2", "45.76.0.2", "e3")}, 2},
		"only the credential made":           {[]finding.Finding{made}, 0},
	} {
		if r := score(t, c.findings...); r.Total.OfSession != c.most || r.Total.Found != 1 {
			t.Errorf("%s: at most %d, found %d; want at most %d, found 1", name, r.Total.OfSession, r.Total.Found, c.most)
		}
	}
}
