package finding

import (
	"fmt"
	"strings"
)

// repair are the steps that close the leak and give the rightful holder of the
// credentials new ones. They depend on what kind of thing holds them.
func repair(t Token) []string {
	switch t.Kind {
	case KindEC2:
		return repairInstance(t)
	case KindECS:
		return repairTask(t)
	case KindPod:
		return repairPod()
	case KindLambda:
		return repairFunction(t)
	case KindWebIdentity:
		return repairWebIdentity()
	case KindHuman:
		return repairHuman()
	case KindConsole:
		return repairConsole()
	case KindSTSUser, KindFederated:
		return repairUser(t.Kind)
	case KindManaged:
		return []string{"Stop the job or project that the session belonged to, rotate every secret that it could read, and look at its last definition and log: build steps and notebooks print their environment."}
	case KindHybrid:
		return []string{"Take the node out of trust: aws ssm deregister-managed-instance, or revoke its certificate (IAM Roles Anywhere, aws rolesanywhere import-crl). Whoever holds the node's key simply asks for the next session."}
	case KindRoot:
		return []string{"Deny sts:AssumeRoot to everybody who need not call it, and check the account's centrally managed root credentials."}
	case KindLongTerm:
		return []string{"Tokens that the key has issued (GetSessionToken, GetFederationToken) survive its deactivation: only the policy on the user stops them. Find out who made the key (CreateAccessKey) before the user gets a new one."}
	}
	return repairRole(t)
}

func repairInstance(t Token) []string {
	id := argument("INSTANCE_ID", "i-", resourceName(t.Resource), t.SessionName)
	return []string{
		fmt.Sprintf("Isolate %s: move its interfaces into a security group without rules, take it out of its load balancer and Auto Scaling group, snapshot its volumes. Do not terminate it: memory and disk are evidence.", id),
		fmt.Sprintf("Require IMDSv2: aws ec2 modify-instance-metadata-options %s--instance-id=%s --http-tokens=required --http-put-response-hop-limit=1. The token most likely left through the metadata service (SSRF, a web shell, a remote command).", regionOption(t.Resource), id),
		"Give the workload new credentials: launch a clean replacement, or replace the instance profile association (aws ec2 replace-iam-instance-profile-association). Until then the instance keeps offering the revoked keys, for up to their next rotation.",
	}
}

func repairTask(t Token) []string {
	cluster, task, found := strings.Cut(resourceName(t.Resource), "/")
	if !found {
		cluster, task = "", cluster
	}
	return []string{
		fmt.Sprintf("Stop the task: aws ecs stop-task %s--cluster=%s --task=%s. Its service starts a new one under a new session. Keep its logs and image.",
			regionOption(t.Resource), argument("CLUSTER", "", cluster), argument("TASK_ID", "", task, t.SessionName)),
		"Restart the other tasks of the role: they hold revoked credentials until they ask again.",
		"Find how 169.254.170.2 was reached or the task's environment was read (SSRF, ECS Exec, a leaked environment) before the new task is exposed.",
	}
}

func repairPod() []string {
	return []string{
		"Isolate the pod by a network policy, keep its logs, then delete it: the new pod gets a new session.",
		"Restart the other pods of the service account: they hold revoked credentials until they ask again.",
		"Look at the node as well: who runs code on it reads every pod's token. Keep pods away from instance metadata (hop limit 1).",
	}
}

func repairFunction(t Token) []string {
	name, _, _ := strings.Cut(resourceName(t.Resource), ":") // without the version
	function := argument("FUNCTION", "", name, t.SessionName)
	return []string{
		fmt.Sprintf("Stop the function until the hole is closed: aws lambda put-function-concurrency %s--function-name=%s --reserved-concurrent-executions=0", regionOption(t.Resource), function),
		"Change the function's configuration (any environment variable): running environments hold revoked credentials, new ones start with new credentials. All environments of a function share one session name, so the session policy stops them all.",
		"Treat every secret in the function's environment variables as stolen: who read the credentials read those too.",
	}
}

func repairWebIdentity() []string {
	return []string{
		"Narrow the role's trust policy (sub and aud) before anything else is trusted again: the OIDC token that bought the session can buy another until it expires.",
		"Cancel the job or delete the pod that owned the session, and rotate every secret that it could read.",
	}
}

func repairHuman() []string {
	return []string{
		"Disable the user and end the sessions in Identity Center or at the identity provider: a sign-in that is still open issues new role sessions. Role sessions already issued go on until the policy or their expiry stops them.",
		"Ask the user, by another channel, where they are. If it was not them: clean the device (credential stealers read ~/.aws and browser cookies), new password, new MFA.",
	}
}

func repairConsole() []string {
	return []string{
		"Reset the password, re-register MFA and end the sign-in: an open console session keeps obtaining new keys until it expires.",
		"Ask the user, by another channel, where they are. If it was not them, clean the device before they sign in again.",
	}
}

func repairUser(kind string) []string {
	call := "GetSessionToken"
	if kind == KindFederated {
		call = "GetFederationToken"
	}
	steps := []string{
		fmt.Sprintf("Deactivate the user's access keys, so that no new token is issued. This alone does not help: a token of %s survives deactivation and deletion of the key that issued it, for up to 36 hours.", call),
	}
	if kind == KindFederated {
		steps = append(steps, "Look for console sign-ins by the federated user (GetSigninToken): the token opens the console as well.")
	}
	return steps
}

func repairRole(t Token) []string {
	return []string{
		fmt.Sprintf("Find the AssumeRole event that issued %s and contain its caller too: who holds the caller's credentials simply asks for the next session.", argument("the token", "", t.AccessKeyID)),
		"Check the role's trust policy: remove principals that need not assume it, and require an external id or a source condition from those that must.",
	}
}

// review are the steps that find what the intruder left behind.
func review(t Token) []string {
	return []string{
		fmt.Sprintf("Search CloudTrail for every call of %s, failed ones too, and of all keys of %s.", argument("the token", "", t.AccessKeyID), argument("its principal", "", t.PrincipalID)),
		"Contain what the session issued the same way: AssumeRole, GetFederationToken, GetSessionToken, CreateAccessKey, CreateLoginProfile, UpdateAssumeRolePolicy, GetSigninToken.",
	}
}

// argument is the first of the candidates that is plain and begins with prefix,
// or else the placeholder: what may stand in a command and among our own words.
func argument(placeholder, prefix string, candidates ...string) string {
	for _, name := range candidates {
		if name != "" && plain(name) && strings.HasPrefix(name, prefix) {
			return name
		}
	}
	return placeholder
}

// resourceName is what an ARN names, without the type: "i-0abc", "cluster/task",
// "function:version". An id that is no ARN is its own name.
func resourceName(resource string) string {
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) != 6 {
		return resource
	}
	return parts[5][strings.IndexAny(parts[5], "/:")+1:]
}

// regionOption is the command line's option for the region of an ARN, with a
// space behind it; empty where the ARN has none.
func regionOption(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[3] == "" || !plain(parts[3]) {
		return ""
	}
	return "--region=" + parts[3] + " "
}
