package network_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/network"
)

const published = `{"syncToken":"1","createDate":"2026-03-01-00-00-00","prefixes":[
 {"ip_prefix":"52.94.0.0/16","region":"GLOBAL","service":"AMAZON","network_border_group":"GLOBAL"},
 {"ip_prefix":"52.94.76.0/22","region":"us-west-2","service":"AMAZON","network_border_group":"us-west-2"},
 {"ip_prefix":"52.94.76.0/22","region":"us-west-2","service":"S3","network_border_group":"us-west-2"},
 {"ip_prefix":"52.94.76.0/22","region":"us-west-2","service":"EC2","network_border_group":"us-west-2"}],
 "ipv6_prefixes":[{"ipv6_prefix":"2600:1f14::/35","region":"us-west-2","service":"EC2","network_border_group":"us-west-2"}]}`

func TestRangesFindTheMostTelling(t *testing.T) {
	ranges, err := network.ReadRanges(strings.NewReader(published))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		address, service, region string
		ok                       bool
	}{
		{"52.94.77.1", "EC2", "us-west-2", true},
		{"::ffff:52.94.77.1", "EC2", "us-west-2", true},
		{"52.94.1.1", "AMAZON", "GLOBAL", true},
		{"2600:1f14::1", "EC2", "us-west-2", true},
		{"192.0.2.1", "", "", false},
	} {
		service, region, ok := ranges.Find(netip.MustParseAddr(c.address))
		if service != c.service || region != c.region || ok != c.ok {
			t.Errorf("%s: %q %q %v", c.address, service, region, ok)
		}
	}
	if ranges.Len() != 3 {
		t.Errorf("%d ranges", ranges.Len())
	}
	if _, _, ok := ranges.Find(netip.Addr{}); ok {
		t.Error("no address is in AWS")
	}
}

func TestBadRangesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"another file": `{"Records":[]}`,
		"cut short":    published[:200],
		"bad prefix":   `{"prefixes":[{"ip_prefix":"52.94.0.0/99"}]}`,
		"bad IPv6":     `{"ipv6_prefixes":[{"ipv6_prefix":"hello"}]}`,
	} {
		if ranges, err := network.ReadRanges(strings.NewReader(text)); err == nil || ranges != nil {
			t.Errorf("%s: %v, %v", name, ranges, err)
		}
	}
}

// FuzzRanges: whatever is read is found again, or refused.
func FuzzRanges(f *testing.F) {
	f.Add([]byte(published))
	f.Add([]byte(`{"prefixes":[{"ip_prefix":"::ffff:1.2.3.0/120"}]}`))
	f.Add([]byte(`{"prefixes":[{"ip_prefix":"0.0.0.0/0","service":"A"}],"ipv6_prefixes":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		ranges, err := network.ReadRanges(bytes.NewReader(text))
		if (err == nil) != (ranges.Len() > 0) {
			t.Fatalf("%d ranges and %v", ranges.Len(), err)
		}
		again, errAgain := network.ReadRanges(bytes.NewReader(text))
		if (err == nil) != (errAgain == nil) || ranges.Len() != again.Len() {
			t.Fatal("the same text read twice differs")
		}
		for _, s := range []string{"1.2.3.4", "::1", "52.94.77.1"} {
			addr := netip.MustParseAddr(s)
			serviceA, regionA, okA := ranges.Find(addr)
			if serviceB, regionB, okB := again.Find(addr); serviceA != serviceB || regionA != regionB || okA != okB {
				t.Fatalf("%s is found differently", s)
			}
		}
	})
}
