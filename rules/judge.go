package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// Judge judges the sessions of a lock. There is one verdict a session: nearly
// always one, more when keys that share a session name turn out to have been
// issued to different holders, none when nothing is known of the lock.
//
// What other sessions did at the same address and what a thief issued counts too,
// but only by the verdicts that those sessions have without any such connection:
// so verdicts do not turn in circles. Behind a session's own verdict come those of
// custom rules that make a finding of their own of it.
func (p *Policy) Judge(lock string, view state.View) []Verdict {
	trials := p.trials(lock, view)
	verdicts := make([]Verdict, 0, len(trials))
	for _, t := range trials {
		t.examine()
		t.connect()
		verdicts = append(verdicts, t.conclude()...)
	}
	return verdicts
}

// judgeAlone judges a lock by its own conduct.
func (p *Policy) judgeAlone(lock string, view state.View) []Verdict {
	trials := p.trials(lock, view)
	verdicts := make([]Verdict, 0, len(trials))
	for _, t := range trials {
		t.examine()
		verdicts = append(verdicts, t.conclude()...)
	}
	return verdicts
}

// trial is the judgement of one session while it is made.
type trial struct {
	policy *Policy
	view   state.View
	inv    network.Inventory
	set    *state.Set
	lock   string
	id     string // Verdict.Case
	kind   Kind
	tokens []token
	whole  bool     // the trial of the lock, not of one key of it
	split  []string // keys of the lock that have trials of their own
	places []*place
	owner  *place
	met    []met // custom rules
}

// token is one access key of the session.
type token struct {
	Session
	issued  *state.Observation // its issuance; nil when not seen
	issue   issuance
	issuers []string // accounts that asked for it
}

// place is one address of the session while it is judged.
type place struct {
	Place
	private   bool
	explained string
	trust     int   // how much the explanation speaks for the owner's place
	proven    bool  // the explanation names this very session, not just many like it
	since     int64 // since when the inventory gives it to the session, seconds since 1970; 0: unknown
	moved     int64 // when the explanation took the place of another address, seconds since 1970; 0: it did not
	alone     int   // what speaks against it whoever the owner is
	// companions are other machines that came to the address in the same manner, too few
	// to make it a common way out.
	companions int
}

// trials splits a lock into the sessions that it stands for.
func (p *Policy) trials(lock string, view state.View) []*trial {
	set := view.Set(SessionKey(lock))
	whole := &trial{lock: lock, id: lock, whole: true}
	var out []*trial
	for _, m := range set.Class(classToken) {
		if len(m.Seen) == 0 { // its events are forgotten, its last step not yet
			continue
		}
		tok, kind := readToken(m, view)
		t := whole
		if tok.AccessKey != lock && !kind.perPrincipal() {
			t = &trial{lock: lock, id: lock + "#" + tok.AccessKey}
			whole.split = append(whole.split, tok.AccessKey)
		}
		t.tokens = append(t.tokens, tok)
		if len(t.tokens) == 1 {
			t.policy, t.view, t.inv, t.set, t.kind = p, view, network.Inventory{View: view}, set, kind
			out = append(out, t)
		}
	}
	for _, t := range out {
		t.gather()
	}
	return out
}

// readToken reads a credential and decides its kind: what AWS states, then how it
// was issued, then what its name suggests.
func readToken(m *state.Member, view state.View) (token, Kind) {
	t := token{Session: decodeSession(m.First().Value)}
	for _, issued := range view.Set(CredentialKey(t.AccessKey)).Class(classIssued) {
		t.readIssuance(issued.First())
	}
	switch {
	case t.Stated != "":
		return t, t.Stated
	case t.issued != nil:
		return t, issuedKind(t.issue.Call, t.issue.Service)
	}
	return t, t.Shaped
}

// readIssuance takes the record that says most of a credential's making. One call
// across accounts leaves two, and only the caller's own names its session; what a
// service asked for outweighs both.
func (t *token) readIssuance(o *state.Observation) {
	i := decodeIssuance(o.Value)
	t.issuers = append(t.issuers, i.Account)
	if t.issued == nil || t.issue.Service == "" && (i.Service != "" || t.issued.Session == "" && o.Session != "") {
		t.issued, t.issue = o, i
	}
}

func (t *trial) has(accessKey string) bool {
	return slices.ContainsFunc(t.tokens, func(k token) bool { return k.AccessKey == accessKey })
}

// gather makes the places of the session's uses, earliest first.
func (t *trial) gather() {
	for _, use := range t.set.Class(classUse) {
		parts := state.Parts(use.Name)
		if mine := t.mine(use); len(parts) == 2 && len(mine) > 0 {
			t.places = append(t.places, newPlace(use, parts, mine))
		}
	}
	slices.SortStableFunc(t.places, func(a, b *place) int { return a.First().Compare(b.First()) })
}

// mine are the uses of a place that belong to this trial: those with its keys, and
// in the trial of the whole lock those with a key of which nothing else is known.
// A machine has more keys in its life than are worth remembering one by one.
func (t *trial) mine(use *state.Member) []*state.Observation {
	if t.whole && len(t.split) == 0 {
		return use.Seen
	}
	return slices.DeleteFunc(slices.Clone(use.Seen), func(o *state.Observation) bool {
		return !t.has(o.AccessKey) && !(t.whole && !slices.Contains(t.split, o.AccessKey))
	})
}

