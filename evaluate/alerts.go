package evaluate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/straytoken/straytoken/finding"
)

// Alert is one finding in its final state, with its history in short.
type Alert struct {
	finding.Finding // the last line of its id
	// Lines is how many lines the finding had.
	Lines int
	// reached is when the finding was first open at a severity or a higher one.
	reached [finding.Critical + 1]time.Time
}

// ReachedAt is when the finding was first open with the severity or a higher one,
// zero when it never was.
func (a *Alert) ReachedAt(s finding.Severity) time.Time { return a.reached[s] }

// ReadFindings reads findings, one JSON object a line, and returns one alert per
// id in order of first appearance. An input without findings is no error.
func ReadFindings(r io.Reader) ([]Alert, error) {
	var alerts []Alert
	index := map[string]int{}
	dec := json.NewDecoder(r)
	for line := 1; ; line++ {
		var f finding.Finding
		err := dec.Decode(&f)
		if errors.Is(err, io.EOF) {
			return alerts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read findings: finding %d: %w", line, err)
		}
		if f.ID == "" {
			return nil, fmt.Errorf("read findings: finding %d has no id", line)
		}
		i, known := index[f.ID]
		if !known {
			i = len(alerts)
			index[f.ID] = i
			alerts = append(alerts, Alert{})
		}
		alerts[i].add(f)
	}
}

// add takes the next line of the alert's id.
func (a *Alert) add(f finding.Finding) {
	a.Finding = f
	a.Lines++
	if f.Status == finding.Closed {
		return
	}
	for s := finding.Informational; s <= f.Severity && s <= finding.Critical; s++ {
		if a.reached[s].IsZero() {
			a.reached[s] = f.DetectedAt
		}
	}
}

// stands tells whether the finding is open at the severity or above.
func (a *Alert) stands(minimum finding.Severity) bool {
	return a.Status != finding.Closed && a.Severity >= minimum
}

// keys are the access keys that the finding names.
func (a *Alert) keys() []string {
	return append([]string{a.Token.AccessKeyID}, a.Token.AccessKeyIDs...)
}

// intruders are the addresses that the finding calls an intruder's.
func (a *Alert) intruders() []string {
	var all []string
	for _, address := range a.Addresses {
		if address.Role == finding.Intruder {
			all = append(all, address.Address)
		}
	}
	if len(all) == 0 && a.Observed != nil {
		all = append(all, a.Observed.Address)
	}
	return all
}

// about tells whether the finding is about a session with one of the keys or principals.
func (a *Alert) about(keys, principals []string) bool {
	if a.Token.PrincipalID != "" && slices.Contains(principals, a.Token.PrincipalID) {
		return true
	}
	return slices.ContainsFunc(a.keys(), func(k string) bool { return k != "" && slices.Contains(keys, k) })
}
