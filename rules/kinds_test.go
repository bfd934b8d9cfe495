package rules_test

import (
	"fmt"
	"testing"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
)

// assumed is the identity of any role session.
func assumed(key, roleName, name string) m {
	return m{
		"type": "AssumedRole", "principalId": "AROAROLE" + roleName + ":" + name, "accountId": account, "accessKeyId": key,
		"arn": "arn:aws:sts::" + account + ":assumed-role/" + roleName + "/" + name,
		"sessionContext": m{
			"attributes":    m{"creationDate": at(0)},
			"sessionIssuer": m{"type": "Role", "principalId": "AROAROLE" + roleName, "arn": "arn:aws:iam::" + account + ":role/" + roleName, "accountId": account},
		},
	}
}

func by(minute float64, id m, source, name, address string, more ...m) m {
	e := event(minute, source, name, address, m{"userIdentity": id})
	for _, extra := range more {
		for k, v := range extra {
			e[k] = v
		}
	}
	return e
}

// issued is the record of a credential's making, by a service or by somebody.
func issued(minute float64, service string, id m, call, address, key string) m {
	if service != "" {
		id, address = m{"type": "AWSService", "invokedBy": service}, service
	}
	return event(minute, "sts", call, address, m{"userIdentity": id, "responseElements": m{"credentials": m{"accessKeyId": key, "expiration": "Mar 2, 2026, 8:00:00 PM"}}})
}

// TestKinds: what sort of session it is decides what a second address weighs.
func TestKinds(t *testing.T) {
	const key = "ASIAKINDKINDKIND0001"
	ops := m{"type": "IAMUser", "principalId": "AIDAOPS", "accountId": account, "accessKeyId": "AKIAOPSOPSOPSOPSOPS1", "userName": "ops"}
	scoped := func(id m, kind, resource string) m {
		id["sessionContext"].(m)["inScopeOf"] = m{"issuerType": kind, "credentialsIssuedTo": resource}
		return id
	}
	user := func() m {
		return m{"type": "IAMUser", "principalId": "AIDAUSER", "accountId": account, "accessKeyId": key, "userName": "jane", "sessionContext": m{"attributes": m{"creationDate": at(0)}}}
	}
	task := "0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		name     string
		id       m
		issue    m
		kind     rules.Kind
		severity finding.Severity
	}{
		{"ECS task", assumed(key, "TASK", task), issued(-1, "ecs-tasks.amazonaws.com", nil, "AssumeRole", "", key), rules.ECS, finding.High},
		{"pod", assumed(key, "POD", "eks-prod-api-01234567-89ab-cdef-0123-456789abcdef"), nil, rules.Pod, finding.High},
		{"Lambda by scope", scoped(assumed(key, "FN", "resize"), "AWS::Lambda::Function", "arn:aws:lambda:eu-west-1:111122223333:function:resize"), nil, rules.Lambda, finding.Medium},
		{"Lambda by issuance", assumed(key, "FN", "resize"), issued(-1, "lambda.amazonaws.com", nil, "AssumeRole", "", key), rules.Lambda, finding.Medium},
		{"EC2 by scope", scoped(assumed(key, "WEB", "i-0aaaaaaaaaaaaaaaa"), "AWS::EC2::Instance", "arn:aws:ec2:eu-west-1:111122223333:instance/i-0aaaaaaaaaaaaaaaa"), nil, rules.EC2, finding.High},
		{"assumed by a user", assumed(key, "DEPLOY", "ops"), issued(-1, "", ops, "AssumeRole", home, key), rules.Role, finding.Low},
		{"assumed by a user under an instance's name", assumed(key, "DEPLOY", "i-0aaaaaaaaaaaaaaaa"), issued(-1, "", ops, "AssumeRole", home, key), rules.Role, finding.Low},
		{"OIDC", assumed(key, "CI", "GitHubActions"), issued(-1, "", m{"type": "WebIdentityUser", "identityProvider": "token.example"}, "AssumeRoleWithWebIdentity", home, key), rules.WebIdentity, finding.Low},
		{"Identity Center", func() m {
			id := assumed(key, "SSO", "jane@acme.example")
			id["sessionContext"].(m)["sessionIssuer"].(m)["arn"] = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef"
			return id
		}(), nil, rules.Human, finding.Informational},
		{"GetSessionToken", user(), issued(-1, "", ops, "GetSessionToken", home, key), rules.STSUser, finding.Informational},
		{"federated", m{"type": "FederatedUser", "principalId": account + ":bob", "accountId": account, "accessKeyId": key}, nil, rules.Federated, finding.Low},
		{"CodeBuild", assumed(key, "BUILD", "AWSCodeBuild-0123"), issued(-1, "codebuild.amazonaws.com", nil, "AssumeRole", "", key), rules.Managed, finding.Low},
		{"Cognito", assumed(key, "APP", "CognitoIdentityCredentials"), nil, rules.Cognito, finding.Informational},
	} {
		t.Run(c.name, func(t *testing.T) {
			events := []m{by(0, c.id, "s3", "GetObject", home), by(90, c.id, "s3", "GetObject", thief)}
			if c.issue != nil {
				events = append(events, c.issue)
			}
			lock := c.id["principalId"].(string)
			if c.kind != rules.EC2 && c.kind != rules.ECS && c.kind != rules.Pod && c.name != "assumed by a user under an instance's name" {
				lock = key
			}
			v := judge(t, &rules.Policy{}, lock, events)
			if v.Kind != c.kind || v.Severity != c.severity {
				t.Errorf("%s %s (score %d), want %s %s: %v", v.Kind, v.Severity, v.Score, c.kind, c.severity, v.Evidence)
			}
		})
	}
}

