package cases_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/rules/cases"
	"github.com/straytoken/straytoken/rules/custom"
)

// TestExamples: the cases beside the example rules pass.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/rules/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	engine, err := custom.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	results, err := cases.Run(context.Background(), engine)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if len(r.Why) > 0 {
			t.Errorf("%s: %s: %v", r.Rule, r.Case, r.Why)
		}
	}
	for _, r := range engine.Rules() {
		if len(r.Cases) < 2 {
			t.Errorf("rule %s has %d cases", r.Rule, len(r.Cases))
		}
	}
}

// events are a machine's use and one from elsewhere.
const events = `
  cases:
    - name: c
      events:
        - &e {eventTime: "2027-01-10T08:00:00Z", eventSource: s3.amazonaws.com, eventName: ListBuckets, eventID: e1, awsRegion: eu-central-1,
             sourceIPAddress: 203.0.113.10, userAgent: aws-sdk-go-v2/1.30.0 os/linux, eventType: AwsApiCall, recipientAccountId: "111122223333",
             userIdentity: {type: AssumedRole, principalId: "AROAX:i-0123456789abcdef0", accountId: "111122223333", accessKeyId: ASIAEXAMPLEEXAMPLE01,
               sessionContext: {sessionIssuer: {type: Role, arn: "arn:aws:iam::111122223333:role/web"}, ec2RoleDelivery: "2.0"}}}
        - {<<: *e, eventTime: "2027-01-10T08:05:00Z", eventID: e2, eventName: PutBucketPolicy, sourceIPAddress: 192.0.2.66}
`

func TestEffects(t *testing.T) {
	const verdict, event = "- name: r1\n  on: verdict\n  when: ", "- name: r1\n  on: event\n  when: "
	tests := []struct{ name, rule, want, fails string }{
		{"no effect", verdict + "'false'\n  evidence: {weight: 50, text: t}", "{flagged: true, severity: high, rule: second-address}", ""},
		{"raises", verdict + "'true'\n  evidence: {weight: 50, text: t}", "{flagged: true, severity: critical, evidence: [second-address, r1]}", ""},
		{"lowers", verdict + "'true'\n  evidence: {weight: -50, text: t}", "{flagged: false}", ""},
		{"event raises at the intruder's", event + `event.name == "PutBucketPolicy"` + "\n  evidence: {weight: 50, text: t}", "{flagged: true, severity: critical, evidence: [r1]}", ""},
		{"event does not raise at the owner's", event + `event.name == "ListBuckets"` + "\n  evidence: {weight: 50, text: t}", "{flagged: true, severity: high}", ""},
		{"event lowers", event + `event.name == "PutBucketPolicy"` + "\n  evidence: {weight: -50, text: t}", "{flagged: false}", ""},
		{"verdict suppresses", verdict + "'true'\n  suppress: r\n  owner: o", "{flagged: false, suppressed: true, rule: second-address}", ""},
		{"event suppresses where all is so", event + `event.name == "PutBucketPolicy"` + "\n  suppress: r\n  owner: o", "{flagged: false, suppressed: true}", ""},
		{"event suppresses nobody else", event + `event.name == "ListBuckets"` + "\n  suppress: r\n  owner: o", "{flagged: true, suppressed: false}", ""},
		{"own finding", event + `event.name == "ListBuckets"` + "\n  finding: {severity: critical, title: T}", "{flagged: true, rule: r1, severity: critical}", ""},
		{"other kind", verdict + "'true'\n  kinds: [lambda]\n  suppress: r\n  owner: o", "{flagged: true}", ""},
		{"other kind, on events", event + "'true'\n  kinds: [lambda]\n  finding: {severity: critical, title: T}", "{flagged: true, severity: high}", ""},
		{"staged is tested as if it were not", verdict + "'true'\n  staged: true\n  suppress: r\n  owner: o", "{suppressed: true}", ""},
		{"known network", verdict + "'false'\n  suppress: r\n  owner: o", "{flagged: false}, known: [192.0.2.0/24, 203.0.113.0/24]", ""},
		{"wrong", verdict + "'true'\n  suppress: r\n  owner: o", "{flagged: true}", "want flagged true, got nothing"},
		{"wrong severity", verdict + "'false'\n  suppress: r\n  owner: o", "{flagged: true, severity: low}", "want severity low, got high second-address, score 70 (second-address)"},
		{"wrong evidence", verdict + "'false'\n  suppress: r\n  owner: o", "{flagged: true, evidence: [r1]}", "want evidence r1"},
		{"fails", verdict + "addresses[7].score > 1\n  suppress: r\n  owner: o", "{flagged: true}", "failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want, known, _ := strings.Cut(tt.want, ", known: ")
			content := tt.rule + events + "      want: " + want + "\n"
			if known != "" {
				content += "      known: " + known + "\n"
			}
			check(t, content, tt.fails)
		})
	}
}

func check(t *testing.T, content, fails string) {
	t.Helper()
	engine, err := custom.Parse("r.yaml", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	results, err := cases.Run(context.Background(), engine)
	if err != nil || len(results) != 1 {
		t.Fatalf("%v, %v", results, err)
	}
	why := strings.Join(results[0].Why, "; ")
	if fails == "" && why != "" || !strings.Contains(why, fails) {
		t.Errorf("why: %q, want %q", why, fails)
	}
}

// TestEventsOfAFile: events may stand in a file beside the rules.
func TestEventsOfAFile(t *testing.T) {
	dir := t.TempDir()
	const head = "- {name: r1, on: event, when: 'event.name == \"AssumeRoot\"', finding: {severity: high, title: T}, cases: [{name: c, events: [%], want: {flagged: true}}]}"
	record := `{"Records":[{"eventTime":"2027-01-10T08:00:00Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRoot","eventID":"e1","sourceIPAddress":"192.0.2.1","userIdentity":{"accessKeyId":"ASIAEXAMPLEEXAMPLE01","type":"AssumedRole","principalId":"A:b"}}]}`
	if err := os.WriteFile(filepath.Join(dir, "events.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, good := range map[string]bool{"events.json": true, "missing.json": false} {
		engine, err := custom.Parse(filepath.Join(dir, "rules.yaml"), []byte(strings.Replace(head, "%", file, 1)))
		if err != nil {
			t.Fatal(err)
		}
		results, err := cases.Run(context.Background(), engine)
		if (err == nil) != good || good && len(results[0].Why) > 0 {
			t.Errorf("%s: %v, %v", file, results, err)
		}
	}
}

// TestUnreadableEvent: a case whose event is no CloudTrail record does not pass.
func TestUnreadableEvent(t *testing.T) {
	check(t, "- {name: r1, on: event, when: 'true', finding: {severity: high, title: T}, cases: [{name: c, events: [{eventTime: x}], want: {flagged: false}}]}", "cannot be read")
}
