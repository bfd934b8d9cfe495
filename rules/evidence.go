package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// Windows of time in the evidence, in seconds.
const (
	personWindow  = int64(24 * time.Hour / time.Second)
	commandWindow = int64(15 * time.Minute / time.Second)
	denyWindow    = int64(5 * time.Minute / time.Second)
	interleave    = int64(10 * time.Minute / time.Second)
	enumWindow    = int64(time.Minute / time.Second)
	wideWindow    = int64(2 * time.Minute / time.Second)
	widerWindow   = int64(5 * time.Minute / time.Second)
	shutdownTime  = int64(10 * time.Minute / time.Second)
	learning      = int64(7 * 24 * time.Hour / time.Second)
)

// denials is how many different denied actions within denyWindow are a burst.
const denials = 3

// How many services a look around covers, within its window, that no start script
// makes.
const (
	wideServices  = 3
	widerServices = 4
)

// where names a place for people.
func (p *place) where() string {
	if p.Endpoint != "" {
		return p.Host + " behind " + p.Endpoint
	}
	return p.Host
}

// at tells whether a member that starts with host and endpoint belongs to the place.
func (p *place) at(parts []string) bool {
	return len(parts) >= 2 && parts[0] == p.Host && parts[1] == p.Endpoint
}

// sixBeside tells whether one of two public places is IPv6 and the other IPv4.
func (p *place) sixBeside(o *place) bool {
	if o == nil || p.private || o.private {
		return false
	}
	return strings.Contains(p.Host, ":") != strings.Contains(o.Host, ":")
}

// weighAlone adds what counts against a place whoever the owner is.
func (t *trial) weighAlone(p *place) {
	t.consoleUse(p)
	t.afterTermination(p)
	t.foreignEndpoint(p)
	t.unknownNetwork(p)
	t.personAddress(p)
	t.remoteCommand(p)
	t.outsideEgress(p)
	t.outsideAWS(p)
	t.impossibleSystem(p)
	t.callerIdentity(p)
	t.deniedBurst(p)
	t.notIssuer(p)
}

// weighFirstUse reconsiders the evidence against the owner's own address. With no
// second address to compare, what workloads share with people in ordinary life
// (an office's or a NAT gateway's address, a start script that asks who it is)
// must not convict by itself.
func (t *trial) weighFirstUse(p *place) {
	commanded := slices.ContainsFunc(p.Evidence, func(e finding.Evidence) bool { return e.Code == string(RemoteCommand) })
	alone := !t.platformAt(p) && t.neighbours(p) == 0
	for i := range p.Evidence {
		e := &p.Evidence[i]
		switch Code(e.Code) {
		case PersonAddress:
			if !alone || !t.usedByPeople(p) {
				e.Weight /= 2
			}
		case CallerIdentity:
			if !commanded && !t.learned(p) {
				e.Weight /= 2
			}
		}
	}
}

// usedByPeople tells whether people work from a place.
func (t *trial) usedByPeople(p *place) bool {
	return t.view.Set(network.AddressKey(t.account(), p.Host)).Member(state.NewMember(classUsed, usedByPerson)) != nil
}

// learned tells whether the role was watched long enough for something new of it
// to mean something.
func (t *trial) learned(p *place) bool {
	since := t.view.Set(t.roleKey()).Member(classActive)
	return since != nil && p.First().Time-since.First().Time >= learning
}

func (t *trial) roleKey() state.Key {
	if len(t.tokens) == 0 {
		return ""
	}
	return RoleKey(t.account(), t.tokens[0].RoleARN)
}

// foreignEndpoint: a VPC endpoint of an account that is not ours, or one that
// nothing of ours was ever seen behind.
func (t *trial) foreignEndpoint(p *place) {
	if p.Endpoint == "" || t.neverLocked() {
		return
	}
	if account := p.EndpointAccount; account != "" {
		if t.issuedBy(account) {
			return
		}
		t.weigh(p, ForeignEndpoint, fmt.Sprintf("VPC endpoint %s belongs to account %s, which is not one of ours", p.Endpoint, account))
		return
	}
	if _, known := t.ownPrivate(p); known {
		t.weigh(p, StrangeEndpoint, fmt.Sprintf("nothing else of ours uses VPC endpoint %s, and %s is not the instance's own address", p.Endpoint, p.Host))
	}
}

