package inventory_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"

	"github.com/straytoken/straytoken/inventory"
	"github.com/straytoken/straytoken/network"
)

// large is a region of 50,000 interfaces, two addresses each.
func large(minutes int) inventory.Reading {
	r := reading(minutes, nil)
	addr := netip.MustParseAddr("10.0.0.1")
	for i := range 50_000 {
		id := fmt.Sprintf("%017x", i)
		for range 2 {
			r.Holdings = append(r.Holdings, network.Holding{Account: ours, Region: region, What: network.HeldInterface, Address: addr,
				ID: "eni-" + id, Instance: "i-" + id, VPC: "vpc-1", From: noon})
			addr = addr.Next()
		}
	}
	return r
}

func BenchmarkMerge(b *testing.B) {
	known := merged(large(0))
	next := []inventory.Reading{large(10)}
	b.ReportAllocs()
	for b.Loop() {
		inventory.Merge(known, next, inventory.MergeOptions{Now: minute(10)})
	}
}

// BenchmarkLoad reads a file and indexes it, as a reload does.
func BenchmarkLoad(b *testing.B) {
	var file bytes.Buffer
	if err := inventory.Encode(&file, merged(large(0))); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		holdings, err := inventory.Decode(bytes.NewReader(file.Bytes()))
		if err != nil {
			b.Fatal(err)
		}
		network.NewTimeline(holdings)
	}
}
