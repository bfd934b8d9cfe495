package bench

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/simulate"
)

// Record is a record as it arrives, and how many events it holds.
type Record struct {
	Data   []byte
	Events int
}

// Corpus is traffic in the order in which it was logged.
type Corpus struct {
	Sources []replay.Source
	// Bytes are the sizes of all events, unpacked.
	Bytes int
}

// eventBytes is the mean size that simulated events are brought to: that of real ones.
const eventBytes = 1600

// Simulate makes the quiet traffic of an invented organisation over a time, without any
// theft. The same arguments make the same traffic.
func Simulate(ctx context.Context, scale int, duration time.Duration) (*Corpus, error) {
	c := &Corpus{}
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	padding := newPadding()
	take := func(e *cloudtrail.Event) error {
		s, err := replay.NewSource(e)
		if err == nil {
			s.JSON = padding.pad(s.JSON, len(c.Sources)*eventBytes-c.Bytes)
			c.add(s)
		}
		return err
	}
	_, _, err := simulate.Generate(ctx, simulate.Config{Scale: scale, Duration: duration, ThievesPerScenario: -1},
		func(_ string, content []byte) error { return decodeTrail(d, content, take) })
	if err != nil {
		return nil, fmt.Errorf("make traffic: %w", err)
	}
	return c, nil
}

// decodeTrail decodes a file of the simulation, which also writes what is no trail.
func decodeTrail(d *cloudtrail.Decoder, content []byte, take func(*cloudtrail.Event) error) error {
	_, err := d.Decode(content, take)
	if cloudtrail.ReasonOf(err) != "" {
		return nil
	}
	return err
}

func (c *Corpus) add(s replay.Source) {
	c.Sources = append(c.Sources, s)
	c.Bytes += len(s.JSON)
}

// padding gives events what simulated ones lack: the answers of calls that describe
// things. Some events get much and most nothing, as in life.
type padding struct{ rng *rand.Rand }

func newPadding() *padding { return &padding{rand.New(rand.NewPCG(1, 2))} }

const (
	noAnswer    = `"responseElements":null`
	paddedEvery = 6
)

// pad lets one in some events make up for what all lack so far in bytes.
func (p *padding) pad(event []byte, lacking int) []byte {
	if lacking < 200 || p.rng.IntN(paddedEvery) != 0 || !bytes.Contains(event, []byte(noAnswer)) {
		return event
	}
	return bytes.Replace(event, []byte(noAnswer), p.answer(min(lacking, 16<<10)), 1)
}

// answer is a response of about some bytes.
func (p *padding) answer(size int) []byte {
	b := fmt.Appendf(nil, `"responseElements":{"requestId":"%s","itemSet":{"items":[`, p.id())
	for i := 0; len(b) < size-100; i++ {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"resourceId":"vol-0%016x","resourceType":"volume","key":"%s","value":"%s"}`,
			p.rng.Uint64(), tagKeys[p.rng.IntN(len(tagKeys))], tagValues[p.rng.IntN(len(tagValues))])
	}
	return append(b, `]}}`...)
}

var (
	tagKeys   = []string{"Name", "Environment", "aws:cloudformation:stack-name", "aws:autoscaling:groupName", "CostCenter", "kubernetes.io/created-for/pvc/name"}
	tagValues = []string{"prod", "staging", "acme-web-frontend", "acme-batch-workers-blue", "4711", "data-kafka-0", "eks-nodegroup-general-purpose"}
)

func (p *padding) id() string {
	a, b := p.rng.Uint64(), p.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48, b&0xffffffffffff)
}

// text is random letters and digits.
func (p *padding) text(n int) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[p.rng.IntN(len(letters))]
	}
	return b
}

// Shift is the traffic some time later: the same calls by the same sessions.
func (c *Corpus) Shift(by time.Duration) (*Corpus, error) {
	out := &Corpus{Sources: make([]replay.Source, 0, len(c.Sources)), Bytes: c.Bytes}
	for _, s := range c.Sources {
		at := bytes.Index(s.JSON, []byte(timeMark)) + len(timeMark)
		if at < len(timeMark) || at+len("2006-01-02T15:04:05Z") > len(s.JSON) {
			return nil, fmt.Errorf("event %s has no %s", s.ID, timeMark)
		}
		old := s.JSON[at : at+len("2006-01-02T15:04:05Z")]
		when, err := time.Parse(time.RFC3339, string(old))
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", s.ID, err)
		}
		s.JSON = bytes.Clone(s.JSON)
		copy(s.JSON[at:], when.Add(by).Format(time.RFC3339))
		out.Sources = append(out.Sources, s)
	}
	return out, nil
}

const timeMark = `"eventTime":"`

// Plain puts the traffic into trail files of n events that are not compressed, the last
// one with what is left.
func (c *Corpus) Plain(n int) []Record {
	var out []Record
	for some := range slices.Chunk(c.Sources, n) {
		b := []byte(`{"Records":[`)
		for i := range some {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, some[i].JSON...)
		}
		out = append(out, Record{Data: append(b, "]}"...), Events: len(some)})
	}
	return out
}

// Pack puts the traffic into envelopes of n events of one account and region each, as
// AWS delivers them. What fills no envelope is left out.
func (c *Corpus) Pack(f replay.Format, n int) ([]Record, error) {
	var e replay.Encoder
	var out []Record
	waiting := map[string][]replay.Source{}
	for _, s := range c.Sources {
		place := s.AccountID + "/" + s.Region
		waiting[place] = append(waiting[place], s)
		if len(waiting[place]) < n {
			continue
		}
		data, err := e.Encode(f, waiting[place])
		if err != nil {
			return nil, fmt.Errorf("pack events: %w", err)
		}
		out = append(out, Record{data, n})
		waiting[place] = waiting[place][:0]
	}
	return out, nil
}

// Events counts the events of records.
func Events(records []Record) (n int) {
	for _, r := range records {
		n += r.Events
	}
	return n
}

// Size adds up the bytes of records, as they arrive.
func Size(records []Record) (n int) {
	for _, r := range records {
		n += len(r.Data)
	}
	return n
}
