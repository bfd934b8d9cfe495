package custom

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Case is one case beside a rule: events, and what is to come of them.
type Case struct {
	Name string `yaml:"name"`
	// Events are CloudTrail records, written out or named by a path to a file of
	// them, which is relative to the rule file.
	Events []CaseEvent `yaml:"events"`
	// Known are one's own networks.
	Known []string `yaml:"known"`
	Want  Want     `yaml:"want"`
}

// Want is what a case is to come to. What is left empty is not looked at.
type Want struct {
	Flagged    bool     `yaml:"flagged"` // whether a finding is reported
	Severity   string   `yaml:"severity"`
	Rule       string   `yaml:"rule"`
	Evidence   []string `yaml:"evidence"` // codes that must be among the finding's
	Suppressed *bool    `yaml:"suppressed"`
}

// CaseEvent is a record, or the path of a file of records.
type CaseEvent struct {
	JSON []byte
	Path string
}

// UnmarshalYAML reads it.
func (e *CaseEvent) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&e.Path)
	}
	var record map[string]any
	if err := n.Decode(&record); err != nil {
		return err
	}
	var err error
	if e.JSON, err = json.Marshal(record); err != nil {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: no JSON object: %v", n.Line, err)}}
	}
	return nil
}
