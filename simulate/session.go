package simulate

import (
	"strings"
	"time"
)

// role is an IAM role.
type role struct {
	id, name, path string
	owner          *account
}

func (r *role) arn() string {
	return "arn:aws:iam::" + r.owner.id + ":role" + orDefault(r.path, "/") + r.name
}

// newRole makes a role of the account.
func (a *actor) newRole(owner *account, name string) *role {
	return &role{id: entityID(a.rng, "AROA", owner.id), name: name, owner: owner}
}

// session is a set of temporary credentials: the userIdentity that its calls carry.
type session struct {
	identity
	expires time.Time
}

// key is the session's access key id.
func (s *session) key() string { return s.AccessKeyID }

// assumed returns a new session of the role, valid from now for ttl.
func (a *actor) assumed(r *role, name string, ttl time.Duration) *session {
	a.w.truth.issued++
	return &session{expires: a.now().Add(ttl), identity: identity{
		Type: "AssumedRole", PrincipalID: r.id + ":" + name,
		ARN:       "arn:aws:sts::" + r.owner.id + ":assumed-role/" + r.name + "/" + name,
		AccountID: r.owner.id, AccessKeyID: keyID(a.rng, "ASIA", r.owner.id),
		Session: &sessionContext{
			Issuer: issuer{Type: "Role", PrincipalID: r.id, ARN: r.arn(), AccountID: r.owner.id, UserName: r.name},
			WebID:  object{}, Attributes: sessionAttributes{Created: stamp(a.now()), MFA: "false"},
		},
	}}
}

// withKey returns the same session with another key, as forward access sessions
// and console back ends have.
func (a *actor) withKey(s *session) *session {
	copied := *s
	copied.AccessKeyID = keyID(a.rng, "ASIA", s.AccountID)
	return &copied
}

// user is an IAM user with a long-term key.
type user struct {
	identity
}

func (a *actor) newUser(name string) *user {
	return &user{identity{
		Type: "IAMUser", PrincipalID: entityID(a.rng, "AIDA", a.acct.id),
		ARN: "arn:aws:iam::" + a.acct.id + ":user/" + name, AccountID: a.acct.id,
		AccessKeyID: keyID(a.rng, "AKIA", a.acct.id), UserName: name,
	}}
}

// userSession returns temporary credentials of the user itself (GetSessionToken, console).
func (a *actor) userSession(u *user, ttl time.Duration, mfa bool) *session {
	a.w.truth.issued++
	s := &session{identity: u.identity, expires: a.now().Add(ttl)}
	s.AccessKeyID = keyID(a.rng, "ASIA", a.acct.id)
	s.Session = &sessionContext{WebID: object{}, Attributes: sessionAttributes{Created: stamp(a.now()), MFA: "false"}}
	if mfa {
		s.Session.Attributes.MFA = "true"
	}
	return s
}

// federated returns the session of a federated user made by u.
func (a *actor) federated(u *user, name string, ttl time.Duration) *session {
	a.w.truth.issued++
	return &session{expires: a.now().Add(ttl), identity: identity{
		Type: "FederatedUser", PrincipalID: a.acct.id + ":" + name,
		ARN: "arn:aws:sts::" + a.acct.id + ":federated-user/" + name, AccountID: a.acct.id,
		AccessKeyID: keyID(a.rng, "ASIA", a.acct.id),
		Session: &sessionContext{
			Issuer: issuer{Type: "IAMUser", PrincipalID: u.PrincipalID, ARN: u.ARN, AccountID: a.acct.id, UserName: u.UserName},
			WebID:  object{}, Attributes: sessionAttributes{Created: stamp(a.now()), MFA: "false"},
		},
	}}
}

// name is the session's name, the part of the principal after the colon.
func (s *session) name() string {
	_, name, _ := strings.Cut(s.PrincipalID, ":")
	return name
}

// credentials is the credentials element of an STS response.
func credentials(s *session) object {
	return object{
		"accessKeyId": s.key(), "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS", "expiration": expiration(s.expires),
	}
}

// issued is the response of AssumeRole and its relatives.
func issued(s *session) object {
	return object{
		"credentials":     credentials(s),
		"assumedRoleUser": object{"assumedRoleId": s.PrincipalID, "arn": s.ARN},
	}
}

// assumeRole is the STS call that made session s of role r for an ordinary caller.
func assumeRole(r *role, s *session, ttl time.Duration) action {
	return action{
		source: "sts.amazonaws.com", name: "AssumeRole", read: true,
		request: object{
			"roleArn": r.arn(), "roleSessionName": s.name(), "durationSeconds": int(ttl / time.Second),
		},
		response:  issued(s),
		resources: []resource{{AccountID: r.owner.id, Type: "AWS::IAM::Role", ARN: r.arn()}},
	}
}

// issueByService writes the record in which an AWS service assumes the role for
// a workload. It names no assumedRoleUser: AWS leaves it out for ec2 and lambda.
func (a *actor) issueByService(service string, r *role, s *session) {
	act := assumeRole(r, s, 0)
	act.request = object{"roleArn": r.arn(), "roleSessionName": s.name()}
	act.response = object{"credentials": credentials(s)}
	rec := a.record(caller{
		id: &identity{Type: "AWSService", InvokedBy: service}, from: origin{address: service}, agent: service,
	}, act)
	rec.SharedEventID = guid(a.rng)
	a.send(rec)
}