// TestSiblingKeys: all keys of an instance's session are one lock, all keys of a
// function are not.
func TestSiblingKeys(t *testing.T) {
	check(t, &rules.Policy{}, session, append(settled(), use(90, "s3", "GetObject", thief, keyOf(key2, "1.0"))), finding.High, alone, rules.SecondAddress)
	var events []m
	for i := range 5 {
		key := fmt.Sprintf("ASIALAMBDA000000000%d", i)
		id := assumed(key, "FN", "resize")
		events = append(events, issued(float64(i), "lambda.amazonaws.com", nil, "AssumeRole", "", key), by(float64(10+i), id, "s3", "GetObject", fmt.Sprintf("198.51.100.%d", 20+i)))
	}
	for i := range 5 {
		if v := judge(t, &rules.Policy{}, fmt.Sprintf("ASIALAMBDA000000000%d", i), events); v.Severity >= finding.Low {
			t.Errorf("environment %d of a function: %s %v", i, v.Severity, v.Evidence)
		}
	}
}

// TestLineage: what a thief makes with a stolen session is his.
// TestImpossibleFirst: a function runs Linux; who calls first with something else is its thief and not its owner.
func TestImpossibleFirst(t *testing.T) {
	const key = "ASIALAMBDALAMBDALAM1"
	id := assumed(key, "FN", "resize")
	check(t, &rules.Policy{}, key, []m{
		issued(-1, "lambda.amazonaws.com", nil, "AssumeRole", "", key),
		by(5, id, "s3", "ListBuckets", thief, agentOf("aws-cli/2.15 Python/3.11 Darwin/23.4.0")), by(9, id, "s3", "GetObject", home),
	}, finding.High, alone, rules.ImpossibleSystem, rules.SecondAddress)
	check(t, &rules.Policy{}, key, []m{
		issued(-1, "lambda.amazonaws.com", nil, "AssumeRole", "", key),
		by(5, id, "s3", "GetObject", thief, agentOf("Boto3/1.26.165 Linux/5.19.0")),
		by(9, id, "s3", "GetObject", home, agentOf("Boto3/1.34.145 os/linux exec-env/AWS_Lambda_python3.12")),
	}, finding.High, alone, rules.AgentDrift, rules.SecondAddress)
}

// TestAskedForHere: the address that asked for a credential is its holder's, even if somebody else used it first; and
// software that says where it runs is other software where it does not.
func TestAskedForHere(t *testing.T) {
	const key = "ASIAPODPODPODPODPOD1"
	provider := m{"type": "WebIdentityUser", "identityProvider": "oidc.example"}
	id := assumed(key, "IRSA", "botocore-session-1")
	check(t, &rules.Policy{}, key, []m{
		issued(0, "", provider, "AssumeRoleWithWebIdentity", home, key),
		by(5, id, "s3", "GetObject", thief, agentOf("Boto3/1.34.145 os/linux Botocore/1.34.145")),
		by(30, id, "s3", "GetObject", home, agentOf("Boto3/1.34.145 os/linux exec-env/AWS_ECS_FARGATE Botocore/1.34.145")),
	}, finding.Medium, alone, rules.SecondAddress, rules.AgentDrift)
}

