package replay_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/replay"
)

func sources(t *testing.T) []replay.Source {
	t.Helper()
	var list []replay.Source
	for _, e := range decode(t, bodies(generate(10, 3))...) {
		list = append(list, e.Source)
	}
	return list
}

func TestEnvelopesDecodeToTheSameEvents(t *testing.T) {
	events := sources(t)
	single := map[replay.Format]bool{replay.Event: true, replay.EventBridge: true, replay.Base64: true}
	for _, f := range replay.Formats() {
		if f == replay.Mixed {
			continue
		}
		t.Run(string(f), func(t *testing.T) {
			var e replay.Encoder
			for range 2 { // the second time with a used encoder
				want := events
				if single[f] {
					want = events[:1]
				}
				data, err := e.Encode(f, want)
				if err != nil {
					t.Fatal(err)
				}
				got := decode(t, data)
				if len(got) != len(want) {
					t.Fatalf("%d events of %d", len(got), len(want))
				}
				for i := range got {
					if got[i].json != string(want[i].JSON) || got[i].PartitionKey != want[i].PartitionKey {
						t.Errorf("event %d is %s, was %s", i, got[i].json, want[i].JSON)
					}
				}
			}
		})
	}
}

func TestEncoderRefuses(t *testing.T) {
	events := sources(t)
	var e replay.Encoder
	for name, c := range map[string]struct {
		format replay.Format
		events []replay.Source
	}{
		"nothing":             {replay.Trail, nil},
		"several in a single": {replay.Event, events[:2]},
		"mixed":               {replay.Mixed, events[:1]},
	} {
		if _, err := e.Encode(c.format, c.events); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEventBridgeFields(t *testing.T) {
	s := sources(t)[0]
	for eventType, want := range map[string]string{
		"AwsApiCall":       "AWS API Call via CloudTrail",
		"AwsConsoleSignIn": "AWS Console Sign In via CloudTrail",
		"AwsServiceEvent":  "AWS Service Event via CloudTrail",
	} {
		s.Type = eventType
		var e replay.Encoder
		data, err := e.Encode(replay.EventBridge, []replay.Source{s})
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if got["detail-type"] != want || got["source"] != "aws.ec2" || got["account"] != "111111111111" ||
			got["region"] != "us-east-1" || got["time"] != epoch.Format(time.RFC3339) {
			t.Errorf("%s: %v", eventType, got)
		}
	}
}

func TestPartitionKeyFallsBack(t *testing.T) {
	e := &cloudtrail.Event{ID: "id", Identity: cloudtrail.Identity{AccessKeyID: "ASIA", PrincipalID: "AROA:s", AccountID: "1"}}
	var got []string
	for _, field := range []*string{&e.Identity.AccessKeyID, &e.Identity.PrincipalID, &e.Identity.AccountID, &e.ID} {
		got = append(got, replay.PartitionKey(e))
		*field = ""
	}
	got = append(got, replay.PartitionKey(e))
	if want := []string{"ASIA", "AROA:s", "1", "id", "unidentified"}; !slices.Equal(got, want) {
		t.Errorf("keys = %q, want %q", got, want)
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range replay.Formats() {
		if got, err := replay.ParseFormat(string(f)); err != nil || got != f {
			t.Errorf("%s: %q, %v", f, got, err)
		}
	}
	if _, err := replay.ParseFormat("avro"); err == nil {
		t.Error("avro is a format")
	}
}
