package cloudtrail

import "encoding/binary"

// name is a member's name that some reader asks for.
type name uint8

// The names. Objects of different kinds share them: "type" is one name.
const (
	noName    name = iota // the object has no further member
	otherName             // a name that nobody asks for

	nameAddendum
	nameAdditionalEventData
	nameARN
	nameAccessKeyID
	nameAccountID
	nameAssumedRoot
	nameAttributes
	nameAwsRegion
	nameBody
	nameBodyOfSQS
	nameCipherSuite
	nameClientProvidedHostHeader
	nameCloudTrailEvent
	nameCreationDate
	nameCredentialID
	nameCredentialsIssuedTo
	nameDetail
	nameDigestEndTime
	nameDigestS3Object
	nameDigestStartTime
	nameEC2RoleDelivery
	nameErrorCode
	nameErrorMessage
	nameEventCategory
	nameEventID
	nameEventName
	nameEvents
	nameEventSource
	nameEventTime
	nameEventType
	nameEventVersion
	nameFederatedProvider
	nameIdentityProvider
	nameID
	nameInScopeOf
	nameInvokedBy
	nameInvokedByDelegate
	nameIssuerType
	nameKeyExchange
	nameLogEvents
	nameLogGroup
	nameLogStream
	nameManagementEvent
	nameMessage
	nameMessageOfSNS
	nameMessageType
	nameMFAAuthenticated
	nameOnBehalfOf
	nameOriginalEventID
	nameOriginalRequestID
	nameOwner
	namePrincipalID
	nameReadOnly
	nameReason
	nameRecipientAccountID
	nameRecords
	nameRequestID
	nameRequestParameters
	nameResources
	nameResponseElements
	nameServiceEventDetails
	nameSessionContext
	nameSessionCredentialFromConsole
	nameSessionIssuer
	nameSharedEventID
	nameSignInSessionARN
	nameSourceAccount
	nameSourceARN
	nameSourceIdentity
	nameSourceIPAddress
	nameSubscriptionFilters
	nameTimestamp
	nameTimestampOfLogstash
	nameTLSDetails
	nameTLSVersion
	nameType
	nameUpdatedFields
	nameUserAgent
	nameUserID
	nameUserIdentity
	nameUserName
	nameVPCEndpointAccountID
	nameVPCEndpointID
	nameWebIDFederationData

	names
)

// spelling has each name as it stands in records. Some are there only because they
// are frequent, and quicker to pass when they are known.
var spelling = [names]string{
	nameAddendum:                     "addendum",
	nameAdditionalEventData:          "additionalEventData",
	nameARN:                          "arn",
	nameAccessKeyID:                  "accessKeyId",
	nameAccountID:                    "accountId",
	nameAssumedRoot:                  "assumedRoot",
	nameAttributes:                   "attributes",
	nameAwsRegion:                    "awsRegion",
	nameBody:                         "body",
	nameBodyOfSQS:                    "Body",
	nameCipherSuite:                  "cipherSuite",
	nameClientProvidedHostHeader:     "clientProvidedHostHeader",
	nameCloudTrailEvent:              "CloudTrailEvent",
	nameCreationDate:                 "creationDate",
	nameCredentialID:                 "credentialId",
	nameCredentialsIssuedTo:          "credentialsIssuedTo",
	nameDetail:                       "detail",
	nameDigestEndTime:                "digestEndTime",
	nameDigestS3Object:               "digestS3Object",
	nameDigestStartTime:              "digestStartTime",
	nameEC2RoleDelivery:              "ec2RoleDelivery",
	nameErrorCode:                    "errorCode",
	nameErrorMessage:                 "errorMessage",
	nameEventCategory:                "eventCategory",
	nameEventID:                      "eventID",
	nameEventName:                    "eventName",
	nameEvents:                       "Events",
	nameEventSource:                  "eventSource",
	nameEventTime:                    "eventTime",
	nameEventType:                    "eventType",
	nameEventVersion:                 "eventVersion",
	nameFederatedProvider:            "federatedProvider",
	nameIdentityProvider:             "identityProvider",
	nameID:                           "id",
	nameInScopeOf:                    "inScopeOf",
	nameInvokedBy:                    "invokedBy",
	nameInvokedByDelegate:            "invokedByDelegate",
	nameIssuerType:                   "issuerType",
	nameKeyExchange:                  "keyExchange",
	nameLogEvents:                    "logEvents",
	nameLogGroup:                     "logGroup",
	nameLogStream:                    "logStream",
	nameManagementEvent:              "managementEvent",
	nameMessage:                      "message",
	nameMessageOfSNS:                 "Message",
	nameMessageType:                  "messageType",
	nameMFAAuthenticated:             "mfaAuthenticated",
	nameOnBehalfOf:                   "onBehalfOf",
	nameOriginalEventID:              "originalEventID",
	nameOriginalRequestID:            "originalRequestID",
	nameOwner:                        "owner",
	namePrincipalID:                  "principalId",
	nameReadOnly:                     "readOnly",
	nameReason:                       "reason",
	nameRecipientAccountID:           "recipientAccountId",
	nameRecords:                      "Records",
	nameRequestID:                    "requestID",
	nameRequestParameters:            "requestParameters",
	nameResources:                    "resources",
	nameResponseElements:             "responseElements",
	nameServiceEventDetails:          "serviceEventDetails",
	nameSessionContext:               "sessionContext",
	nameSessionCredentialFromConsole: "sessionCredentialFromConsole",
	nameSessionIssuer:                "sessionIssuer",
	nameSharedEventID:                "sharedEventID",
	nameSignInSessionARN:             "signInSessionArn",
	nameSourceAccount:                "sourceAccount",
	nameSourceARN:                    "sourceArn",
	nameSourceIdentity:               "sourceIdentity",
	nameSourceIPAddress:              "sourceIPAddress",
	nameSubscriptionFilters:          "subscriptionFilters",
	nameTimestamp:                    "timestamp",
	nameTimestampOfLogstash:          "@timestamp",
	nameTLSDetails:                   "tlsDetails",
	nameTLSVersion:                   "tlsVersion",
	nameType:                         "type",
	nameUpdatedFields:                "updatedFields",
	nameUserAgent:                    "userAgent",
	nameUserID:                       "userId",
	nameUserIdentity:                 "userIdentity",
	nameUserName:                     "userName",
	nameVPCEndpointAccountID:         "vpcEndpointAccountId",
	nameVPCEndpointID:                "vpcEndpointId",
	nameWebIDFederationData:          "webIdFederationData",
}

