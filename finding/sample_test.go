package finding_test

import (
	"fmt"
	"time"

	"github.com/straytoken/straytoken/finding"
)

// at is a time on the day of the samples.
func at(hour, minute, second int) time.Time {
	return time.Date(2024, 5, 14, hour, minute, second, 0, time.UTC)
}

func ptr[T any](v T) *T { return &v }

// ec2Finding is a theft from an instance as the rules report it: all fields set.
func ec2Finding() *finding.Finding {
	token := finding.Token{
		AccessKeyID:  "ASIA3TFQR7NSC2T5YJDE",
		AccessKeyIDs: []string{"ASIA3TFQR7NSC2T5YJDE", "ASIA3TFQR7NSHK4SLW2X"},
		Kind:         finding.KindEC2,
		PrincipalID:  "AROA3TFQR7NSM7OYVLRKW:i-0d2f4a7b91c3e5f60",
		ARN:          "arn:aws:sts::123456789012:assumed-role/web-prod/i-0d2f4a7b91c3e5f60",
		RoleARN:      "arn:aws:iam::123456789012:role/service/web-prod",
		SessionName:  "i-0d2f4a7b91c3e5f60",
		AccountID:    "123456789012",
		IssuedAt:     ptr(at(8, 1, 12)),
		ExpiresAt:    ptr(at(14, 36, 12)),
		Resource:     "arn:aws:ec2:eu-west-1:123456789012:instance/i-0d2f4a7b91c3e5f60",
	}
	f := &finding.Finding{
		SchemaVersion: finding.SchemaVersion,
		ID:            finding.ID("principal", token.PrincipalID),
		Activity:      finding.Create,
		Status:        finding.Open,
		Phase:         finding.Provisional,
		Rule:          "first-seen-address",
		Title:         "EC2 role credentials used from a second address",
		Severity:      finding.Critical,
		Confidence:    finding.HighConfidence,
		Score:         150,
		Evidence: []finding.Evidence{
			{Code: "caller-identity", Weight: 20, Text: "The role web-prod called GetCallerIdentity for the first time, from the foreign address."},
			{Code: "unknown-egress", Weight: 50, Text: "198.51.100.77 is none of the NAT gateways and Elastic IPs of vpc-0a1b2c3d4e5f60718, whose egress is fully known."},
			{Code: "agent-family", Weight: 10, Text: "The agent changed from aws-sdk-java to aws-cli."},
		},
		Token: token,
		FirstSeen: &finding.Observation{
			Address: "203.0.113.10", Time: at(8, 3, 40), EventID: "5f0f9a0e-6cf4-4b0e-9a54-2d3a3a8b6f11",
			EventSource: "s3.amazonaws.com", EventName: "GetObject", Region: "eu-west-1", AccessKeyID: "ASIA3TFQR7NSHK4SLW2X",
			UserAgent: "aws-sdk-java/2.20.14 Linux/5.10.210 OpenJDK_64-Bit_Server_VM/17.0.10",
		},
		Observed: &finding.Observation{
			Address: "198.51.100.77", Time: at(10, 41, 9), EventID: "a3b1c2d4-0000-4000-8000-000000000001",
			EventSource: "sts.amazonaws.com", EventName: "GetCallerIdentity", Region: "us-east-1", AccessKeyID: "ASIA3TFQR7NSC2T5YJDE",
			UserAgent: "aws-cli/2.15.30 Python/3.11.8 Darwin/23.4.0 source/arm64",
		},
		Addresses: []finding.Address{
			{Address: "203.0.113.10", Role: finding.Owner, Why: "first use", First: at(8, 3, 40), Last: at(10, 40, 2), Events: 412},
			{Address: "10.0.1.25", VPCEndpointID: "vpce-0123456789abcdef0", Role: finding.Explained, Why: "own endpoint, the instance's private address", First: at(8, 4, 0), Last: at(10, 39, 0), Events: 96},
			{Address: "198.51.100.77", Role: finding.Intruder, Why: "not in the known egress", First: at(10, 41, 9), Last: at(10, 44, 21), Events: 12},
			{Address: "198.51.100.80", Role: finding.Intruder, Why: "not in the known egress", First: at(10, 45, 0), Last: at(10, 45, 0), Events: 2},
		},
		EventCount: 14,
		FirstTime:  at(10, 41, 9),
		LastTime:   at(10, 45, 0),
		DetectedAt: at(10, 45, 30),
		Attack:     finding.Attack(finding.KindEC2, true),
		Calls: []finding.Observation{
			{Address: "198.51.100.77", Time: at(10, 41, 9), EventID: "a3b1c2d4-0000-4000-8000-000000000001", EventSource: "sts.amazonaws.com", EventName: "GetCallerIdentity"},
			{Address: "198.51.100.77", Time: at(10, 41, 31), EventID: "a3b1c2d4-0000-4000-8000-000000000002", EventSource: "iam.amazonaws.com", EventName: "ListUsers", ErrorCode: "AccessDenied"},
			{Address: "198.51.100.77", Time: at(10, 43, 2), EventID: "a3b1c2d4-0000-4000-8000-000000000003", EventSource: "s3.amazonaws.com", EventName: "ListBuckets"},
		},
		Containment: finding.Contain(token, at(10, 45, 30)),
	}
	for i := range f.EventCount {
		f.EventIDs = append(f.EventIDs, fmt.Sprintf("a3b1c2d4-0000-4000-8000-%012d", i+1))
	}
	return f
}

