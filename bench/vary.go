package bench

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"github.com/straytoken/straytoken/replay"
)

// Vary gives traffic of n events: the same again and again, by the same sessions at the
// same addresses, each time with other event ids.
func (c *Corpus) Vary(n int) *Corpus {
	out := &Corpus{}
	rng := rand.New(rand.NewPCG(5, 6))
	for len(out.Sources) < n {
		s := c.Sources[len(out.Sources)%len(c.Sources)]
		if len(out.Sources) >= len(c.Sources) {
			s = renamed(s, rng)
		}
		out.add(s)
	}
	return out
}

// renamed is an event with another id.
func renamed(s replay.Source, rng *rand.Rand) replay.Source {
	if s.ID == "" {
		return s
	}
	id := fmt.Sprintf("%016x-%016x", rng.Uint64(), rng.Uint64())
	s.JSON, s.ID = bytes.ReplaceAll(s.JSON, []byte(s.ID), []byte(id)), id
	return s
}
