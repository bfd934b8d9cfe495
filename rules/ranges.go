package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// maxOutside bounds the sessions known from outside AWS, by account and kind: one
// before is enough to make it ordinary.
const maxOutside = 16

// OutsideKey holds the sessions of an account's machines of one kind that called
// from outside AWS's ranges.
func OutsideKey(account string, kind Kind) state.Key {
	return state.NewKey("outside", account, string(kind))
}

// insideAWS tells whether the machines of a kind run in AWS alone. Pods run on
// hybrid nodes too.
func (k Kind) insideAWS() bool { return k == EC2 || k == ECS || k == Lambda }

// outside: a machine called from outside AWS, as those do that go out through the
// networks of their owner's.
func (c *context) outside() []state.Fact {
	s := &c.session
	if !s.kind().insideAWS() || c.from.Class != network.Public || !isOutside(c.extractor.Ranges, c.from.Addr) {
		return nil
	}
	return []state.Fact{c.fact(OutsideKey(s.Account, s.kind()), state.Retention{Members: maxOutside}, roleLife, classSession, s.Lock)}
}

// isOutside tells whether an address is known not to be AWS's.
func isOutside(ranges *network.Ranges, addr netip.Addr) bool {
	_, _, inside := ranges.Find(addr)
	return ranges.Len() > 0 && !inside
}

// outsideRanges tells whether a place is known not to be in AWS.
func (t *trial) outsideRanges(p *place) bool {
	caller := network.ParseCaller(p.First().Address)
	return caller.Class == network.Public && p.Endpoint == "" && isOutside(t.policy.Ranges, caller.Addr)
}

// outsideAWS: E15, the first of the account's machines of the kind out there.
func (t *trial) outsideAWS(p *place) {
	if !t.kind.insideAWS() || !t.outsideRanges(p) {
		return
	}
	others := t.view.Set(OutsideKey(t.account(), t.kind)).Class(classSession)
	if !slices.ContainsFunc(others, func(m *state.Member) bool { return m.First().Session != t.lock && m.First().Compare(p.First()) < 0 }) {
		t.weigh(p, OutsideAWS, fmt.Sprintf("%s is outside AWS, where no other %s session of the account was before", p.Host, t.kind))
	}
}

// sandbox: another address of AWS in the function's own region, with the same
// software, as a function outside a VPC may get. Where AWS's ranges are not known, the
// software must also say that it runs on Lambda.
func (t *trial) sandbox(p *place) bool {
	if t.kind != Lambda || t.owner.proven || p.Endpoint != "" || p.private || t.functionInVPC() {
		return false
	}
	if t.policy.Ranges == nil {
		return t.onLambda(p)
	}
	region := t.region(p)
	if region == "" || region != t.region(t.owner) {
		return false
	}
	return usual(t.set, p.at) && t.sameSystems(p)
}

// onLambda tells whether all software at a place is, with its version, what the
// function shows elsewhere, and names Lambda as its environment.
func (t *trial) onLambda(p *place) bool {
	here, elsewhere := software(t.set, p.at, version)
	return len(here) > 0 && !slices.ContainsFunc(here, func(v string) bool {
		return !slices.Contains(elsewhere, v) || !strings.Contains(v, environmentMark+"AWS_Lambda")
	})
}

// region is where in AWS a place is, "" when it is not there or not where the
// function is.
func (t *trial) region(p *place) string {
	_, region, _ := t.policy.Ranges.Find(network.ParseCaller(p.First().Address).Addr)
	if parts := t.functionARN(); len(parts) > 3 && parts[3] != region {
		return ""
	}
	return region
}

// functionARN is the fields of the function's ARN, where AWS names it.
func (t *trial) functionARN() []string { return strings.Split(t.tokens[0].Resource, ":") }

// functionInVPC tells whether the function is known to run in a VPC, whose ways out
// are not the pool's.
func (t *trial) functionInVPC() bool {
	name := t.tokens[0].Name
	if parts := t.functionARN(); len(parts) > 6 {
		name = parts[6]
	}
	return len(t.view.Set(network.FunctionKey(t.account(), name)).Class(network.Subnet)) > 0
}

func (t *trial) sameSystems(p *place) bool {
	here, elsewhere := software(t.set, p.at, system)
	return !slices.ContainsFunc(here, func(s string) bool { return !slices.Contains(elsewhere, s) })
}
