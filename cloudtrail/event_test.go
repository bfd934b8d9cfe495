package cloudtrail_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
)

// decodeOne decodes a record that holds one event.
func decodeOne(t *testing.T, record string) cloudtrail.Event {
	t.Helper()
	got := decode(t, cloudtrail.Limits{}, record)
	if got.err != nil || len(got.events) != 1 || got.sum.BadTotal != 0 {
		t.Fatalf("got %d events, bad %v, error %v from %.200s", len(got.events), got.sum.Bad, got.err, record)
	}
	return got.events[0]
}

func TestEveryFieldIsRead(t *testing.T) {
	record := encode(fullEvent())
	got := decodeOne(t, record)
	o, _ := oracle(record)
	checkEvent(t, got, o)
	checkNoZero(t, "Event", reflect.ValueOf(got))
}

// checkNoZero fails for a field that fullEvent has no value for, so that a new field
// cannot go untested.
func checkNoZero(t *testing.T, name string, v reflect.Value) {
	for i := range v.NumField() {
		field, path := v.Field(i), name+"."+v.Type().Field(i).Name
		if field.IsZero() {
			t.Errorf("%s is zero", path)
		}
		if field.Kind() == reflect.Struct && field.Type() != reflect.TypeFor[time.Time]() && field.Type() != reflect.TypeFor[cloudtrail.Raw]() {
			checkNoZero(t, path, field)
		}
	}
}

// A member of the wrong type loses no event: it reads as absent.
func TestWrongTypeInEveryField(t *testing.T) {
	wrong := []string{"null", "true", "-12.5e3", "1e999999", `"text"`, `""`, "[]", "[1,{}]", "{}", `{"type":[{"arn":{}}]}`}
	for _, path := range paths(fullEvent(), nil) {
		for _, value := range wrong {
			record := strings.Replace(encode(replaced(fullEvent(), path, "@@")), `"@@"`, value, 1)
			t.Run(strings.Join(path, ".")+"="+value, func(t *testing.T) { checkAgainstOracle(t, record) })
		}
	}
}

func TestUnknownMembersArePassed(t *testing.T) {
	for _, path := range paths(fullEvent(), nil) {
		if _, ok := at(fullEvent(), path...).(object); ok {
			unknown := append(path[:len(path):len(path)], "unknown")
			t.Run(strings.Join(unknown, "."), func(t *testing.T) {
				checkAgainstOracle(t, encode(replaced(fullEvent(), unknown, []any{object{"type": "x"}})))
			})
		}
	}
}

// checkAgainstOracle decodes one object that encoding/json accepts: as it is, and as a
// message of CloudWatch Logs, read as it stands and read unescaped.
func checkAgainstOracle(t testing.TB, record string) {
	t.Helper()
	o, ok := oracle(record)
	if !ok {
		t.Fatalf("the oracle refuses %s", record)
	}
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	for range 2 { // the second time names are guessed right
		checkDecoded(t, decodeWith(t, d, record), o)
		checkDecoded(t, decodeWith(t, d, subscription(record)), o)
		checkDecoded(t, decodeWith(t, d, oddSubscription(record)), o)
	}
}

// checkDecoded compares what was decoded with the one event that it must be.
func checkDecoded(t testing.TB, got decoded, o object) {
	t.Helper()
	if !isComplete(oracleEvent(o)) {
		if cloudtrail.ReasonOf(got.err) != cloudtrail.ErrIncomplete || len(got.events) != 0 {
			t.Errorf("got %d events and error %v, want %v", len(got.events), got.err, cloudtrail.ErrIncomplete)
		}
		return
	}
	if got.err != nil || len(got.events) != 1 {
		t.Fatalf("got %d events and error %v", len(got.events), got.err)
	}
	checkEvent(t, got.events[0], o)
}

// paths lists the members of o at every depth.
func paths(o object, prefix []string) (all [][]string) {
	for key, value := range o {
		path := append(prefix[:len(prefix):len(prefix)], key)
		all = append(all, path)
		if inner, ok := value.(object); ok {
			all = append(all, paths(inner, path)...)
		}
	}
	return all
}

// replaced returns a copy of o with another value at path.
func replaced(o object, path []string, value any) object {
	if len(path) > 1 {
		value = replaced(o[path[0]].(object), path[1:], value)
	}
	return with(o, path[0], value)
}

