package processor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

// finding puts a verdict into the form for people and programs.
func (p *Processor) finding(v *rules.Verdict, now sent) *finding.Finding {
	detected := p.cfg.Now().UTC().Truncate(time.Millisecond)
	f := &finding.Finding{
		SchemaVersion: finding.SchemaVersion, ID: findingID(v), Activity: activity(now), Status: now.shown(), Phase: now.Phase,
		Rule: string(v.Rule()), Custom: v.Custom != "", Severity: v.Severity, Confidence: v.Confidence(), Score: v.Score, Evidence: v.Evidence,
		Token: tokenOf(v), DetectedAt: detected,
	}
	if owner := v.Owner(); owner != nil {
		f.FirstSeen = observation(owner.First())
	}
	f.Addresses = addresses(v)
	intruderUses(f, v)
	f.Title = title(f, v)
	f.Attack = finding.Attack(string(v.Kind), identityAsked(v))
	if now.Status != finding.Open {
		f.Reason = closingReason(v)
	} else {
		f.Containment = finding.Contain(f.Token, detected)
	}
	return f
}

func activity(now sent) finding.Activity {
	switch {
	case now.Status != finding.Open:
		return finding.Close
	case now.Sequence-now.Unsaid == 1:
		return finding.Create
	}
	return finding.Update
}

// shown is the status in a finding, which knows no other than open and closed.
func (s *sent) shown() finding.Status {
	if s.Status == finding.Open {
		return finding.Open
	}
	return finding.Closed
}

// phase: until the lateness window after the intruder's first use is over, an
// earlier or explaining event can still arrive. Time is the log's own; a log that has
// stood still for as long, by the clock, has nothing more to say either.
func (p *Processor) phase(v *rules.Verdict) finding.Phase {
	late := int64(p.cfg.Lateness / time.Second)
	i := v.Intruder()
	if i == nil || p.ended.Load() || p.newest.Load() >= i.First().Time+late || p.cfg.Now().Unix() >= p.moved.Load()+late {
		return finding.Settled
	}
	return finding.Provisional
}

func tokenOf(v *rules.Verdict) finding.Token {
	s := v.Session
	t := finding.Token{
		AccessKeyID: s.AccessKey, Kind: string(v.Kind), PrincipalID: s.Principal, ARN: s.ARN, RoleARN: s.RoleARN,
		SessionName: s.Name, AccountID: s.Account, Resource: s.Resource, IssuedAt: at(s.Issued), ExpiresAt: at(v.Expires),
	}
	if keys := intruderKeys(v); len(keys) > 1 {
		t.AccessKeyIDs = keys
	}
	return t
}

func at(seconds int64) *time.Time {
	if seconds == 0 {
		return nil
	}
	t := time.Unix(seconds, 0).UTC()
	return &t
}

func intruderKeys(v *rules.Verdict) []string {
	var keys []string
	for i := range v.Places {
		if v.Places[i].Role == finding.Intruder {
			keys = append(keys, v.Places[i].Keys...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func observation(o *state.Observation) *finding.Observation {
	return &finding.Observation{
		Address: o.Address, VPCEndpointID: o.Endpoint, Time: o.At(), EventID: o.EventID, EventSource: o.Source,
		EventName: o.Name, UserAgent: o.Agent, Region: o.Region, AccessKeyID: o.AccessKey, ErrorCode: o.Error,
	}
}

func addresses(v *rules.Verdict) []finding.Address {
	out := make([]finding.Address, len(v.Places))
	for i := range v.Places {
		p := &v.Places[i]
		out[i] = finding.Address{
			Address: p.First().Address, VPCEndpointID: p.Endpoint, Role: p.Role, Why: p.Why,
			First: p.First().At(), Last: time.Unix(p.Last, 0).UTC(), Events: len(p.Seen),
		}
	}
	return out
}

// intruderUses lists what the intruder did.
func intruderUses(f *finding.Finding, v *rules.Verdict) {
	var seen []*state.Observation
	for i := range v.Places {
		p := &v.Places[i]
		if p.Role != finding.Intruder {
			continue
		}
		if f.Observed == nil {
			f.Observed = observation(p.First())
		}
		seen = append(seen, p.Seen...)
		if last := time.Unix(p.Last, 0).UTC(); last.After(f.LastTime) {
			f.LastTime = last
		}
	}
	slices.SortFunc(seen, (*state.Observation).Compare)
	f.EventCount = len(seen)
	for _, o := range seen[:min(len(seen), finding.MaxEventIDs)] {
		f.EventIDs = append(f.EventIDs, o.EventID)
	}
	for _, o := range seen[:min(len(seen), finding.MaxCalls)] {
		f.Calls = append(f.Calls, *observation(o))
	}
	if len(seen) > 0 {
		f.FirstTime = seen[0].At()
	}
}

func identityAsked(v *rules.Verdict) bool {
	for i := range v.Places {
		if v.Places[i].Role == finding.Intruder && slices.ContainsFunc(v.Places[i].Seen, func(o *state.Observation) bool {
			return o.Name == "GetCallerIdentity"
		}) {
			return true
		}
	}
	return false
}

// title is the finding in one line.
func title(f *finding.Finding, v *rules.Verdict) string {
	who := cmp.Or(f.Token.Resource, f.Token.SessionName, f.Token.AccessKeyID)
	if i := strings.LastIndexByte(who, '/'); i >= 0 {
		who = who[i+1:]
	}
	what := fmt.Sprintf("Session credentials of %s %s", f.Token.Kind, who)
	switch {
	case v.Suppressed != nil:
		return what + " are not reported"
	case f.Status == finding.Closed:
		return what + " are explained after all"
	case v.Title != "":
		return v.Title + ": " + what
	case f.FirstSeen != nil && f.Observed != nil:
		return fmt.Sprintf("%s, first used from %s, are used from %s", what, where(f.FirstSeen), where(f.Observed))
	case f.Observed != nil:
		return fmt.Sprintf("%s are used by somebody else from %s", what, where(f.Observed))
	}
	return what
}

// where is an address, with the VPC endpoint that it is behind.
func where(o *finding.Observation) string {
	if o.VPCEndpointID == "" {
		return o.Address
	}
	return o.Address + " behind " + o.VPCEndpointID
}

func closingReason(v *rules.Verdict) string {
	if s := v.Suppressed; s != nil {
		return fmt.Sprintf("suppressed by %s of %s: %s", s.By, s.Owner, s.Reason)
	}
	var why []string
	for i := range v.Places {
		if p := &v.Places[i]; p.Why != "" {
			why = append(why, p.First().Address+": "+p.Why)
		}
	}
	if len(why) == 0 {
		return "what spoke against the session no longer holds"
	}
	return strings.Join(why, "; ")
}
