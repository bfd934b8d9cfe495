package simulate

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"
)

// source is the random source called name of one seed. It is the package's only
// way to chance, so a run depends on nothing but the seed and the names.
func source(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// guid returns a version 4 GUID, the form of event and request ids.
func guid(rng *rand.Rand) string {
	hi, lo := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x",
		hi>>32, hi>>16&0xffff, hi&0xfff, lo>>48&0x3fff|0x8000, lo&0xffffffffffff)
}

// hexID returns an EC2-style id: prefix and 17 hex digits, the first a zero.
func hexID(rng *rand.Rand, prefix string) string {
	return fmt.Sprintf("%s0%016x", prefix, rng.Uint64())
}

// hexDigits returns n random hex digits.
func hexDigits(rng *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%016x", rng.Uint64())
	}
	return b.String()[:n]
}

// letters returns n characters of the alphabet.
func letters(rng *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	upperBase32  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)

// keyID returns an access key id (prefix ASIA or AKIA). As in real ones the
// account number is in the first 41 bits of what follows the prefix.
func keyID(rng *rand.Rand, prefix, account string) string {
	number, _ := strconv.ParseUint(account, 10, 64) // account ids are digits by construction
	var b [10]byte
	binary.BigEndian.PutUint64(b[:8], (1<<47|number<<7|rng.Uint64N(128))<<16)
	binary.BigEndian.PutUint32(b[6:], rng.Uint32())
	return prefix + base32.StdEncoding.EncodeToString(b[:])
}

// entityID returns the unique id of a role, user or profile (AROA, AIDA, AIPA).
func entityID(rng *rand.Rand, prefix, account string) string {
	return keyID(rng, prefix, account) + letters(rng, upperBase32, 1)
}

// accountID returns a 12-digit account number.
func accountID(rng *rand.Rand) string {
	return strconv.FormatUint(100_000_000_000+rng.Uint64N(899_999_999_999), 10)
}
