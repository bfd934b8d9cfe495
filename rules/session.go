package rules

import (
	"strings"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// Session is a credential as one event presents it.
type Session struct {
	// Lock names what is watched as one: the principal session of a machine whose
	// keys change, else the access key.
	Lock string
	// Stated is the kind as AWS states it, Shaped as the name suggests it.
	Stated Kind
	Shaped Kind

	AccessKey string
	Principal string
	ARN       string
	RoleARN   string
	RoleID    string
	Name      string
	Account   string
	Resource  string // ARN or id of the workload
	Delivery  string // IMDS version, "1.0" or "2.0"
	Issued    int64  // seconds since 1970; 0 unknown
}

// minKey is the length of the shortest access key id.
const minKey = 16

// Bounds of what is kept of a session's texts, in bytes. AWS's own are less: a
// principal id has 21, a colon and 64 of the session's name, the ARN of a role about
// 100 besides 512 of path.
const (
	maxName = 128
	maxID   = 256
	maxARN  = 768
)

// idOf is a principal id or an access key id as it names a session in all facts.
func idOf(id string) string { return state.Bounded(strings.ReplaceAll(id, "\x00", "_"), maxID) }

// bound holds the texts to their bounds.
func (s *Session) bound() {
	s.Lock, s.AccessKey, s.Principal = idOf(s.Lock), idOf(s.AccessKey), idOf(s.Principal)
	for _, name := range []*string{&s.RoleID, &s.Name, &s.Account, &s.Delivery} {
		*name = state.Bounded(*name, maxName)
	}
	for _, arn := range []*string{&s.ARN, &s.RoleARN, &s.Resource} {
		*arn = state.Bounded(*arn, maxARN)
	}
}

// SessionOf reads the credential of an event; false when the event was not signed
// with a key (a service's own call, a sign-in).
func SessionOf(e *cloudtrail.Event) (Session, bool) {
	if len(e.Identity.AccessKeyID) < minKey {
		return Session{}, false
	}
	s := identified(e)
	s.bound()
	return s, true
}

// identified is the credential of a signed event, its texts as they are there.
func identified(e *cloudtrail.Event) Session {
	id := &e.Identity
	s := Session{
		AccessKey: id.AccessKeyID, Principal: id.PrincipalID, ARN: id.ARN, Account: id.AccountID,
		RoleARN: id.Issuer.ARN, RoleID: id.Issuer.PrincipalID, Delivery: id.RoleDelivery,
		Name: sessionName(id.PrincipalID), Resource: id.InScopeOf.CredentialsIssuedTo,
		Lock: id.AccessKeyID,
	}
	if !id.CreationDate.IsZero() {
		s.Issued = id.CreationDate.Unix()
	}
	if strings.HasPrefix(id.AccessKeyID, "AKIA") && id.Issuer.Type != "Role" {
		s.Stated, s.Name, s.RoleARN = LongTerm, id.UserName, ""
		return s
	}
	s.Stated, s.Shaped = statedKind(id), shapedKind(e, s.Name)
	if kind := s.kind(); kind.perPrincipal() && id.PrincipalID != "" {
		s.Lock = id.PrincipalID
	}
	if s.Resource == "" && s.kind() == EC2 {
		s.Resource = s.Name
	}
	return s
}

// kind is the kind without an issuance record.
func (s *Session) kind() Kind {
	if s.Stated != "" {
		return s.Stated
	}
	return s.Shaped
}

// Instance is the id of the session's EC2 instance, "" for other sessions.
func (s *Session) Instance() string {
	if s.kind() != EC2 {
		return ""
	}
	if _, id, ok := strings.Cut(s.Resource, "instance/"); ok {
		return strings.ToLower(id)
	}
	return strings.ToLower(s.Name)
}

// sessionName is what stands behind the last colon of a principal id.
func sessionName(principal string) string {
	return principal[strings.LastIndexByte(principal, ':')+1:]
}

// lifetime is how long what a session's events state is worth remembering: until
// any credential of its kind has expired, and for machines that keep their session
// across keys, a day of silence more.
func (s *Session) lifetime() time.Duration {
	switch s.kind() {
	case STSUser, Federated:
		return 37 * time.Hour
	case LongTerm:
		return 7 * 24 * time.Hour
	}
	if s.kind().perPrincipal() {
		return 48 * time.Hour
	}
	return 14 * time.Hour
}

// texts are the parts of a session, but its lock and time, as they are remembered.
func (s *Session) texts() []*string {
	return []*string{
		(*string)(&s.Stated), (*string)(&s.Shaped), &s.AccessKey, &s.Principal, &s.ARN, &s.RoleARN, &s.RoleID,
		&s.Name, &s.Account, &s.Resource, &s.Delivery,
	}
}

// encode is the session as the value of a fact.
func (s *Session) encode() string {
	issued := seconds(s.Issued)
	return packed(append(s.texts(), &issued))
}

// decodeSession reads encode's text.
func decodeSession(text string) Session {
	var s Session
	var issued string
	unpack(text, append(s.texts(), &issued))
	s.Issued = secondsOf(issued)
	return s
}

// countable tells whether an event shows where the credential's holder is: calls
// that AWS makes for the holder do not.
func countable(e *cloudtrail.Event, s *Session, from network.Caller) bool {
	if e.Identity.InvokedBy != "" || e.Type == "AwsServiceEvent" {
		return false
	}
	if from.Class == network.Service || from.Class == network.None {
		return false
	}
	return !consoleBackEnd(e, s, from)
}

// consoleBackEnd recognises calls that the console's own servers make for a
// person. The user agent is the caller's to choose, so it counts only where AWS
// itself says that the session comes from the console, or for users, whose
// addresses nobody locks.
func consoleBackEnd(e *cloudtrail.Event, s *Session, from network.Caller) bool {
	if s.kind().Compute() {
		return false
	}
	agent := strings.Trim(e.UserAgent, "[]")
	backEnd := strings.Contains(agent, "aws-internal/") || strings.HasPrefix(agent, "S3Console/") ||
		agent == "AWS Internal" || strings.HasPrefix(agent, "console.") || agent == "signin.amazonaws.com"
	return backEnd && (e.SessionFromConsole || s.kind().person() || from.Class == network.Private && consoleEndpoint(e))
}

// consoleEndpoint tells whether a call may have come through the console's own VPC
// endpoints: none is named, or one of the old form with eight digits, of which no
// account is named.
func consoleEndpoint(e *cloudtrail.Event) bool {
	return e.VPCEndpointAccountID == "" && (e.VPCEndpointID == "" || len(e.VPCEndpointID) == len("vpce-01234567"))
}

// SessionKey holds the facts of a session.
func SessionKey(lock string) state.Key { return state.NewKey("session", lock) }

// CredentialKey holds the issuance of an access key.
func CredentialKey(accessKey string) state.Key { return state.NewKey("key", accessKey) }

// RoleKey holds what a role's sessions have in common.
func RoleKey(account, role string) state.Key { return state.NewKey("role", account, role) }
