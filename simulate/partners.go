package simulate

import (
	"fmt"
	"time"
)

// pipeline is a continuous-integration job on a hosted runner that trades its
// OIDC token for a role's credentials.
type pipeline struct {
	actor
	witness
	role    *role
	issuer  string
	subject string
	agent   string
	hops    bool // the runner's egress changes during the job
}

func (w *world) newPipeline(acct *account, number int) *pipeline {
	p := &pipeline{actor: w.actor(acct, w.cfg.Regions[0], "pipeline", number), agent: nodeSDK + " github-actions"}
	p.issuer, p.subject = "token.actions.githubusercontent.com", fmt.Sprintf("repo:acme/service-%d:ref:refs/heads/main", number)
	p.role = p.newRole(acct, fmt.Sprintf("github-deploy-%d", number))
	return p
}

// job runs one job and returns its session and the runner's address.
func (p *pipeline) job() (*session, string) {
	block := p.w.addresses.runners.takeBlock(2)
	from := origin{address: block[0]}
	s := p.assumed(p.role, "GitHubActions", time.Hour)
	p.minted(s.key())
	p.webIdentity(s, webToken{issuer: p.issuer, subject: p.subject, from: from, agent: p.agent})
	acts := append(infrastructure(), putObject, putObject)
	for n := range 14 {
		p.after(time.Duration(5+n*20)*time.Second+p.upTo(15*time.Second), func() {
			if p.hops && n > 6 {
				from.address = block[1]
			}
			p.call(caller{id: &s.identity, from: from, agent: p.agent, witness: &p.witness}, pick(&p.actor, acts)(&p.actor))
		})
	}
	return s, from.address
}

// scanner is a vendor who looks into the account by a cross-account role, from
// any address of his pool.
type scanner struct {
	actor
	witness
	role      *role
	vendor    string
	principal string
	pool      []string
}

func (w *world) newScanner(acct *account, number int) *scanner {
	s := &scanner{actor: w.actor(acct, w.cfg.Regions[0], "scanner", number)}
	s.vendor = accountID(s.rng)
	s.principal = entityID(s.rng, "AROA", s.vendor)
	s.role = s.newRole(acct, "CloudPostureReadOnly")
	s.pool = w.addresses.vendors.takeBlock(4)
	return s
}

// scan is one round. Each call may leave by another of the vendor's gateways.
func (s *scanner) scan() {
	session := s.assumed(s.role, "posture-scan", time.Hour)
	s.minted(session.key())
	act := assumeRole(s.role, session, time.Hour)
	act.request.(object)["externalId"] = guid(s.rng)
	r := s.record(caller{
		id:   &identity{Type: "AWSAccount", PrincipalID: s.principal + ":collector", AccountID: s.vendor},
		from: origin{address: pick(&s.actor, s.pool)}, agent: boto3,
	}, act)
	r.SharedEventID = guid(s.rng)
	s.send(r)
	for n := range 30 {
		s.after(time.Duration(2+n*3)*time.Second, func() {
			s.call(caller{
				id: &session.identity, from: origin{address: pick(&s.actor, s.pool)}, agent: boto3, witness: &s.witness,
			}, pick(&s.actor, infrastructure())(&s.actor))
		})
	}
}

// app is a mobile application whose users all have sessions of one name, by Cognito.
type app struct {
	actor
	witness
	role *role
}

func (w *world) newApp(acct *account, number int) *app {
	a := &app{actor: w.actor(acct, w.cfg.Regions[0], "cognito", number)}
	a.role = a.newRole(acct, "Cognito_AcmeAuth_Role")
	return a
}

// visit is one user, who may leave his home network in the middle.
func (a *app) visit() {
	s := a.assumed(a.role, "CognitoIdentityCredentials", time.Hour)
	s.Session.WebID = object{"federatedProvider": "cognito-identity.amazonaws.com", "attributes": object{}}
	a.minted(s.key())
	from := origin{address: a.w.addresses.residential.take()}
	away := origin{address: a.w.addresses.mobile.take()}
	leaves := a.chance(30)
	for n := range 4 {
		a.after(time.Duration(n)*4*time.Minute+a.upTo(3*time.Minute), func() {
			at := from
			if leaves && n > 1 {
				at = away
			}
			a.call(caller{id: &s.identity, from: at, agent: mobileSDK, witness: &a.witness}, getItem(&a.actor))
		})
	}
}

// site is a place of the company's own: machines outside AWS with AWS credentials.
type site struct {
	actor
	witness
	role    *role
	node    string // mi-… or the certificate's serial number
	address string
	session *session
}

func (w *world) newSite(acct *account, kind string, number int) *site {
	s := &site{actor: w.actor(acct, w.cfg.Regions[0], kind, number), address: pick(&acct.ids, acct.office)}
	s.role = s.newRole(acct, kind+"-role")
	return s
}

// hybrid is a machine on premises that SSM manages; it renews hourly.
func (s *site) hybrid() {
	s.node = "mi-0" + hexDigits(s.rng, 16)
	s.renewEvery(45*time.Minute, func() action {
		return action{
			source: "ssm.amazonaws.com", name: "RequestManagedInstanceRoleToken",
			request: object{"fingerprint": guid(s.rng)}, response: object{"tokenExpirationDate": expiration(s.session.expires)},
		}
	})
	s.every(5*time.Minute, s.forever(func() {
		s.call(s.caller(ssmAgent), action{
			source: "ssm.amazonaws.com", name: "UpdateInstanceInformation",
			request: object{"instanceId": s.node, "agentVersion": "3.3.987.0", "agentName": "amazon-ssm-agent", "platformType": "Windows"},
		})
	}))
}

// anywhere is a machine that signs in with a certificate.
func (s *site) anywhere() {
	s.node = hexDigits(s.rng, 40)
	s.renewEvery(45*time.Minute, func() action {
		return action{
			source: "rolesanywhere.amazonaws.com", name: "CreateSession",
			request: object{
				"cert": "MIIC" + letters(s.rng, alphanumeric, 120), "durationSeconds": 3600, "roleArn": s.role.arn(),
				"profileArn": s.arn("rolesanywhere", "profile/"+guid(s.rng)), "trustAnchorArn": s.arn("rolesanywhere", "trust-anchor/"+guid(s.rng)),
			},
			response: object{"credentialSet": list{object{
				"credentials": credentials(s.session), "roleArn": s.role.arn(),
				"assumedRoleUser": object{"arn": s.session.ARN, "assumedRoleId": s.session.PrincipalID},
			}}},
		}
	})
	s.every(6*time.Minute, s.forever(func() { s.call(s.caller(javaSDK), putObject(&s.actor)) }))
}

// renewEvery gets a session now and again each period, logged by the call.
func (s *site) renewEvery(period time.Duration, call func() action) {
	renew := func() {
		s.session = s.assumed(s.role, s.node, time.Hour)
		s.minted(s.session.key())
		s.call(s.caller(goSDK), call())
	}
	renew()
	s.every(period, s.forever(renew))
}

func (s *site) caller(agent string) caller {
	return caller{id: &s.session.identity, from: origin{address: s.address}, agent: agent, witness: &s.witness}
}
