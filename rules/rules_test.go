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

// m is a JSON object.
type m = map[string]any

// Names of the story that the cases tell.
const (
	account  = "111122223333"
	role     = "arn:aws:iam::111122223333:role/web"
	instance = "i-0123456789abcdef0"
	session  = "AROAWEBWEBWEBWEBWEBWE:" + instance
	key1     = "ASIAWEBKEY0000000001" // handed out over IMDSv2
	key2     = "ASIAWEBKEY0000000002" // its sibling, over IMDSv1
	home     = "198.51.100.10"
	thief    = "203.0.113.66"
	office   = "192.0.2.77"
	agentSSM = "aws-sdk-go/1.55.5 (go1.22.5; linux; amd64) amazon-ssm-agent/3.3.987.0"
	agentApp = "Boto3/1.34.145 md/Botocore#1.34.145 os/linux#6.1 lang/python#3.11"
)

// event is one CloudTrail record, at a minute of the story.
func event(minute float64, source, name, address string, more m) m {
	e := m{
		"eventVersion": "1.10", "eventTime": at(minute), "eventSource": source + ".amazonaws.com", "eventName": name,
		"awsRegion": "eu-west-1", "sourceIPAddress": address, "userAgent": agentApp, "recipientAccountId": account,
		"eventID": fmt.Sprintf("%s-%s-%s-%v-%v", source, name, address, minute, more["userIdentity"]), "eventType": "AwsApiCall",
	}
	for k, v := range more {
		e[k] = v
	}
	return e
}

func at(minute float64) string {
	return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(minute * float64(time.Minute))).Format(time.RFC3339)
}

// as makes the identity of an instance's session.
func as(key, delivery string) m {
	return m{
		"type": "AssumedRole", "principalId": session, "accountId": account, "accessKeyId": key,
		"arn": "arn:aws:sts::111122223333:assumed-role/web/" + instance,
		"sessionContext": m{
			"ec2RoleDelivery": delivery, "attributes": m{"creationDate": at(0)},
			"sessionIssuer": m{"type": "Role", "principalId": "AROAWEBWEBWEBWEBWEBWE", "arn": role, "accountId": account, "userName": "web"},
		},
	}
}

// use is a call of the instance's session.
func use(minute float64, source, name, address string, more ...m) m {
	e := event(minute, source, name, address, m{"userIdentity": as(key1, "2.0")})
	for _, extra := range more {
		for k, v := range extra {
			e[k] = v
		}
	}
	return e
}

// agentOf changes the user agent, keyOf the key.
func agentOf(text string) m { return m{"userAgent": text} }
func keyOf(key, delivery string) m {
	return m{"userIdentity": as(key, delivery), "eventID": key + delivery}
}

// settled is what the instance does all day.
func settled() []m {
	return []m{
		use(0, "ssm", "UpdateInstanceInformation", home, agentOf(agentSSM)),
		use(1, "s3", "GetObject", home), use(20, "sqs", "ReceiveMessage", home), use(50, "s3", "PutObject", home),
	}
}

// byUser is a call of somebody with a long-term key.
func byUser(minute float64, source, name, address string, more m) m {
	id := m{"type": "IAMUser", "principalId": "AIDAUSERUSERUSERUSER1", "accountId": account, "accessKeyId": "AKIAUSERUSERUSERUSE1", "userName": "ops", "arn": "arn:aws:iam::111122223333:user/ops"}
	e := event(minute, source, name, address, m{"userIdentity": id, "userAgent": "aws-cli/2.17.18 os/macos"})
	for k, v := range more {
		e[k] = v
	}
	return e
}

