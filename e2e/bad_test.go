package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/sink"
)

// megabyte is the most that a Kinesis record of the classic size holds.
const megabyte = 1 << 20

// bad is a record of which nothing can be used, with the reason that its dead letter must have.
type bad struct {
	data   []byte
	reason string
}

func unusable() map[string]bad {
	good := trailFile(call(900, home(900), 0))
	return map[string]bad{
		"not JSON":                  {[]byte("<html>502 Bad Gateway</html>"), "not_json"},
		"JSON cut off":              {good[:len(good)/2], "not_json"},
		"a mebibyte of nothing":     {bytes.Repeat([]byte("x"), megabyte), "not_json"},
		"gzip cut off":              {zip(good)[:60], "truncated_gzip"},
		"gzip damaged":              {damaged(zip(good)), "bad_gzip"},
		"gzip bomb":                 {zip([]byte(`{"Records":["` + strings.Repeat("a", 80<<20) + `"]}`)), "too_large"},
		"10,000 levels":             {[]byte(`{"Records":[` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `]}`), "too_deep"},
		"blank":                     {[]byte(" "), "empty"},
		"blank lines":               {[]byte("\r\n\n"), "empty"},
		"other JSON":                {[]byte(`{"hello":"world"}`), "unknown_shape"},
		"wrong types in all fields": {wrongTypes(), "incomplete"},
		"no time":                   {encode(without(call(901, home(901), 0), "eventTime")), "incomplete"},
		"aggregate of noise":        {slices.Concat(kplMagic, []byte("noise that is neither protobuf nor checksum")), "bad_aggregate"},
		"aggregate, bad protobuf":   {aggregate([]byte{0x1a, 0xff, 0xff, 0xff, 0x7f}), "bad_aggregate"},
	}
}

// odd are records that look strange and hold one good event each.
func odd() map[string][]byte {
	large := call(800, home(800), 0)
	large["requestParameters"] = object{"padding": ""}
	large["requestParameters"] = object{"padding": strings.Repeat("x", megabyte-len(encode(large)))}
	unknown := call(801, home(801), 0)
	unknown["eventType"], unknown["eventCategory"], unknown["eventVersion"] = "AwsMoonPhase", "Lunar", "9.99"
	unknown["userIdentity"].(object)["type"] = "Martian"
	mistyped := call(802, home(802), 0)
	mistyped["sourceIPAddress"], mistyped["userAgent"], mistyped["eventID"], mistyped["userIdentity"] = 7, []string{"x"}, object{}, "root"
	return map[string][]byte{
		"a mebibyte":           encode(large),
		"unknown types":        encode(unknown),
		"wrong types":          encode(mistyped),
		"no identity":          encode(without(call(803, home(803), 0), "userIdentity")),
		"no address":           encode(without(call(804, home(804), 0), "sourceIPAddress")),
		"invalid UTF-8":        bytes.Replace(encode(call(805, home(805), 0)), []byte("aws-cli"), []byte("\xff\xfe\xed\xa0\x80"), 1),
		"aggregate, wrong key": aggregate(userRecord(99, encode(call(806, home(806), 0)))), // makes the KCL's own reading panic
	}
}

// One bad record must cost itself and nothing else.
func TestBadRecordsBecomeDeadLetters(t *testing.T) {
	const thefts = 20
	w := newWorld(t, 2)
	want, records := map[place]string{}, int64(0)
	reasons := map[string]int64{}
	all := unusable()
	theft := 0
	steal := func() { // a good record before and behind each bad one
		if theft < 2*thefts {
			w.put(key(theft/2), encode(call(theft/2, []string{home(theft / 2), abroad(theft / 2)}[theft%2], theft%2)))
			theft, records = theft+1, records+1
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		record := all[name]
		steal()
		shard, sequence := w.put(name, record.data)
		steal()
		want[place{shard, sequence}] = name
		reasons[record.reason]++
		records++
	}
	for name, data := range odd() {
		w.put(name, data)
		steal()
		records++
	}
	for theft < 2*thefts {
		steal()
	}

	n := w.start()
	w.awaitRecords(records)
	w.awaitAccused(0, thefts)
	m, err := n.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Sum(worker.Events), int64(2*thefts+len(odd())); got != want {
		t.Errorf("%d events were read, want %d", got, want)
	}
	for reason, count := range reasons {
		if got := m[fmt.Sprintf("straytoken_dead_letters_total{reason=%q}", reason)]; int64(got) != count {
			t.Errorf("%v dead letters are counted as %s, want %d", got, reason, count)
		}
	}
	if got := m.Sum(worker.Defects); got != 0 {
		t.Errorf("%d defects", got)
	}
	w.stop()

	for _, letter := range readLetters(t, n.letters) {
		at := place{letter.Shard, letter.SequenceNumber}
		name, ok := want[at]
		if !ok {
			t.Errorf("a dead letter too many or twice: %s of %+v: %s", letter.Reason, at, letter.Error)
			continue
		}
		delete(want, at)
		checkLetter(t, w.stream, name, all[name], letter)
	}
	for at, name := range want {
		t.Errorf("no dead letter of %s, %+v", name, at)
	}
}

func checkLetter(t *testing.T, stream, name string, want bad, letter *sink.DeadLetter) {
	t.Helper()
	if letter.Stream != stream || letter.Reason != want.reason || letter.Error == "" {
		t.Errorf("%s: stream %q, reason %s, error %q; want reason %s", name, letter.Stream, letter.Reason, letter.Error, want.reason)
	}
	if !letter.Whole() || !bytes.Equal(letter.Data, want.data) {
		t.Errorf("%s: %d of %d bytes are kept, and they are not the record", name, len(letter.Data), letter.Size)
	}
}

// wrongTypes is an event whose every field has a type that it never has.
func wrongTypes() []byte {
	e := object{}
	for field, value := range call(902, home(902), 0) {
		switch value.(type) {
		case string:
			e[field] = []any{1, object{"a": nil}}
		default:
			e[field] = "text"
		}
	}
	return encode(e)
}

func without(e object, field string) object {
	delete(e, field)
	return e
}

func zip(plain []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		panic(err) // a buffer takes everything
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// damaged breaks the checksum at the end of a gzip stream.
func damaged(b []byte) []byte {
	b[len(b)-8] ^= 0xff
	return b
}

var kplMagic = []byte{0xf3, 0x89, 0x9a, 0xc2}

// aggregate frames a message as the Kinesis Producer Library does.
func aggregate(message []byte) []byte {
	sum := md5.Sum(message)
	return slices.Concat(kplMagic, message, sum[:])
}

// userRecord is AggregatedRecord.records with one record: field 1 is the index of its partition key, 3 its data.
func userRecord(keyIndex byte, data []byte) []byte {
	record := slices.Concat([]byte{0x08, keyIndex}, bytesField(0x1a, data))
	return bytesField(0x1a, record)
}

// bytesField is a protobuf field of bytes.
func bytesField(tag byte, data []byte) []byte {
	b := []byte{tag}
	n := len(data)
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(append(b, byte(n)), data...)
}
