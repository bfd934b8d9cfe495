package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// drift: E5, other software than the session shows anywhere else; and E8, a
// private address without an endpoint beside a public owner.
func (t *trial) drift(p *place) {
	if t.otherWay(p) && !t.settledBefore(p) {
		return
	}
	here, elsewhere := software(t.set, p.at, family)
	strange := slices.DeleteFunc(here, func(f string) bool {
		return slices.Contains(elsewhere, f) || t.platformAt(p) && (agent{family: f}).platformAgent()
	})
	switch {
	case len(elsewhere) == 0:
	case len(strange) == 0:
		t.versionDrift(p)
	default:
		t.weigh(p, AgentDrift, fmt.Sprintf("the caller uses %s, the session elsewhere %s", strings.Join(strange, ", "), strings.Join(elsewhere, ", ")))
	}
	if p.private && p.Endpoint == "" && !t.owner.private {
		t.weigh(p, NoEndpoint, fmt.Sprintf("%s is a private address, yet the call did not come through a VPC endpoint", p.Host))
	}
}

// youth is how long a session goes on showing software of its own for the first
// time, in seconds.
const youth = 1800

// settledBefore tells whether the session was known for a while before a place.
func (t *trial) settledBefore(p *place) bool {
	return p.First().Time-t.places[0].First().Time >= youth
}

// versionDrift: the same software, but in versions that the session shows nowhere
// else.
func (t *trial) versionDrift(p *place) {
	here, elsewhere := software(t.set, p.at, version)
	strange := slices.DeleteFunc(here, func(v string) bool { return slices.Contains(elsewhere, v) })
	if len(strange) > 0 && len(elsewhere) > 0 && !(t.otherWay(p) && t.platformAt(p)) {
		t.evidence(p, AgentDrift, t.policy.weight(AgentDrift, t.kind)/2, fmt.Sprintf("the caller uses %s, the session elsewhere %s", strings.Join(strange, ", "), strings.Join(elsewhere, ", ")))
	}
}

// platformIn tells whether AWS's own agents call at the places that match.
func platformIn(session *state.Set, match func([]string) bool) bool {
	return slices.ContainsFunc(session.Class(classPlatform), func(m *state.Member) bool { return match(state.Parts(m.Name)) })
}

// platformAt tells whether AWS's own agents call from a place.
func (t *trial) platformAt(p *place) bool {
	return platformIn(t.set, p.at)
}

// olderMetadata: E9.
func (t *trial) olderMetadata(p *place) {
	if t.otherWay(p) {
		return // one machine's programs differ in how they ask
	}
	if t.delivered(p, "1.0") && t.delivered(t.owner, "2.0") && !t.delivered(p, "2.0") {
		t.weigh(p, OlderMetadata, "the key was handed out over IMDSv1, while the workload uses its sibling from IMDSv2")
	}
}

func (t *trial) delivered(p *place, version string) bool {
	return slices.ContainsFunc(t.tokens, func(k token) bool {
		return k.Delivery == version && slices.Contains(p.Keys, k.AccessKey)
	})
}

// interleaved: E10, the owner goes on while the intruder calls.
func (t *trial) interleaved(p *place) {
	if t.kind == Managed || t.neverLocked() || t.otherWay(p) || p.companions > 0 || t.dualStack(p) || t.issuedAbroad() {
		return // several nodes, or several ways out at once, are their nature
	}
	before, after := false, false
	for _, o := range t.owner.Seen {
		gap := o.Time - p.First().Time
		before = before || gap <= 0 && gap >= -interleave
		after = after || gap >= 0 && gap <= interleave
	}
	if before && after {
		t.weigh(p, Interleaved, fmt.Sprintf("%s and %s take turns within ten minutes", t.owner.where(), p.where()))
	}
}

// newRegion: E13, the role was used elsewhere, but never in the region, except from
// here.
func (t *trial) newRegion(p *place) {
	if t.issuedAbroad() {
		return // a vendor looks wherever there is something
	}
	for i, m := range t.view.Set(t.roleKey()).Class(classRegion) {
		first := m.First()
		if i > 0 && first.Session == t.lock && network.ParseCaller(first.Address).Host() == p.Host && !globalRegion(first.Region) {
			t.weigh(p, NewRegion, "the role was never used in "+first.Region+" before")
			return
		}
	}
}

// globalRegion: where global services log, whoever calls them from wherever.
func globalRegion(region string) bool {
	return region == "us-east-1" || region == "us-gov-west-1" || region == "cn-north-1"
}

// connect adds what other sessions' verdicts say.
func (t *trial) connect() {
	t.issuedByThief(generations)
	for _, p := range t.places {
		t.convictedAddress(p)
	}
}

// settled is how long before a thief's first use an address must have been
// the session's own already, for the thief to be a guest on the session's machine
// and not the other way round, in seconds.
const settled = 3600

// convictedAddress: E7, another session's thief calls from here. For a session
// that is no machine's that says little by itself: the thief may well be an
// operator whose other sessions are his own.
func (t *trial) convictedAddress(p *place) {
	if p.explained != "" || !t.kind.Compute() && len(p.Evidence) == 0 || p == t.owner && t.platformAt(p) {
		return
	}
	for _, m := range t.view.Set(network.AddressKey(t.account(), p.Host)).Class(classConvict) {
		if m.First().Session == t.lock || p == t.owner && p.First().Time < m.First().Time-settled {
			continue
		}
		if t.policy.convictedAt(m.First().Session, p.Host, t.view) {
			if t.explain(p); p.explained == "" {
				t.weigh(p, ConvictedAddress, p.Host+" is the intruder's address in another finding")
			}
			return
		}
	}
}

// convictedAt tells whether a session's own conduct convicts somebody at a host.
func (p *Policy) convictedAt(lock, host string, view state.View) bool {
	return slices.ContainsFunc(p.judgeAlone(lock, view), func(v Verdict) bool { return v.convicts(host) })
}

// generations bounds how far back lineage is followed.
const generations = 8

// accusedAt tells whether a session's own conduct, or its lineage, makes somebody at a
// host a thief.
func (p *Policy) accusedAt(lock, host string, view state.View, generation int) bool {
	for _, t := range p.trials(lock, view) {
		t.examine()
		t.issuedByThief(generation - 1)
		if slices.ContainsFunc(t.conclude(), func(v Verdict) bool { return v.accuses(host) }) {
			return true
		}
	}
	return false
}

// issuedByThief: lineage. A credential that a stolen session made from the thief's
// address is the thief's, and so is what is made with that one. What AWS says
// that it handed to the machine itself, nobody made.
func (t *trial) issuedByThief(generation int) {
	if generation == 0 {
		return
	}
	for _, k := range t.tokens {
		if k.issued == nil || k.issued.Session == "" || k.issued.Session == t.lock || k.Stated.perPrincipal() {
			continue
		}
		host := network.ParseCaller(k.issued.Address).Host()
		if !t.policy.accusedAt(k.issued.Session, host, t.view, generation) {
			continue
		}
		for _, p := range t.places {
			if slices.Contains(p.Keys, k.AccessKey) {
				t.weigh(p, IssuedByThief, fmt.Sprintf("the credential was made by %s from %s, with a stolen session", k.issued.Name, host))
			}
		}
	}
}
