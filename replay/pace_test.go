package replay_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/trail"
)

// putTimes are the seconds after the start at which each event was put.
func putTimes(t *testing.T, o replay.Options, offsets ...int) []float64 {
	t.Helper()
	got := make([]float64, len(offsets))
	var list []string
	for i, s := range offsets {
		list = append(list, record(i, "ASIA1", epoch.Add(time.Duration(s)*time.Second), ""))
	}
	start := time.Now()
	o.Stream = "s"
	o.OnPut = func(ids []string, at time.Time) {
		for _, id := range ids {
			var i int
			if _, err := fmt.Sscanf(id, "id-%d", &i); err != nil {
				t.Error(err)
			}
			got[i] = at.Sub(start).Seconds()
		}
	}
	if _, err := replay.Run(t.Context(), &fakeStream{t: t}, all([]trail.File{file("a", list...)}), o); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSpeed(t *testing.T) {
	for name, c := range map[string]struct {
		options replay.Options
		offsets []int
		want    []float64
	}{
		"as fast as possible":     {replay.Options{}, []int{0, 3600}, []float64{0, 0}},
		"real time":               {replay.Options{Speed: 1}, []int{0, 10, 15}, []float64{0, 10, 15}},
		"sixty times":             {replay.Options{Speed: 60}, []int{0, 60, 90}, []float64{0, 1, 1.5}},
		"older events do not add": {replay.Options{Speed: 1}, []int{0, 10, 2, 8, 12}, []float64{0, 10, 10, 10, 12}},
		"older than the first":    {replay.Options{Speed: 1}, []int{0, -100, 5}, []float64{0, 0, 5}},
		"a pause is cut short":    {replay.Options{Speed: 1, MaxPause: 7 * time.Second}, []int{0, 1000, 1003}, []float64{0, 7, 10}},
		"a group does not wait":   {replay.Options{Speed: 1, Format: replay.Trail}, []int{0, 0, 10, 10, 20}, []float64{0, 0, 10, 10, 20}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := putTimes(t, c.options, c.offsets...); !slices.Equal(got, c.want) {
					t.Errorf("put at %v, want %v", got, c.want)
				}
			})
		})
	}
}

func TestRates(t *testing.T) {
	for name, c := range map[string]struct {
		options replay.Options
		want    time.Duration
	}{
		"records": {replay.Options{RecordRate: 100}, 10 * time.Second},
		"bytes":   {replay.Options{ByteRate: 50_000}, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				c.options.Stream = "s"
				sum, err := replay.Run(t.Context(), &fakeStream{t: t}, all(generate(1000, 100)), c.options)
				if err != nil || sum.Events != 1000 {
					t.Fatalf("summary %+v, err %v", sum, err)
				}
				want := c.want
				if c.options.ByteRate > 0 {
					want = time.Duration(float64(sum.Bytes) / c.options.ByteRate * float64(time.Second))
				}
				if took := time.Since(start); took < want*8/10 || took > want*11/10 {
					t.Errorf("took %v, want about %v", took, want)
				}
			})
		})
	}
}
