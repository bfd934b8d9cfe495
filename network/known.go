package network

import (
	"net/netip"
	"slices"
	"time"

	"github.com/gaissmai/bart"
)

// Known is a network that the configuration names as one's own.
type Known struct {
	Prefix   netip.Prefix
	Name     string    // what people call it, "office Berlin"
	Accounts []string  // account ids that it holds for; empty: all
	Reason   string    // why it is trusted
	Owner    string    // who answers for it
	Expires  time.Time // when it stops to hold; zero: never
}

// covers tells whether the network holds for an account at a time.
func (k *Known) covers(account string, at time.Time) bool {
	if !k.Expires.IsZero() && at.After(k.Expires) {
		return false
	}
	return len(k.Accounts) == 0 || slices.Contains(k.Accounts, account)
}

// List is a set of known networks. The zero value knows none. It is immutable
// and safe for concurrent use.
type List struct {
	table bart.Table[[]*Known]
	size  int
}

// NewList indexes networks; several may name the same prefix.
func NewList(networks []Known) *List {
	l := &List{size: len(networks)}
	for i := range networks {
		k := &networks[i]
		same, _ := l.table.Get(k.Prefix.Masked())
		l.table.Insert(k.Prefix.Masked(), append(same, k))
	}
	return l
}

// Len counts the networks.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return l.size
}

// Find gives the most specific network that holds an address for an account at a
// time (event time); nil when there is none.
func (l *List) Find(addr netip.Addr, account string, at time.Time) *Known {
	if l == nil || !addr.IsValid() {
		return nil
	}
	for _, networks := range l.table.Supernets(netip.PrefixFrom(addr, addr.BitLen())) {
		for _, k := range networks {
			if k.covers(account, at) {
				return k
			}
		}
	}
	return nil
}
