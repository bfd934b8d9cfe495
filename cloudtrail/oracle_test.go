package cloudtrail_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
)

// oracle decodes one JSON object with encoding/json into maps. It is the second
// opinion on the hand-written cursor; ok is false when it refuses.
func oracle(text string) (o object, ok bool) {
	if !json.Valid([]byte(text)) {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&o); err != nil || o == nil {
		return nil, false
	}
	return o, true
}

// str returns the string at path, "" for anything else.
func str(o object, path ...string) string {
	s, _ := at(o, path...).(string)
	return s
}

// flag returns the boolean at path, also when it is a string.
func flag(o object, path ...string) bool {
	v := at(o, path...)
	return v == true || v == "true"
}

func at(o object, path ...string) any {
	var v any = o
	for _, name := range path {
		inner, _ := v.(object)
		v = inner[name]
	}
	return v
}

// instant reads the forms of time that the package documents.
func instant(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "20060102T150405Z"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Truncate(time.Second)
		}
	}
	return time.Time{}
}

// oracleEvent is what an Event of o must be, but for its Raw fields.
func oracleEvent(o object) cloudtrail.Event {
	e := cloudtrail.Event{
		Version: str(o, "eventVersion"), Time: instant(str(o, "eventTime")),
		Source: str(o, "eventSource"), Name: str(o, "eventName"), Region: str(o, "awsRegion"),
		SourceIPAddress: str(o, "sourceIPAddress"), UserAgent: str(o, "userAgent"),
		ErrorCode: str(o, "errorCode"), ErrorMessage: str(o, "errorMessage"),
		ID: str(o, "eventID"), RequestID: str(o, "requestID"),
		Type: str(o, "eventType"), Category: str(o, "eventCategory"),
		RecipientAccountID: str(o, "recipientAccountId"), SharedEventID: str(o, "sharedEventID"),
		VPCEndpointID: str(o, "vpcEndpointId"), VPCEndpointAccountID: str(o, "vpcEndpointAccountId"),
		ReadOnly: flag(o, "readOnly"), SessionFromConsole: flag(o, "sessionCredentialFromConsole"),
		Identity: oracleIdentity(o),
		Addendum: cloudtrail.Addendum{
			Reason: str(o, "addendum", "reason"), UpdatedFields: str(o, "addendum", "updatedFields"),
			OriginalRequestID: str(o, "addendum", "originalRequestID"), OriginalEventID: str(o, "addendum", "originalEventID"),
		},
		TLS: cloudtrail.TLSDetails{
			Version: str(o, "tlsDetails", "tlsVersion"), CipherSuite: str(o, "tlsDetails", "cipherSuite"),
			HostHeader: str(o, "tlsDetails", "clientProvidedHostHeader"), KeyExchange: str(o, "tlsDetails", "keyExchange"),
		},
	}
	if e.Time.IsZero() {
		e.Time = instant(str(o, "@timestamp"))
	}
	return e
}

func oracleIdentity(o object) cloudtrail.Identity {
	id, _ := at(o, "userIdentity").(object)
	session, has := at(id, "sessionContext").(object)
	i := cloudtrail.Identity{
		Type: str(id, "type"), PrincipalID: str(id, "principalId"), ARN: str(id, "arn"),
		AccountID: str(id, "accountId"), AccessKeyID: str(id, "accessKeyId"), UserName: str(id, "userName"),
		InvokedBy: str(id, "invokedBy"), IdentityProvider: str(id, "identityProvider"),
		CredentialID: str(id, "credentialId"), OnBehalfOfUserID: str(id, "onBehalfOf", "userId"),
		DelegateAccount: str(id, "invokedByDelegate", "accountId"),
		HasSession:      has,
		Issuer: cloudtrail.SessionIssuer{
			Type: str(session, "sessionIssuer", "type"), PrincipalID: str(session, "sessionIssuer", "principalId"),
			ARN: str(session, "sessionIssuer", "arn"), AccountID: str(session, "sessionIssuer", "accountId"),
			UserName: str(session, "sessionIssuer", "userName"),
		},
		CreationDate:   instant(str(session, "attributes", "creationDate")),
		MFA:            flag(session, "attributes", "mfaAuthenticated"),
		RoleDelivery:   str(session, "ec2RoleDelivery"),
		SourceIdentity: str(session, "sourceIdentity"), SignInSessionARN: str(session, "signInSessionArn"),
		AssumedRoot: flag(session, "assumedRoot"), WebIDFederation: str(session, "webIdFederationData", "federatedProvider"),
		InScopeOf: oracleScope(id),
	}
	if i.InScopeOf == (cloudtrail.InScopeOf{}) {
		i.InScopeOf = oracleScope(session)
	}
	return i
}

