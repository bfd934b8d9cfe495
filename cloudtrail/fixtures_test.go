package cloudtrail_test

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/straytoken/straytoken/cloudtrail"
)

// object is a JSON object to be built.
type object = map[string]any

// fullEvent has every field that an Event has.
func fullEvent() object {
	return object{
		"eventVersion": "1.11", "eventTime": "2026-03-01T12:00:00Z", "@timestamp": "2026-03-01T12:00:00.123Z",
		"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "awsRegion": "eu-west-1",
		"sourceIPAddress": "198.51.100.7", "userAgent": "[aws-cli/2.15.0 \"quoted\" é]",
		"errorCode": "AccessDenied", "errorMessage": "User: arn:aws:iam::111122223333:user/a\n is not authorized",
		"eventID": "6f6f0f5e-0000-4000-8000-000000000001", "requestID": "req-1",
		"eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": true, "readOnly": true,
		"recipientAccountId": "111122223333", "sharedEventID": "6f6f0f5e-0000-4000-8000-000000000002",
		"vpcEndpointId": "vpce-0123456789abcdef0", "vpcEndpointAccountId": "111122223333",
		"sessionCredentialFromConsole": "true",
		"userIdentity":                 fullIdentity(),
		"addendum": object{
			"reason": "UPDATED_DATA", "updatedFields": "errorCode",
			"originalRequestID": "req-0", "originalEventID": "6f6f0f5e-0000-4000-8000-000000000000",
		},
		"tlsDetails": object{
			"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
			"clientProvidedHostHeader": "sts.eu-west-1.amazonaws.com", "keyExchange": "X25519",
		},
		"requestParameters":   object{"roleArn": "arn:aws:iam::111122223333:role/app", "durationSeconds": 3600, "tags": []any{}},
		"responseElements":    object{"credentials": object{"accessKeyId": "ASIAEXAMPLE00000002"}},
		"additionalEventData": object{"RequestDetails": object{"endpointType": "regional"}},
		"serviceEventDetails": object{"snapshotId": "snap-1"},
	}
}

func fullIdentity() object {
	return object{
		"type": "AssumedRole", "principalId": "AROAEXAMPLE:i-0123456789abcdef0",
		"arn":       "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0",
		"accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE00000001", "userName": "app",
		"invokedBy": "ec2.amazonaws.com", "identityProvider": "token.actions.githubusercontent.com",
		"credentialId": "cred-1", "onBehalfOf": object{"userId": "user-1"},
		"invokedByDelegate": object{"accountId": "444455556666"},
		"inScopeOf": object{
			"issuerType": "AWS::EC2::Instance", "credentialsIssuedTo": "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
			"sourceArn": "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "sourceAccount": "111122223333",
		},
		"sessionContext": object{
			"sessionIssuer": object{
				"type": "Role", "principalId": "AROAEXAMPLE", "arn": "arn:aws:iam::111122223333:role/app",
				"accountId": "111122223333", "userName": "app",
			},
			"attributes":          object{"creationDate": "2026-03-01T11:00:00Z", "mfaAuthenticated": "true"},
			"webIdFederationData": object{"federatedProvider": "cognito", "attributes": object{}},
			"sourceIdentity":      "alice", "assumedRoot": "true", "ec2RoleDelivery": "2.0",
			"signInSessionArn": "arn:aws:signin:eu-west-1:111122223333:session/1",
			"inScopeOf":        object{"issuerType": "ignored beside the identity's own"},
		},
	}
}

// small is an event with no more than it must have, and a name.
func small(name string) string {
	return fmt.Sprintf(`{"eventTime":"2026-03-01T12:00:00Z","eventSource":"sts.amazonaws.com","eventName":%q}`, name)
}

// with returns a copy of o with one member set.
func with(o object, key string, value any) object {
	o = maps.Clone(o)
	o[key] = value
	return o
}

// encode returns v as JSON.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// quote returns s as a JSON string.
func quote(s string) string { return encode(s) }

