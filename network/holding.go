package network

import (
	"fmt"
	"net/netip"
	"time"
)

// Sort is what sort of thing of ours a Holding is.
type Sort string

const (
	HeldElasticIP Sort = "eip"        // an Elastic IP address
	HeldGateway   Sort = "nat"        // a NAT gateway's public address
	HeldInterface Sort = "eni"        // an address of a network interface, public or private
	HeldSubnet    Sort = "subnet"     // a subnet's IPv6 prefix
	HeldEndpoint  Sort = "endpoint"   // a VPC endpoint
	LedElsewhere  Sort = "elsewhere"  // a VPC's default route to where we cannot follow
	Complete      Sort = "complete"   // all of an account and region was read, From to Until
	Unread        Sort = "incomplete" // an account and region could not be read, or not all of it
)

// Holding is one thing that was ours for a time, as an inventory states it.
type Holding struct {
	Account  string       `json:"account"`
	Region   string       `json:"region"`
	What     Sort         `json:"what"`
	Address  netip.Addr   `json:"address,omitzero"`
	Prefix   netip.Prefix `json:"prefix,omitzero"`
	ID       string       `json:"id,omitempty"` // of the allocation, gateway, interface, subnet, endpoint or route table
	Instance string       `json:"instance,omitempty"`
	VPC      string       `json:"vpc,omitempty"`
	// From is since when it is ours; zero: for longer than anybody has looked.
	From time.Time `json:"from,omitzero"`
	// Until is since when it is not; zero: it still is. For Complete it is the last
	// reading.
	Until time.Time `json:"until,omitzero"`
	// Reason is why something is Unread.
	Reason string `json:"reason,omitempty"`
}

// Validate tells what is wrong with a Holding from a file.
func (h *Holding) Validate() error {
	switch h.What {
	case HeldElasticIP, HeldGateway, HeldInterface:
		if !h.Address.IsValid() {
			return fmt.Errorf("%s %q has no address", h.What, h.ID)
		}
	case HeldSubnet:
		if !h.Prefix.IsValid() {
			return fmt.Errorf("%s %q has no prefix", h.What, h.ID)
		}
	case HeldEndpoint, LedElsewhere, Complete, Unread:
	default:
		return fmt.Errorf("%q is nothing that an inventory holds", h.What)
	}
	if h.Account == "" || h.Region == "" {
		return fmt.Errorf("%s %q is of no account or region", h.What, h.ID)
	}
	if !h.Until.IsZero() && h.Until.Before(h.From) {
		return fmt.Errorf("%s %q ends before it begins", h.What, h.ID)
	}
	return nil
}

// Thing is the Holding without its time: equal for equal things, so that a map can
// be made of them.
func (h Holding) Thing() Holding {
	h.From, h.Until, h.Reason = time.Time{}, time.Time{}, ""
	return h
}

// host is the Holding's address as Caller.Host has it.
func (h *Holding) host() string {
	if h.Prefix.IsValid() {
		return HostOf(h.Prefix.Addr().String(), h.Prefix.Addr())
	}
	return HostOf(h.Address.String(), h.Address)
}

// why names the Holding for people.
func (h *Holding) why() string {
	of := fmt.Sprintf("by the inventory of account %s, %s", h.Account, h.Region)
	switch h.What {
	case HeldElasticIP:
		return fmt.Sprintf("Elastic IP %s of %s, %s", h.ID, h.Instance, of)
	case HeldGateway:
		return fmt.Sprintf("NAT gateway %s of %s, %s", h.ID, h.VPC, of)
	case HeldSubnet:
		return fmt.Sprintf("IPv6 prefix of subnet %s of %s, %s", h.ID, h.VPC, of)
	}
	return fmt.Sprintf("interface %s of %s, %s", h.ID, h.Instance, of)
}

// claim is the Holding as the learned inventory states such things.
func (h *Holding) claim() Claim {
	c := Claim{Host: h.host(), Why: h.why(), Moves: h.What == HeldElasticIP}
	if !h.From.IsZero() {
		c.From = h.From.Unix()
	}
	if !h.Until.IsZero() {
		c.Until = h.Until.Unix()
	}
	return c
}

// covers tells whether the Holding is ours at a time.
func (h *Holding) covers(at time.Time) bool {
	return !at.Before(h.From) && (h.Until.IsZero() || !at.After(h.Until))
}
