package replay_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/straytoken/straytoken/replay"
)

// sequence yields records, and an error for each that has no key.
func sequence(records ...replay.Record) iter.Seq2[replay.Record, error] {
	return func(yield func(replay.Record, error) bool) {
		for _, r := range records {
			var err error
			if r.PartitionKey == "" {
				err = fmt.Errorf("%s is unreadable", r.Name)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func TestPutKeepsBytesKeysAndOrder(t *testing.T) {
	records := []replay.Record{
		{PartitionKey: "a", Data: []byte{0x1f, 0x8b, 0, 0xff}},
		{Name: "the second"},
		{PartitionKey: "a", Data: []byte("  {not json")},
		{PartitionKey: "a", Data: bytes.Repeat([]byte("x"), 5<<20)}, // larger than a stream takes that is not set to it
		{PartitionKey: "a", Data: []byte{}},
	}
	var problems []error
	s := &fakeStream{t: t, largest: 6 << 20}
	sum, err := replay.Put(t.Context(), s, sequence(records...), replay.Options{Stream: "s", OnProblem: func(err error) { problems = append(problems, err) }})
	if err != nil || sum.Records != 4 || len(problems) != 1 {
		t.Fatalf("summary %+v, problems %v, err %v", sum, problems, err)
	}
	want := slices.Delete(slices.Clone(records), 1, 2)
	for i, r := range want {
		if s.keys[i] != r.PartitionKey || !bytes.Equal(s.data[i], r.Data) {
			t.Errorf("record %d came as %d bytes under %q", i, len(s.data[i]), s.keys[i])
		}
	}
}

// A record that the stream refuses for its size must cost no other its place.
func TestPutLeavesOutWhatTheStreamRefuses(t *testing.T) {
	s := &fakeStream{t: t, largest: 3 << 20}
	refused := false
	s.request = func(int) (fate, error) {
		if !refused && len(s.data) == 2 { // what is left then begins with the large one
			refused = true
			return refuse, &smithy.GenericAPIError{Code: "ValidationException", Message: "too large", Fault: smithy.FaultClient}
		}
		return take, nil
	}
	records := []replay.Record{
		{PartitionKey: "a", Data: []byte("1")}, {PartitionKey: "b", Data: []byte("2")},
		{Name: "the large one", PartitionKey: "a", Data: make([]byte, 2<<20)}, {PartitionKey: "a", Data: []byte("3")},
	}
	var problems []error
	sum, err := replay.Put(t.Context(), s, sequence(records...), replay.Options{Stream: "s", Parallel: 1, OnProblem: func(err error) { problems = append(problems, err) }})
	if err != nil || sum.Records != 3 || len(problems) != 1 {
		t.Fatalf("summary %+v, problems %v, err %v", sum, problems, err)
	}
	var left *replay.RecordError
	if !errors.As(problems[0], &left) || left.Name != "the large one" {
		t.Errorf("problem %v", problems[0])
	}
}
