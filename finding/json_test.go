package finding_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/finding/jsonl"
)

// The contract as given: field names that every line has, and under them the
// names of its parts. Names may be added beside them.
const contract = `{
	"schema_version":0,"id":0,"activity":0,"status":0,"rule":0,"title":0,"severity":0,"confidence":0,"score":0,
	"evidence":[{"code":0,"weight":0,"text":0}],
	"token":{"access_key_id":0,"kind":0,"principal_id":0,"arn":0,"role_arn":0,"session_name":0,"account_id":0,"issued_at":0,"expires_at":0,"resource":0},
	"first_seen":{"address":0,"vpc_endpoint_id":0,"time":0,"event_id":0,"event_source":0,"event_name":0,"user_agent":0,"region":0},
	"observed":{"address":0,"vpc_endpoint_id":0,"time":0,"event_id":0,"event_source":0,"event_name":0,"user_agent":0,"region":0},
	"addresses":[{"address":0,"vpc_endpoint_id":0,"role":0,"first":0,"last":0}],
	"event_ids":0,"event_count":0,"first_time":0,"last_time":0,"detected_at":0,"attack":0,"containment":0}`

// added are the names that this version has beside the contract's.
const added = "access_key_id access_key_ids calls events phase reason why"

func TestJSONKeepsTheContract(t *testing.T) {
	full := closed(ec2Finding())
	var line, want any
	if err := json.Unmarshal(encode(t, full), &line); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(contract), &want); err != nil {
		t.Fatal(err)
	}
	checkNames(t, "", line, want)
}

func checkNames(t *testing.T, path string, got, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		got, _ := got.(map[string]any)
		for name, part := range want {
			value, ok := got[name]
			if !ok {
				t.Errorf("%s.%s is missing", path, name)
				continue
			}
			checkNames(t, path+"."+name, value, part)
		}
		for name := range maps.Keys(got) {
			if _, ok := want[name]; !ok && !slices.Contains(strings.Fields(added), name) {
				t.Errorf("%s.%s is new: add it to the list", path, name)
			}
		}
	case []any:
		got, _ := got.([]any)
		if len(got) == 0 {
			t.Fatalf("%s is no list", path)
		}
		checkNames(t, path+"[]", got[0], want[0])
	}
}

func encode(t *testing.T, f *finding.Finding) []byte {
	t.Helper()
	line, err := finding.AppendJSON(nil, f)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestJSONRoundTrip(t *testing.T) {
	for name, f := range map[string]*finding.Finding{"ec2": ec2Finding(), "close": closed(ec2Finding())} {
		t.Run(name, func(t *testing.T) {
			for got, err := range finding.ReadAll(bytes.NewReader(encode(t, f))) {
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, f) {
					t.Errorf("got %+v\nwant %+v", got, f)
				}
			}
		})
	}
}

func TestAppendJSONNormalises(t *testing.T) {
	east := time.FixedZone("east", 3*3600)
	f := &finding.Finding{
		Title: "a<b>&c\nd", FirstTime: at(1, 0, 0).In(east), LastTime: at(1, 0, 0).In(east), DetectedAt: at(1, 0, 0).In(east),
		Token:     finding.Token{IssuedAt: ptr(at(1, 0, 0).In(east))},
		FirstSeen: &finding.Observation{Time: at(1, 0, 0).In(east)},
		Addresses: []finding.Address{{First: at(1, 0, 0).In(east), Last: at(1, 0, 0).In(east)}},
		Calls:     []finding.Observation{{Time: at(1, 0, 0).In(east)}}, Containment: &finding.Containment{},
	}
	line := string(encode(t, f))
	for _, want := range []string{`"schema_version":"1.0"`, `"evidence":[]`, `"event_ids":[]`, `"attack":[]`, `"steps":[]`, `a<b>&c\nd`} {
		if !strings.Contains(line, want) {
			t.Errorf("%s not in %s", want, line)
		}
	}
	if strings.Contains(line, "+03:00") || strings.Count(line, "T01:00:00Z") != 8 {
		t.Errorf("times not in UTC: %s", line)
	}
	if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
		t.Errorf("not exactly one line: %q", line)
	}
	if f.Evidence != nil || f.FirstTime.Location() != east || f.Addresses[0].First.Location() != east || f.FirstSeen.Time.Location() != east {
		t.Error("the finding was changed")
	}
}

func TestAppendJSONErrorLeavesDst(t *testing.T) {
	f := &finding.Finding{ID: "st-far", DetectedAt: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}
	got, err := finding.AppendJSON([]byte("kept"), f)
	if err == nil || !strings.Contains(err.Error(), "st-far") || string(got) != "kept" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestReadAllGoesOnAfterABrokenLine(t *testing.T) {
	line := encode(t, ec2Finding())
	in := slices.Concat([]byte("{\"id\":\"torn\n"), line, []byte("{\"id\":\"new\",\"future\":{\"x\":1},\"severity\":\"low\"}\n"))
	var ids []string
	broken := 0
	for f, err := range finding.ReadAll(bytes.NewReader(in)) {
		var lineErr *jsonl.LineError
		if errors.As(err, &lineErr) && lineErr.Line == 1 {
			broken++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, f.ID)
	}
	if want := []string{ec2Finding().ID, "new"}; broken != 1 || !slices.Equal(ids, want) {
		t.Errorf("got %d broken lines and %v, want %v", broken, ids, want)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	f := ec2Finding()
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if line, err = finding.AppendJSON(line[:0], f); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(line)))
}
