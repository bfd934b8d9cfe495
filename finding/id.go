package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// IDPrefix begins every ID, so that findings can be grepped for.
const IDPrefix = "st-"

// idDigits is the length of an ID behind its prefix: 80 bits of SHA-256, so that
// a collision is not to be expected below 2^40 sessions.
const idDigits = 20

// ID names the finding of what parts identify (a session's lock key): the same
// parts give the same ID in every process and for ever, and the boundaries
// between the parts count.
func ID(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		// Writing to a hash never fails (package hash).
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return IDPrefix + hex.EncodeToString(hash.Sum(nil))[:idDigits]
}