var nameOf = func() map[string]name {
	all := make(map[string]name, names)
	for n := otherName + 1; n < names; n++ {
		all[spelling[n]] = n
	}
	return all
}()

// kind is a kind of object: which names follow each other depends on it.
type kind uint8

const (
	inDocument kind = iota
	inLogEvent
	inIdentity
	inSession
	inIssuer
	inAttributes
	inWebID
	inOnBehalfOf
	inDelegate
	inScope
	inAddendum
	inTLS

	kinds
)

// guesses has, for each kind of object, the two names that came after each name the
// last times, and after noName the first. CloudTrail writes members in few orders, so
// a guess is nearly always right, and comparing a name with a guess costs a fraction
// of looking for its end and finding out which it is.
type guesses [kinds][names][2]name

// patternWords is how many words of eight bytes of a pattern are compared: all but one
// name fit.
const patternWords = 4

// pattern is a name as it stands before a value, quotes and colon included.
type pattern struct {
	word, mask [patternWords]uint64
	size       int
}

// patterns has the pattern of each name. A name that is not in it, because it is too
// long or no name, has one that no text begins with.
type patterns [names]pattern

// plainPatterns are `"name":`; wrappedPatterns are `\"name\":`.
var plainPatterns, wrappedPatterns = newPatterns(`"`), newPatterns(`\"`)

func newPatterns(quote string) *patterns {
	var all patterns
	for n := range names {
		all[n].word[0], all[n].mask[0] = 1, ^uint64(0)
		if text := quote + spelling[n] + quote + ":"; spelling[n] != "" && len(text) <= 8*patternWords {
			all[n] = newPattern(text)
		}
	}
	return &all
}

func newPattern(text string) pattern {
	p := pattern{size: len(text)}
	var word, mask [8 * patternWords]byte
	for i := range len(text) {
		word[i], mask[i] = text[i], 0xff
	}
	for i := range patternWords {
		p.word[i] = binary.LittleEndian.Uint64(word[8*i:])
		p.mask[i] = binary.LittleEndian.Uint64(mask[8*i:])
	}
	return p
}

// first passes the opening bracket of the object at i and returns its first name and
// the offset of that one's value; noName for an empty object, or after passing a value
// of another type.
func (c *cursor) first(in kind, i int) (n name, value int) {
	if i < len(c.text) && c.text[i] == '{' && c.depth < c.maxDepth {
		c.depth++
		return c.next(in, noName, i)
	}
	if c.peekAt(i) != '{' {
		return noName, c.skip(c.pos)
	}
	if c.depth < c.maxDepth {
		return c.first(in, c.pos)
	}
	c.enter('}') // which must be next
	return noName, c.pos
}

// next returns the name that follows last and the offset of its value, or passes the
// closing bracket and returns noName. i is behind the value of last or, when that is
// noName, at the opening bracket. Names are compared with the guesses first.
func (c *cursor) next(in kind, last name, i int) (n name, value int) {
	text := c.text
	if i >= len(text)-8*patternWords || text[i] != ',' && last != noName {
		if i < len(text) && text[i] == '}' && last != noName {
			c.depth--
			return noName, i + 1
		}
		return c.otherNext(in, last, i)
	}
	guesses := &c.guesses[in][last]
	for g, n := range guesses {
		p := &c.patterns[n]
		differs := (word(text, i+1)^p.word[0])&p.mask[0] | (word(text, i+9)^p.word[1])&p.mask[1] |
			(word(text, i+17)^p.word[2])&p.mask[2] | (word(text, i+25)^p.word[3])&p.mask[3]
		if differs != 0 {
			continue
		}
		if g > 0 {
			guesses[0], guesses[1] = n, guesses[0]
		}
		return n, i + 1 + p.size
	}
	return c.otherNext(in, last, i)
}

// otherNext is next for what was not guessed.
func (c *cursor) otherNext(in kind, last name, i int) (n name, value int) {
	c.pos = i
	if last == noName {
		c.pos++
	}
	if last == noName && c.take('}') {
		c.depth--
		return noName, c.pos
	}
	if last != noName && !c.another('}') {
		return noName, c.pos
	}
	key := c.key()
	if c.fault != "" {
		return noName, c.pos
	}
	n, ok := nameOf[key]
	if !ok {
		return otherName, c.pos
	}
	guesses := &c.guesses[in][last]
	guesses[0], guesses[1] = n, guesses[0]
	return n, c.pos
}
