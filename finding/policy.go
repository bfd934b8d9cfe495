package finding

import (
	"fmt"
	"strings"
	"time"
)

// denyIssuedBefore is an IAM policy document that denies everything to the
// credentials that were issued before at. An empty principalID or arn restricts
// nothing; principalID restricts it to the one session of that aws:userid, arn
// to the sessions of one role (needed where the policy is attached to more than
// the role, as an SCP is). Both must be plain.
func denyIssuedBefore(at time.Time, principalID, arn string) string {
	// aws:TokenIssueTime is absent for long-term keys, which the condition lets pass.
	conditions := []string{condition("DateLessThan", "aws:TokenIssueTime", issueTime(at))}
	sid := "AWSRevokeOlderSessions"
	if principalID != "" {
		sid = "RevokeOneSession"
		conditions = append(conditions, condition("StringEquals", "aws:userid", principalID))
	}
	if arn != "" {
		conditions = append(conditions, condition("ArnEquals", "aws:PrincipalArn", arn))
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":%q,"Effect":"Deny","Action":"*","Resource":"*","Condition":{%s}}]}`,
		sid, strings.Join(conditions, ","))
}

// condition is one condition of a policy. A plain value needs no JSON escapes.
func condition(operator, key, value string) string {
	return fmt.Sprintf("%q:{%q:%q}", operator, key, value)
}

// issueTime is at in the form that IAM compares, rounded up so that a token
// issued in the same second falls under it.
func issueTime(at time.Time) string {
	return at.UTC().Truncate(time.Second).Add(time.Second).Format(time.RFC3339)
}
