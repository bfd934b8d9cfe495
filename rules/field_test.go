package rules_test

import (
	"fmt"
	"testing"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
)

// machineLock is the lock of an instance's session of the role web.
func machineLock(id string) string { return "AROAWEBWEBWEBWEBWEBWE:" + id }

// wantQuiet wants no finding of medium severity or more.
func wantQuiet(t *testing.T, what string, v rules.Verdict) {
	t.Helper()
	if v.Severity >= finding.Medium {
		t.Errorf("%s: %s, score %d; %s; evidence %v", what, v.Severity, v.Score, roles(&v), v.Evidence)
	}
}

// What is made with a thief's credential is the thief's, and so is what is made with that.
func TestLineageOverGenerations(t *testing.T) {
	first, second, third := "ASIAMADEMADEMADEMAD1", "ASIAMADEMADEMADEMAD2", "ASIAMADEMADEMADEMAD3"
	makes := func(minute float64, id m, key string) m {
		return useOf(id, minute, "sts", "AssumeRole", thief, m{"responseElements": m{"credentials": m{"accessKeyId": key}}})
	}
	story := func(from string) []m {
		return append(settled(), makes(60, as(key1, "2.0"), first), makes(61, assumed(first, "A", "q"), second), makes(62, assumed(second, "B", "q"), third),
			useOf(assumed(third, "C", "q"), 63, "s3", "ListBuckets", from))
	}
	for name, from := range map[string]string{"from the same address": thief, "from another": "203.0.113.99"} {
		for _, key := range []string{first, second, third} {
			wantFound(t, key+" "+name, judge(t, &rules.Policy{}, key, story(from)))
		}
	}
	tool := []m{ // an auditor's tool in a task: curious, and nothing else
		useOf(assumed("ASIATASKTASKTASKTASK1", "TASK", "0123456789abcdef0123456789abcdef"), 0, "sts", "GetCallerIdentity", home),
		useOf(assumed("ASIATASKTASKTASKTASK1", "TASK", "0123456789abcdef0123456789abcdef"), 0.2, "s3", "ListBuckets", home),
		useOf(assumed("ASIATASKTASKTASKTASK1", "TASK", "0123456789abcdef0123456789abcdef"), 0.4, "iam", "ListUsers", home, m{"errorCode": "AccessDenied"}),
		useOf(assumed("ASIATASKTASKTASKTASK1", "TASK", "0123456789abcdef0123456789abcdef"), 0.6, "ec2", "DescribeInstances", home, m{"errorCode": "UnauthorizedOperation"}),
		useOf(assumed("ASIATASKTASKTASKTASK1", "TASK", "0123456789abcdef0123456789abcdef"), 0.8, "kms", "ListKeys", home, m{"errorCode": "AccessDenied"}),
		useOf(assumed("ASIATASKTASKTASKTASK1", "TASK", "0123456789abcdef0123456789abcdef"), 1, "sts", "AssumeRole", home, m{"responseElements": m{"credentials": m{"accessKeyId": first}}}),
		useOf(assumed(first, "A", "audit"), 2, "s3", "ListBuckets", home),
	}
	wantQuiet(t, "a role that a curious task assumed", judge(t, &rules.Policy{}, first, tool))
}

