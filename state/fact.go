// Package state is what straytoken remembers: facts, and nothing but facts.
//
// A fact says that under a key (a session, an address, a role, an instance) a
// member was seen (an address, a kind of identity, an API call) by one event at
// one time. Facts are never changed and never taken back; the memory of a key is
// the union of its facts, reduced to a bounded Set. Union does not care for order,
// for repetition or for who adds what, so neither does anything that is computed
// from a Set: any number of workers may write the same or different facts in any
// order and after any crash, and all of them arrive at the same Set.
//
// Times are event times, so an old trail replays as it happened.
package state

import (
	"cmp"
	"strings"
	"time"
)

// Key names a set of facts: its kind, then what identifies it, joined by slashes.
type Key string

// maxPart bounds keys and members in bytes: a DynamoDB sort key holds 1,024, of
// which time and event id need some.
const maxPart = 512

// NewKey makes a key of a kind. Of what the log made absurdly long the end is
// replaced by a hash: equal parts still make equal keys.
func NewKey(kind string, parts ...string) Key {
	return Key(Bounded(strings.ReplaceAll(kind+"/"+strings.Join(parts, "/"), "\x00", "_"), maxPart))
}

// Kind is the key's first part.
func (k Key) Kind() string {
	kind, _, _ := strings.Cut(string(k), "/")
	return kind
}

// Rest is the key without its kind.
func (k Key) Rest() string {
	_, rest, _ := strings.Cut(string(k), "/")
	return rest
}

// NewMember makes a member of a class, its parts joined by '|', bounded as keys are.
// Parts come from logs: the two characters that separate things are taken out.
func NewMember(class string, parts ...string) string {
	var b strings.Builder
	b.WriteString(class)
	for _, p := range parts {
		b.WriteByte('|')
		if strings.ContainsAny(p, "|\x00") {
			p = strings.NewReplacer("|", "_", "\x00", "_").Replace(p)
		}
		b.WriteString(p)
	}
	return strings.Clone(Bounded(b.String(), maxPart))
}

// Class is what stands before the first '|' of a member.
func Class(member string) string {
	class, _, _ := strings.Cut(member, "|")
	return class
}

// Parts is what stands behind the class of a member.
func Parts(member string) []string {
	_, rest, ok := strings.Cut(member, "|")
	if !ok {
		return nil
	}
	return strings.Split(rest, "|")
}

// Observation is one event's sighting of a member.
type Observation struct {
	Time      int64  `json:"t"`           // event time, seconds since 1970
	EventID   string `json:"e,omitempty"` // the event's id
	Source    string `json:"s,omitempty"` // eventSource
	Name      string `json:"n,omitempty"` // eventName
	Agent     string `json:"u,omitempty"` // user agent, shortened
	Region    string `json:"r,omitempty"` // awsRegion
	AccessKey string `json:"k,omitempty"` // access key id that signed the call
	Address   string `json:"a,omitempty"` // caller's address in canonical form
	Endpoint  string `json:"v,omitempty"` // VPC endpoint id
	Session   string `json:"l,omitempty"` // the lock of the session that made the call
	Error     string `json:"x,omitempty"` // errorCode
	Value     string `json:"d,omitempty"` // what the class of member needs besides
	Presigned bool   `json:"q,omitempty"` // a presigned URL: who made the call need not have the key
	Corrects  string `json:"o,omitempty"` // the id of the event of which this one is a corrected copy
}

// Compare orders observations by event time, ties by event id and then content,
// so that every worker agrees on which came first.
func (o *Observation) Compare(p *Observation) int {
	return cmp.Or(
		cmp.Compare(o.Time, p.Time),
		strings.Compare(o.EventID, p.EventID),
		strings.Compare(o.Address, p.Address),
		strings.Compare(o.Session, p.Session),
		strings.Compare(o.Value, p.Value),
	)
}

// At is the observation's event time in UTC.
func (o *Observation) At() time.Time { return time.Unix(o.Time, 0).UTC() }

// brief drops what is only ever shown for a member's first observation.
func (o *Observation) brief() *Observation {
	if o.Agent == "" {
		return o
	}
	short := *o
	short.Agent = ""
	return &short
}

// Fact is one observation of one member under one key, with how much of its kind
// is worth remembering. The zero Retention keeps the earliest observation alone.
// A fact without an event id only moves the member's Last.
type Fact struct {
	Key    Key
	Member string
	Observation
	Retention
}

// Retention says how much is kept of a member. All of a class's facts must state
// the same, or Sets would depend on their order.
type Retention struct {
	// Keep is how many observations of the member are kept, the earliest by
	// Compare; 0 means 1.
	Keep int
	// Contested is Keep once the key has a member of class "contested": the events
	// of a disputed session are worth listing, those of a quiet one are not.
	Contested int
	// Members bounds how many members of this member's class the key keeps, the
	// earliest; 0 means no bound. At the bound, what a member dropped and seen again
	// was known for is exact only where Keep is 1.
	Members int
	// Step is the grain of the member's Last; 0 keeps no Last beyond the
	// observations kept. A coarse step is what makes known sessions free: an event
	// in a step already noted adds nothing.
	Step time.Duration
	// Life is how long a fact is remembered after it was written; 0 means for ever.
	// What is already known is not written again: without Step a member is forgotten
	// Life after the last of its kept observations, with Step its first observation
	// is written anew in every step in which it is used.
	Life time.Duration
}

// ContestedClass marks a key whose facts are kept in full.
const ContestedClass = "contested"

func (r *Retention) keep(contested bool) int {
	if contested && r.Contested > r.Keep {
		return r.Contested
	}
	return max(r.Keep, 1)
}

// floor is the start of the step in which t lies; 0 without steps.
func (r *Retention) floor(t int64) int64 {
	step := int64(r.Step / time.Second)
	if step <= 0 {
		return 0
	}
	return t - t%step
}
