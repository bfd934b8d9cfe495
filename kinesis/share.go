package kinesis

import (
	"cmp"
	"slices"
)

// member is a live worker in the division of the shards.
type member struct {
	owner     string
	held      int
	maxShards int // 0: no bound
}

// share returns how many of the open shards the worker called me should hold. Every worker computes the same division
// from the same lease table: equal parts, the remainder to those who already hold most, so that nothing moves without
// need; what a bounded worker may not hold goes to the others.
func share(members []member, open int, me string) int {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b member) int {
		return cmp.Or(cmp.Compare(b.held, a.held), cmp.Compare(a.owner, b.owner))
	})
	parts := make([]int, len(members))
	for given := true; open > 0 && given; {
		given = false
		for i, m := range members {
			if open > 0 && (m.maxShards == 0 || parts[i] < m.maxShards) {
				parts[i]++
				open--
				given = true
			}
		}
	}
	i := slices.IndexFunc(members, func(m member) bool { return m.owner == me })
	if i < 0 {
		return 0
	}
	return parts[i]
}
