package custom

import "time"

// Verdict is the variable verdict: what the built-in rules say of a session.
type Verdict struct {
	Score    int      `cel:"score"`
	Severity string   `cel:"severity"` // informational, low, medium, high or critical
	Rule     string   `cel:"rule"`     // what mainly convicts; "" when nothing does
	Kind     string   `cel:"kind"`
	Evidence []string `cel:"evidence"` // codes
}

// Token is the variable token: the credential that the intruder used first, else
// the owner's.
type Token struct {
	AccessKeyID string    `cel:"access_key_id"`
	Kind        string    `cel:"kind"`
	PrincipalID string    `cel:"principal_id"`
	ARN         string    `cel:"arn"`
	RoleARN     string    `cel:"role_arn"`
	SessionName string    `cel:"session_name"`
	AccountID   string    `cel:"account_id"`
	Resource    string    `cel:"resource"`
	Issued      time.Time `cel:"issued"`  // the start of 1970 when unknown
	Expires     time.Time `cel:"expires"` // the start of 1970 when unknown
}

// Place is one address of a session: the variables owner and intruder, all empty
// where there is none, and the elements of addresses.
type Place struct {
	Address  string    `cel:"address"`
	Endpoint string    `cel:"endpoint"` // VPC endpoint id
	Agent    string    `cel:"agent"`    // user agent of the first use
	Role     string    `cel:"role"`     // owner, intruder or explained
	Score    int       `cel:"score"`
	Evidence []string  `cel:"evidence"` // codes
	Sources  []string  `cel:"sources"`  // event sources, sorted
	Names    []string  `cel:"names"`    // event names, sorted
	Regions  []string  `cel:"regions"`
	Errors   []string  `cel:"errors"` // error codes, sorted
	Events   int       `cel:"events"` // how many are remembered
	First    time.Time `cel:"first"`
	Last     time.Time `cel:"last"`
}

// Event is the variable event of rules over events, with event.request and
// event.response besides: what the call was given and gave, as maps.
type Event struct {
	ID            string    `cel:"id"`
	Time          time.Time `cel:"time"`
	Source        string    `cel:"source"` // "iam.amazonaws.com"
	Name          string    `cel:"name"`   // "CreateAccessKey"
	Type          string    `cel:"type"`
	Category      string    `cel:"category"`
	Region        string    `cel:"region"`
	Address       string    `cel:"address"`
	UserAgent     string    `cel:"user_agent"`
	ErrorCode     string    `cel:"error_code"`
	ErrorMessage  string    `cel:"error_message"`
	VPCEndpointID string    `cel:"vpc_endpoint_id"`
	AccountID     string    `cel:"account_id"` // whose trail it is
	ReadOnly      bool      `cel:"read_only"`
	Identity      Identity  `cel:"identity"`
}

// Identity is event.identity: who made the call.
type Identity struct {
	Type           string `cel:"type"`
	PrincipalID    string `cel:"principal_id"`
	ARN            string `cel:"arn"`
	AccountID      string `cel:"account_id"`
	AccessKeyID    string `cel:"access_key_id"`
	UserName       string `cel:"user_name"`
	RoleARN        string `cel:"role_arn"`
	InvokedBy      string `cel:"invoked_by"`
	SourceIdentity string `cel:"source_identity"`
	MFA            bool   `cel:"mfa"`
}