// taskFinding is one in which only the intruder was ever seen, over IPv6 and a
// foreign endpoint, in the China partition.
func taskFinding() *finding.Finding {
	token := finding.Token{
		AccessKeyID: "ASIACNEXAMPLE0000001",
		Kind:        finding.KindECS,
		PrincipalID: "AROACNEXAMPLE00000001:0123456789abcdef0123456789abcdef",
		ARN:         "arn:aws-cn:sts::210987654321:assumed-role/orders-task/0123456789abcdef0123456789abcdef",
		SessionName: "0123456789abcdef0123456789abcdef",
		AccountID:   "210987654321",
		Resource:    "arn:aws-cn:ecs:cn-north-1:210987654321:task/shop/0123456789abcdef0123456789abcdef",
	}
	return &finding.Finding{
		ID: finding.ID("principal", token.PrincipalID), Activity: finding.Create, Status: finding.Open, Phase: finding.Settled,
		Rule: "foreign-endpoint", Title: "ECS task credentials used through an endpoint of another account",
		Severity: finding.High, Confidence: finding.MediumConfidence, Score: 70,
		Evidence: []finding.Evidence{{Code: "foreign-endpoint", Weight: 70, Text: "vpce-0fedcba9876543210 belongs to account 999999999999."}},
		Token:    token,
		Observed: &finding.Observation{
			Address: "2001:db8:1234:5678:9abc:def0:1234:5678", VPCEndpointID: "vpce-0fedcba9876543210", Time: at(3, 0, 1),
			EventID: "b3b1c2d4-0000-4000-8000-000000000001", EventSource: "secretsmanager.amazonaws.com", EventName: "GetSecretValue", Region: "cn-north-1",
		},
		EventIDs: []string{"b3b1c2d4-0000-4000-8000-000000000001"}, EventCount: 1,
		FirstTime: at(3, 0, 1), LastTime: at(3, 0, 1), DetectedAt: at(3, 6, 0),
		Attack: finding.Attack(finding.KindECS, false), Containment: finding.Contain(token, at(3, 6, 0)),
	}
}

// humanFinding has a long user agent and no list of calls.
func humanFinding() *finding.Finding {
	token := finding.Token{
		AccessKeyID: "ASIAHUMANEXAMPLE0001", Kind: finding.KindHuman, PrincipalID: "AROAHUMANEXAMPLE00001:jane.doe@example.com",
		RoleARN:     "arn:aws-us-gov:iam::123456789012:role/aws-reserved/sso.amazonaws.com/us-gov-west-1/AWSReservedSSO_Admin_0123456789abcdef",
		SessionName: "jane.doe@example.com", AccountID: "123456789012",
	}
	agent := "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
	return &finding.Finding{
		ID: finding.ID("key", token.AccessKeyID), Activity: finding.Create, Status: finding.Open, Phase: finding.Settled,
		Rule: "first-seen-address", Title: "Session of a person used from a second place", Severity: finding.Medium, Score: 60,
		Confidence: finding.LowConfidence,
		Evidence:   []finding.Evidence{{Code: "interleaved", Weight: 20, Text: "Both addresses used the session within 10 minutes, in turns."}, {Code: "agent-family", Weight: 10, Text: "The agent changed."}},
		Token:      token,
		FirstSeen:  &finding.Observation{Address: "192.0.2.44", Time: at(9, 0, 0), EventSource: "s3.amazonaws.com", EventName: "ListBuckets", UserAgent: "[" + agent + "]", Region: "us-gov-west-1"},
		Observed:   &finding.Observation{Address: "198.51.100.200", Time: at(9, 4, 0), EventSource: "iam.amazonaws.com", EventName: "CreateUser", UserAgent: agent + " " + agent + " " + agent, Region: "us-gov-west-1"},
		EventIDs:   []string{"c-1", "c-2", "c-3", "c-4", "c-5", "c-6", "c-7"}, EventCount: 9,
		FirstTime: at(9, 4, 0), LastTime: at(11, 30, 0), DetectedAt: at(9, 4, 0),
		Containment: finding.Contain(token, at(9, 4, 0)),
	}
}

// hostileFinding carries an attack on the terminal in every value from the log.
func hostileFinding() *finding.Finding {
	forged := "x\n[CLOSED] all is well \r\n\x1b[2J\x1b]0;owned\x07\u009b31m\u202eevil\u2066\u200b\xff\t"
	token := finding.Token{
		AccessKeyID: forged, Kind: finding.KindEC2, PrincipalID: forged, ARN: "arn:aws:sts::1:assumed-role/" + forged + "/" + forged,
		RoleARN: "arn:aws:iam::123456789012:role/x;rm -rf $HOME", SessionName: "i-0;reboot", AccountID: forged, Resource: forged,
	}
	use := &finding.Observation{Address: forged, VPCEndpointID: forged, Time: at(1, 2, 3), EventID: forged, EventSource: forged,
		EventName: forged, UserAgent: forged, Region: forged, AccessKeyID: forged, ErrorCode: forged}
	return &finding.Finding{
		ID: forged, Activity: finding.Create, Status: finding.Status(forged), Phase: finding.Phase(forged), Rule: forged, Title: forged,
		Severity: finding.High, Confidence: finding.Confidence(forged), Evidence: []finding.Evidence{{Code: forged, Weight: 1, Text: forged}},
		Token: token, FirstSeen: use, Observed: use, Addresses: []finding.Address{{Address: "other " + forged, Role: finding.Role(forged), Why: forged}},
		EventIDs: []string{forged}, EventCount: 1, Calls: []finding.Observation{*use}, Attack: []string{forged}, Reason: forged,
		Containment: finding.Contain(token, at(1, 2, 3)),
	}
}
