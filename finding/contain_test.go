package finding_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
)

type document struct {
	Version   string
	Statement []struct {
		Sid, Effect, Action, Resource string
		Condition                     map[string]map[string]string
	}
}

// policyOf parses a policy and returns its one statement's conditions.
func policyOf(t *testing.T, text string) map[string]map[string]string {
	t.Helper()
	var d document
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if d.Version != "2012-10-17" || len(d.Statement) != 1 {
		t.Fatalf("got %s", text)
	}
	s := d.Statement[0]
	if s.Effect != "Deny" || s.Action != "*" || s.Resource != "*" || strings.Trim(s.Sid, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		t.Errorf("got %s", text)
	}
	return s.Condition
}

func TestContain(t *testing.T) {
	const role, session = "arn:aws:iam::123456789012:role/app/worker", "AROAEXAMPLE:session-1"
	tests := map[string]struct {
		token finding.Token
		all   bool     // a policy that ends all sessions
		one   bool     // a policy that ends this one
		arn   string   // aws:PrincipalArn in the policies
		steps []string // each in some step
	}{
		"ec2": {
			token: finding.Token{Kind: finding.KindEC2, RoleARN: role, PrincipalID: "AROAEXAMPLE:i-0123456789abcdef0", Resource: "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"},
			all:   true, one: true,
			steps: []string{"put-role-policy --role-name=worker --policy-name=AWSRevokeOlderSessions", "Isolate i-0123456789abcdef0",
				"--region=eu-west-1 --instance-id=i-0123456789abcdef0 --http-tokens=required", "instance profile association", "every older session of the role"},
		},
		"ec2 by session name": {
			token: finding.Token{Kind: finding.KindEC2, RoleARN: role, PrincipalID: "AROAEXAMPLE:i-0abc", SessionName: "i-0abc"},
			all:   true, one: true, steps: []string{"--instance-id=i-0abc "},
		},
		"instance identity role": {
			token: finding.Token{Kind: finding.KindEC2, ARN: "arn:aws:sts::123456789012:assumed-role/aws:ec2-instance/i-0abc", PrincipalID: "123456789012:aws:ec2-instance:i-0abc", AccountID: "123456789012"},
			one:   true, steps: []string{"SCP on account 123456789012"},
		},
		"ecs": {
			token: finding.Token{Kind: finding.KindECS, RoleARN: role, PrincipalID: session, Resource: "arn:aws:ecs:eu-west-1:123456789012:task/shop/0123abcd"},
			all:   true, one: true, steps: []string{"stop-task --region=eu-west-1 --cluster=shop --task=0123abcd.", "169.254.170.2"},
		},
		"ecs by session name": {
			token: finding.Token{Kind: finding.KindECS, RoleARN: role, PrincipalID: session, SessionName: "0123abcd"},
			all:   true, one: true, steps: []string{"--cluster=CLUSTER --task=0123abcd."},
		},
		"pod": {token: finding.Token{Kind: finding.KindPod, RoleARN: role, PrincipalID: session}, all: true, one: true, steps: []string{"network policy"}},
		"lambda": {
			token: finding.Token{Kind: finding.KindLambda, RoleARN: role, PrincipalID: session, Resource: "arn:aws:lambda:eu-west-1:123456789012:function:resize:3"},
			all:   true, one: true, steps: []string{"--function-name=resize --reserved-concurrent-executions=0", "environment variables"},
		},
		"role":         {token: finding.Token{Kind: finding.KindRole, RoleARN: role, PrincipalID: session, AccessKeyID: "ASIAX"}, all: true, one: true, steps: []string{"AssumeRole event that issued ASIAX"}},
		"web identity": {token: finding.Token{Kind: finding.KindWebIdentity, RoleARN: role, PrincipalID: session}, all: true, one: true, steps: []string{"trust policy"}},
		"console":      {token: finding.Token{Kind: finding.KindConsole, ARN: "arn:aws:iam::123456789012:user/ops/jane", PrincipalID: "AIDAEXAMPLE"}, all: true, steps: []string{"put-user-policy --user-name=jane", "MFA"}},
		"other kind":   {token: finding.Token{Kind: "cognito", RoleARN: role, PrincipalID: session}, all: true, one: true, steps: []string{"AssumeRole"}},
		"identity center, gov cloud": {
			token: finding.Token{Kind: finding.KindHuman, PrincipalID: "AROAEXAMPLE:jane@example.com", RoleARN: "arn:aws-us-gov:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"},
			all:   true, one: true, arn: "arn:aws-us-gov:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef",
			steps: []string{"permission set", "Disable the user"},
		},
		"identity center, china, no path": {
			token: finding.Token{Kind: finding.KindHuman, PrincipalID: "AROAEXAMPLE:jane", ARN: "arn:aws-cn:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/jane"},
			all:   true, one: true, arn: "arn:aws-cn:iam::123456789012:role/AWSReservedSSO_Admin_0123456789abcdef",
		},
		"session token of a user": {token: finding.Token{Kind: finding.KindSTSUser, ARN: "arn:aws:iam::123456789012:user/jane", PrincipalID: "AIDAEXAMPLE"}, all: true, steps: []string{"GetSessionToken survives deactivation and deletion"}},
		"federated": {
			token: finding.Token{Kind: finding.KindFederated, ARN: "arn:aws:sts::123456789012:federated-user/bob", PrincipalID: "123456789012:bob"},
			all:   true, one: true, steps: []string{"GetFederationToken event", "GetFederationToken survives", "GetSigninToken"},
		},
		"root":         {token: finding.Token{Kind: finding.KindConsole, ARN: "arn:aws:iam::123456789012:root", PrincipalID: "123456789012"}, steps: []string{"root password"}},
		"assumed root": {token: finding.Token{Kind: finding.KindRoot, ARN: "arn:aws:iam::123456789012:root", PrincipalID: "123456789012"}, steps: []string{"AssumeRoot event", "Deny sts:AssumeRoot"}},
		"long-term key, china": {
			token: finding.Token{Kind: finding.KindLongTerm, ARN: "arn:aws-cn:iam::123456789012:user/jane", PrincipalID: "AIDAEXAMPLE", AccessKeyID: "AKIAEXAMPLE"},
			steps: []string{"--user-name=jane --access-key-id=AKIAEXAMPLE --status=Inactive", "--policy-arn=arn:aws-cn:iam::aws:policy/AWSDenyAll", "survive its deactivation"},
		},
		"managed": {token: finding.Token{Kind: finding.KindManaged, RoleARN: role, PrincipalID: session}, all: true, one: true, steps: []string{"Stop the job"}},
		"hybrid":  {token: finding.Token{Kind: finding.KindHybrid, RoleARN: role, PrincipalID: session}, all: true, one: true, steps: []string{"deregister-managed-instance"}},
		"nothing": {steps: []string{"names no role"}},
		"hostile": {
			token: finding.Token{Kind: finding.KindEC2, RoleARN: "arn:aws:iam::123456789012:role/x;reboot", PrincipalID: "AROA:\"}${aws:username}*", SessionName: "i-0`id`", Resource: "arn:aws:ec2:$(id):1:instance/i-$(id)"},
			steps: []string{"--instance-id=INSTANCE_ID", "names no role"},
		},
	}
	detected := time.Date(2024, 5, 14, 10, 0, 0, 5, time.FixedZone("east", 3600))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := finding.Contain(tt.token, detected)
			checkPolicy(t, got.Policy, tt.all, "", tt.arn)
			checkPolicy(t, got.SessionPolicy, tt.one, tt.token.PrincipalID, tt.arn)
			for _, want := range tt.steps {
				if !slices.ContainsFunc(got.Steps, func(step string) bool { return strings.Contains(step, want) }) {
					t.Errorf("no step says %q: %q", want, got.Steps)
				}
			}
		})
	}
}

