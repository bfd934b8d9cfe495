package simulate

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A trail file carries the time of its delivery slot in its name, and slots are
// five minutes apart.
const slot = 5 * time.Minute

// maxLag is the longest time between an event and its slot that normal delivery
// takes: 594 s were measured on real trail files (median 201 s, 5th percentile 86 s).
const maxLag = 600 * time.Second

// recordsPerFile is the size at which delivery starts another file of a slot.
const recordsPerFile = 400

// delivery is CloudTrail's way from record to trail file: it holds back records,
// batches them by account, region and slot, and disorders them.
type delivery struct {
	rng        *rand.Rand
	store      Store
	duplicates float64
	waiting    map[slotKey]*batch
	slots      []slotKey // the keys of waiting, for an order that does not vary
	stats      stats
	buf        bytes.Buffer
	gz         *gzip.Writer
	err        error
}

type slotKey struct {
	account, region string
	due             int64 // Unix seconds of the slot
}

type batch struct {
	parcels []parcel
}

// parcel is an encoded record and when it reached the batch.
type parcel struct {
	arrived time.Time
	body    []byte
}

func newDelivery(cfg Config, store Store) *delivery {
	gz, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	return &delivery{
		rng: source(cfg.Seed, "delivery"), store: store, duplicates: cfg.Duplicates,
		waiting: map[slotKey]*batch{}, gz: gz,
	}
}

// accept takes a record that has just happened.
func (d *delivery) accept(r *record) {
	body, err := encode(r)
	if err != nil {
		d.fail(fmt.Errorf("encode event %s: %w", r.EventID, err))
		return
	}
	d.stats.event(r)
	d.queue(r, body, d.lag(r))
	if d.rng.Float64() < d.duplicates {
		d.stats.file.Duplicates++
		d.queue(r, body, d.lag(r))
	}
}

// lag draws how long a record is under way before it is batched. The slot adds
// up to five minutes more.
func (d *delivery) lag(r *record) time.Duration {
	if r.lag != nil {
		return *r.lag
	}
	seconds := 50 + d.rng.IntN(30)
	if d.rng.IntN(100) < 15 {
		seconds = 50 + d.rng.IntN(int(maxLag/time.Second)-int(slot/time.Second)-55)
	}
	return time.Duration(seconds) * time.Second
}

func (d *delivery) queue(r *record, body []byte, lag time.Duration) {
	arrived := r.at.Add(lag)
	due := arrived.Truncate(slot)
	if due.Before(arrived) {
		due = due.Add(slot)
	}
	key := slotKey{r.account.id, r.Region, due.Unix()}
	b := d.waiting[key]
	if b == nil {
		b = &batch{}
		d.waiting[key] = b
		d.slots = append(d.slots, key)
	}
	b.parcels = append(b.parcels, parcel{arrived, body})
}

// flush writes the files of all slots that are due before now, in order of slots.
func (d *delivery) flush(now time.Time) error {
	slices.SortFunc(d.slots, func(a, b slotKey) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.account, b.account), cmp.Compare(a.region, b.region))
	})
	kept := d.slots[:0]
	for _, key := range d.slots {
		if key.due >= now.Unix() {
			kept = append(kept, key)
			continue
		}
		d.write(key, d.waiting[key])
		delete(d.waiting, key)
	}
	d.slots = kept
	return d.err
}

// write splits a batch into files. Several hosts write the files of one slot, so
// their records overlap in time; within a file they stand in order of arrival.
func (d *delivery) write(key slotKey, b *batch) {
	files := make([][]parcel, 1+len(b.parcels)/recordsPerFile)
	for _, p := range b.parcels {
		i := d.rng.IntN(len(files))
		files[i] = append(files[i], p)
	}
	for _, parcels := range files {
		if len(parcels) == 0 {
			continue
		}
		slices.SortStableFunc(parcels, func(a, b parcel) int { return cmp.Compare(a.arrived.Unix(), b.arrived.Unix()) })
		d.put(trailPath(key, letters(d.rng, alphanumeric, 16)), d.pack(parcels))
		d.stats.file.Files++
	}
}

// pack makes the content of a trail file. The slice is valid until the next call.
func (d *delivery) pack(parcels []parcel) []byte {
	return d.compress(func(w *gzip.Writer) {
		d.print(w, []byte(`{"Records":[`))
		for i, p := range parcels {
			if i > 0 {
				d.print(w, []byte(","))
			}
			d.print(w, p.body)
		}
		d.print(w, []byte("]}"))
	})
}

func (d *delivery) compress(fill func(*gzip.Writer)) []byte {
	d.buf.Reset()
	d.gz.Reset(&d.buf)
	fill(d.gz)
	d.fail(d.gz.Close())
	return d.buf.Bytes()
}

func (d *delivery) print(w *gzip.Writer, b []byte) {
	_, err := w.Write(b)
	d.fail(err)
}

func (d *delivery) put(path string, content []byte) {
	d.stats.file.Bytes += int64(len(content))
	d.fail(d.store(path, content))
}

// fail keeps the first error; flush returns it.
func (d *delivery) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// encode writes a record as AWS does: on one line, with plain < and >.
func encode(r *record) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// trailPath is the name that CloudTrail gives a trail file in its bucket.
func trailPath(key slotKey, unique string) string {
	due := time.Unix(key.due, 0).UTC()
	return fmt.Sprintf("AWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz",
		key.account, key.region, due.Format("2006/01/02"), key.account, key.region, due.Format("20060102T1504Z"), unique)
}
