package simulate

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// pool hands out public addresses of a few prefixes, each address once. Its
// order is a fixed walk from a start that depends on the seed.
type pool struct {
	prefixes []netip.Prefix
	start    uint32
	taken    uint32
}

// stride is odd, so a walk by it visits every address of a power-of-two prefix.
const stride = 0x9E37

func newPool(start uint32, prefixes ...string) *pool {
	p := &pool{start: start}
	for _, s := range prefixes {
		p.prefixes = append(p.prefixes, netip.MustParsePrefix(s))
	}
	return p
}

// take returns the next address that could be a host's.
func (p *pool) take() string {
	for {
		i := p.taken
		p.taken++
		prefix := p.prefixes[i%uint32(len(p.prefixes))]
		size := uint32(1) << (32 - prefix.Bits())
		host := (p.start + i*stride) % size
		base := prefix.Masked().Addr().As4()
		number := binary.BigEndian.Uint32(base[:]) + host
		if low := number & 0xff; low == 0 || low == 255 {
			continue
		}
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], number)
		return netip.AddrFrom4(b).String()
	}
}

// takeBlock returns n addresses of one /28: the egress pool of one vendor or office.
func (p *pool) takeBlock(n int) []string {
	first := netip.MustParseAddr(p.take()).As4()
	first[3] = first[3]&0xf0 | 1
	block := make([]string, n)
	for i := range block {
		block[i] = netip.AddrFrom4(first).String()
		first[3]++
	}
	return block
}

// addresses are the public address pools of one run.
type addresses struct {
	aws         map[string]*pool // by region; only ever looked up
	elsewhere   *pool            // AWS regions that are not in the table
	residential *pool
	mobile      *pool
	office      *pool
	hosting     *pool // VPS providers, where thieves rent
	tor         *pool
	runners     *pool // the cloud that hosted CI runners live in
	vendors     *pool // AWS-hosted third parties; taken in blocks
	v6          uint64
}

func newAddresses(seed uint64) *addresses {
	start := uint32(seed*0x9E3779B9 + 0x1234)
	return &addresses{
		aws: map[string]*pool{
			"us-east-1":    newPool(start, "3.208.0.0/12", "34.192.0.0/12", "52.0.0.0/15", "54.80.0.0/13"),
			"us-east-2":    newPool(start, "3.128.0.0/13", "18.216.0.0/14", "52.14.0.0/16"),
			"us-west-2":    newPool(start, "34.208.0.0/12", "52.24.0.0/14", "54.184.0.0/13"),
			"eu-west-1":    newPool(start, "3.248.0.0/13", "34.240.0.0/13", "52.208.0.0/13", "54.72.0.0/14"),
			"eu-central-1": newPool(start, "3.64.0.0/13", "18.184.0.0/15", "35.156.0.0/14"),
		},
		elsewhere:   newPool(start, "13.48.0.0/15", "16.16.0.0/16", "15.184.0.0/15"),
		residential: newPool(start, "86.80.0.0/13", "73.32.0.0/12", "91.0.0.0/12", "81.128.0.0/12"),
		mobile:      newPool(start, "92.40.0.0/14", "172.56.0.0/14", "109.36.0.0/14"),
		office:      newPool(start, "62.112.0.0/16", "217.100.0.0/16", "193.172.0.0/16"),
		hosting:     newPool(start, "45.76.0.0/15", "138.68.0.0/16", "167.99.0.0/16", "95.216.0.0/16", "51.15.0.0/16"),
		tor:         newPool(start, "185.220.100.0/22", "107.189.0.0/19"),
		runners:     newPool(start, "20.55.0.0/16", "40.76.0.0/16", "13.82.0.0/16", "172.183.0.0/16"),
		vendors:     newPool(start, "44.224.0.0/16", "44.192.0.0/16"),
	}
}

// inRegion returns an address that AWS gives to machines in the region.
func (a *addresses) inRegion(region string) string {
	if p, ok := a.aws[region]; ok {
		return p.take()
	}
	return a.elsewhere.take()
}

// prefix64 returns an IPv6 /64 inside the given /32, as text without the last four groups.
func (a *addresses) prefix64(of string) string {
	a.v6++
	return fmt.Sprintf("%s:%x:%x", of, 0x1800+a.v6>>12, a.v6&0xfff+0x4000)
}