// judge runs events through facts to verdicts of a lock.
func judge(t *testing.T, p *rules.Policy, lock string, events []m) rules.Verdict {
	t.Helper()
	memory := state.NewMemory(10000)
	remember(t, memory, events)
	for range 3 { // what follows from verdicts, of all sessions
		for _, k := range memory.Find("session", func(*state.Set) bool { return true }) {
			for _, v := range p.Judge(k.Rest(), memory) {
				if err := memory.Put(context.Background(), v.Consequences()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	verdicts := p.Judge(lock, memory)
	if len(verdicts) == 0 {
		t.Fatalf("nothing is known of %s", lock)
	}
	return verdicts[0]
}

func remember(t *testing.T, memory *state.Memory, events []m) {
	t.Helper()
	decoder := cloudtrail.NewDecoder(cloudtrail.Limits{})
	for _, e := range events {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		_, err = decoder.Decode(text, func(e *cloudtrail.Event) error {
			return memory.Put(context.Background(), rules.Extractor{Keep: 100, Contested: 100}.Facts(e))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// roles writes out who is what.
func roles(v *rules.Verdict) string {
	var out []string
	for _, p := range v.Places {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", p.Role, p.First().Address, p.Endpoint)))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func codes(v *rules.Verdict) []string {
	var out []string
	for _, e := range v.Evidence {
		out = append(out, e.Code)
	}
	slices.Sort(out)
	return out
}

// check judges the events in order, backwards and with each twice: the verdict is
// the same.
func check(t *testing.T, p *rules.Policy, lock string, events []m, severity finding.Severity, wantRoles string, want ...rules.Code) {
	t.Helper()
	backwards := slices.Clone(events)
	slices.Reverse(backwards)
	for name, order := range map[string][]m{"in order": events, "backwards": backwards, "twice": append(slices.Clone(backwards), events...)} {
		v := judge(t, p, lock, order)
		if v.Severity != severity || roles(&v) != wantRoles {
			t.Errorf("%s: %s (score %d), %s; want %s, %s; evidence %v", name, v.Severity, v.Score, roles(&v), severity, wantRoles, v.Evidence)
		}
		got := codes(&v)
		for _, code := range want {
			if !slices.Contains(got, string(code)) {
				t.Errorf("%s: evidence %v lacks %s", name, got, code)
			}
		}
	}
}

// alone is the roles of two addresses of which the second is the thief's.
const alone = "intruder " + thief + ", owner " + home

// TestEvidence: every piece of evidence in a history of its own, with a second
// address that nothing explains.
func TestEvidence(t *testing.T) {
	steal := func(minute float64, name string, more ...m) m { return use(minute, "s3", name, thief, more...) }
	for _, c := range []struct {
		name     string
		events   []m
		severity finding.Severity
		codes    []rules.Code
	}{
		{"second address", []m{steal(30, "GetObject")}, finding.High, []rules.Code{rules.SecondAddress}},
		{"E1 an address of people", []m{byUser(5, "ec2", "DescribeInstances", thief, nil), steal(90, "GetObject")}, finding.High, []rules.Code{rules.PersonAddress}},
		{"E2 a command from the address", []m{
			byUser(88, "ssm", "SendCommand", thief, m{"requestParameters": m{"instanceIds": []string{instance}}}), steal(90, "GetObject"),
		}, finding.Critical, []rules.Code{rules.RemoteCommand, rules.PersonAddress}},
		{"E4 an impossible system", []m{steal(90, "GetObject", agentOf("aws-cli/2.15 Python/3.11 Darwin/23.4.0"))}, finding.Critical, []rules.Code{rules.ImpossibleSystem, rules.AgentDrift}},
		{"E4 a system made for attacks", []m{steal(90, "GetObject", agentOf("Boto3/1.34.145 md/distrib#kali.2024"))}, finding.High, []rules.Code{rules.ImpossibleSystem}},
		{"E5 other software", []m{steal(90, "GetObject", agentOf("aws-cli/2.15.30 os/linux"))}, finding.High, []rules.Code{rules.AgentDrift}},
		{"E5 another version", []m{steal(90, "GetObject", agentOf("Boto3/1.26.1 os/linux"))}, finding.High, []rules.Code{rules.AgentDrift}},
		{"E6 the first GetCallerIdentity", []m{use(90, "sts", "GetCallerIdentity", thief)}, finding.High, []rules.Code{rules.CallerIdentity}},
		{"E8 private without an endpoint", []m{use(90, "s3", "GetObject", "10.1.2.3")}, finding.High, []rules.Code{rules.NoEndpoint}},
		{"E9 the sibling from IMDSv1", []m{steal(90, "GetObject", keyOf(key2, "1.0"))}, finding.High, []rules.Code{rules.OlderMetadata}},
		{"E10 taking turns", []m{steal(21, "GetObject"), use(22, "sqs", "SendMessage", home)}, finding.High, []rules.Code{rules.Interleaved}},
		{"E11 denied", []m{
			steal(90, "ListBuckets", m{"errorCode": "AccessDenied"}), steal(91, "ListObjects", m{"errorCode": "AccessDenied"}),
			use(92, "iam", "ListUsers", thief, m{"errorCode": "AccessDenied"}),
		}, finding.High, []rules.Code{rules.DeniedBurst}},
		{"E12 the console", []m{use(90, "signin", "GetSigninToken", thief)}, finding.Critical, []rules.Code{rules.ConsoleUse}},
		{"E13 a new region", []m{steal(90, "GetObject", m{"awsRegion": "ap-southeast-1"})}, finding.High, []rules.Code{rules.NewRegion}},
		{"E14 after termination", []m{
			byUser(60, "ec2", "TerminateInstances", office, m{"responseElements": m{"instancesSet": m{"items": []m{{"instanceId": instance}}}}}),
			steal(90, "GetObject"),
		}, finding.Critical, []rules.Code{rules.AfterTermination}},
		{"enumeration", []m{use(90, "sts", "GetCallerIdentity", thief), steal(90.2, "ListBuckets"), use(90.4, "iam", "ListUsers", thief)}, finding.High, []rules.Code{rules.Enumeration}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strings.Replace(alone, thief, c.events[len(c.events)-1]["sourceIPAddress"].(string), 1)
			if c.name == "E10 taking turns" {
				want = alone
			}
			check(t, &rules.Policy{}, session, append(settled(), c.events...), c.severity, want, c.codes...)
		})
	}
}

func TestQuietSessionIsNotFlagged(t *testing.T) {
	check(t, &rules.Policy{}, session, settled(), finding.Informational, "owner "+home)
}

// TestOnBehalf: what AWS does for a session says nothing of where the session is.
func TestOnBehalf(t *testing.T) {
	fas := as("ASIAFASFASFASFASFAS1", "2.0")
	fas["invokedBy"] = "cloudformation.amazonaws.com"
	events := append(settled(),
		event(30, "kms", "Decrypt", "athena.amazonaws.com", m{"userIdentity": as(key1, "2.0")}),
		event(31, "ec2", "DescribeInstances", "AWS Internal", m{"userIdentity": as(key1, "2.0")}),
		event(32, "sqs", "CreateQueue", thief, m{"userIdentity": fas}))
	check(t, &rules.Policy{}, session, events, finding.Informational, "owner "+home)
}

// A record that CloudTrail delivers again, corrected, is one use and not two, whichever copy comes first.
func TestCorrectedCopyIsNoSecondUse(t *testing.T) {
	stolen := use(60, "s3", "ListBuckets", thief)
	copied := use(60, "s3", "ListBuckets", thief, m{
		"eventID":  "the corrected copy",
		"addendum": m{"reason": "UPDATED_DATA", "updatedFields": "responseElements", "originalEventID": stolen["eventID"]},
	})
	for name, events := range map[string][]m{
		"after the original":  append(settled(), stolen, copied),
		"before the original": append([]m{copied}, append(settled(), stolen)...),
		"without it":          append(settled(), copied),
	} {
		v := judge(t, &rules.Policy{}, session, events)
		if i := v.Intruder(); i == nil || len(i.Seen) != 1 || v.Severity < finding.High {
			t.Errorf("%s: %s, intruder %+v; want one use", name, v.Severity, i)
		}
	}
}