func TestLineage(t *testing.T) {
	const child, made = "ASIACHILDCHILDCHILD1", "AKIAMADEBYTHETHIEF01"
	stolen := append(settled(), use(90, "s3", "GetObject", thief),
		issued(91, "", as(key1, "2.0"), "AssumeRole", thief, child),
		by(95, assumed(child, "ADMIN", "x"), "iam", "ListUsers", "203.0.113.200"),
		use(92, "iam", "CreateAccessKey", thief, m{"responseElements": m{"accessKey": m{"accessKeyId": made, "userName": "svc"}}}),
		by(99, m{"type": "IAMUser", "principalId": "AIDASVC", "accountId": account, "accessKeyId": made, "userName": "svc"}, "cloudtrail", "StopLogging", "203.0.113.201"))
	for _, lock := range []string{child, made} {
		v := judge(t, &rules.Policy{}, lock, stolen)
		if !v.Guilty() || v.Rule() != rules.IssuedByThief {
			t.Errorf("%s: %s %v", lock, v.Severity, v.Evidence)
		}
	}
	innocent := append(settled(), issued(30, "", as(key1, "2.0"), "AssumeRole", home, child), by(40, assumed(child, "ADMIN", "x"), "iam", "ListUsers", home))
	if v := judge(t, &rules.Policy{}, child, innocent); v.Severity >= finding.Low {
		t.Errorf("made by the workload itself: %s %v", v.Severity, v.Evidence)
	}
}

// TestConvictedAddress: E7, a second victim of the same thief, who never calls
// home.
func TestConvictedAddress(t *testing.T) {
	quiet := assumed("ASIAQUIETQUIETQUIET1", "DB", "i-0bbbbbbbbbbbbbbbb")
	events := append(settled(), use(90, "sts", "GetCallerIdentity", thief), by(95, quiet, "s3", "GetObject", thief))
	v := judge(t, &rules.Policy{}, "AROAROLEDB:i-0bbbbbbbbbbbbbbbb", events)
	if !v.Guilty() || v.Rule() != rules.ConvictedAddress {
		t.Errorf("%s: %v", v.Severity, v.Evidence)
	}
	bystander := append(events, by(1, quiet, "s3", "GetObject", thief))
	if v := judge(t, &rules.Policy{}, "AROAROLEDB:i-0bbbbbbbbbbbbbbbb", bystander); v.Guilty() {
		t.Errorf("a machine that was there before the thief: %v", v.Evidence)
	}
}

// TestCommonEgress: machines of one network that all show the same two addresses.
func TestCommonEgress(t *testing.T) {
	var events []m
	lock := func(i int) string { return fmt.Sprintf("AROAROLEFLEET:i-0ccccccccccccccc%d", i) }
	for i := range 4 {
		id := assumed(fmt.Sprintf("ASIAFLEET0000000000%d", i), "FLEET", fmt.Sprintf("i-0ccccccccccccccc%d", i))
		first, second := home, elastic
		if i%2 == 1 {
			first, second = second, first
		}
		events = append(events, by(float64(i), id, "s3", "GetObject", first), by(float64(30+i), id, "sqs", "SendMessage", second), by(float64(60+i), id, "s3", "GetObject", first))
	}
	for i := range 4 {
		if v := judge(t, &rules.Policy{}, lock(i), events); v.Severity >= finding.Medium {
			t.Errorf("machine %d: %s %v", i, v.Severity, v.Evidence)
		}
	}
	stolen := append(events, by(90, assumed("ASIAFLEET00000000001", "FLEET", "i-0ccccccccccccccc1"), "s3", "GetObject", thief, agentOf("aws-cli/2.15")))
	if v := judge(t, &rules.Policy{}, lock(1), stolen); !v.Guilty() || v.Intruder().Host != thief {
		t.Errorf("a theft among them: %s %s", v.Severity, roles(&v))
	}
}

// TestNotIssuer: E16, asked for here, used far away with other software.
func TestNotIssuer(t *testing.T) {
	const key = "ASIACHAINCHAINCHAIN1"
	ops := m{"type": "IAMUser", "principalId": "AIDAOPS", "accountId": account, "accessKeyId": "AKIAOPSOPSOPSOPSOPS1", "userName": "ops"}
	asked := issued(0, "", ops, "AssumeRole", home, key)
	asked["userAgent"] = "Terraform/1.9 (+https://example.com)"
	v := judge(t, &rules.Policy{}, key, []m{asked, by(5, assumed(key, "ADMIN", "ops"), "iam", "ListUsers", thief)})
	if v.Severity != finding.Low || v.Rule() != rules.NotIssuerAddress {
		t.Errorf("%s: %v", v.Severity, v.Evidence)
	}
}

// TestPresigned: a proof of identity that somebody else sends is no theft, anything
// else from there is.
func TestPresigned(t *testing.T) {
	proof := use(90, "sts", "GetCallerIdentity", elastic, agentOf("Go-http-client/1.1"))
	if v := judge(t, &rules.Policy{}, session, append(settled(), proof)); v.Severity >= finding.Medium {
		t.Errorf("%s: %v", v.Severity, v.Evidence)
	}
	if v := judge(t, &rules.Policy{}, session, append(settled(), proof, use(91, "s3", "GetObject", elastic, agentOf("Go-http-client/1.1")))); !v.Guilty() {
		t.Errorf("%s: %v", v.Severity, v.Evidence)
	}
}
