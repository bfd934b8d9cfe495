package state

import "hash/maphash"

// Print names what an event states, whatever its time and id: events of equal Prints state
// the same members under the same keys. It is made of Hash, and means something in this
// process only.
type Print struct {
	// Base names what the event has in common with others of its session, place and software.
	Base uint64
	// Event names all that it states; 0: no other event states the same.
	Event uint64
	// Sessions are the Hashes of the locks that the event may belong to.
	Sessions [2]uint64
}

const useMark = 0xd1b54a32d192ed03 // no hash of anything

// use names that the event is a use from its place.
func (p *Print) use() uint64 { return Mix(p.Base, useMark) }

var seed = maphash.MakeSeed()

// Hash hashes a text with a secret of this process, so that no log can be made to collide.
func Hash(text string) uint64 { return maphash.String(seed, text) }

// Mix adds a hash to those before it, whose order counts.
func Mix(h, next uint64) uint64 {
	h = (h ^ next) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}
