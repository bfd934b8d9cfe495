package finding

import (
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/straytoken/straytoken/finding/jsonl"
)

// MaxLine is the length in bytes of the longest line that ReadAll accepts. A
// finding with MaxEventIDs event ids takes about 50 KiB.
const MaxLine = 4 << 20

// AppendJSON appends f to dst as exactly one line, newline included: times are
// RFC 3339 in UTC, empty lists are [], an empty SchemaVersion is SchemaVersion.
// See jsonl.Append for what is escaped. f is not changed, and on an error dst is
// returned as it was.
func AppendJSON(dst []byte, f *Finding) ([]byte, error) {
	dst, err := jsonl.Append(dst, normal(*f))
	if err != nil {
		return dst, fmt.Errorf("finding %q: %w", f.ID, err)
	}
	return dst, nil
}

// ReadAll decodes the lines that AppendJSON wrote. Fields that this version does
// not know are ignored. A line that is torn or longer than MaxLine yields a
// *jsonl.LineError, after which reading goes on.
func ReadAll(r io.Reader) iter.Seq2[*Finding, error] {
	return jsonl.Read[Finding](r, MaxLine)
}

// normal gives f the one form that it has on the wire, sharing nothing that it
// changes with the original.
func normal(f Finding) Finding {
	if f.SchemaVersion == "" {
		f.SchemaVersion = SchemaVersion
	}
	f.Evidence = list(f.Evidence)
	f.EventIDs = list(f.EventIDs)
	f.Attack = list(f.Attack)
	f.FirstTime, f.LastTime, f.DetectedAt = f.FirstTime.UTC(), f.LastTime.UTC(), f.DetectedAt.UTC()
	f.Token.IssuedAt, f.Token.ExpiresAt = utc(f.Token.IssuedAt), utc(f.Token.ExpiresAt)
	f.FirstSeen, f.Observed = observationUTC(f.FirstSeen), observationUTC(f.Observed)
	f.Calls = mapped(f.Calls, func(o Observation) Observation { return *observationUTC(&o) })
	f.Addresses = mapped(f.Addresses, addressUTC)
	if f.Containment != nil {
		contain := *f.Containment
		contain.Steps = list(contain.Steps)
		f.Containment = &contain
	}
	return f
}

func addressUTC(a Address) Address {
	a.First, a.Last = a.First.UTC(), a.Last.UTC()
	return a
}

func observationUTC(o *Observation) *Observation {
	if o == nil {
		return nil
	}
	c := *o
	c.Time = c.Time.UTC()
	return &c
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// list is s, or an empty list that encodes as [] where s is nil.
func list[E any](s []E) []E {
	if s == nil {
		return []E{}
	}
	return s
}

func mapped[E any](s []E, change func(E) E) []E {
	out := make([]E, len(s))
	for i, e := range s {
		out[i] = change(e)
	}
	return out
}