// The first who calls after a start is not the instance if his key is old, or if he looks around.
func TestThiefInTheMinutesAfterAStart(t *testing.T) {
	started := byUser(80, "ec2", "StartInstances", office, m{"responseElements": m{"instancesSet": m{"items": []m{{"instanceId": instance, "previousState": m{"name": "stopped"}}}}}})
	fresh := func(key string) m {
		id := as(key, "2.0")
		id["sessionContext"].(m)["attributes"] = m{"creationDate": at(80.5)}
		return id
	}
	machine := []m{useOf(fresh("ASIAWEBKEY0000000009"), 83, "ssm", "UpdateInstanceInformation", elastic, agentOf(agentSSM)), useOf(fresh("ASIAWEBKEY0000000009"), 84, "s3", "GetObject", elastic)}
	for name, by := range map[string]m{
		"with an old key":                  use(81, "s3", "GetObject", thief),
		"with a new key, asking who he is": useOf(fresh("ASIAWEBKEY0000000008"), 81, "sts", "GetCallerIdentity", thief, agentOf("aws-cli/2.15 os/linux")),
	} {
		v := judge(t, &rules.Policy{}, session, append(append(settled(), started, by), machine...))
		if want := "explained " + elastic + ", intruder " + thief + ", owner " + home; roles(&v) != want || !v.Guilty() {
			t.Errorf("%s: %s, %s; want %s", name, v.Severity, roles(&v), want)
		}
	}
	wantQuiet(t, "started by whom the log does not name", judge(t, &rules.Policy{}, session, append(settled(), machine...)))
}

