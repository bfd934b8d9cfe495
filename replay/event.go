package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/straytoken/straytoken/cloudtrail"
)

// Source is an event to put into an envelope. It shares no memory with the file
// that it came from.
type Source struct {
	JSON         []byte // the record, compact: without line breaks or blanks
	PartitionKey string
	ID           string // eventID, may be empty
	Time         time.Time
	AccountID    string // recipientAccountId, else the caller's
	Region       string
	Service      string // eventSource
	Name         string // eventName
	Type         string // eventType
	AccessKeyID  string
	ReadOnly     bool
}

// NewSource copies what an envelope needs of a decoded event.
func NewSource(e *cloudtrail.Event) (Source, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(e.Raw.JSON())); err != nil {
		return Source{}, fmt.Errorf("event %s: %w", e.ID, err)
	}
	account := e.RecipientAccountID
	if account == "" {
		account = e.Identity.AccountID
	}
	return Source{
		JSON:         compact.Bytes(),
		PartitionKey: PartitionKey(e),
		ID:           strings.Clone(e.ID),
		Time:         e.Time,
		AccountID:    strings.Clone(account),
		Region:       strings.Clone(e.Region),
		Service:      strings.Clone(e.Source),
		Name:         strings.Clone(e.Name),
		Type:         strings.Clone(e.Type),
		AccessKeyID:  strings.Clone(e.Identity.AccessKeyID),
		ReadOnly:     e.ReadOnly,
	}, nil
}

// maxKeyRunes is Kinesis' limit for a partition key, in characters.
const maxKeyRunes = 256

// PartitionKey is the key that an event is put under: the access key id, so that
// one session's events keep their order in one shard; without one the principal
// id, then the account that was called from, then the event id. It is a copy.
func PartitionKey(e *cloudtrail.Event) string {
	for _, key := range []string{e.Identity.AccessKeyID, e.Identity.PrincipalID, e.Identity.AccountID, e.ID} {
		if key != "" {
			return strings.Clone(firstRunes(strings.ToValidUTF8(key, "?"), maxKeyRunes))
		}
	}
	return "unidentified"
}

func firstRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
