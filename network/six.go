package network

import (
	"net/netip"
	"slices"
)

// amazonSix are the IPv6 networks that the registries allocated to AWS for the
// addresses of its regions.
var amazonSix = []netip.Prefix{
	netip.MustParsePrefix("2600:1f00::/24"), // ARIN
	netip.MustParsePrefix("2a05:d000::/25"), // RIPE NCC
	netip.MustParsePrefix("2406:da00::/24"), // APNIC
	netip.MustParsePrefix("2804:800::/32"),  // LACNIC
	netip.MustParsePrefix("2404:c2c0::/32"), // APNIC, for Beijing
	netip.MustParsePrefix("240f:8000::/24"), // APNIC, for Ningxia
}

// AmazonSix tells whether a text is an IPv6 address of AWS. It may be anybody's who
// rents a machine there.
func AmazonSix(text string) bool {
	addr, err := netip.ParseAddr(text)
	return err == nil && slices.ContainsFunc(amazonSix, func(p netip.Prefix) bool { return p.Contains(addr) })
}