func newPlace(use *state.Member, parts []string, seen []*state.Observation) *place {
	p := &place{Place: Place{Host: parts[0], Endpoint: parts[1], EndpointAccount: use.First().Value, Seen: seen}}
	p.private = network.ParseCaller(seen[0].Address).Class == network.Private
	for _, o := range seen {
		if !slices.Contains(p.Keys, o.AccessKey) {
			p.Keys = append(p.Keys, o.AccessKey)
		}
	}
	p.Last = seen[len(seen)-1].Time
	if len(seen) == len(use.Seen) {
		p.Last = use.Latest()
	}
	p.Seen = onceEach(p.Seen)
	return p
}

// onceEach leaves out the corrected copies of uses that are there themselves. A copy
// has an event id of its own, and says of the caller what the original says.
func onceEach(uses []*state.Observation) []*state.Observation {
	again := func(o *state.Observation) bool {
		return o.Corrects != "" && slices.ContainsFunc(uses, func(p *state.Observation) bool { return p.EventID == o.Corrects && p.Corrects == "" })
	}
	if !slices.ContainsFunc(uses, again) {
		return uses
	}
	return slices.DeleteFunc(slices.Clone(uses), again)
}

// examine explains what needs an explanation, finds the owner and weighs the
// rest. A session with one address and nothing against it needs none: that spares
// most sessions most look-ups.
func (t *trial) examine() {
	for _, p := range t.places {
		t.weighAlone(p)
		if len(t.places) > 1 || len(p.Evidence) > 0 {
			t.explain(p)
		}
		p.alone = total(p)
	}
	t.owner = t.chooseOwner()
	for _, p := range t.places {
		t.explainByOwner(p)
	}
	for _, p := range t.places {
		t.weighAgainstOwner(p)
	}
	t.weighEvents()
}

// suspect tells whether evidence counts against a place.
func (t *trial) suspect(p *place) bool { return p.explained == "" && p != t.owner }

// evidence adds a piece of evidence to a place.
func (t *trial) evidence(p *place, code Code, weight int, text string) {
	if weight > 0 {
		p.Evidence = append(p.Evidence, finding.Evidence{Code: string(code), Weight: weight, Text: text})
	}
}

// weigh adds a piece of evidence at its usual weight.
func (t *trial) weigh(p *place, code Code, text string) {
	t.evidence(p, code, t.policy.weight(code, t.kind), text)
}

// verdict adds up.
func (t *trial) verdict() Verdict {
	v := Verdict{Case: t.id, Lock: t.lock, Kind: t.kind, Contested: t.set.Contested()}
	if len(t.tokens) > 0 {
		v.Session, v.Expires = t.tokens[0].Session, t.tokens[0].issue.Expiration
	}
	for _, p := range t.places {
		t.settle(p)
	}
	t.settleFaint()
	for _, p := range t.places {
		v.Places = append(v.Places, p.Place)
		if p.Role == finding.Intruder && p.Score > v.Score {
			v.Score, v.Evidence = p.Score, p.Evidence
		}
	}
	v.Severity = severity(v.Score)
	if i := v.Intruder(); i != nil {
		v.Session, v.Expires = t.credential(i.Keys[0], v)
	}
	return v
}

// settle gives a place its score and role.
func (t *trial) settle(p *place) {
	slices.SortStableFunc(p.Evidence, func(a, b finding.Evidence) int {
		return cmp.Or(cmp.Compare(rank(a.Code), rank(b.Code)), cmp.Compare(b.Weight, a.Weight), strings.Compare(a.Code, b.Code))
	})
	p.Score, p.Why = max(total(p), 0), p.explained
	switch {
	case p.Score >= mediumScore:
		p.Role, p.Why = finding.Intruder, whyIntruder(p)
	case p == t.owner:
		p.Role = finding.Owner
	case t.suspect(p) && t.alone(p):
		p.Role, p.Why = finding.Intruder, whyIntruder(p)
	default:
		p.Role = finding.Explained
		p.Why = cmp.Or(p.explained, "not explained, but too little speaks against it")
	}
}

// settleFaint names the suspect of a session in which nobody is an intruder and
// something speaks, faintly, against one place.
func (t *trial) settleFaint() {
	var faint *place
	for _, p := range t.places {
		switch {
		case p.Role == finding.Intruder:
			return
		case p.Score >= lowScore && (faint == nil || p.Score > faint.Score):
			faint = p
		}
	}
	if faint != nil {
		faint.Role, faint.Why = finding.Intruder, whyIntruder(faint)
	}
}

// alone tells whether no other place of the session is worse.
func (t *trial) alone(p *place) bool {
	return !slices.ContainsFunc(t.places, func(o *place) bool { return o != p && total(o) > total(p) })
}

func total(p *place) int {
	sum := 0
	for _, e := range p.Evidence {
		sum += e.Weight
	}
	return sum
}

func whyIntruder(p *place) string {
	if len(p.Evidence) == 0 {
		return "a second address that nothing explains"
	}
	return p.Evidence[0].Text
}

// rank puts relations before evidence.
func rank(code string) int {
	switch Code(code) {
	case SecondAddress, ForeignEndpoint, StrangeEndpoint, IssuedByThief, UnknownNetwork:
		return 0
	}
	return 1
}

func (t *trial) credential(accessKey string, v Verdict) (Session, int64) {
	for _, k := range t.tokens {
		if k.AccessKey == accessKey {
			return k.Session, k.issue.Expiration
		}
	}
	other := v.Session
	other.AccessKey, other.Delivery, other.Issued = accessKey, "", 0
	return other, 0
}

// instance is the EC2 instance of the session, "" for others.
func (t *trial) instance() string {
	if t.kind != EC2 || len(t.tokens) == 0 {
		return ""
	}
	return t.tokens[0].Instance()
}

func (t *trial) account() string {
	if len(t.tokens) == 0 {
		return ""
	}
	return t.tokens[0].Account
}
