package rules

import (
	"slices"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/state"
)

// Verdict is what the facts say of one session.
type Verdict struct {
	// Case identifies the session: its lock, or one key of a lock whose keys turned
	// out to belong to different holders.
	Case     string
	Lock     string
	Kind     Kind
	Session  Session // the credential that the suspect used first, else the owner's
	Expires  int64   // seconds since 1970; 0 unknown
	Score    int
	Severity finding.Severity
	Evidence []finding.Evidence
	// Contested tells that the session was under suspicion before, now or at an
	// earlier judgement.
	Contested bool
	// Places are all addresses of the session, earliest first.
	Places []Place
	// Suppressed says why the verdict is not reported; nil when it is.
	Suppressed *Suppression
	// Staged are the staged rules that the session meets.
	Staged []*Effect
	// Custom is the custom rule whose own finding this is, and Title its title; ""
	// for the session's own verdict.
	Custom, Title string
}

// Place is one address of a session, alone or behind one VPC endpoint.
type Place struct {
	Role     finding.Role
	Host     string // as network.Caller.Host
	Endpoint string
	// EndpointAccount is the account of the VPC endpoint, "" where the log names none.
	EndpointAccount string
	Why             string   // what explains it, or convicts it
	Keys            []string // access keys used there, in order of first use
	Seen            []*state.Observation
	Last            int64 // seconds since 1970
	Score           int
	Evidence        []finding.Evidence
}

// First is the place's earliest use.
func (p *Place) First() *state.Observation { return p.Seen[0] }

// Owner is the place whose session this is; nil when only an intruder was seen.
func (v *Verdict) Owner() *Place { return v.first(finding.Owner) }

// Intruder is the first place of somebody else; nil when there is none.
func (v *Verdict) Intruder() *Place { return v.first(finding.Intruder) }

func (v *Verdict) first(role finding.Role) *Place {
	for i := range v.Places {
		if v.Places[i].Role == role {
			return &v.Places[i]
		}
	}
	return nil
}

// Guilty tells whether the session has a place that is somebody else's, at medium
// severity or more.
func (v *Verdict) Guilty() bool { return v.Severity >= finding.Medium && v.Intruder() != nil }

// accuses tells whether what is made at a host is an intruder's by this verdict, with
// a score that stands by itself. Neither a suppressed verdict nor a custom rule's own
// accuses, nor one by mere curiosity: what an auditor's tool assumes is not stolen too.
func (v *Verdict) accuses(host string) bool {
	p := v.accused(host)
	return p != nil && slices.ContainsFunc(p.Evidence, func(e finding.Evidence) bool {
		switch Code(e.Code) {
		case Enumeration, CallerIdentity, DeniedBurst:
			return false
		}
		return true
	})
}

func (v *Verdict) accused(host string) *Place {
	if v.Suppressed != nil || v.Custom != "" {
		return nil
	}
	for i := range v.Places {
		if p := &v.Places[i]; p.Host == host && p.Role == finding.Intruder && p.Score >= highScore {
			return p
		}
	}
	return nil
}

// convicts tells whether a host is an intruder's for other sessions too. That several
// sessions turn up at one new address makes it no thief's: it may be their common way
// out, and would convict itself. So more must speak against it than that it is another
// than before.
func (v *Verdict) convicts(host string) bool {
	p := v.accused(host)
	return p != nil && slices.ContainsFunc(p.Evidence, func(e finding.Evidence) bool {
		switch Code(e.Code) {
		case SecondAddress, Interleaved, NewRegion, AgentDrift:
			return false
		}
		return true
	})
}

// Rule names what mainly convicts: the relation if there is one, else the
// weightiest evidence, or the custom rule whose own finding this is.
func (v *Verdict) Rule() Code {
	if v.Custom != "" {
		return Code(v.Custom)
	}
	if len(v.Evidence) == 0 {
		return ""
	}
	return Code(v.Evidence[0].Code)
}

// Confidence is high when independent pieces agree.
func (v *Verdict) Confidence() finding.Confidence {
	switch {
	case v.Score >= 100 || len(v.Evidence) >= 4:
		return finding.HighConfidence
	case v.Score >= highScore:
		return finding.MediumConfidence
	}
	return finding.LowConfidence
}
