package simulate

import "time"

// object is a JSON object of requestParameters and the like; encoding/json
// writes its keys in sorted order.
type object = map[string]any

// list is a JSON array.
type list = []any

// record is one CloudTrail record, fields in the order in which AWS writes them.
type record struct {
	EventVersion       string         `json:"eventVersion"`
	UserIdentity       *identity      `json:"userIdentity"`
	EventTime          string         `json:"eventTime"`
	EventSource        string         `json:"eventSource"`
	EventName          string         `json:"eventName"`
	Region             string         `json:"awsRegion"`
	SourceIPAddress    string         `json:"sourceIPAddress"`
	UserAgent          string         `json:"userAgent"`
	ErrorCode          string         `json:"errorCode,omitempty"`
	ErrorMessage       string         `json:"errorMessage,omitempty"`
	Request            any            `json:"requestParameters"`
	Response           any            `json:"responseElements"`
	Additional         any            `json:"additionalEventData,omitempty"`
	RequestID          string         `json:"requestID,omitempty"`
	EventID            string         `json:"eventID"`
	ReadOnly           bool           `json:"readOnly"`
	Resources          []resource     `json:"resources,omitempty"`
	EventType          string         `json:"eventType"`
	Management         bool           `json:"managementEvent"`
	RecipientAccountID string         `json:"recipientAccountId"`
	SharedEventID      string         `json:"sharedEventID,omitempty"`
	VPCEndpointID      string         `json:"vpcEndpointId,omitempty"`
	VPCEndpointOwner   string         `json:"vpcEndpointAccountId,omitempty"`
	ServiceDetails     any            `json:"serviceEventDetails,omitempty"`
	Addendum           *addendum      `json:"addendum,omitempty"`
	EventCategory      string         `json:"eventCategory"`
	TLS                *tlsDetails    `json:"tlsDetails,omitempty"`
	FromConsole        string         `json:"sessionCredentialFromConsole,omitempty"`
	at                 time.Time      // eventTime
	account            *account       // whose trail
	lag                *time.Duration // set when the script decides how late the record is
}

type resource struct {
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type,omitempty"`
	ARN       string `json:"ARN"`
}

type addendum struct {
	Reason            string `json:"reason"`
	UpdatedFields     string `json:"updatedFields,omitempty"`
	OriginalRequestID string `json:"originalRequestID,omitempty"`
	OriginalEventID   string `json:"originalEventID,omitempty"`
}

type tlsDetails struct {
	Version     string `json:"tlsVersion"`
	Cipher      string `json:"cipherSuite"`
	Host        string `json:"clientProvidedHostHeader"`
	KeyExchange string `json:"keyExchange,omitempty"`
}

// identity is userIdentity.
type identity struct {
	Type             string          `json:"type,omitempty"`
	PrincipalID      string          `json:"principalId,omitempty"`
	ARN              string          `json:"arn,omitempty"`
	AccountID        string          `json:"accountId,omitempty"`
	AccessKeyID      string          `json:"accessKeyId,omitempty"`
	UserName         string          `json:"userName,omitempty"`
	Session          *sessionContext `json:"sessionContext,omitempty"`
	InvokedBy        string          `json:"invokedBy,omitempty"`
	IdentityProvider string          `json:"identityProvider,omitempty"`
	InScopeOf        *scope          `json:"inScopeOf,omitempty"`
	OnBehalfOf       *onBehalfOf     `json:"onBehalfOf,omitempty"`
	CredentialID     string          `json:"credentialId,omitempty"`
}

type sessionContext struct {
	Issuer         issuer            `json:"sessionIssuer"`
	WebID          object            `json:"webIdFederationData"`
	Attributes     sessionAttributes `json:"attributes"`
	RoleDelivery   string            `json:"ec2RoleDelivery,omitempty"`
	SourceIdentity string            `json:"sourceIdentity,omitempty"`
	AssumedRoot    string            `json:"assumedRoot,omitempty"`
	SignIn         string            `json:"signInSessionArn,omitempty"`
}

type sessionAttributes struct {
	Created string `json:"creationDate"`
	MFA     string `json:"mfaAuthenticated"`
}

// issuer is sessionIssuer; it is empty for the sessions of users.
type issuer struct {
	Type        string `json:"type,omitempty"`
	PrincipalID string `json:"principalId,omitempty"`
	ARN         string `json:"arn,omitempty"`
	AccountID   string `json:"accountId,omitempty"`
	UserName    string `json:"userName,omitempty"`
}

type scope struct {
	IssuerType string `json:"issuerType"`
	IssuedTo   string `json:"credentialsIssuedTo"`
}

type onBehalfOf struct {
	UserID        string `json:"userId"`
	IdentityStore string `json:"identityStoreArn"`
}

// stamp writes a time as eventTime and creationDate do.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// expiration writes a time as STS responses do.
func expiration(t time.Time) string { return t.UTC().Format("Jan 2, 2006, 3:04:05 PM") }
