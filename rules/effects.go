package rules

import (
	"slices"
	"strings"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// maxWatched bounds how many disputed sessions of an account are judged again
// when its inventory changes.
const maxWatched = 1024

// Consequences are the facts that follow from a verdict. They decide nothing, they
// only say where to look: which sessions to judge again when something new is
// known, and which addresses to look at twice. Like all facts they are never taken
// back; whoever follows one judges anew.
func (v *Verdict) Consequences() []state.Fact {
	facts := v.remembered()
	intruder := v.Intruder()
	if intruder == nil || v.Severity < finding.Low {
		return facts
	}
	at := *intruder.First()
	facts = append(facts, v.mark(at, SessionKey(v.Lock), state.ContestedClass, state.Retention{}))
	facts = append(facts, v.watches(at)...)
	for i := range v.Places {
		p := &v.Places[i]
		if p.Role != finding.Intruder {
			continue
		}
		key := network.AddressKey(v.Session.Account, p.Host)
		facts = append(facts, v.mark(*p.First(), key, state.NewMember(classSession, v.Lock), state.Retention{Members: maxSessions}))
		if v.accuses(p.Host) {
			facts = append(facts, v.mark(*p.First(), key, state.NewMember(classAccuse, v.Lock), state.Retention{Members: maxSessions}))
		}
		if v.convicts(p.Host) {
			facts = append(facts, v.mark(*p.First(), key, state.NewMember(classConvict, v.Lock), state.Retention{Members: maxSessions}))
		}
	}
	return facts
}

// watches: what is learned of an account later may explain the session: of its own,
// and of those whose VPC endpoints the intruder came through. Only what is worth a
// finding is watched, since each such fact judges all of them again.
func (v *Verdict) watches(at state.Observation) []state.Fact {
	if v.Severity < finding.Medium {
		return nil
	}
	accounts := []string{v.Session.Account}
	for i := range v.Places {
		if p := &v.Places[i]; p.Role == finding.Intruder && p.EndpointAccount != "" && !slices.Contains(accounts, p.EndpointAccount) {
			accounts = append(accounts, p.EndpointAccount)
		}
	}
	var facts []state.Fact
	for _, id := range accounts {
		facts = append(facts, v.mark(at, network.AccountKey(id), state.NewMember(classWatch, v.Lock), state.Retention{Members: maxWatched}))
	}
	return facts
}

// Lapsed lists the locks that were judged by a conviction of this session which no
// longer stands by itself, whatever other sessions' verdicts add to it: the other
// sessions at that address, and the credentials that the session made. It looks only
// at what the session was once convicted of.
func (p *Policy) Lapsed(v *Verdict, view state.View) []string {
	if !v.Contested {
		return nil
	}
	var out []string
	for i := range v.Places {
		host := v.Places[i].Host
		set := view.Set(network.AddressKey(v.Session.Account, host))
		if set.Member(state.NewMember(classConvict, v.Lock)) != nil && !p.convictedAt(v.Lock, host, view) {
			out = append(out, sessions(set)...)
		}
		if set.Member(state.NewMember(classAccuse, v.Lock)) != nil && !p.accusedAt(v.Lock, host, view, generations) {
			out = append(out, issuedBy(view.Set(SessionKey(v.Lock)))...)
		}
	}
	return slices.DeleteFunc(out, func(lock string) bool { return lock == v.Lock })
}

func (v *Verdict) mark(at state.Observation, key state.Key, member string, r state.Retention) state.Fact {
	at.Session, at.Agent = v.Lock, ""
	life := v.Session.lifetime()
	if class := state.Class(member); class == classConvict || class == classAccuse {
		life = addressLife
	}
	r.Life = max(life, addressLife)
	return state.Fact{Key: key, Member: member, Observation: at, Retention: r}
}

// Affected lists the locks whose verdicts a new fact may change. The View is asked
// for what lies between the fact and them.
func Affected(c state.Change, view state.View) []string {
	switch c.Key.Kind() {
	case "session":
		return affectedSession(c, view)
	case "key":
		return affectedCredential(c, view)
	case "address":
		return affectedAddress(c, view)
	case "role":
		return affectedRole(c, view)
	case "endpoint":
		if state.Class(c.Member) == classSession {
			return fewSessions(view.Set(c.Key), 2)
		}
		return append(sessions(view.Set(c.Key)), watched(c, view)...)
	case "instance":
		if state.Class(c.Member) == classSession {
			return nil // the session itself is judged for its own facts
		}
		return sessions(view.Set(c.Key))
	case "outside": // only who was first is judged by it, and who was thought to be
		first := sessions(view.Set(c.Key))
		return first[:min(len(first), 2)]
	case "account":
		if state.Class(c.Member) == classWatch {
			return nil
		}
		return watchedIn(c.Key, view)
	}
	return append(affectedInstances(c, view), watched(c, view)...)
}

// affectedInstances: what gives a VPC its ways out says where its instances belong.
func affectedInstances(c state.Change, view state.View) []string {
	if !c.New {
		return nil
	}
	var out []string
	for _, id := range (network.Inventory{View: view}).InstancesOf(c.Key, c.Member) {
		out = append(out, sessions(view.Set(network.InstanceKey(id)))...)
	}
	return out
}

// affectedSession: a session's own fact changes its own verdict. Repetitions at an
// address known to be quiet change nothing, unless they look around in a session
// that asked who it is.
func affectedSession(c state.Change, view state.View) []string {
	lock := c.Key.Rest()
	switch state.Class(c.Member) {
	case classUse:
		if !c.New && !c.Contested && !(looksAround(c.Name) && len(view.Set(c.Key).Class(classIdentity)) > 0) {
			return nil
		}
	case classIssued, classToken:
		if !c.New {
			return nil
		}
	case classReach, classActs, classPlatform: // they only matter beside a suspect
		if !c.New || !view.Set(c.Key).Contested() {
			return nil
		}
	case state.ContestedClass, classOwn, classStaged:
		return nil
	}
	return []string{lock}
}

func looksAround(name string) bool {
	return strings.HasPrefix(name, "List") || strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "GetAccount")
}

