// Package finding is what straytoken tells people: the finding and its
// renderings. It judges nothing and sends nothing.
package finding

import "time"

// SchemaVersion is the version of the JSON form. Fields may be added to it,
// never renamed.
const SchemaVersion = "1.0"

// Finding says that one session's credentials are used from where they do not
// belong. One compromised session has one finding under one ID for ever: later
// observations repeat it with the same ID and more content, and the last line of
// an ID is its final state. The JSON form is the project's contract.
type Finding struct {
	SchemaVersion string `json:"schema_version"`
	// ID is deterministic: any worker that judges the same session names the same ID.
	ID       string   `json:"id"`
	Activity Activity `json:"activity"`
	Status   Status   `json:"status"`
	// Phase tells whether an earlier or explaining event can still arrive.
	Phase Phase  `json:"phase"`
	Rule  string `json:"rule"`
	// Custom tells that Rule is the operator's own and the finding about what it
	// looks for, be it the rightful holder who did it.
	Custom     bool       `json:"custom,omitempty"`
	Title      string     `json:"title"`
	Severity   Severity   `json:"severity"`
	Confidence Confidence `json:"confidence"`
	// Score is the relation's weight and the weights of the evidence, added up.
	Score    int        `json:"score"`
	Evidence []Evidence `json:"evidence"`
	Token    Token      `json:"token"`
	// FirstSeen is the owner's first use; nil when only the intruder was ever seen.
	FirstSeen *Observation `json:"first_seen,omitempty"`
	// Observed is the intruder's first use.
	Observed  *Observation `json:"observed,omitempty"`
	Addresses []Address    `json:"addresses"`
	// EventIDs are the intruder's events, oldest first, at most MaxEventIDs.
	EventIDs []string `json:"event_ids"`
	// EventCount counts the intruder's events that were seen, also those that EventIDs has no room for.
	EventCount int `json:"event_count"`
	// Calls are the intruder's first calls in full, oldest first, at most
	// MaxCalls: what a responder reads before opening the trail.
	Calls      []Observation `json:"calls,omitempty"`
	FirstTime  time.Time     `json:"first_time"`
	LastTime   time.Time     `json:"last_time"`
	DetectedAt time.Time     `json:"detected_at"`
	Attack     []string      `json:"attack"`
	// Reason says in words why the finding was closed; empty while it is open.
	Reason string `json:"reason,omitempty"`
	// Suppressed says why this is not reported; only where what is suppressed is
	// listed, and then the finding is closed.
	Suppressed  *Suppressed  `json:"suppressed,omitempty"`
	Containment *Containment `json:"containment,omitempty"`
}

// MaxEventIDs bounds Finding.EventIDs.
const MaxEventIDs = 1000

// MaxCalls bounds Finding.Calls.
const MaxCalls = 10

// Suppressed says who decided that a finding is not reported, and why.
type Suppressed struct {
	Reason string `json:"reason"`
	Owner  string `json:"owner"`
}

// Evidence is one reason, with its weight in the score.
type Evidence struct {
	Code   string `json:"code"`
	Weight int    `json:"weight"`
	Text   string `json:"text"`
}

// Token is the session credential that the finding is about.
type Token struct {
	AccessKeyID string `json:"access_key_id"` // the key that the intruder used first
	// AccessKeyIDs are all keys of the session that the intruder used, when more than one.
	AccessKeyIDs []string   `json:"access_key_ids,omitempty"`
	Kind         string     `json:"kind"`
	PrincipalID  string     `json:"principal_id"`
	ARN          string     `json:"arn"`
	RoleARN      string     `json:"role_arn"`
	SessionName  string     `json:"session_name"`
	AccountID    string     `json:"account_id"`
	IssuedAt     *time.Time `json:"issued_at,omitempty"`
	ExpiresAt    *time.Time `json:"expires_at,omitempty"`
	Resource     string     `json:"resource"` // ARN (or id) of the instance, function or task
}

// Observation is one use of the token.
type Observation struct {
	Address       string    `json:"address"`
	VPCEndpointID string    `json:"vpc_endpoint_id"`
	Time          time.Time `json:"time"`
	EventID       string    `json:"event_id"`
	EventSource   string    `json:"event_source"`
	EventName     string    `json:"event_name"`
	UserAgent     string    `json:"user_agent"`
	Region        string    `json:"region"`
	AccessKeyID   string    `json:"access_key_id"`
	ErrorCode     string    `json:"error_code,omitempty"`
}

// Address is one address that the session was used from.
type Address struct {
	Address       string    `json:"address"`
	VPCEndpointID string    `json:"vpc_endpoint_id"`
	Role          Role      `json:"role"`
	Why           string    `json:"why,omitempty"` // what explains an explained address, what convicts an intruder
	First         time.Time `json:"first"`
	Last          time.Time `json:"last"`
	Events        int       `json:"events"`
}

// Containment tells a responder how to stop the session.
type Containment struct {
	Steps  []string `json:"steps"`
	Policy string   `json:"policy,omitempty"` // an IAM policy document that ends all sessions of the role or user
	// SessionPolicy does the same to this session alone, for when the role's
	// other sessions must go on.
	SessionPolicy string `json:"session_policy,omitempty"`
}

// Activity is what this line does to the finding of its ID.
type Activity string

const (
	Create Activity = "create"
	Update Activity = "update"
	Close  Activity = "close"
)

// Status is the finding's state after this line.
type Status string

const (
	Open   Status = "open"
	Closed Status = "closed"
)

// Phase is provisional while the lateness window is open and settled after it.
type Phase string

const (
	Provisional Phase = "provisional"
	Settled     Phase = "settled"
)

// Role is what an address is to the session.
type Role string

const (
	Owner     Role = "owner"
	Intruder  Role = "intruder"
	Explained Role = "explained"
)

// Confidence is how sure the verdict is, apart from how bad it would be.
type Confidence string

const (
	LowConfidence    Confidence = "low"
	MediumConfidence Confidence = "medium"
	HighConfidence   Confidence = "high"
)
