package network

import (
	"slices"
	"strings"
	"time"
)

// fresh is how long after its last reading a complete inventory still counts as
// complete. What changes in between, the trail's own events tell.
const fresh = 15 * time.Minute

// Timeline is an inventory over time: what was ours, when, and of which accounts
// and regions all is known. The zero value and nil know nothing. It is immutable
// and safe for concurrent use.
type Timeline struct {
	instances map[string][]*Holding // by instance: its interfaces and Elastic IPs
	egress    map[string][]*Holding // by VPC: its common ways out
	accounts  map[string][]*Holding // by account: the common ways out of all its VPCs
	elsewhere map[string][]*Holding // by VPC: default routes that we cannot follow
	endpoints map[string][]*Holding // by id
	read      map[string][]*Holding // by account and region: Complete and Unread
	unread    map[string][]*Holding // by account: Unread
	size      int
}

// NewTimeline indexes an inventory. It keeps the Holdings.
func NewTimeline(holdings []Holding) *Timeline {
	t := &Timeline{
		instances: map[string][]*Holding{}, egress: map[string][]*Holding{}, accounts: map[string][]*Holding{},
		elsewhere: map[string][]*Holding{}, endpoints: map[string][]*Holding{},
		read: map[string][]*Holding{}, unread: map[string][]*Holding{}, size: len(holdings),
	}
	for i := range holdings {
		t.add(&holdings[i])
	}
	return t
}

func (t *Timeline) add(h *Holding) {
	put := func(index map[string][]*Holding, key string) {
		index[strings.ToLower(key)] = append(index[strings.ToLower(key)], h)
	}
	switch h.What {
	case HeldElasticIP, HeldInterface:
		if h.Instance != "" {
			put(t.instances, h.Instance)
		}
	case HeldGateway, HeldSubnet:
		put(t.egress, h.VPC)
		put(t.accounts, h.Account)
	case LedElsewhere:
		put(t.elsewhere, h.VPC)
	case HeldEndpoint:
		put(t.endpoints, h.ID)
	case Unread:
		put(t.unread, h.Account)
		put(t.read, h.Account+"/"+h.Region)
	case Complete:
		put(t.read, h.Account+"/"+h.Region)
	}
	if t.accounts[h.Account] == nil {
		t.accounts[h.Account] = []*Holding{}
	}
}

// Len counts what the Timeline holds.
func (t *Timeline) Len() int {
	if t == nil {
		return 0
	}
	return t.size
}

// Covers tells whether an account is in the inventory: then it is one of ours.
func (t *Timeline) Covers(account string) bool {
	return t != nil && t.accounts[account] != nil
}

// Instance lists the addresses of an instance's interfaces and its Elastic IPs.
func (t *Timeline) Instance(id string) []Claim {
	if t == nil {
		return nil
	}
	return claims(t.instances[strings.ToLower(id)])
}

// VPCs lists the VPCs that an instance is or was in.
func (t *Timeline) VPCs(instance string) []string {
	if t == nil {
		return nil
	}
	var out []string
	for _, h := range t.instances[strings.ToLower(instance)] {
		if h.VPC != "" && !slices.Contains(out, h.VPC) {
			out = append(out, h.VPC)
		}
	}
	return out
}

// Egress lists the common ways out of a VPC: its NAT gateways and IPv6 prefixes.
func (t *Timeline) Egress(vpc string) []Claim {
	if t == nil {
		return nil
	}
	return claims(t.egress[strings.ToLower(vpc)])
}

// EgressOf lists the common ways out of all VPCs of an account.
func (t *Timeline) EgressOf(account string) []Claim {
	if t == nil {
		return nil
	}
	return claims(t.accounts[account])
}

// OwnEndpoint tells whether a VPC endpoint was ours at a time.
func (t *Timeline) OwnEndpoint(id string, at time.Time) bool {
	return t != nil && held(t.endpoints[strings.ToLower(id)], at)
}

// Complete tells whether all of an account and region was known at a time. Where
// it was not, nothing follows from an address not being in the inventory.
func (t *Timeline) Complete(account, region string, at time.Time) bool {
	if t == nil {
		return false
	}
	complete := false
	for _, h := range t.read[account+"/"+region] {
		switch {
		case h.What == Unread && h.covers(at):
			return false
		case h.What == Complete && !at.Before(h.From) && !at.After(h.Until.Add(fresh)):
			complete = true
		}
	}
	return complete
}

// OnlyEgress lists the ways out of an instance that has no public address of its
// own, when all of them are known; nil when they are not: what was read is not
// complete, the instance not in it, or a default route leads elsewhere.
func (t *Timeline) OnlyEgress(instance string, at time.Time) []Claim {
	if t == nil {
		return nil
	}
	vpc := ""
	for _, h := range t.instances[strings.ToLower(instance)] {
		if !h.covers(at) {
			continue
		}
		if !isPrivate(h.Address) || !t.Complete(h.Account, h.Region, at) {
			return nil
		}
		vpc = strings.ToLower(h.VPC)
	}
	if held(t.elsewhere[vpc], at) || !t.allComplete(t.egress[vpc], at) {
		return nil
	}
	return claims(t.egress[vpc])
}

// allComplete tells whether all is known of the accounts and regions of Holdings: a
// shared VPC's gateways are in its owner's.
func (t *Timeline) allComplete(holdings []*Holding, at time.Time) bool {
	return !slices.ContainsFunc(holdings, func(h *Holding) bool { return h.covers(at) && !t.Complete(h.Account, h.Region, at) })
}

// Doubts tells whether something in the inventory speaks against taking the ways out
// of an account's VPCs for all of them: a part of the account could not be read at
// that time, or a default route leads elsewhere.
func (t *Timeline) Doubts(account string, vpcs []string, at time.Time) bool {
	if t == nil {
		return false
	}
	return held(t.unread[account], at) || slices.ContainsFunc(vpcs, func(vpc string) bool {
		return held(t.elsewhere[strings.ToLower(vpc)], at)
	})
}

// KnowsInstance tells whether all private addresses of an instance at a time are
// in the inventory.
func (t *Timeline) KnowsInstance(instance string, at time.Time) bool {
	if t == nil {
		return false
	}
	return slices.ContainsFunc(t.instances[strings.ToLower(instance)], func(h *Holding) bool {
		return h.covers(at) && t.Complete(h.Account, h.Region, at)
	})
}

func held(holdings []*Holding, at time.Time) bool {
	return slices.ContainsFunc(holdings, func(h *Holding) bool { return h.covers(at) })
}

func claims(holdings []*Holding) []Claim {
	out := make([]Claim, len(holdings))
	for i, h := range holdings {
		out[i] = h.claim()
	}
	return out
}
