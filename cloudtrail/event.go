package cloudtrail

import "time"

// Event is one CloudTrail record. The names are CloudTrail's own
// (AWS CloudTrail User Guide, "CloudTrail record contents").
//
// A Decoder fills the same Event again and again, and every string and Raw of it may
// share memory with the record that it was decoded from. All of it is valid only until
// the callback that received the Event returns: copy the Event, and clone
// (strings.Clone) of its strings what outlives it. A field that is absent, null
// or of an unexpected type is left at its zero value; only Time,
// Source and Name are required.
type Event struct {
	Version            string    // eventVersion, "1.11"
	Time               time.Time // eventTime, UTC, whole seconds
	Source             string    // eventSource, "sts.amazonaws.com"
	Name               string    // eventName, "AssumeRole"
	Region             string    // awsRegion
	SourceIPAddress    string    // sourceIPAddress, verbatim
	UserAgent          string    // userAgent, verbatim (S3 wraps it in brackets)
	ErrorCode          string    // errorCode
	ErrorMessage       string    // errorMessage
	ID                 string    // eventID; unique per delivered record, may be empty in hand-made data
	RequestID          string    // requestID
	Type               string    // eventType, "AwsApiCall"
	Category           string    // eventCategory, "Management", "Data", "NetworkActivity"
	RecipientAccountID string    // recipientAccountId
	SharedEventID      string    // sharedEventID

	VPCEndpointID        string // vpcEndpointId; may be a service's DNS name
	VPCEndpointAccountID string // vpcEndpointAccountId; may be a service's DNS name

	ReadOnly           bool // readOnly, also when given as a string
	SessionFromConsole bool // sessionCredentialFromConsole is "true"

	Identity Identity
	Addendum Addendum
	TLS      TLSDetails

	Request    Raw // requestParameters
	Response   Raw // responseElements
	Additional Raw // additionalEventData
	Service    Raw // serviceEventDetails
	Raw        Raw // the whole record, unescaped JSON
}

// Identity is the userIdentity element: who made the call, and with what
// credential. All of it may be empty (an AwsServiceEvent has none).
type Identity struct {
	Type             string // "AssumedRole", "IAMUser", "AWSService", …; may be missing
	PrincipalID      string // "AROA…:session", "AIDA…", "<account>:aws:ec2-instance:i-…"
	ARN              string
	AccountID        string
	AccessKeyID      string // "ASIA…", "AKIA…" or empty
	UserName         string
	InvokedBy        string // the AWS service that made the call on the principal's behalf
	IdentityProvider string // SAML or web identity provider
	CredentialID     string // Identity Center bearer token
	OnBehalfOfUserID string // onBehalfOf.userId
	DelegateAccount  string // invokedByDelegate.accountId

	Issuer SessionIssuer // sessionContext.sessionIssuer

	// HasSession tells that a sessionContext was present.
	HasSession       bool
	CreationDate     time.Time // sessionContext.attributes.creationDate, zero when absent
	MFA              bool      // sessionContext.attributes.mfaAuthenticated
	RoleDelivery     string    // sessionContext.ec2RoleDelivery, "1.0" or "2.0"
	SourceIdentity   string    // sessionContext.sourceIdentity
	SignInSessionARN string    // sessionContext.signInSessionArn
	AssumedRoot      bool      // sessionContext.assumedRoot
	WebIDFederation  string    // sessionContext.webIdFederationData.federatedProvider
	InScopeOf        InScopeOf
}

// SessionIssuer is the role, user or root that a session's credentials came from.
type SessionIssuer struct {
	Type        string
	PrincipalID string
	ARN         string
	AccountID   string
	UserName    string
}

// InScopeOf is AWS's own statement of the workload that a credential was issued
// to: the best workload identifier there is. It stands in userIdentity (or, in
// some records, in sessionContext).
type InScopeOf struct {
	IssuerType          string // "AWS::EC2::Instance", "AWS::Lambda::Function"
	CredentialsIssuedTo string // ARN of the instance or function
	SourceARN           string
	SourceAccount       string
}

// Addendum marks a late or corrected copy of a record.
type Addendum struct {
	Reason            string // "DELIVERY_DELAY", "UPDATED_DATA", "SERVICE_OUTAGE"
	UpdatedFields     string
	OriginalRequestID string
	OriginalEventID   string
}

// TLSDetails is the tlsDetails element.
type TLSDetails struct {
	Version     string
	CipherSuite string
	HostHeader  string // clientProvidedHostHeader
	KeyExchange string
}
