package finding

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Contain tells how to stop the session of t, as of at (the time of detection),
// in the order in which to do it: end the stolen session, close the leak, give
// the rightful workload new credentials, look for what the intruder left. The
// same arguments give the same answer. Names from the log that IAM would not
// allow never reach a command or a policy.
func Contain(t Token, at time.Time) *Containment {
	h := holderOf(t)
	c := &Containment{}
	c.Policy, c.SessionPolicy = policies(t, h, at)
	c.Steps = slices.Concat(revoke(t, h, c), repair(t), review(t))
	return c
}

// policies are the document that ends all sessions of h and the one that ends
// only t; empty where none can do it.
func policies(t Token, h holder, at time.Time) (all, one string) {
	arn := ""
	switch {
	case h.kind == rootHolder, t.Kind == KindRoot, t.Kind == KindLongTerm:
		return "", "" // no identity policy binds root, and a key has no issue time
	case h.kind == unknownHolder && t.Kind != KindFederated:
		if onePrincipal(t) {
			one = denyIssuedBefore(at, t.PrincipalID, "") // as an SCP
		}
		return "", one
	case h.reserved:
		arn = h.arn
	}
	all = denyIssuedBefore(at, "", arn)
	if onePrincipal(t) {
		one = denyIssuedBefore(at, t.PrincipalID, arn)
	}
	return all, one
}

// onePrincipal tells whether the principal id picks this session out from the
// others of its role or user: it has a session name behind the unique id.
func onePrincipal(t Token) bool {
	return strings.Contains(t.PrincipalID, ":") && plain(t.PrincipalID)
}

// revoke are the steps that end the stolen session.
func revoke(t Token, h holder, c *Containment) []string {
	return append([]string{revokeNow(t, h, c)}, revokeNotes(t, h, c)...)
}

// revokeNow is the first step: what ends the use of the credentials at once.
func revokeNow(t Token, h holder, c *Containment) string {
	switch {
	case t.Kind == KindRoot:
		return "Find the AssumeRoot event that issued the session and contain its caller, in the management or the delegated account: the session itself lasts 15 minutes at most, and no IAM policy binds root."
	case h.kind == rootHolder:
		return "Change the root password, delete the root access keys and re-register its MFA: no IAM policy binds root. In a member account, deny root by an SCP until the session has expired."
	case t.Kind == KindLongTerm && h.kind == userHolder:
		return fmt.Sprintf("Deactivate the key now: aws iam update-access-key --user-name=%s --access-key-id=%s --status=Inactive. Stop what else the user can do: aws iam attach-user-policy --user-name=%s --policy-arn=arn:%s:iam::aws:policy/AWSDenyAll",
			h.name, argument("KEY_ID", "A", t.AccessKeyID), h.name, h.partition)
	case h.reserved:
		return fmt.Sprintf("End the role's sessions now: put the policy into the permission set behind %s, or attach it to account %s as an SCP. Identity Center owns the role; an inline policy on it is not possible.", h.name, h.account)
	case h.kind == roleHolder:
		return fmt.Sprintf("End the role's sessions now: save the policy as policy.json and attach it to role %s in account %s: aws iam put-role-policy --role-name=%s --policy-name=AWSRevokeOlderSessions --policy-document=file://policy.json", h.name, h.account, h.name)
	case h.kind == userHolder:
		return fmt.Sprintf("End the user's sessions now: save the policy as policy.json and attach it to user %s in account %s: aws iam put-user-policy --user-name=%s --policy-name=AWSRevokeOlderSessions --policy-document=file://policy.json", h.name, h.account, h.name)
	case t.Kind == KindFederated:
		return "End the session now: find the GetFederationToken event that issued it and attach the policy to the IAM user who called (aws iam put-user-policy). A federated session may do only what that user may."
	}
	step := "The log names no role to attach a policy to. End the session from above, by an SCP on account " + argument("(not named either)", "", t.AccountID)
	if c.SessionPolicy != "" {
		step += ": the session policy"
	}
	return step + "."
}

// revokeNotes say what the policies hit and how long they are needed.
func revokeNotes(t Token, h holder, c *Containment) []string {
	if c.Policy == "" && c.SessionPolicy == "" {
		return nil
	}
	notes := []string{"Set the time in the policy to the moment you attach it: credentials issued after it go on working."}
	if c.Policy != "" && h.kind == roleHolder {
		note := "The policy stops every older session of the role, wherever the role is used, not only the stolen one."
		if c.SessionPolicy != "" {
			note += " Where the others must go on, attach the session policy instead: it stops " + t.PrincipalID + " alone."
		}
		notes = append(notes, note)
	}
	if t.ExpiresAt != nil {
		notes = append(notes, "Keep the policy at least until "+t.ExpiresAt.UTC().Format(time.RFC3339)+", when the stolen token expires by itself.")
	}
	return notes
}
