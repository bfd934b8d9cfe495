package cloudtrail_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/cloudtrail"
)

// shuffled returns o as JSON with the members of every object in a random order.
func shuffled(r *rand.Rand, v any) string {
	o, ok := v.(object)
	if !ok {
		return encode(v)
	}
	keys := slices.Sorted(maps.Keys(o))
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	var members []string
	for _, key := range keys {
		members = append(members, encode(key)+":"+shuffled(r, o[key]))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// Names are guessed from the order in the record before: no order may mislead.
func TestMembersInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	o, _ := oracle(encode(fullEvent()))
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	for range 300 {
		var events []string
		for range 5 {
			events = append(events, shuffled(r, fullEvent()))
		}
		for _, record := range []string{records(events...), subscription(events...)} {
			got := decodeWith(t, d, record)
			if got.err != nil || got.sum.BadTotal != 0 || len(got.events) != len(events) {
				t.Fatalf("got %d events, bad %v, error %v", len(got.events), got.sum.Bad, got.err)
			}
			for _, event := range got.events {
				checkEvent(t, event, o)
			}
		}
	}
}

// What needs a second look is found wherever in the words of eight bytes it begins,
// and ends.
func TestOddCharactersAtEveryOffset(t *testing.T) {
	odd := []string{`\"`, `\\`, `\/`, `\n`, `\u00e9`, `\ud83d\ude00`, `\ud83d`, `\ude00x`, `\\\"`, `\\\\`, "é", "😀", "\xff", "\xc3", "\x7f", "{", "}", ""}
	for _, s := range odd {
		for before := range 19 {
			for _, after := range []int{0, 1, 7, 8, 15, 16} {
				text := strings.Repeat("a", before) + s + strings.Repeat("z", after)
				event := strings.TrimSuffix(small("X"), "}") + fmt.Sprintf(`,"userAgent":"%s","requestParameters":{"%s":["%s"]}}`, text, text, text)
				checkAgainstOracle(t, event)
			}
		}
	}
}

// Whatever byte stands wherever in an event: it is read to an end, and what is no JSON
// is not taken.
func TestEveryByteEverywhere(t *testing.T) {
	event := `{"eventTime":"2026-03-01T12:00:00Z","eventSource":"a.b","eventName":"X\"\u00e9","readOnly":true,"x":[-1.5e3,null,{}],"errorCode":""}`
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	for _, record := range []string{event, subscription(event)} {
		for i := range record {
			for b := range 256 {
				changed := record[:i] + string([]byte{byte(b)}) + record[i+1:]
				got := decodeWith(t, d, changed)
				if good := got.err == nil && got.sum.BadTotal == 0; good && !isSequence(changed) {
					t.Fatalf("no complaint about %q", changed)
				}
			}
		}
	}
}