func checkPolicy(t *testing.T, text string, wanted bool, userID, arn string) {
	t.Helper()
	if (text != "") != wanted {
		t.Fatalf("wanted %v, got %q", wanted, text)
	}
	if !wanted {
		return
	}
	conditions := policyOf(t, text)
	if got := conditions["DateLessThan"]["aws:TokenIssueTime"]; got != "2024-05-14T09:00:01Z" {
		t.Errorf("issue time %q", got)
	}
	if got := conditions["StringEquals"]["aws:userid"]; got != userID {
		t.Errorf("user id %q, want %q", got, userID)
	}
	if got := conditions["ArnEquals"]["aws:PrincipalArn"]; got != arn {
		t.Errorf("principal %q, want %q", got, arn)
	}
}

func TestContainKeepsUntilExpiry(t *testing.T) {
	f := ec2Finding()
	if steps := strings.Join(f.Containment.Steps, "\n"); !strings.Contains(steps, "at least until 2024-05-14T14:36:12Z") {
		t.Errorf("no expiry in %s", steps)
	}
}

// No value from the log may leave its place in a policy or a command.
func FuzzContain(f *testing.F) {
	f.Add("ec2", "arn:aws:iam::1:role/x\"", "AROA:i-1\"", "arn:aws:ec2:r:1:instance/i-$(id)")
	f.Fuzz(func(t *testing.T, kind, role, principal, resource string) {
		got := finding.Contain(finding.Token{Kind: kind, RoleARN: role, PrincipalID: principal, Resource: resource, SessionName: role}, at(1, 2, 3))
		for _, policy := range []string{got.Policy, got.SessionPolicy} {
			if policy == "" {
				continue
			}
			for operator, condition := range policyOf(t, policy) {
				for key, value := range condition {
					if strings.ContainsAny(value, "*?${}\"\\") {
						t.Errorf("%s %s %q", operator, key, value)
					}
				}
			}
		}
		for _, step := range got.Steps {
			if _, command, found := strings.Cut(step, ": aws "); found && strings.ContainsAny(command, "`$;|&<>\n\x1b") {
				t.Errorf("command %q", command)
			}
		}
	})
}

func TestAttack(t *testing.T) {
	tests := map[string]struct {
		kind string
		gci  bool
		want string
	}{
		"ec2 with whoami": {finding.KindEC2, true, "T1552.005 T1078.004 T1550.001 T1087.004"},
		"ecs":             {finding.KindECS, false, "T1552.005 T1078.004 T1550.001"},
		"pod":             {finding.KindPod, false, "T1552.005 T1078.004 T1550.001"},
		"lambda":          {finding.KindLambda, false, "T1078.004 T1550.001"},
		"human":           {finding.KindHuman, true, "T1078.004 T1550.001 T1087.004"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(finding.Attack(tt.kind, tt.gci), " "); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
