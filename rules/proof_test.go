package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

const (
	ours  = "111111111111"
	linux = "Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux#6.1 lang/python#3.11.6"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// usage is one call with a machine's session.
type usage struct {
	minute   int    // after noon
	from     string // address
	endpoint string // VPC endpoint
	session  string // session name; default: the instance
	arn      string // function that AWS states the session to be of
	key      string // access key; default: one made from the session name
	agent    string // default: linux
	action   string // default: s3 ListBuckets; "source name"
	response any
	request  any
}

func (u usage) lock() string { return "AROAEXAMPLEEXAMPLE:" + u.name() }

func (u usage) name() string { return orElse(u.session, instance) }

func (u usage) accessKey() string {
	return orElse(u.key, fmt.Sprintf("ASIA%016X", len(u.name())*7919+int(u.name()[len(u.name())-1])))
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// record is the call as CloudTrail has it.
func (u usage) record(n int) map[string]any {
	source, name, _ := strings.Cut(orElse(u.action, "s3.amazonaws.com ListBuckets"), " ")
	context := map[string]any{
		"sessionIssuer": map[string]any{"type": "Role", "principalId": "AROAEXAMPLEEXAMPLE", "arn": "arn:aws:iam::" + ours + ":role/work", "accountId": ours, "userName": "work"},
		"attributes":    map[string]any{"creationDate": "2026-03-01T11:00:00Z", "mfaAuthenticated": "false"},
	}
	identity := map[string]any{
		"type": "AssumedRole", "principalId": u.lock(), "arn": "arn:aws:sts::" + ours + ":assumed-role/work/" + u.name(),
		"accountId": ours, "accessKeyId": u.accessKey(), "sessionContext": context,
	}
	if u.arn != "" {
		identity["inScopeOf"] = map[string]any{"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": u.arn}
	}
	event := map[string]any{
		"eventVersion": "1.11", "eventTime": noon.Add(time.Duration(u.minute) * time.Minute).Format(time.RFC3339),
		"eventID": fmt.Sprintf("00000000-0000-4000-8000-%012d", n), "eventType": "AwsApiCall", "eventSource": source, "eventName": name,
		"awsRegion": "eu-west-1", "sourceIPAddress": u.from, "userAgent": orElse(u.agent, linux), "recipientAccountId": ours,
		"userIdentity": identity, "requestParameters": u.request, "responseElements": u.response,
	}
	if u.endpoint != "" {
		event["vpcEndpointId"] = u.endpoint
	}
	return event
}

// past is what is known after some calls.
func past(t *testing.T, x rules.Extractor, calls ...usage) *state.Memory {
	t.Helper()
	memory := state.NewMemory(1 << 12)
	x.Keep, x.Contested = 100, 100
	var events []any
	for i, u := range calls {
		events = append(events, u.record(i+1))
	}
	text, err := json.Marshal(map[string]any{"Records": events})
	if err != nil {
		t.Fatal(err)
	}
	decoder := cloudtrail.NewDecoder(cloudtrail.Limits{})
	summary, err := decoder.Decode(text, func(e *cloudtrail.Event) error { return memory.Put(context.Background(), x.Facts(e)) })
	if err != nil || summary.Events != len(calls) {
		t.Fatalf("%d of %d events: %v", summary.Events, len(calls), err)
	}
	return memory
}

// judged is the verdict on the session of a call, after all calls.
func judged(t *testing.T, p *rules.Policy, on usage, calls ...usage) rules.Verdict {
	t.Helper()
	lock := on.lock()
	if on.arn != "" || strings.Contains(on.agent, "AWS_Lambda") {
		lock = on.accessKey()
	}
	verdicts := p.Judge(lock, past(t, rules.Extractor{Ranges: p.Ranges}, calls...))
	if len(verdicts) != 1 {
		t.Fatalf("%d verdicts on %s", len(verdicts), lock)
	}
	return verdicts[0]
}

// said tells what a verdict says of a host: role and evidence.
func said(v rules.Verdict, host string) (finding.Role, []string) {
	i := slices.IndexFunc(v.Places, func(p rules.Place) bool { return p.Host == host })
	if i < 0 {
		return "", nil
	}
	var codes []string
	for _, e := range v.Places[i].Evidence {
		codes = append(codes, fmt.Sprintf("%s%+d", e.Code, e.Weight))
	}
	return v.Places[i].Role, codes
}
