package labels_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
)

// The form of the hand-labelled sets: more fields than the program reads.
const byHand = `{
 "schema": 1, "set": "lab", "source": {"repo": "somewhere"},
 "stats": {"events": 2900, "n_accounts": 1, "temporary_keys": 130, "accounts": ["123837392027"]},
 "thefts": [{"id": "t1", "workload": "ec2", "access_key": "ASIAONE", "principal_id": "AROAX:i-1",
  "session_created": "2023-07-10T11:55:22Z", "sibling_keys": ["ASIATWO"], "legit_addresses": ["3.225.16.109"],
  "attacker_addresses": ["192.168.10.20"], "must_flag": ["e1", "e2"], "derived_credentials": ["ASIATHREE"],
  "decisive_evidence": ["prose"], "attacker_is_first_use_of_key": true}],
 "must_not_flag": "the rest",
 "benign_multi_address": [{"key": "ASIACONSOLE", "principal": "arn", "addresses": ["10.8.8.10", "10.107.159.90"], "why": "console"}]
}`

func TestReadByHand(t *testing.T) {
	set, err := labels.Read(strings.NewReader(byHand))
	if err != nil {
		t.Fatal(err)
	}
	theft := set.Thefts[0]
	if !theft.IsVisible() || !theft.FirstUseOfKey || theft.SessionCreated.Year() != 2023 {
		t.Errorf("theft %+v", theft)
	}
	if keys := theft.Keys(); !reflect.DeepEqual(keys, []string{"ASIAONE", "ASIATWO", "ASIATHREE"}) {
		t.Errorf("keys %v", keys)
	}
	if len(set.Benign) != 1 || set.Benign[0].Pattern != "multi-address" || set.Benign[0].Keys[0] != "ASIACONSOLE" {
		t.Errorf("benign %+v", set.Benign)
	}
}

func TestWriteAndReadAgain(t *testing.T) {
	hidden := false
	set := &labels.Set{Schema: labels.Schema, Name: "simulated", Thefts: []labels.Theft{{
		ID: "t1", Scenario: "s", AccessKey: "ASIAONE", Visible: &hidden, Hidden: "unlogged",
		SessionCreated: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC), FirstUse: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}}, Benign: []labels.Benign{{Pattern: "nat", Keys: []string{"ASIAK"}, Addresses: []string{"3.3.3.3"}}}}
	var b bytes.Buffer
	if err := set.Write(&b); err != nil {
		t.Fatal(err)
	}
	again, err := labels.Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, set) {
		t.Errorf("read %+v, wrote %+v", again, set)
	}
	if again.Thefts[0].IsVisible() {
		t.Error("a hidden theft became visible")
	}
}

func TestReadRefuses(t *testing.T) {
	for name, text := range map[string]string{"no JSON": "x", "unknown schema": `{"schema": 2}`, "empty": ""} {
		t.Run(name, func(t *testing.T) {
			if _, err := labels.Read(strings.NewReader(text)); err == nil {
				t.Error("accepted")
			}
		})
	}
}
