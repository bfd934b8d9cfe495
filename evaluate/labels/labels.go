// Package labels is the ground truth beside a set of CloudTrail records: which
// sessions were stolen, which events are the thief's, and which sessions only
// look odd. Labels come from whoever made the records, never from detection
// logic. The JSON form is the one of the project's labelled data sets.
package labels

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Schema is the version of the JSON form that this package writes.
const Schema = 1

// Set is all that is known about one set of records.
type Set struct {
	Schema      int      `json:"schema"`
	Name        string   `json:"set"`
	Stats       Stats    `json:"stats"`
	Thefts      []Theft  `json:"thefts"`
	MustNotFlag string   `json:"must_not_flag"`
	Benign      []Benign `json:"benign"`
}

// Stats describes the records in numbers.
type Stats struct {
	Events         int       `json:"events"` // records, with duplicates
	UniqueEventIDs int       `json:"unique_event_ids"`
	Files          int       `json:"files,omitempty"`
	First          time.Time `json:"first"`
	Last           time.Time `json:"last"`
	Accounts       []string  `json:"accounts"`
	AccountCount   int       `json:"n_accounts"`
	EventVersions  []string  `json:"event_versions"`
	IssuedKeys     int       `json:"issued_temporary_keys"`
}

// Theft is one stolen session.
type Theft struct {
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	// Workload is the kind of the robbed session: "ec2", "lambda", "ecs", ….
	Workload string `json:"workload"`
	// AccessKey is the key that was stolen.
	AccessKey      string    `json:"access_key"`
	PrincipalID    string    `json:"principal_id"`
	SessionCreated time.Time `json:"session_created"`
	// SiblingKeys are the other keys of the same principal session.
	SiblingKeys       []string `json:"sibling_keys"`
	LegitAddresses    []string `json:"legit_addresses"`
	AttackerAddresses []string `json:"attacker_addresses"`
	// MustFlag are the IDs of the thief's events, oldest first, those made with
	// derived credentials included.
	MustFlag []string `json:"must_flag"`
	// FirstUse is the time of the thief's first event; zero when not recorded.
	FirstUse time.Time `json:"first_use,omitzero"`
	// ContextEvents belong to the story but need no alert: the command that read
	// the credentials, a service acting for the thief.
	ContextEvents []string `json:"context_events"`
	// DerivedCredentials are the keys that the thief had issued by the stolen ones.
	DerivedCredentials []string `json:"derived_credentials"`
	// DerivedEvents is the part of MustFlag made with derived credentials.
	DerivedEvents []string `json:"derived_events,omitempty"`
	FirstUseOfKey bool     `json:"attacker_is_first_use_of_key"`
	// FirstUseOfSession says that the thief came before the owner, or that the owner never came.
	FirstUseOfSession bool `json:"attacker_is_first_use_of_principal_session"`
	// Hidden, when not empty, says why no reader of the log can see this theft.
	Hidden  string `json:"why_invisible,omitempty"`
	Visible *bool  `json:"visible,omitempty"` // nil means visible
	Note    string `json:"note,omitempty"`
}

// IsVisible tells whether the log shows the theft at all.
func (t *Theft) IsVisible() bool { return t.Visible == nil || *t.Visible }

// Keys lists every key that belongs to the theft: stolen, sibling and derived.
func (t *Theft) Keys() []string {
	keys := append([]string{t.AccessKey}, t.SiblingKeys...)
	return append(keys, t.DerivedCredentials...)
}

// Benign is one instance of a pattern that looks like theft and is none.
type Benign struct {
	Pattern      string   `json:"pattern"`
	Workload     string   `json:"workload,omitempty"`
	PrincipalIDs []string `json:"principal_ids,omitempty"`
	Keys         []string `json:"keys"`
	Addresses    []string `json:"addresses"`
	Why          string   `json:"why"`
}

// multiAddress is how the hand-labelled sets name a benign session.
type multiAddress struct {
	Key       string   `json:"key"`
	Principal string   `json:"principal"`
	Addresses []string `json:"addresses"`
	Why       string   `json:"why"`
}

// Read reads one set. Unknown fields are skipped: hand-labelled sets carry more
// prose than any program reads.
func Read(r io.Reader) (*Set, error) {
	var file struct {
		Set
		MultiAddress []multiAddress `json:"benign_multi_address"`
	}
	if err := json.NewDecoder(r).Decode(&file); err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	if file.Schema != Schema {
		return nil, fmt.Errorf("read labels: schema %d, want %d", file.Schema, Schema)
	}
	for _, m := range file.MultiAddress {
		file.Benign = append(file.Benign, Benign{
			Pattern: "multi-address", Keys: []string{m.Key}, PrincipalIDs: []string{m.Principal},
			Addresses: m.Addresses, Why: m.Why,
		})
	}
	return &file.Set, nil
}

// Write writes the set as indented JSON.
func (s *Set) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	return nil
}
