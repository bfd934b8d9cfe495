package rules_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/rules"
)

// wantFound wants a finding of medium severity or more.
func wantFound(t *testing.T, what string, v rules.Verdict) {
	t.Helper()
	if !v.Guilty() {
		t.Errorf("%s: %s, score %d; %s; evidence %v", what, v.Severity, v.Score, roles(&v), codes(&v))
	}
}

func asInstance(id, key, addr string) m {
	return m{"type": "AssumedRole", "principalId": "AROAWEBWEBWEBWEBWEBWE:" + id, "accountId": account, "accessKeyId": key,
		"arn": "arn:aws:sts::111122223333:assumed-role/web/" + id,
		"sessionContext": m{"ec2RoleDelivery": "2.0", "attributes": m{"creationDate": at(0)},
			"sessionIssuer": m{"type": "Role", "principalId": "AROAWEBWEBWEBWEBWEBWE", "arn": role, "accountId": account, "userName": "web"}}}
}
func useOf(id map[string]any, minute float64, source, name, addr string, more ...m) m {
	e := event(minute, source, name, addr, m{"userIdentity": id})
	e["eventID"] = fmt.Sprintf("%s-%v-%v-%s-%s", id["accessKeyId"], id["principalId"], minute, name, addr)
	for _, x := range more {
		for k, v := range x {
			e[k] = v
		}
	}
	return e
}

// key rotation
func TestEvasionByKeyRotation(t *testing.T) {
	var ev []m
	for h := range 70 {
		ev = append(ev, useOf(asInstance("i-0123456789abcdef0", fmt.Sprintf("ASIAROTATED%09d", h), home), float64(h*60), "s3", "GetObject", home))
	}
	ev = append(ev, useOf(asInstance("i-0123456789abcdef0", fmt.Sprintf("ASIAROTATED%09d", 69), thief), 69*60+30, "s3", "GetObject", thief))
	v := judge(t, &rules.Policy{}, "AROAWEBWEBWEBWEBWEBWE:i-0123456789abcdef0", ev)
	wantFound(t, "theft on an instance 70 hourly keys old", v)
}

func roleKey(key, name string) m {
	return m{"type": "AssumedRole", "principalId": "AROAAPPAPPAPPAPPAPPAP:" + name, "accountId": account, "accessKeyId": key,
		"arn": "arn:aws:sts::111122223333:assumed-role/app/" + name,
		"sessionContext": m{"attributes": m{"creationDate": at(0)},
			"sessionIssuer": m{"type": "Role", "principalId": "AROAAPPAPPAPPAPPAPPAP", "arn": "arn:aws:iam::111122223333:role/app", "accountId": account, "userName": "app"}}}
}

func serviceIssued(minute float64, service, key, name string) m {
	return event(minute, "sts", "AssumeRole", service, m{"eventID": "issue" + key, "userIdentity": m{"type": "AWSService", "invokedBy": service},
		"requestParameters": m{"roleArn": "arn:aws:iam::111122223333:role/app", "roleSessionName": name},
		"responseElements":  m{"credentials": m{"accessKeyId": key, "expiration": "Jan 1, 2030, 1:00:00 AM"}}})
}

// aws-internal UA from own VPC endpoint, Lambda key
func TestEvasionByConsoleUA(t *testing.T) {
	for _, ua := range []string{"Boto3/1.34 exec", "aws-internal/3 x"} {
		id := roleKey("ASIALAMBDALAMBDALAMB1", "myfunc")
		ev := []m{serviceIssued(-1, "lambda.amazonaws.com", "ASIALAMBDALAMBDALAMB1", "myfunc"),
			useOf(id, 1, "dynamodb", "DescribeTable", home, agentOf("Boto3/1.34 exec-env/AWS_Lambda_python3.12")),
			useOf(id, 30, "secretsmanager", "GetSecretValue", "10.0.1.10", agentOf(ua), through("vpce-0aaaaaaaaaaaaaaaa", "999988887777"))}
		wantFound(t, "stolen Lambda key through the thief's endpoint, UA "+ua, judge(t, &rules.Policy{}, "ASIALAMBDALAMBDALAMB1", ev))
	}
}