// affectedCredential: an issuance tells the kind of the session that uses the
// credential, and whether a thief made it.
func affectedCredential(c state.Change, view state.View) []string {
	return append(sessions(view.Set(c.Key)), c.Key.Rest())
}

// affectedAddress: who else uses an address.
func affectedAddress(c state.Change, view state.View) []string {
	set := view.Set(c.Key)
	switch state.Class(c.Member) {
	case classSession:
		return fewSessions(set, poolSharedWithPeople+1)
	case classAccuse:
		return issuedBy(view.Set(SessionKey(c.Observation.Session)))
	}
	return sessions(set)
}

// issuedBy lists the locks of the credentials that a session made.
func issuedBy(session *state.Set) []string {
	var out []string
	for _, m := range session.Class(classIssued) {
		out = append(out, strings.Join(state.Parts(m.Name), "|"))
	}
	return out
}

// affectedRole: another session's call may come before the one that was taken for
// the role's first.
func affectedRole(c state.Change, view state.View) []string {
	if state.Class(c.Member) == classActive {
		return nil
	}
	m := view.Set(c.Key).Member(c.Member)
	if m.First().EventID != c.EventID {
		return nil // not the role's first, so nobody else's place is taken
	}
	var out []string
	for _, o := range m.Seen {
		out = append(out, o.Session)
	}
	return out
}

// watched lists the disputed sessions of the account whose inventory a fact is
// about.
func watched(c state.Change, view state.View) []string {
	if c.Value == "" {
		return nil
	}
	return watchedIn(network.AccountKey(c.Value), view)
}

func watchedIn(account state.Key, view state.View) []string {
	var out []string
	for _, m := range view.Set(account).Class(classWatch) {
		out = append(out, m.First().Session)
	}
	return out
}

// sessions lists the locks under a key.
func sessions(set *state.Set) []string {
	var out []string
	for _, m := range set.Class(classSession) {
		out = append(out, m.First().Session)
	}
	return out
}

// fewSessions lists them only while there are few: past that, one more does not
// change what they are to each other.
func fewSessions(set *state.Set, few int) []string {
	if out := sessions(set); len(out) <= few {
		return out
	}
	return nil
}

// Locks drops repetitions and empty names.
func Locks(names []string) []string {
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(n string) bool { return n == "" })
}