// What was only signed with a session's key, and sent by somebody else, is no place of the session.
func TestRelayedRequests(t *testing.T) {
	cluster := use(-5, "sts", "GetCallerIdentity", "3.122.193.244", agentOf("Go-http-client/1.1"))
	v := judge(t, &rules.Policy{}, session, append(settled(), cluster))
	wantQuiet(t, "a token for a cluster, presented first", v)
	if v.Owner() == nil || v.Owner().Host != home {
		t.Errorf("a token for a cluster, presented first: %s", roles(&v))
	}
	opened := m{"additionalEventData": m{"AuthenticationMethod": "QueryString"}, "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}
	wantQuiet(t, "a presigned URL", judge(t, &rules.Policy{}, session, append(settled(), use(60, "s3", "GetObject", "203.0.113.50", opened))))
	wantFound(t, "a presigned URL, and more", judge(t, &rules.Policy{}, session, append(settled(), use(60, "s3", "GetObject", thief, opened), use(61, "s3", "ListBuckets", thief))))
}

// Machines that share a way out do not convict each other.
func TestSharedWaysOut(t *testing.T) {
	const one, two = "198.51.100.201", "198.51.100.202"
	var ev []m
	ids := []string{"i-0000000000000000a", "i-0000000000000000b", "i-0000000000000000c"}
	for i, id := range ids {
		who := asInstance(id, fmt.Sprintf("ASIASHAREDSHARED000%d", i), "")
		for k := range 6 {
			ev = append(ev, useOf(who, float64(k*10+i), "s3", "GetObject", one), useOf(who, float64(k*10+i)+5, "s3", "GetObject", two))
		}
	}
	for _, id := range ids {
		wantQuiet(t, "the address where none of three began", judge(t, &rules.Policy{}, machineLock(id), ev))
	}
	stranger := useOf(asInstance(ids[0], "ASIASHAREDSHARED0000", ""), 70, "sts", "GetCallerIdentity", thief, agentOf("aws-cli/2.15 os/linux"))
	wantFound(t, "a thief of one of them", judge(t, &rules.Policy{}, machineLock(ids[0]), append(ev, stranger)))
}

// An address where many other machines began excuses nobody who asks there who he is, with software of his own.
func TestPoolExcusesNoSnoop(t *testing.T) {
	const egress = "198.51.100.222"
	ev := settled()
	for i := range 5 {
		ev = append(ev, useOf(asInstance(fmt.Sprintf("i-0000000000000001%d", i), fmt.Sprintf("ASIAPOOLPOOLPOOL000%d", i), ""), float64(i), "s3", "GetObject", egress))
	}
	wantQuiet(t, "as usual", judge(t, &rules.Policy{}, session, append(ev, use(70, "s3", "GetObject", egress))))
	wantFound(t, "asking who he is", judge(t, &rules.Policy{}, session, append(ev,
		use(70, "sts", "GetCallerIdentity", egress, agentOf("aws-cli/2.22 os/linux")), use(71, "s3", "ListBuckets", egress, agentOf("aws-cli/2.22 os/linux")))))
}

// What looks odd in life and is none.
func TestHarmlessInTheField(t *testing.T) {
	const vendorKey, vendor = "ASIAVENDORVENDORVEN1", "999988887777"
	scan := func(minute float64, address, region string) m {
		return by(minute, assumed(vendorKey, "VENDOR", "Scanner"), "ec2", "DescribeInstances", address, m{"awsRegion": region})
	}
	wantQuiet(t, "a vendor's workers", judge(t, &rules.Policy{}, vendorKey, []m{
		issued(0, "", m{"type": "AWSAccount", "principalId": "AROAVENDOR:worker", "accountId": vendor}, "AssumeRole", "3.215.105.111", vendorKey),
		scan(1, "3.215.105.111", "eu-west-1"), scan(2, "54.147.48.57", "eu-west-1"), scan(3, "3.215.105.111", "eu-west-1"), scan(4, "100.27.233.36", "ap-southeast-1"),
	}))
	six := use(21, "s3", "GetObject", "2a05:d018:abc:1200:11:22:33:44")
	wantQuiet(t, "both families of addresses, in AWS", judge(t, &rules.Policy{}, session, append(settled(), six, use(22, "sqs", "SendMessage", home))))
	wantFound(t, "an IPv6 address of nobody's", judge(t, &rules.Policy{}, session, append(settled(), use(21, "s3", "GetObject", "2a02:c207::1"), use(22, "sqs", "SendMessage", home))))
	mac := agentOf("aws-sdk-go-v2/1.30.3 os/macos lang/go#1.22.5")
	wantQuiet(t, "a Mac that AWS rents", judge(t, &rules.Policy{}, session, []m{use(0, "ssm", "UpdateInstanceInformation", home, agentOf(agentSSM)), use(1, "s3", "GetObject", home, mac)}))
	terraform := agentOf("APN/1.0 HashiCorp/1.0 Terraform/1.9.0 aws-sdk-go-v2/1.30.3 os/linux")
	var plan []m
	for i, source := range []string{"ec2", "iam", "s3", "lambda", "kms"} {
		plan = append(plan, use(float64(i)/10+0.1, source, "ListAll", home, terraform))
	}
	wantQuiet(t, "a plan", judge(t, &rules.Policy{}, session, append(plan, use(0, "sts", "GetCallerIdentity", home, terraform))))
	second := []m{launched(), byUser(40, "ec2", "AllocateAddress", office, m{"responseElements": m{"allocationId": "eipalloc-1", "publicIp": elastic}}),
		byUser(41, "ec2", "AssociateAddress", office, m{"requestParameters": m{"networkInterfaceId": "eni-2", "allocationId": "eipalloc-1"}, "responseElements": m{"associationId": "eipassoc-1"}}),
		byUser(42, "ec2", "AttachNetworkInterface", office, m{"requestParameters": m{"networkInterfaceId": "eni-2", "instanceId": instance}, "responseElements": m{"attachmentId": "eni-attach-1"}}),
		use(50, "s3", "GetObject", elastic), use(60, "s3", "GetObject", home), use(70, "s3", "GetObject", elastic)}
	wantQuiet(t, "a second interface beside the first", judge(t, &rules.Policy{}, session, append(settled(), second...)))
	function := assumed("ASIAFUNCTIONFUNCTIO1", "FN", "resize")
	onLambda := agentOf("Boto3/1.34.145 os/linux exec-env/AWS_Lambda_python3.12")
	wantQuiet(t, "a function that moves", judge(t, &rules.Policy{}, "ASIAFUNCTIONFUNCTIO1", []m{
		issued(-1, "lambda.amazonaws.com", nil, "AssumeRole", "", "ASIAFUNCTIONFUNCTIO1"),
		by(1, function, "s3", "GetObject", "52.58.222.224", onLambda), by(60, function, "s3", "GetObject", "3.121.212.150", onLambda),
	}))
}