// presigned flood
func TestEvasionByPresigned(t *testing.T) {
	ev := settled()
	for i := range 100 { // Extractor of this file keeps 100
		ev = append(ev, use(60+float64(i)*0.05, "sts", "GetCallerIdentity", thief, agentOf("curl/8.5.0"), m{"eventID": fmt.Sprintf("gci-%d", i)}))
	}
	for i := range 20 {
		ev = append(ev, use(70+float64(i), "iam", "CreateUser", thief, agentOf("curl/8.5.0"), m{"eventID": fmt.Sprintf("evil-%d", i)}))
	}
	wantFound(t, "Contested GetCallerIdentity calls with UA curl, then CreateUser", judge(t, &rules.Policy{}, session, ev))
}

// thief with three sessions and two addresses
func TestEvasionByCompanions(t *testing.T) {
	ids := []string{"i-0000000000000000a", "i-0000000000000000b", "i-0000000000000000c"}
	homes := []string{"198.51.100.11", "198.51.100.12", "198.51.100.13"}
	var ev []m
	for i, id := range ids {
		who := asInstance(id, fmt.Sprintf("ASIAFLEETFLEETFLEET%d", i), "")
		for k := range 20 {
			ev = append(ev, useOf(who, float64(k*5), "s3", "GetObject", homes[i]))
		}
		ev = append(ev, useOf(who, 120, "sts", "GetCallerIdentity", "203.0.113.80"), useOf(who, 125, "s3", "GetObject", "203.0.113.81"))
	}
	wantFound(t, "three stolen sessions, two thief addresses, copied SDK, asking who he is", judge(t, &rules.Policy{}, "AROAWEBWEBWEBWEBWEBWE:"+ids[0], ev))
}

// minted fake instance sessions make the address a pool
func TestEvasionByFakePool(t *testing.T) {
	ev := append(settled(), use(60, "iam", "CreateUser", thief))
	wantFound(t, "before", judge(t, &rules.Policy{}, session, ev))
	for i := range 3 {
		key, name := fmt.Sprintf("ASIAMINTEDMINTEDMIN%d", i), fmt.Sprintf("i-0000000000000000%d", i)
		ev = append(ev, use(61+float64(i), "sts", "AssumeRole", thief, m{"eventID": "mint" + key,
			"requestParameters": m{"roleArn": "arn:aws:iam::111122223333:role/app", "roleSessionName": name},
			"responseElements":  m{"credentials": m{"accessKeyId": key}, "assumedRoleUser": m{"assumedRoleId": "AROAAPPAPPAPPAPPAPPAP:" + name}}}),
			useOf(roleKey(key, name), 70+float64(i), "s3", "ListBuckets", thief))
	}
	wantFound(t, "after the thief's own AssumeRole with three session names i-…", judge(t, &rules.Policy{}, session, ev))
	wantFound(t, "and the minted sessions (lineage)", judge(t, &rules.Policy{}, "AROAAPPAPPAPPAPPAPPAP:i-00000000000000000", ev))
}

// unnamed endpoint of the thief, two stolen sessions
func TestEvasionByUnnamedEndpoint(t *testing.T) {
	other := asInstance("i-0000000000000000b", "ASIAOTHEROTHEROTHER1", "")
	ev := append(settled(),
		use(60, "s3", "GetObject", "10.9.9.9", through("vpce-0bad0bad0bad0bad0", ""), agentOf("aws-cli/2.15 os/linux")))
	one := judge(t, &rules.Policy{}, session, ev)
	wantFound(t, "one session", one)
	ev = append(ev, useOf(other, 0, "s3", "GetObject", "198.51.100.12"), useOf(other, 61, "s3", "GetObject", "10.9.9.9", through("vpce-0bad0bad0bad0bad0", ""), agentOf("aws-cli/2.15 os/linux")))
	wantFound(t, "two sessions behind the thief's own endpoint", judge(t, &rules.Policy{}, session, ev))
}

