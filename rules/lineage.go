package rules

import (
	"strings"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

// issuance is what the record of a credential's making says.
type issuance struct {
	Call       string // the API call that made it
	Service    string // the AWS service that asked for it; "" for a person or program
	Account    string // account of whoever asked for it
	RoleARN    string
	Expiration int64 // seconds since 1970; 0 unknown
}

// texts are the parts of an issuance, but its time, as they are remembered.
func (i *issuance) texts() []*string { return []*string{&i.Call, &i.Service, &i.Account, &i.RoleARN} }

// encode is the issuance as the value of a fact.
func (i *issuance) encode() string {
	expires := seconds(i.Expiration)
	return packed(append(i.texts(), &expires))
}

// decodeIssuance reads encode's text.
func decodeIssuance(text string) issuance {
	var i issuance
	var expires string
	unpack(text, append(i.texts(), &expires))
	i.Expiration = secondsOf(expires)
	return i
}

// maxIssued bounds the credentials that one answer is believed to carry in a list:
// those that are known carry one.
const maxIssued = 16

// credentialPaths are where responses carry a new credential.
var credentialPaths = [][]string{{"credentials"}, {"accessKey"}}

// issuance notes who made which credential: under the credential itself, and
// under the session that asked for it.
func (c *context) issuance() []state.Fact {
	if c.event.ErrorCode != "" || !c.event.Response.Exists() {
		return nil
	}
	var facts []state.Fact
	for _, path := range credentialPaths {
		facts = append(facts, c.issued(c.event.Response.Get(path...))...)
	}
	listed := 0
	c.event.Response.Each(func(r cloudtrail.Raw) {
		if listed++; listed <= maxIssued {
			facts = append(facts, c.issued(r.Get("credentials"))...)
		}
	}, "credentialSet")
	return facts
}

func (c *context) issued(credential cloudtrail.Raw) []state.Fact {
	key := idOf(credential.String("accessKeyId"))
	if len(key) < minKey {
		return nil
	}
	i := issuance{
		Call: c.seen.Name, Service: state.Bounded(issuingService(c.event), maxName), Account: state.Bounded(c.event.Identity.AccountID, maxName),
		RoleARN: state.Bounded(c.event.Request.String("roleArn"), maxARN), Expiration: parseExpiration(credential.String("expiration")),
	}
	made := c.fact(CredentialKey(key), state.Retention{Keep: 2, Members: 8}, roleLife, classIssued, i.Service, c.session.Lock)
	made.Value = i.encode()
	facts := []state.Fact{made}
	if c.signed {
		facts = append(facts, c.fact(SessionKey(c.session.Lock), state.Retention{Members: 256}, roleLife, classIssued, key))
	}
	return facts
}

// issuingService is the AWS service that asked for the credential. AWS writes it;
// a caller cannot.
func issuingService(e *cloudtrail.Event) string {
	if e.Identity.Type == "AWSService" || e.Identity.InvokedBy != "" {
		return e.Identity.InvokedBy
	}
	if from := network.ParseCaller(e.SourceIPAddress); from.Class == network.Service {
		return from.Text
	}
	return ""
}

// expirationForms are the ways CloudTrail has written expirations, 2018 to now.
var expirationForms = []string{
	time.RFC3339, "Jan 2, 2006, 3:04:05 PM", "Jan 2, 2006 3:04:05 PM", "Jan 2, 2006, 15:04:05",
}

// parseExpiration gives seconds since 1970, 0 when it cannot be read.
func parseExpiration(text string) int64 {
	text = strings.NewReplacer("\u202f", " ", "\u00a0", " ").Replace(text)
	for _, form := range expirationForms {
		if t, err := time.Parse(form, text); err == nil {
			return t.Unix()
		}
	}
	return 0
}
