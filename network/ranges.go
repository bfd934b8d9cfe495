package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/gaissmai/bart"
)

// Ranges are the address ranges that AWS publishes as ip-ranges.json. Nil knows
// none. It is immutable and safe for concurrent use.
type Ranges struct {
	table bart.Table[awsRange]
}

type awsRange struct{ service, region string }

// published is the form in which AWS publishes its ranges
// (docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html).
type published struct {
	Prefixes []struct {
		Prefix  string `json:"ip_prefix"`
		Region  string `json:"region"`
		Service string `json:"service"`
	} `json:"prefixes"`
	IPv6Prefixes []struct {
		Prefix  string `json:"ipv6_prefix"`
		Region  string `json:"region"`
		Service string `json:"service"`
	} `json:"ipv6_prefixes"`
}

// errNoRanges: a file of another kind is valid JSON too, and to take it for ranges
// would put every address outside AWS.
var errNoRanges = errors.New("there are no prefixes in it")

// ReadRanges reads published ranges. A single bad prefix makes all of them bad.
func ReadRanges(r io.Reader) (*Ranges, error) {
	var p published
	if err := json.NewDecoder(r).Decode(&p); err != nil {
		return nil, fmt.Errorf("read AWS's ranges: %w", err)
	}
	out := &Ranges{}
	for _, e := range p.Prefixes {
		if err := out.add(e.Prefix, awsRange{e.Service, e.Region}); err != nil {
			return nil, err
		}
	}
	for _, e := range p.IPv6Prefixes {
		if err := out.add(e.Prefix, awsRange{e.Service, e.Region}); err != nil {
			return nil, err
		}
	}
	if out.table.Size() == 0 {
		return nil, fmt.Errorf("read AWS's ranges: %w", errNoRanges)
	}
	return out, nil
}

// add keeps the more telling of two services at one prefix: AWS lists nearly all
// of its prefixes as AMAZON too.
func (r *Ranges) add(text string, to awsRange) error {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return fmt.Errorf("read AWS's ranges: %w", err)
	}
	old, ok := r.table.Get(prefix.Masked())
	if !ok || old.rank() > to.rank() || old.rank() == to.rank() && to.service < old.service {
		r.table.Insert(prefix.Masked(), to)
	}
	return nil
}

// rank puts machines first and the name for everything last.
func (r awsRange) rank() int {
	switch r.service {
	case "EC2":
		return 0
	case "AMAZON":
		return 2
	}
	return 1
}

// Len counts the ranges.
func (r *Ranges) Len() int {
	if r == nil {
		return 0
	}
	return r.table.Size()
}

// Find gives the service and region of the most specific range with an address;
// ok is false outside AWS, or when no ranges are known.
func (r *Ranges) Find(addr netip.Addr) (service, region string, ok bool) {
	if r == nil || !addr.IsValid() {
		return "", "", false
	}
	found, ok := r.table.Lookup(addr.Unmap().WithZone(""))
	return found.service, found.region, ok
}
