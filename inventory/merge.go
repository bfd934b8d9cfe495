package inventory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/straytoken/straytoken/network"
)

// DefaultRetention is how long something is remembered after it was ours: as long
// as the trail of its last use may still be judged.
const DefaultRetention = 90 * 24 * time.Hour

// pause is how long may lie between two complete readings for all to be known
// between them: something can come and go unseen.
const pause = time.Hour

// MergeOptions say what Merge forgets.
type MergeOptions struct {
	Now       time.Time
	Retention time.Duration // 0 means DefaultRetention
}

// Merge adds a reading of each account and region to what was known. What is gone
// ends, what is new begins, and what could not be read stays as it was. What ended
// longer ago than the retention is forgotten.
//
// The time of a change lies between two readings. It is taken as the earlier one
// for what began, as the later one for what ended: better an address too long ours
// than a workload accused for it.
func Merge(known []network.Holding, readings []Reading, o MergeOptions) []network.Holding {
	if o.Retention <= 0 {
		o.Retention = DefaultRetention
	}
	parts := map[place][]network.Holding{}
	for _, h := range known {
		at := place{h.Account, h.Region}
		parts[at] = append(parts[at], h)
	}
	for _, r := range readings {
		at := place{r.Account, r.Region}
		parts[at] = mergeOne(parts[at], &r)
	}
	var out []network.Holding
	for _, part := range parts {
		out = append(out, slices.DeleteFunc(part, func(h network.Holding) bool {
			return !h.Until.IsZero() && o.Now.Sub(h.Until) > o.Retention
		})...)
	}
	slices.SortFunc(out, compare)
	return out
}

type place struct{ account, region string }

// mergeOne merges the reading of one account and region.
func mergeOne(known []network.Holding, r *Reading) []network.Holding {
	before := lastComplete(known)
	seen := make(map[network.Holding]bool, len(r.Holdings))
	for _, h := range r.Holdings {
		seen[h.Thing()] = true
	}
	known = slices.Clone(known)
	open := map[network.Holding]bool{}
	for i := range known {
		k := &known[i]
		if k.What == network.Complete || !k.Until.IsZero() {
			continue
		}
		if r.Err == nil && !seen[k.Thing()] {
			k.Until = latest(r.At, k.From)
		}
		open[k.Thing()] = true
	}
	for _, h := range r.Holdings {
		if !open[h.Thing()] {
			open[h.Thing()] = true
			known = append(known, begin(h, before))
		}
	}
	if r.Err != nil {
		return unread(known, r, before)
	}
	return complete(known, r)
}

// begin dates something new: not before the last time that it was not there, nor
// before AWS says that it was made.
func begin(h network.Holding, before time.Time) network.Holding {
	h.From = latest(h.From, before)
	return h
}

// lastComplete is when all was last read; zero when it never was.
func lastComplete(known []network.Holding) time.Time {
	var last time.Time
	for _, k := range known {
		if k.What == network.Complete && k.Until.After(last) {
			last = k.Until
		}
	}
	return last
}

// unread notes a gap, unless there is one already.
func unread(known []network.Holding, r *Reading, before time.Time) []network.Holding {
	for i := range known {
		if known[i].What == network.Unread && known[i].Until.IsZero() {
			known[i].Reason = reason(r.Err)
			return known
		}
	}
	if before.IsZero() {
		before = r.At
	}
	return append(known, network.Holding{Account: r.Account, Region: r.Region, What: network.Unread, From: before, Reason: reason(r.Err)})
}

// maxReason bounds what is kept of an error, in bytes: EC2's refusals hold pages of
// encoded detail.
const maxReason = 512

func reason(err error) string {
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), maxReason)], "")
}

// complete notes a complete reading: as the continuation of the last one, or as the
// first of new ones after a gap.
func complete(known []network.Holding, r *Reading) []network.Holding {
	last := lastComplete(known)
	gap := r.At.Sub(last) > pause || slices.ContainsFunc(known, func(k network.Holding) bool {
		return k.What == network.Unread && !k.From.Before(last)
	})
	for i := range known {
		if k := &known[i]; !gap && k.What == network.Complete && k.Until.Equal(last) {
			k.Until = latest(r.At, last)
			return known
		}
	}
	return append(known, network.Holding{Account: r.Account, Region: r.Region, What: network.Complete, From: r.At, Until: r.At})
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func compare(a, b network.Holding) int {
	return cmp.Or(
		compareText(a.Account, b.Account, a.Region, b.Region, string(a.What), string(b.What), a.ID, b.ID),
		a.Address.Compare(b.Address), a.From.Compare(b.From),
		compareText(a.Prefix.String(), b.Prefix.String(), a.Instance, b.Instance),
	)
}

// compareText compares pairs of texts, the first that differ.
func compareText(pairs ...string) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		if c := cmp.Compare(pairs[i], pairs[i+1]); c != 0 {
			return c
		}
	}
	return 0
}
