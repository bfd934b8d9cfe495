package replay_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/trail"
)

// checkStream holds that the stream has the events of the files, and those of a
// partition key in their order.
func checkStream(t *testing.T, s *fakeStream, files []trail.File) {
	t.Helper()
	want, got := byKey(decode(t, bodies(files)...)), byKey(decode(t, s.data...))
	if !slices.Equal(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))) {
		t.Fatalf("%d partition keys, want %d", len(got), len(want))
	}
	for key := range want {
		if !slices.Equal(got[key], want[key]) {
			t.Errorf("%s: %d events of %d, or another order", key, len(got[key]), len(want[key]))
		}
	}
}

func TestRunKeepsEventsAndOrder(t *testing.T) {
	chaos := map[string]*fakeStream{
		"a stream that works": {},
		"records refused": {record: func(call, i int, _ string) fate {
			return []fate{take, refuse, take, take}[(call*7+i)%4]
		}},
		"records taken, said to have failed": {record: func(call, i int, _ string) fate {
			return []fate{take, takeAndError, refuse}[(call+i)%3]
		}},
		"requests broken before and after": {request: func(call int) (fate, error) {
			return []fate{take, refuse, takeAndError, take}[call%4], errBroken
		}},
		"requests throttled": {request: func(call int) (fate, error) {
			return []fate{refuse, refuse, take}[call%3], &types.ProvisionedThroughputExceededException{}
		}},
	}
	for name, prototype := range chaos {
		for _, format := range []replay.Format{replay.Event, replay.Trail, replay.Mixed} {
			t.Run(name+"/"+string(format), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					files := generate(500, 20)
					s := &fakeStream{t: t, request: prototype.request, record: prototype.record}
					o := replay.Options{Stream: "s", Format: format}
					if s.request != nil {
						o.Parallel = 1 // else one lane may meet all the failures
					}
					sum, err := replay.Run(t.Context(), s, all(files), o)
					if err != nil || sum.Events != 500 || sum.Failed != 0 || sum.Problems != 0 {
						t.Fatalf("summary %+v, err %v", sum, err)
					}
					checkStream(t, s, files)
				})
			})
		}
	}
}

func TestRunRealData(t *testing.T) {
	for set, want := range map[string]int64{"invictus": 2900, "stratus": 310} {
		for _, format := range replay.Formats() {
			t.Run(set+"/"+string(format), func(t *testing.T) {
				files := realFiles(t, set)
				s := &fakeStream{t: t}
				sum, err := replay.Run(t.Context(), s, all(files), replay.Options{Stream: "s", Format: format})
				if err != nil || sum.Events != want || sum.Problems != 0 {
					t.Fatalf("summary %+v, err %v", sum, err)
				}
				checkStream(t, s, files)
				t.Logf("%d events in %d records, %d bytes, %d requests", sum.Events, sum.Records, sum.Bytes, s.calls)
			})
		}
	}
}

func TestRunUnorderedFillsRequests(t *testing.T) {
	for name, c := range map[string]struct {
		unordered bool
		largest   int
	}{
		"ordered":   {false, 1},
		"unordered": {true, 500},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: 10 * time.Millisecond}
				files := generate(2000, 1)
				o := replay.Options{Stream: "s", Parallel: 1, Unordered: c.unordered}
				sum, err := replay.Run(t.Context(), s, all(files), o)
				if err != nil || sum.Events != 2000 {
					t.Fatalf("summary %+v, err %v", sum, err)
				}
				if got := slices.Max(s.sizes); got != c.largest {
					t.Errorf("the largest request has %d records, want %d", got, c.largest)
				}
				checkStream(t, s, files)
			})
		})
	}
}

func TestRunSummaryAndHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, record: func(call, _ int, _ string) fate {
			if call%2 == 1 {
				return refuse
			}
			return take
		}}
		put := map[string]int{}
		var last replay.Counts
		start := time.Now()
		sum, err := replay.Run(t.Context(), s, all(generate(100, 5)), replay.Options{
			Stream: "s", Parallel: 1,
			OnPut: func(ids []string, at time.Time) {
				for _, id := range ids {
					put[id]++
				}
				if at.Before(start) || at.After(time.Now()) {
					t.Errorf("put at %v", at)
				}
			},
			OnProgress: func(c replay.Counts) { last = c },
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if n := put[fmt.Sprintf("id-%06d", i)]; n != 1 {
				t.Errorf("event %d was put %d times", i, n)
			}
		}
		if last != sum.Counts || sum.Retried == 0 || sum.Records != 100 {
			t.Errorf("progress %+v, summary %+v", last, sum)
		}
		if !sum.First.Equal(epoch) || !sum.Last.Equal(epoch.Add(9*time.Second)) {
			t.Errorf("from %v to %v", sum.First, sum.Last)
		}
		if ids := sum.ShardIDs(); len(ids) != 1 || sum.Shards[ids[0]] != 100 {
			t.Errorf("shards = %v", sum.Shards)
		}
	})
}

func TestRunLeavesOutWhatDoesNotFit(t *testing.T) {
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte('a' + rand.N(26))
	}
	files := []trail.File{
		file("a", record(1, "ASIA1", epoch, "small"), record(2, "ASIA1", epoch, string(noise)), record(3, "ASIA1", epoch, "small")),
		{Entry: trail.Entry{Name: "broken"}, Body: []byte("{")},
		file("b", record(4, "ASIA1", epoch, "small"), `{"eventName":"NoTime"}`),
	}
	var problems []error
	s := &fakeStream{t: t}
	sum, err := replay.Run(t.Context(), s, all(files), replay.Options{
		Stream: "s", OnProblem: func(err error) { problems = append(problems, err) },
	})
	if err != nil || sum.Events != 3 || sum.Failed != 2 || sum.Problems != 3 || len(problems) != 3 {
		t.Fatalf("summary %+v, problems %v, err %v", sum, problems, err)
	}
	if e, ok := errors.AsType[*replay.RecordError](problems[0]); !ok || !slices.Equal(e.EventIDs, []string{"id-000002"}) {
		t.Errorf("problem = %v", problems[0])
	}
	if e, ok := errors.AsType[*trail.FileError](problems[1]); !ok || e.Name != "broken" {
		t.Errorf("problem = %v", problems[1])
	}
}

// Quotes double in a JSON string: events that fit together before they are
// encoded must fit after.
func TestRunGroupsFitWhenTheyGrow(t *testing.T) {
	quotes := strings.Repeat(`"`, 20_000)
	var list []string
	for i := range 30 {
		list = append(list, record(i, "ASIA1", epoch, quotes))
	}
	files := []trail.File{file("a", list...)}
	for _, format := range []replay.Format{replay.Lookup, replay.CloudWatchLogs, replay.NDJSON} {
		s := &fakeStream{t: t}
		sum, err := replay.Run(t.Context(), s, all(files), replay.Options{Stream: "s", Format: format})
		if err != nil || sum.Events != 30 || sum.Failed != 0 || sum.Records > 4 {
			t.Errorf("%s: summary %+v, err %v", format, sum, err)
		}
		checkStream(t, s, files)
	}
}

func TestRunGivesUpOneRecordNotOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := fmt.Sprintf("ASIA%016d", 3)
		s := &fakeStream{t: t, record: func(_, _ int, key string) fate {
			if key == bad {
				return refuse
			}
			return take
		}}
		sum, err := replay.Run(t.Context(), s, all(generate(100, 5)), replay.Options{Stream: "s", Attempts: 3})
		if err != nil || sum.Events != 90 || sum.Failed != 10 || sum.Problems != 10 {
			t.Errorf("summary %+v, err %v", sum, err)
		}
	})
}

func TestRunFailedFileIsReported(t *testing.T) {
	files := func(yield func(trail.File, error) bool) {
		_ = yield(trail.File{}, &trail.FileError{Name: "x", Err: errBroken}) && yield(generate(1, 1)[0], nil)
	}
	sum, err := replay.Run(t.Context(), &fakeStream{t: t}, files, replay.Options{Stream: "s"})
	if err != nil || sum.Events != 1 || sum.Problems != 1 {
		t.Errorf("summary %+v, err %v", sum, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 9500*time.Millisecond)
		defer cancel()
		sum, err := replay.Run(ctx, &fakeStream{t: t}, all(generate(1000, 5)), replay.Options{Stream: "s", Speed: 1})
		if !errors.Is(err, context.DeadlineExceeded) || sum.Events != 100 {
			t.Errorf("%d events, err %v", sum.Events, err)
		}
	})
}