func oracleScope(o object) cloudtrail.InScopeOf {
	return cloudtrail.InScopeOf{
		IssuerType: str(o, "inScopeOf", "issuerType"), CredentialsIssuedTo: str(o, "inScopeOf", "credentialsIssuedTo"),
		SourceARN: str(o, "inScopeOf", "sourceArn"), SourceAccount: str(o, "inScopeOf", "sourceAccount"),
	}
}

// isEvent tells whether the object means to be an event that is not left out.
func isEvent(o object) bool {
	for _, member := range []string{"digestStartTime", "digestEndTime", "digestS3Object"} {
		if o[member] != nil {
			return false
		}
	}
	category, kind := str(o, "eventCategory"), str(o, "eventType")
	if category == "Insight" || category == "Aggregated" || kind == "AwsCloudTrailInsight" || kind == "AwsAggregatedEvent" {
		return false
	}
	_, named := o["eventName"]
	return named && !strings.HasPrefix(str(o, "eventSource"), "aws:")
}

// isComplete tells whether the event has what every event must have.
func isComplete(e cloudtrail.Event) bool { return !e.Time.IsZero() && e.Source != "" && e.Name != "" }

// checkEvent compares an event, all fields of it, with the oracle's view.
func checkEvent(t testing.TB, got cloudtrail.Event, o object) {
	t.Helper()
	checkRaw(t, "requestParameters", got.Request, o["requestParameters"])
	checkRaw(t, "responseElements", got.Response, o["responseElements"])
	checkRaw(t, "additionalEventData", got.Additional, o["additionalEventData"])
	checkRaw(t, "serviceEventDetails", got.Service, o["serviceEventDetails"])
	checkRaw(t, "the record", got.Raw, o)
	var none cloudtrail.Raw
	got.Request, got.Response, got.Additional, got.Service, got.Raw = none, none, none, none, none
	if want := oracleEvent(o); !reflect.DeepEqual(got, want) {
		t.Errorf("event differs from encoding/json's view\n got %+v\nwant %+v", got, want)
	}
}

func checkRaw(t testing.TB, name string, got cloudtrail.Raw, want any) {
	t.Helper()
	var value any
	if got.Exists() {
		d := json.NewDecoder(bytes.NewReader([]byte(got.JSON())))
		d.UseNumber()
		if err := d.Decode(&value); err != nil {
			t.Errorf("%s is no valid JSON: %v", name, err)
		}
	}
	if !reflect.DeepEqual(value, want) {
		t.Errorf("%s: got %v, want %v", name, value, want)
	}
}

// cloneEvent copies an event and every string in it.
func cloneEvent(e *cloudtrail.Event) cloudtrail.Event {
	copied := *e
	cloneStrings(reflect.ValueOf(&copied).Elem())
	for _, r := range []*cloudtrail.Raw{&copied.Request, &copied.Response, &copied.Additional, &copied.Service, &copied.Raw} {
		*r = cloudtrail.RawOf(strings.Clone(r.JSON()))
	}
	return copied
}

func cloneStrings(v reflect.Value) {
	switch {
	case v.Kind() == reflect.String:
		v.SetString(strings.Clone(v.String()))
	case v.Kind() == reflect.Struct && v.Type().PkgPath() != "time":
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				cloneStrings(v.Field(i))
			}
		}
	}
}
