package simulate

import (
	"strings"
	"time"
)

// person works with AWS from wherever he is: office, home, train.
type person struct {
	actor
	witness
	name    string
	role    *role
	agent   string
	session *session
	places  []string // where he has been seen; the last is where he is
	home    string
	v6      string // IPv6 /64 of the home; empty without
	login   func() // gets a session and writes the record of it
	app     []work
}

func (w *world) newPerson(acct *account, kind string, number int) *person {
	p := &person{actor: w.actor(acct, w.cfg.Regions[0], "person/"+kind, number), app: infrastructure()[1:]}
	p.name = pick(&p.actor, []string{"anna", "bram", "chitra", "diego", "elif", "femke", "george", "hana"}) + "." + letters(p.rng, "bcdfghjklmnprstvz", 4) + "@acme.example"
	p.agent = pick(&p.actor, []string{cliMac, cliLinux, cliWindows})
	p.home = w.addresses.residential.take()
	return p
}

// newSAML makes a person who signs in at a corporate identity provider.
func (w *world) newSAML(acct *account, number int) *person {
	p := w.newPerson(acct, "saml", number)
	p.role = p.newRole(acct, "Engineering")
	p.login = func() {
		p.session = p.assumed(p.role, p.name, 4*time.Hour)
		p.session.Session.SourceIdentity = p.name
		p.minted(p.session.key())
		p.samlRecord()
	}
	return p
}

func (p *person) samlRecord() {
	provider := "arn:aws:iam::" + p.acct.id + ":saml-provider/corp"
	response := issued(p.session)
	response["issuer"], response["nameQualifier"] = "https://idp.acme.example/saml", letters(p.rng, alphanumeric, 27)+"="
	response["subject"], response["subjectType"] = p.name, "persistent"
	response["audience"] = "https://signin.aws.amazon.com/saml"
	p.call(caller{
		id: &identity{
			Type: "SAMLUser", PrincipalID: letters(p.rng, alphanumeric, 27) + ":" + p.name, UserName: p.name, IdentityProvider: provider,
		}, from: p.origin(), agent: p.agent,
	}, action{
		source: "sts.amazonaws.com", name: "AssumeRoleWithSAML", read: true, response: response,
		request: object{
			"roleArn": p.role.arn(), "principalArn": provider, "roleSessionName": p.name, "durationSeconds": 14400,
			"sAMLAssertionID": "_" + guid(p.rng),
		},
		resources: []resource{{AccountID: p.acct.id, Type: "AWS::IAM::Role", ARN: p.role.arn()}, {AccountID: p.acct.id, Type: "AWS::IAM::SAMLProvider", ARN: provider}},
	})
}

// newIdentityCenter makes a person who signs in through IAM Identity Center.
func (w *world) newIdentityCenter(acct *account, number int) *person {
	p := w.newPerson(acct, "sso", number)
	p.role = p.newRole(acct, "AWSReservedSSO_PowerUser_"+hexDigits(p.rng, 16))
	p.role.path = "/aws-reserved/sso.amazonaws.com/"
	userID := guid(p.rng)
	p.login = func() {
		p.session = p.assumed(p.role, p.name, time.Hour)
		p.minted(p.session.key())
		p.roleCredentials(userID)
	}
	return p
}

// roleCredentials is the record of the Identity Center portal; it names no key.
func (p *person) roleCredentials(userID string) {
	r := p.record(caller{
		id: &identity{
			Type: "IdentityCenterUser", AccountID: p.acct.id, CredentialID: guid(p.rng),
			OnBehalfOf: &onBehalfOf{UserID: userID, IdentityStore: "arn:aws:identitystore::" + p.acct.id + ":identitystore/d-9067" + userID[:6]},
		}, from: p.origin(), agent: p.agent,
	}, action{source: "sso.amazonaws.com", name: "GetRoleCredentials", read: true})
	r.EventType = "AwsServiceEvent"
	r.ServiceDetails = object{"role_name": "PowerUser", "account_id": p.acct.id}
	p.send(r)
}

// work is a stretch of work: a login from where the person is, then calls, with
// another login when the session ends.
func (p *person) work(length, pace time.Duration) {
	p.login()
	until := p.now().Add(length)
	p.every(pace, func() bool {
		if p.now().After(p.session.expires) {
			p.login()
		}
		act := pick(&p.actor, p.app)(&p.actor)
		p.call(p.caller(), act)
		return p.now().Before(until)
	})
}

// office hours of someone who works once a day, from the place given by where.
func (p *person) daily(where func() string, length, pace time.Duration) {
	var shift func()
	shift = func() {
		p.move(where())
		p.work(p.about(length), pace)
		p.after(day, shift)
	}
	p.sometime(90*time.Minute, shift)
}

func (p *person) move(address string) { p.places = append(p.places[:0:0], address) }

func (p *person) caller() caller {
	return caller{id: &p.session.identity, from: p.origin(), agent: p.agent, witness: &p.witness}
}

// origin is the person's present address. A home with IPv6 shows another privacy
// address of its /64 every time.
func (p *person) origin() origin {
	place := p.places[len(p.places)-1]
	if p.v6 != "" && place == p.home {
		return origin{address: p.v6 + ":" + hexGroups(p)}
	}
	return origin{address: place}
}

// hexGroups is the lower half of an IPv6 privacy address.
func hexGroups(p *person) string {
	digits := "2" + hexDigits(p.rng, 15)
	return strings.Join([]string{"1" + digits[1:4], "2" + digits[5:8], "3" + digits[9:12], "4" + digits[13:16]}, ":")
}