func TestOddEvents(t *testing.T) {
	event := func(members string) string { return strings.TrimSuffix(small("X"), "}") + "," + members + "}" }
	tests := []struct{ name, record string }{
		{"no userIdentity", small("X")},
		{"userIdentity null", event(`"userIdentity":null`)},
		{"service event without identity type", event(`"eventType":"AwsServiceEvent","userIdentity":{"accountId":"111122223333","invokedBy":"AWS Internal"}`)},
		{"unknown identity type", event(`"userIdentity":{"type":"Martian","principalId":"x"}`)},
		{"anonymous S3", event(`"userIdentity":{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}`)},
		{"instance identity role", event(`"userIdentity":{"type":"AssumedRole","principalId":"111122223333:aws:ec2-instance:i-0abc"}`)},
		{"empty sessionContext", event(`"userIdentity":{"sessionContext":{}}`)},
		{"inScopeOf in sessionContext", event(`"userIdentity":{"sessionContext":{"inScopeOf":{"issuerType":"AWS::Lambda::Function"}}}`)},
		{"basic creationDate", event(`"userIdentity":{"sessionContext":{"attributes":{"creationDate":"20131102T010628Z"}}}`)},
		{"bad creationDate", event(`"userIdentity":{"sessionContext":{"attributes":{"creationDate":"soon"}}}`)},
		{"booleans as strings", event(`"readOnly":"true","sessionCredentialFromConsole":true`)},
		{"booleans as other strings", event(`"readOnly":"TRUE","sessionCredentialFromConsole":"yes"`)},
		{"addresses that are none", event(`"sourceIPAddress":"035.249.253.232","vpcEndpointId":"secretsmanager.amazonaws.com"`)},
		{"parameters as string", event(`"requestParameters":"","responseElements":"x"`)},
		{"huge number in a skipped field", event(`"apiVersion":1e999999,"resources":[1e-999999,-0]`)},
		{"duplicate keys", event(`"eventName":"Y","eventName":"Z","awsRegion":"a","awsRegion":null`)},
		{"duplicate objects replace each other", event(`"userIdentity":{"type":"A","arn":"x","sessionContext":{"sourceIdentity":"s"}},"userIdentity":{"type":"B"}`)},
		{"duplicate objects inside", event(`"userIdentity":{"sessionContext":{"attributes":{"mfaAuthenticated":"true"},"sourceIdentity":"s"},"sessionContext":{"attributes":{}}},"tlsDetails":{"tlsVersion":"1"},"tlsDetails":{}`)},
		{"duplicate that is null", event(`"userIdentity":{"sessionContext":{"sourceIdentity":"s"},"sessionContext":null},"addendum":{"reason":"x"},"addendum":0`)},
		{"escaped keys", `{"\u0065ventTime":"2026-03-01T12:00:00Z","event\u0053ource":"a.b","eventN\u0061me":"X","user\u0049dentity":{"typ\u0065":"Root"}}`},
		{"keys in other case", event(`"EVENTNAME":"Y","eventname":"Z","Eventtime":5,"userIdentity":{"Type":"x","ARN":"y"}`)},
		{"escapes", event(`"userAgent":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud83d\ude00"`)},
		{"lone surrogates", event(`"userAgent":"\ud83d \ude00 \ud83d\u0041 \ud83d\ud83d\ude00 \ud83dA"`)},
		{"invalid UTF-8", event("\"userAgent\":\"a\xff\xfeb\xc3\",\"awsRegion\":\"\xf0\x9f\x98\"")},
		{"invalid UTF-8 in a key", event("\"a\xff\":1")},
		{"NUL in a string", event(`"userAgent":"\u0000"`)},
		{"white space everywhere", " {\n\t\"eventTime\" :\r\n\"2026-03-01T12:00:00Z\" , \"eventSource\":\"a.b\",\"eventName\": \"X\" ,\"userIdentity\" : { } }\n"},
		{"event that holds envelopes' members", event(`"detail":{"eventName":"Y"},"Records":[],"Message":"{}"`)},
		{"1 MiB", event(`"requestParameters":{"policy":` + quote(strings.Repeat("0123456789abcde\n", 1<<16)) + `}`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkAgainstOracle(t, tt.record) })
	}
}

func TestEventTime(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct{ name, members string }{
		{"RFC 3339", `"eventTime":"2026-03-01T12:00:00Z"`},
		{"RFC 3339 with milliseconds", `"eventTime":"2026-03-01T12:00:00.999Z"`},
		{"RFC 3339 with nanoseconds", `"eventTime":"2026-03-01T12:00:00.999999999Z"`},
		{"RFC 3339 with an offset", `"eventTime":"2026-03-01T14:00:00+02:00"`},
		{"SIEM export", `"eventTime":"2026-03-01 12:00:00.000000000"`},
		{"SIEM export without fraction", `"eventTime":"2026-03-01 12:00:00"`},
		{"Logstash", `"@timestamp":"2026-03-01T12:00:00.123Z"`},
		{"Logstash beside a null", `"eventTime":null,"@timestamp":"2026-03-01T12:00:00Z"`},
		{"Logstash beside nonsense", `"@timestamp":"2026-03-01T12:00:00Z","eventTime":"noon"`},
		{"eventTime before @timestamp", `"@timestamp":"1999-01-01T00:00:00Z","eventTime":"2026-03-01T12:00:00Z"`},
		{"basic", `"eventTime":"20260301T120000Z"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decodeOne(t, fmt.Sprintf(`{"eventSource":"a.b","eventName":"X",%s}`, tt.members))
			if !got.Time.Equal(noon) || got.Time.Location() != time.UTC {
				t.Errorf("got %v, want %v", got.Time, noon)
			}
		})
	}
}

func TestIncompleteEvents(t *testing.T) {
	for _, member := range []string{"eventTime", "eventSource", "eventName"} {
		for _, value := range []string{`""`, "null", "17", "[]", `{"a":1}`} {
			o := object{"eventTime": "2026-03-01T12:00:00Z", "eventSource": "a.b", "eventName": "X"}
			record := strings.Replace(encode(with(o, member, "@@")), `"@@"`, value, 1)
			t.Run(member+"="+value, func(t *testing.T) {
				alone := decode(t, cloudtrail.Limits{}, record)
				if cloudtrail.ReasonOf(alone.err) != cloudtrail.ErrIncomplete {
					t.Errorf("alone: error %v", alone.err)
				}
				among := decode(t, cloudtrail.Limits{}, records(small("A"), record, small("B")))
				if among.err != nil || among.sum.BadTotal != 1 || len(among.names) != 2 {
					t.Errorf("among others: events %v, bad %v, error %v", among.names, among.sum.Bad, among.err)
				}
			})
		}
	}
}
