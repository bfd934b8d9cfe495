package simulate

import (
	"slices"
	"strings"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
)

// origin is where a call comes from, as CloudTrail sees it.
type origin struct {
	address       string
	endpoint      string // vpcEndpointId, empty over the internet
	endpointOwner string // vpcEndpointAccountId, which not every service reports
}

// caller is who calls, with which credential, from where, with what client.
type caller struct {
	id     *identity
	from   origin
	agent  string
	region string // empty means the actor's
	owner  *account
	// witness is told of the call; nil when nobody keeps book on the caller.
	witness *witness
	console bool
}

// witness keeps the books of one workload: which labels its calls belong to.
type witness struct {
	benign []*labels.Benign
	victim *labels.Theft
	used   bool // the rightful owner has called
	// keysUsed are the keys that he has called with; kept for victims only.
	keysUsed []string
}

// saw notes a call by the rightful owner.
func (s *witness) saw(c *caller) {
	s.used = true
	for _, b := range s.benign {
		addOnce(&b.Addresses, c.from.address)
		addOnce(&b.PrincipalIDs, c.id.PrincipalID)
	}
	if s.victim != nil {
		addOnce(&s.victim.LegitAddresses, c.from.address)
		addOnce(&s.keysUsed, c.id.AccessKeyID)
	}
}

// minted notes keys issued to the rightful owner.
func (s *witness) minted(keys ...string) {
	for _, b := range s.benign {
		b.Keys = append(b.Keys, keys...)
	}
	if s.victim != nil {
		s.victim.SiblingKeys = append(s.victim.SiblingKeys, keys...)
	}
}

func addOnce(to *[]string, v string) {
	if v != "" && !slices.Contains(*to, v) {
		*to = append(*to, v)
	}
}

// action is what is called.
type action struct {
	source, name string
	read         bool
	data         bool // a data event
	request      any
	response     any
	failure      string // errorCode
	message      string // errorMessage
	resources    []resource
	additional   any
	host         string // clientProvidedHostHeader; empty means the service's regional name
	requestID    string // empty means any
}

// call makes the call now and returns its event id.
func (a *actor) call(c caller, act action) string {
	r := a.record(c, act)
	a.send(r)
	return r.EventID
}

// send hands the record to CloudTrail's delivery.
func (a *actor) send(r *record) { a.w.delivery.accept(r) }

// record makes the record of a call without sending it.
func (a *actor) record(c caller, act action) *record {
	if c.witness != nil {
		c.witness.saw(&c)
	}
	region := orDefault(c.region, a.region)
	if isGlobal(act.source) {
		region = "us-east-1"
	}
	owner := c.owner
	if owner == nil {
		owner = a.acct
	}
	r := &record{
		EventVersion: eventVersion(owner, act.source), UserIdentity: c.id, EventTime: stamp(a.now()),
		EventSource: act.source, EventName: act.name, Region: region,
		SourceIPAddress: c.from.address, UserAgent: wrapAgent(act.source, c.agent),
		ErrorCode: act.failure, ErrorMessage: act.message,
		Request: act.request, Response: act.response, Additional: act.additional,
		RequestID: orDefault(act.requestID, guid(a.rng)), EventID: guid(a.rng), ReadOnly: act.read, Resources: act.resources,
		EventType: "AwsApiCall", Management: !act.data, RecipientAccountID: owner.id,
		VPCEndpointID: c.from.endpoint, VPCEndpointOwner: c.from.endpointOwner,
		EventCategory: "Management", at: a.now(), account: owner,
	}
	if act.data {
		r.EventCategory = "Data"
	}
	if c.console {
		r.FromConsole = "true"
	} else {
		r.TLS = a.tls(c, act, region)
	}
	return r
}

// tls returns the tlsDetails of a call; calls that AWS makes have none.
func (a *actor) tls(c caller, act action, region string) *tlsDetails {
	if isService(c.from.address) {
		return nil
	}
	service := strings.TrimSuffix(act.source, ".amazonaws.com")
	host := service + "." + region + ".amazonaws.com"
	if isGlobal(act.source) {
		host = act.source
	}
	d := &tlsDetails{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", Host: orDefault(act.host, host)}
	if strings.Contains(c.agent, "aws-sdk-go/1") || strings.Contains(c.agent, "Boto3/1.26") {
		d.Version, d.Cipher = "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"
	} else if a.acct.modern {
		d.KeyExchange = "X25519MLKEM768"
	}
	return d
}

// isGlobal tells the services whose events are logged in us-east-1.
func isGlobal(source string) bool {
	switch source {
	case "iam.amazonaws.com", "organizations.amazonaws.com", "signin.amazonaws.com", "cloudfront.amazonaws.com":
		return true
	}
	return false
}

// isService tells a caller address that is a service's name.
func isService(address string) bool {
	return address == "AWS Internal" || strings.HasSuffix(address, ".amazonaws.com")
}

// wrapAgent puts the agent into brackets, as S3 does.
func wrapAgent(source, agent string) string {
	if source == "s3.amazonaws.com" && !isService(agent) {
		return "[" + agent + "]"
	}
	return agent
}

// eventVersion returns the version that the service writes for the account.
func eventVersion(owner *account, source string) string {
	if owner.modern {
		return "1.11"
	}
	switch source {
	case "s3.amazonaws.com", "dynamodb.amazonaws.com", "secretsmanager.amazonaws.com":
		return "1.09"
	case "ec2.amazonaws.com":
		return "1.10"
	}
	return "1.08"
}

// within returns a delivery lag that the script decides.
func within(lag time.Duration) *time.Duration { return &lag }