// quoteBarely returns s as a JSON string in which nothing is escaped but what must be,
// and bytes that are no UTF-8 stay.
func quoteBarely(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + `"`
}

// quoteOddly returns s as a JSON string that no decoder reads without unescaping it.
func quoteOddly(s string) string {
	if s == "" {
		return `""`
	}
	return fmt.Sprintf(`"\u%04x%s`, s[0], quote(s[1:])[1:])
}

func encode64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func zip(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func records(events ...string) string { return `{"Records":[` + strings.Join(events, ",") + `]}` }

func eventBridge(event string) string {
	return `{"version":"0","source":"aws.sts","resources":[],"detail-type":"AWS API Call via CloudTrail","detail":` + event + `}`
}

func logs(events ...string) string { return subscribed(quote, events) }

// subscription is what CloudWatch Logs makes of the events: it escapes no more than it
// must.
func subscription(events ...string) string { return subscribed(quoteBarely, events) }

// oddSubscription has messages that must be unescaped to be read.
func oddSubscription(events ...string) string { return subscribed(quoteOddly, events) }

func subscribed(quote func(string) string, events []string) string {
	var messages []string
	for i, e := range events {
		messages = append(messages, fmt.Sprintf(`{"id":"%d","timestamp":1772366400000,"message":%s}`, i, quote(e)))
	}
	return `{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"trail","logEvents":[` + strings.Join(messages, ",") + `]}`
}

func lookup(events ...string) string {
	var elements []string
	for _, e := range events {
		elements = append(elements, lookupElement(e))
	}
	return `{"Events":[` + strings.Join(elements, ",") + `],"NextToken":"t"}`
}

func lookupElement(event string) string {
	return `{"EventId":"1","EventName":"AssumeRole","EventTime":1772366400.0,"CloudTrailEvent":` + quote(event) + `}`
}

func notification(message string) string {
	return `{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:eu-west-1:111122223333:t","Message":` + quote(message) + `}`
}

// aggregate returns what the Kinesis Producer Library makes of the records.
func aggregate(records ...string) string {
	message := protowire.AppendTag(nil, 1, protowire.BytesType)
	message = protowire.AppendString(message, "partition-key")
	for _, r := range records {
		record := protowire.AppendTag(nil, 1, protowire.VarintType)
		record = protowire.AppendVarint(record, 0)
		record = protowire.AppendTag(record, 3, protowire.BytesType)
		record = protowire.AppendString(record, r)
		message = protowire.AppendTag(message, 3, protowire.BytesType)
		message = protowire.AppendBytes(message, record)
	}
	return sealed(string(message))
}

// sealed puts magic and checksum around an aggregated message.
func sealed(message string) string {
	sum := md5.Sum([]byte(message))
	return "\xf3\x89\x9a\xc2" + message + string(sum[:])
}

// decoded is what a record came to, safe to keep.
type decoded struct {
	names  []string // eventName of each event
	raws   []string // JSON of each event
	events []cloudtrail.Event
	sum    cloudtrail.Summary
	err    error
}

// decode decodes a record and checks that it was left as it was.
func decode(t testing.TB, limits cloudtrail.Limits, record string) decoded {
	t.Helper()
	return decodeWith(t, cloudtrail.NewDecoder(limits), record)
}

func decodeWith(t testing.TB, d *cloudtrail.Decoder, record string) (got decoded) {
	t.Helper()
	input := []byte(record)
	got.sum, got.err = d.Decode(input, got.keep)
	if string(input) != record {
		t.Errorf("Decode changed the record")
	}
	if got.sum.Events != len(got.names) {
		t.Errorf("Summary.Events is %d, %d were yielded", got.sum.Events, len(got.names))
	}
	return got
}

// keep is a callback that notes the event, in memory of its own.
func (d *decoded) keep(e *cloudtrail.Event) error {
	raw := strings.Clone(e.Raw.JSON())
	d.names = append(d.names, strings.Clone(e.Name))
	d.raws = append(d.raws, raw)
	d.events = append(d.events, cloneEvent(e))
	return nil
}
