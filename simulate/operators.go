package simulate

import (
	"fmt"
	"time"
)

// plan is a Terraform run by the account's operator: GetCallerIdentity first,
// then many reads, from the office.
func (acct *account) plan(region string) {
	a := &acct.ids
	c := acct.operate(region, terraform)
	a.call(c, callerIdentity(a))
	reads := infrastructure()
	for n := range 25 {
		a.after(time.Duration(n/4)*time.Second, func() { a.call(c, pick(a, reads)(a)) })
	}
}

// hop is the operator assuming a role and working with it from the same office.
func (acct *account) hop(r *role, region string, s *witness) {
	a := &acct.ids
	session := a.assumed(r, fmt.Sprintf("terraform-%d", a.now().Unix()), time.Hour)
	s.minted(session.key())
	a.call(acct.operate(region, terraform), assumeRole(r, session, time.Hour))
	c := caller{
		id: &session.identity, from: origin{address: acct.officeAddress()}, agent: terraform, region: region, witness: s, owner: acct,
	}
	for n := range 12 {
		a.after(time.Duration(5+n*2)*time.Second, func() { a.call(c, pick(a, infrastructure())(a)) })
	}
}

// userKeys are the ways in which users make temporary keys of their own rights.
type userKeys struct {
	actor
	witness
	user  *user
	from  origin
	agent string
}

func (w *world) newUserKeys(acct *account, number int) *userKeys {
	u := &userKeys{actor: w.actor(acct, w.cfg.Regions[0], "user", number), agent: cliLinux}
	u.user = u.newUser(fmt.Sprintf("dev-%d", number))
	u.from = origin{address: pick(&u.actor, acct.office)}
	return u
}

// sessionToken gets temporary keys with a second factor and uses them.
func (u *userKeys) sessionToken() *session {
	s := u.userSession(u.user, 12*time.Hour, true)
	u.minted(s.key())
	u.call(caller{id: &u.user.identity, from: u.from, agent: u.agent}, action{
		source: "sts.amazonaws.com", name: "GetSessionToken", read: true,
		request:  object{"durationSeconds": 43200, "serialNumber": "arn:aws:iam::" + u.acct.id + ":mfa/" + u.user.UserName},
		response: object{"credentials": credentials(s)},
	})
	return s
}

// federationToken gets keys for a federated user and returns his session.
func (u *userKeys) federationToken(name string) *session {
	s := u.federated(u.user, name, 6*time.Hour)
	u.minted(s.key())
	u.call(caller{id: &u.user.identity, from: u.from, agent: u.agent}, u.getFederationToken(s))
	return s
}

// getFederationToken is the call that made the federated session.
func (a *actor) getFederationToken(s *session) action {
	return action{
		source: "sts.amazonaws.com", name: "GetFederationToken",
		request: object{"name": s.name(), "durationSeconds": 21600, "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`},
		response: object{
			"credentials": credentials(s), "packedPolicySize": 4,
			"federatedUser": object{"arn": s.ARN, "federatedUserId": s.PrincipalID},
		},
	}
}

// uses has the session make calls for the length of time, from the user's place.
func (u *userKeys) uses(s *session, length, pace time.Duration) {
	until := u.now().Add(length)
	u.every(pace, func() bool {
		act := pick(&u.actor, infrastructure())(&u.actor)
		u.call(caller{id: &s.identity, from: u.from, agent: u.agent, witness: &u.witness}, act)
		return u.now().Before(until)
	})
}

// assumeRoot is central root access: a 15-minute root session in a member account.
func (u *userKeys) assumeRoot() {
	s := &session{expires: u.now().Add(15 * time.Minute), identity: identity{
		Type: "Root", PrincipalID: u.acct.id, ARN: "arn:aws:iam::" + u.acct.id + ":root", AccountID: u.acct.id,
		AccessKeyID: keyID(u.rng, "ASIA", u.acct.id),
		Session:     &sessionContext{WebID: object{}, AssumedRoot: "true", Attributes: sessionAttributes{Created: stamp(u.now()), MFA: "false"}},
	}}
	u.minted(s.key())
	u.call(caller{id: &u.user.identity, from: u.from, agent: u.agent}, action{
		source: "sts.amazonaws.com", name: "AssumeRoot",
		request: object{
			"targetPrincipal": u.acct.id, "durationSeconds": 900,
			"taskPolicyArn": object{"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"},
		},
		response: object{"credentials": credentials(s), "sourceIdentity": u.user.UserName},
	})
	for _, name := range []string{"GetAccountSummary", "ListAccessKeys", "ListMFADevices"} {
		u.after(u.upTo(time.Minute), func() {
			u.call(caller{id: &s.identity, from: u.from, agent: u.agent, witness: &u.witness}, plainRead("iam", name)(&u.actor))
		})
	}
}
