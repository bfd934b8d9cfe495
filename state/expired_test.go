package state

import (
	"testing"
	"time"
)

// TestExpiredIsAbsent: an item is read to the end of its life and no longer, though
// DynamoDB may delete it days later.
func TestExpiredIsAbsent(t *testing.T) {
	now := time.Unix(1_772_000_000, 0)
	d := &Dynamo{now: func() time.Time { return now }}
	mortal, err := d.encode(&Fact{Key: "k", Member: "m", Retention: Retention{Life: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	immortal, err := d.encode(&Fact{Key: "k", Member: "m"})
	if err != nil {
		t.Fatal(err)
	}
	for wait, want := range map[time.Duration]bool{0: false, time.Hour: false, time.Hour + time.Second: true} {
		later := &Dynamo{now: func() time.Time { return now.Add(wait) }}
		if later.expired(mortal) != want {
			t.Errorf("after %s it is expired: %v, want %v", wait, !want, want)
		}
		if later.expired(immortal) {
			t.Errorf("after %s what lives for ever is expired", wait)
		}
	}
}
