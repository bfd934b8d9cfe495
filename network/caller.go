// Package network answers whose address it is: it reads CloudTrail's caller
// addresses, holds the networks that the configuration names, and learns the
// organisation's own addresses from the events that create them.
package network

import (
	"net/netip"
	"strings"
)

// Class is what sort of caller a sourceIPAddress names.
type Class int

const (
	// None: the field is absent.
	None Class = iota
	// Public: an IPv4 or IPv6 address on the internet.
	Public
	// Private: an address that only means something inside some network; with a VPC
	// endpoint beside it, inside the endpoint's VPC.
	Private
	// Service: AWS itself called ("ec2.amazonaws.com", "AWS Internal").
	Service
	// Opaque: anything else (masked or made-up values), compared as text.
	Opaque
)

// Caller is where a call came from.
type Caller struct {
	Class Class
	Addr  netip.Addr // valid for Public and Private; never 4-in-6
	Text  string     // canonical form; shares memory with the event when it was canonical already
}

// ParseCaller reads a sourceIPAddress in any of its forms. It never fails.
func ParseCaller(s string) Caller {
	switch {
	case s == "":
		return Caller{}
	case isService(s):
		return Caller{Class: Service, Text: s}
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		addr, err = netip.ParseAddr(stripZeros(s))
	}
	if err != nil {
		return Caller{Class: Opaque, Text: stripZeros(s)}
	}
	return fromAddr(addr.Unmap().WithZone(""), s)
}

func fromAddr(addr netip.Addr, text string) Caller {
	c := Caller{Class: Public, Addr: addr, Text: text}
	if canonical := addr.String(); canonical != text {
		c.Text = canonical
	}
	if isPrivate(addr) {
		c.Class = Private
	}
	return c
}

// isService recognises calls that AWS made. Names under these domains are AWS's
// own; a caller cannot choose what CloudTrail writes here.
func isService(s string) bool {
	if s == "AWS Internal" {
		return true
	}
	for _, suffix := range []string{".amazonaws.com", ".amazonaws.com.cn", ".aws.internal", ".amazon.com"} {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}

func isPrivate(a netip.Addr) bool {
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() {
		return true
	}
	if !a.Is4() { // IsPrivate covers fc00::/7
		return false
	}
	b := a.As4()
	return b[0] == 100 && b[1]&0xc0 == 64 // 100.64.0.0/10, RFC 6598
}

// stripZeros takes the leading zeros off the octets of a dotted quad, as
// anonymised logs have them; any other text stays as it is.
func stripZeros(s string) string {
	octets := strings.Split(s, ".")
	if len(octets) != 4 {
		return s
	}
	for i, o := range octets {
		if o == "" || strings.Trim(o, "0123456789") != "" {
			return s
		}
		if octets[i] = strings.TrimLeft(o, "0"); octets[i] == "" {
			octets[i] = "0"
		}
	}
	return strings.Join(octets, ".")
}

// Host is what counts as one caller: an IPv4 address, or the /64 of an IPv6
// address, in which a host changes its own addresses at will (RFC 8981).
func (c Caller) Host() string { return HostOf(c.Text, c.Addr) }

// HostOf is Host for an address already taken apart.
func HostOf(text string, addr netip.Addr) string {
	if !addr.Is6() {
		return text
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}

// IsEndpoint tells whether a vpcEndpointId is an endpoint's id: on calls that
// services make, it is a service's DNS name.
func IsEndpoint(id string) bool { return strings.HasPrefix(id, "vpce-") }