// issuedBy tells whether the credential was issued to an account: a third party
// that assumes a role of ours calls from its own VPCs.
func (t *trial) issuedBy(account string) bool {
	return slices.ContainsFunc(t.tokens, func(k token) bool { return slices.Contains(k.issuers, account) })
}

func (t *trial) neverLocked() bool {
	return t.kind == LongTerm || t.kind == Cognito || t.kind == ServiceRole
}

// unknownNetwork: the first iteration of the talk, a list of one's own networks.
func (t *trial) unknownNetwork(p *place) {
	if !t.policy.KnownOnly || t.policy.Known.Len() == 0 || t.neverLocked() {
		return
	}
	t.weigh(p, UnknownNetwork, fmt.Sprintf("%s is in none of the %d networks that the configuration lists", p.Host, t.policy.Known.Len()))
}

// personAddress: E1.
func (t *trial) personAddress(p *place) {
	if !t.kind.Compute() || p.Endpoint != "" || t.inv.Owned(t.account(), p.Host) {
		return
	}
	for _, used := range t.view.Set(network.AddressKey(t.account(), p.Host)).Class(classUsed) {
		if t.neighbours(p) >= poolOfMachines {
			return
		}
		if used.First().Time-personWindow <= p.Last && p.First().Time <= used.Latest()+int64(step/time.Second)+personWindow {
			t.weigh(p, PersonAddress, fmt.Sprintf("%s is where people and long-term keys of the account call from (%s, %s)", p.Host, used.First().Name, used.First().At().Format(time.RFC3339)))
			return
		}
	}
}

// neighbours counts other machines that started out from a place.
func (t *trial) neighbours(p *place) int {
	return t.startedAt(t.view.Set(network.AddressKey(t.account(), p.Host)), p.Host)
}

// remoteCommand: E2.
func (t *trial) remoteCommand(p *place) {
	id := t.instance()
	if id == "" {
		return
	}
	for _, c := range t.inv.CommandsFrom(id, p.Host) {
		if before := p.First().Time - c.Time; before >= -5 && before <= commandWindow {
			t.weigh(p, RemoteCommand, fmt.Sprintf("%s was called for %s from the same address %s before", c.Name, id, time.Duration(max(before, 0))*time.Second))
			return
		}
	}
}

// outsideEgress: E3.
func (t *trial) outsideEgress(p *place) {
	id := t.instance()
	if id == "" || p.Endpoint != "" {
		return
	}
	for _, c := range t.onlyWaysOut(id, p.First()) {
		if c.Holds(p.First().Time, p.First().Time) {
			t.weigh(p, OutsideEgress, fmt.Sprintf("%s has no way out but %s (%s)", id, c.Host, c.Why))
			return
		}
	}
}

// impossibleSystem: E4. A system that attackers use, one that Lambda and ECS on
// Linux do not have, or one that the same session did not show elsewhere.
func (t *trial) impossibleSystem(p *place) {
	if t.neverLocked() {
		return
	}
	here, elsewhere := software(t.set, p.at, system)
	for _, s := range here {
		strange := s == "attack" || s == "macos" && t.kind.Compute() || s == "windows" && t.kind == Lambda ||
			s != "linux" && len(elsewhere) > 0 && !slices.Contains(elsewhere, s)
		if strange && s == "macos" && t.platformAt(p) {
			continue // AWS rents Macs too, and its agent runs on them
		}
		if strange && !slices.Contains(elsewhere, s) {
			t.weigh(p, ImpossibleSystem, fmt.Sprintf("the caller runs %s, which this workload does not", systemName(s)))
			return
		}
	}
}

func systemName(s string) string {
	if s == "attack" {
		return "a system made for attacks"
	}
	return s
}