// known private network + foreign endpoint
func TestEvasionByKnownPrivate(t *testing.T) {
	ev := append(settled(), use(60, "s3", "GetObject", "10.0.1.10", through("vpce-0bad0bad0bad0bad0", "999988887777")))
	wantFound(t, "no config", judge(t, &rules.Policy{}, session, ev))
	p := &rules.Policy{Known: network.NewList([]network.Known{{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Name: "our VPCs"}})}
	wantFound(t, "networks: 10.0.0.0/8", judge(t, p, session, ev))
}

// third party
func TestVendorFromItsOwnVPC(t *testing.T) {
	key := "ASIAVENDORVENDORVEND1"
	ev := []m{event(-1, "sts", "AssumeRole", "192.0.2.77", m{"eventID": "vendor", "userIdentity": m{"type": "AWSAccount", "principalId": "AROAVENDOR:scan", "accountId": "999988887777"},
		"requestParameters": m{"roleArn": "arn:aws:iam::111122223333:role/app", "externalId": "x"},
		"responseElements":  m{"credentials": m{"accessKeyId": key}}}),
		useOf(roleKey(key, "vendor"), 1, "s3", "ListBuckets", "10.1.1.1", through("vpce-0ccccccccccccccccc", "999988887777"))}
	v := judge(t, &rules.Policy{}, key, ev)
	if v.Severity >= finding.Medium {
		t.Error("FALSE ALERT on the vendor that the role was issued to")
	}
}

// StartInstances by the thief
func TestEvasionByRestart(t *testing.T) {
	var ev []m
	for i := range 130 {
		ev = append(ev, use(float64(i), "s3", "GetObject", home, m{"eventID": fmt.Sprintf("home-%d", i)}))
	}
	ev = append(ev, use(110, "iam", "CreateUser", thief, m{"eventID": "evil"}))
	wantFound(t, "before", judge(t, &rules.Policy{}, session, ev))
	ev = append(ev, use(109, "ec2", "StartInstances", thief, m{"eventID": "start", "responseElements": m{"instancesSet": m{"items": []m{{"instanceId": instance,
		"currentState": m{"code": 16, "name": "running"}, "previousState": m{"code": 16, "name": "running"}}}}}}))
	wantFound(t, "after a no-op StartInstances by the thief (home active to minute 129)", judge(t, &rules.Policy{}, session, ev))
}

// cross-account copies
func TestEvasionByCrossCopy(t *testing.T) {
	for _, order := range [][2]string{{"a-caller", "b-owner"}, {"b-caller", "a-owner"}} {
		key := "ASIACHAINCHAINCHAIN1"
		ev := append(settled(), use(60, "iam", "ListUsers", thief),
			use(61, "sts", "AssumeRole", thief, m{"eventID": order[0], "sharedEventID": "s", "requestParameters": m{"roleArn": "arn:aws:iam::444455556666:role/x"}, "responseElements": m{"credentials": m{"accessKeyId": key}}}),
			event(61, "sts", "AssumeRole", thief, m{"eventID": order[1], "sharedEventID": "s", "recipientAccountId": "444455556666",
				"userIdentity":      m{"type": "AWSAccount", "principalId": session, "accountId": account},
				"requestParameters": m{"roleArn": "arn:aws:iam::444455556666:role/x"}, "responseElements": m{"credentials": m{"accessKeyId": key}}}))
		id := roleKey(key, "x")
		id["accountId"] = "444455556666"
		ev = append(ev, useOf(id, 62, "s3", "ListBuckets", "203.0.113.99"))
		wantFound(t, fmt.Sprint("chained cross-account key, event ids ", order), judge(t, &rules.Policy{}, key, ev))
	}
}

