package rules

import (
	"fmt"
	"slices"

	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// others lists the other sessions under a key, the first poolExamined.
func (t *trial) others(set *state.Set) []string {
	out := slices.DeleteFunc(sessions(set), func(lock string) bool { return lock == "" || lock == t.lock })
	return out[:min(len(out), poolExamined)]
}

// startedAt counts the other sessions under an address whose first use of all was
// there.
func (t *trial) startedAt(set *state.Set, host string) int {
	n := 0
	for _, other := range t.others(set) {
		session := t.view.Set(SessionKey(other))
		if uses := session.Class(classUse); len(uses) > 0 && state.Parts(uses[0].Name)[0] == host && !t.minted(session) && !t.commandedAt(session, host) {
			n++
		}
	}
	return n
}

// byPool: the address is the common way out of machines of the account.
func (t *trial) byPool(p *place) string {
	if !t.machine() || p.private {
		return ""
	}
	set := t.view.Set(network.AddressKey(t.account(), p.Host))
	started, needed := t.startedAt(set, p.Host), poolOfMachines
	if people := set.Member(state.NewMember(classUsed, usedByPerson)); people != nil {
		needed = poolSharedWithPeople
	}
	if started >= needed && (t.ofAnotherVPC(set, p.Host) || p != t.places[0] && t.snoops(p)) {
		p.companions = started
		return ""
	}
	if started >= needed {
		return fmt.Sprintf("common way out of %d other machines of the account", started)
	}
	if needed == poolOfMachines && t.behaves(t.set, p.Host) {
		return t.byCompanions(set, p, started)
	}
	return ""
}

// byCompanions: several machines show the same addresses, and at none of them
// anything but their usual conduct: a common egress of several addresses, or a
// gateway that took over from another. Unless they are many, one of them must have
// begun there: a thief with a few sessions finds them at work elsewhere.
func (t *trial) byCompanions(set *state.Set, p *place, started int) string {
	clean, shared := 0, 0
	for _, other := range t.others(set) {
		session := t.view.Set(SessionKey(other))
		if !t.behaves(session, p.Host) || t.minted(session) || t.commandedAt(session, p.Host) {
			continue
		}
		clean++
		if t.sharesAnother(session, p.Host) {
			shared++
		}
	}
	if shared >= manyCompanions || started > 0 && (shared >= companions || clean >= poolOfMachines) {
		return fmt.Sprintf("common way out, used by %d other machines of the account in the same manner", clean)
	}
	if shared > 0 {
		p.companions = shared + started
	}
	return ""
}

// snoops tells whether somebody asks at a place who he is, with software that the
// session shows nowhere else.
func (t *trial) snoops(p *place) bool {
	asks := slices.ContainsFunc(t.set.Class(classIdentity), func(m *state.Member) bool { return p.at(state.Parts(m.Name)) })
	return asks && !usual(t.set, p.at)
}

// ofAnotherVPC tells whether the machine's VPC is known, those of the machines that
// started out from an address too, and none of them is the machine's: an egress that
// many VPCs share, or somebody in another one.
func (t *trial) ofAnotherVPC(set *state.Set, host string) bool {
	mine := t.inv.VPCs(t.instance())
	if len(mine) == 0 {
		return false
	}
	for _, other := range t.others(set) {
		tokens := t.view.Set(SessionKey(other)).Class(classToken)
		if len(tokens) == 0 {
			continue
		}
		s := decodeSession(tokens[0].First().Value)
		theirs := t.inv.VPCs(s.Instance())
		if len(theirs) == 0 || slices.ContainsFunc(theirs, func(vpc string) bool { return slices.Contains(mine, vpc) }) {
			return false
		}
	}
	return true
}

// behaves tells whether a session shows at a host no software that it does not
// show elsewhere, or nothing else at all, and asks nobody who it is.
func (t *trial) behaves(session *state.Set, host string) bool {
	if !usual(session, onHost(host)) {
		return false
	}
	return !slices.ContainsFunc(session.Class(classIdentity), func(m *state.Member) bool { return state.Parts(m.Name)[0] == host })
}

// usual tells whether a session's software at the places that match is software
// that it shows elsewhere too, or AWS's own agent, or all that it ever shows.
func usual(session *state.Set, match func([]string) bool) bool {
	here, elsewhere := software(session, match, family)
	return len(elsewhere) == 0 || !slices.ContainsFunc(here, func(f string) bool {
		return !slices.Contains(elsewhere, f) && !((agent{family: f}).platformAgent() && platformIn(session, match))
	})
}

// sharesAnother tells whether another session was also at one of this session's
// other public addresses, or, where this one has none, whether it too has been
// behind endpoints of the same kind.
func (t *trial) sharesAnother(session *state.Set, host string) bool {
	for _, use := range session.Class(classUse) {
		parts := state.Parts(use.Name)
		for _, p := range t.places {
			if p.Host != host && parts[0] != host && (parts[0] == p.Host || p.Endpoint != "" && parts[1] == p.Endpoint) {
				return true
			}
		}
	}
	return false
}

// commandedAt tells whether a session's instance was sent a command from a host
// where the session then appeared: robbed machines are no witnesses.
func (t *trial) commandedAt(session *state.Set, host string) bool {
	tokens := session.Class(classToken)
	if len(tokens) == 0 {
		return false
	}
	s := decodeSession(tokens[0].First().Value)
	return s.Instance() != "" && len(t.inv.CommandsFrom(s.Instance(), host)) > 0
}

// vouched tells whether a machine that is known to live behind endpoints uses the
// endpoint of a place with its usual software. A session that came there from
// elsewhere vouches for nobody.
func (t *trial) vouched(p *place) bool {
	for _, other := range t.others(t.view.Set(network.EndpointKey(p.Endpoint))) {
		session := t.view.Set(SessionKey(other))
		uses := session.Class(classUse)
		through := func(parts []string) bool { return parts[1] == p.Endpoint }
		if len(uses) > 0 && state.Parts(uses[0].Name)[1] != "" && usual(session, through) && !t.minted(session) {
			return true
		}
	}
	return false
}

// minted tells whether somebody, and no AWS service, asked for a session's first
// credential: whoever can assume roles makes as many such sessions as he likes,
// under any names, so they prove nothing.
func (t *trial) minted(session *state.Set) bool {
	if tokens := session.Class(classToken); len(tokens) > 0 {
		tok, kind := readToken(tokens[0], t.view)
		byAgent := tok.issued == nil && tok.Shaped == Lambda // the user agent alone says so
		return tok.Stated == "" && (tok.issued != nil && tok.issue.Service == "" || !kind.Compute() || byAgent)
	}
	return true
}