// callerIdentity: E6, the first GetCallerIdentity that any session of the role
// made; more if a look around followed at once.
func (t *trial) callerIdentity(p *place) {
	for _, m := range t.set.Class(classIdentity) {
		if !p.at(state.Parts(m.Name)) {
			continue
		}
		if p == t.places[0] && len(t.places) == 1 && parseAgent(m.First().Agent).plans() {
			return
		}
		role := t.view.Set(t.roleKey()).Member(classIdentity)
		first := role != nil && role.First().Session == t.lock && role.First().Address == m.First().Address
		if first {
			t.weigh(p, CallerIdentity, "the first GetCallerIdentity of this role: who steals a token asks whose it is")
		}
		t.enumeration(p, m.First(), first)
		return
	}
}

// enumeration: the place's first call is GetCallerIdentity, and calls that list or
// describe follow. Two within a minute are what a start script may do as well, and
// what a role's sessions do again and again is its work; a look around in several
// services after the role's first GetCallerIdentity is somebody who wonders what he
// has got.
func (t *trial) enumeration(p *place, identity *state.Observation, firstOfRole bool) {
	if p.First().EventID != identity.EventID {
		return
	}
	soon, wide, wider := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, o := range p.Seen {
		after := o.Time - identity.Time
		if !looksAround(o.Name) || after > widerWindow {
			continue
		}
		wider[o.Source] = true
		if after <= wideWindow {
			wide[o.Source] = true
		}
		if after <= enumWindow {
			soon[o.Name] = true
		}
	}
	w := t.policy.weight(Enumeration, t.kind)
	switch {
	case firstOfRole && (len(wide) >= wideServices || len(wider) >= widerServices):
		t.evidence(p, Enumeration, 2*w, fmt.Sprintf("GetCallerIdentity opened the session, a look around in %d services followed", len(wider)))
	case len(soon) >= 2:
		t.evidence(p, Enumeration, w, "GetCallerIdentity opened the session, a look around followed within a minute")
	}
}

// deniedBurst: E11.
func (t *trial) deniedBurst(p *place) {
	for _, m := range t.set.Class(classDenied) {
		if p.at(state.Parts(m.Name)) && burst(m.Seen) {
			t.weigh(p, DeniedBurst, fmt.Sprintf("%d or more different actions were denied within five minutes", denials))
			return
		}
	}
}

func burst(seen []*state.Observation) bool {
	for i, o := range seen {
		names := map[string]bool{}
		for _, later := range seen[i:] {
			if later.Time-o.Time <= denyWindow {
				names[later.Source+later.Name] = true
			}
		}
		if len(names) >= denials {
			return true
		}
	}
	return false
}

// consoleUse: E12.
func (t *trial) consoleUse(p *place) {
	for _, m := range t.set.Class(classConsole) {
		if p.at(state.Parts(m.Name)) {
			t.weigh(p, ConsoleUse, fmt.Sprintf("a machine's session called %s: machines do not sign in to the console", m.First().Name))
			return
		}
	}
}

// afterTermination: E14.
func (t *trial) afterTermination(p *place) {
	id := t.instance()
	if id == "" {
		return
	}
	for _, end := range t.inv.Moments(id, network.Terminated) {
		if p.Last > end.At+shutdownTime {
			t.weigh(p, AfterTermination, fmt.Sprintf("%s was terminated at %s, and its session lives on", id, time.Unix(end.At, 0).UTC().Format(time.RFC3339)))
			return
		}
	}
}

// notIssuer: E16.
func (t *trial) notIssuer(p *place) {
	for _, k := range t.tokens {
		if k.issued == nil || k.issue.Service != "" || t.kind.Compute() || p != t.places[0] {
			continue
		}
		asked := network.ParseCaller(k.issued.Address)
		agentThere, agentHere := parseAgent(k.issued.Agent).family, parseAgent(p.First().Agent).family
		if asked.Class == network.Public && farApart(asked.Addr, p.First().Address) && agentThere != agentHere {
			t.weigh(p, NotIssuerAddress, fmt.Sprintf("asked for from %s with %s, first used from %s with %s", asked.Text, agentThere, p.Host, agentHere))
			return
		}
	}
}

// farApart tells whether two addresses are in different IPv4 /16 or IPv6 /32.
func farApart(a netip.Addr, text string) bool {
	b, err := netip.ParseAddr(text)
	if err != nil || a.Is4() != b.Is4() {
		return true
	}
	bits := 16
	if a.Is6() {
		bits = 32
	}
	return !netip.PrefixFrom(a, bits).Masked().Contains(b)
}