// UA amazon-ssm-agent
func TestEvasionByPlatformUA(t *testing.T) {
	task := m{"type": "AssumedRole", "principalId": "AROATASKTASKTASKTASKT:0123456789abcdef0123456789abcdef", "accountId": account, "accessKeyId": "ASIATASKTASKTASKTASK1",
		"sessionContext": m{"attributes": m{"creationDate": at(0)}, "sessionIssuer": m{"type": "Role", "principalId": "AROATASKTASKTASKTASKT", "arn": "arn:aws:iam::111122223333:role/task", "accountId": account}}}
	for _, ua := range []string{"Boto3/1.34.145 os/linux", "Boto3/1.34.145 os/linux amazon-ssm-agent"} {
		ev := append(settled(), use(60, "sts", "GetCallerIdentity", thief), useOf(task, 70, "s3", "ListBuckets", thief, agentOf(ua)))
		wantFound(t, "quiet task first used from a convicted address, UA "+ua, judge(t, &rules.Policy{}, "AROATASKTASKTASKTASKT:0123456789abcdef0123456789abcdef", ev))
		ev = []m{useOf(task, 0, "s3", "ListBuckets", home), useOf(task, 70, "s3", "ListBuckets", thief, agentOf(ua))}
		v := judge(t, &rules.Policy{}, "AROATASKTASKTASKTASKT:0123456789abcdef0123456789abcdef", ev)
		if v.Owner() == nil || v.Owner().Host != home {
			t.Errorf("SWAPPED: the thief became the owner by UA %q", ua)
		}
	}
}

// earliest 4 commands
func TestEvasionByCommands(t *testing.T) {
	var ev []m
	cmd := func(min float64) m {
		return byUser(min, "ssm", "SendCommand", thief, m{"eventID": fmt.Sprint("cmd", min), "requestParameters": m{"instanceIds": []string{instance}}, "userAgent": "Boto3/1.34"})
	}
	ev = append(ev, cmd(100), use(101, "s3", "ListBuckets", thief))
	ev = append(ev, cmd(10), cmd(11), cmd(12), cmd(13))
	v := judge(t, &rules.Policy{}, session, ev)
	wantFound(t, "four earlier commands", v)
}

// older NAT
func TestGatewayOlderThanTheLog(t *testing.T) {
	ev := []m{launched(), allocated(-30, "eipalloc-1", elastic), gateway(-29, "nat-1", "eipalloc-1"),
		byUser(-20, "ec2", "CreateSubnet", office, m{"responseElements": m{"subnet": m{"subnetId": "subnet-1", "vpcId": "vpc-1", "mapPublicIpOnLaunch": false}}}),
		use(1, "s3", "GetObject", "198.51.100.200"), use(2, "s3", "GetObject", "198.51.100.200")}
	v := judge(t, &rules.Policy{}, session, ev)
	if v.Severity >= finding.Medium {
		t.Error("FALSE ALERT")
	}
}

// four quiet machines robbed in one go
func TestEvasionByQuietPool(t *testing.T) {
	for _, n := range []int{1, 4} {
		var ev []m
		for i := range n {
			id := fmt.Sprintf("i-0000000000000000%d", i)
			ev = append(ev, byUser(10+float64(i), "ssm", "SendCommand", thief, m{"eventID": "cmd" + id, "userAgent": "Boto3/1.34", "requestParameters": m{"instanceIds": []string{id}}}),
				useOf(asInstance(id, fmt.Sprintf("ASIAQUIETQUIETQUIET%d", i), ""), 11+float64(i), "iam", "ListUsers", thief))
		}
		wantFound(t, fmt.Sprintf("%d quiet machines robbed by SendCommand", n), judge(t, &rules.Policy{}, "AROAWEBWEBWEBWEBWEBWE:i-00000000000000000", ev))
	}
}

// role keys that show the user agent of a function
func TestEvasionByMintedLambdaShape(t *testing.T) {
	ev := append(settled(), use(60, "iam", "CreateUser", thief))
	for i := range 3 { // any three role sessions with a Lambda user agent
		key := fmt.Sprintf("ASIAANYROLEANYROLE%02d", i)
		ev = append(ev, useOf(roleKey(key, fmt.Sprint("x", i)), 50+float64(i), "sts", "GetCallerIdentity", thief, agentOf("Boto3/1.34.145 exec-env/AWS_Lambda_python3.12")))
	}
	wantFound(t, "three role keys with a Lambda user agent used at the thief's address", judge(t, &rules.Policy{}, session, ev))
}
