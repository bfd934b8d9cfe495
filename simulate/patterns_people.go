package simulate

import "time"

// peoplePatterns are humans and their keys.
func peoplePatterns() []pattern {
	return []pattern{
		{"saml-office", "human", "several people behind one office egress", plantOffice},
		{"saml-roaming", "human", "one person at home, on the train, over the VPN within one session", plantRoaming((*world).newSAML)},
		{"sso-roaming", "human", "the same with IAM Identity Center", plantRoaming((*world).newIdentityCenter)},
		{"ipv6-privacy", "human", "another address of one /64 for every connection", plantPrivacy},
		{"console-user", "console", "browser and console back ends under many keys of one sign-in", plantConsoleUser},
		{"console-sso", "console", "the same for an Identity Center role", plantConsoleSSO},
		{"cloudshell", "console", "the shell calls from an AWS address, the browser from the office", plantShell},
		{"operator-terraform", "long-term", "Terraform with a user's key; GetCallerIdentity at every plan", plantTerraform},
		{"operator-assume-role", "role", "the operator assumes a role and stays where he is", plantOperatorRole},
		{"cross-account-role", "role", "one AssumeRole, one record in each of two accounts", plantCrossAccount},
		{"session-token", "sts-user", "GetSessionToken with a second factor", plantSessionToken},
		{"federation-token", "federated", "GetFederationToken for an internal portal", plantFederation},
		{"assume-root", "root", "central root access", plantAssumeRoot},
	}
}

func plantOffice(p *plot) {
	for n := range 3 {
		who := p.w.newSAML(p.acct, p.number*10+n)
		who.witness = p.witness()
		who.daily(p.acct.officeAddress, 4*time.Hour, 6*time.Minute)
	}
}

// plantRoaming plants a person who changes place twice during each working day.
func plantRoaming(newPerson func(*world, *account, int) *person) func(*plot) {
	return func(p *plot) {
		who := newPerson(p.w, p.acct, p.number)
		who.witness = p.witness()
		who.daily(func() string {
			p.after(25*time.Minute, func() { who.move(p.w.addresses.mobile.take()) })
			p.after(45*time.Minute, func() { who.move(pick(&p.actor, p.acct.office)) })
			return who.home
		}, 100*time.Minute, 4*time.Minute)
	}
}

func plantPrivacy(p *plot) {
	who := p.w.newSAML(p.acct, p.number)
	who.witness = p.witness()
	who.v6 = p.w.addresses.prefix64("2a02:a450")
	who.daily(func() string { return who.home }, 3*time.Hour, 5*time.Minute)
}

func plantConsoleUser(p *plot) {
	u := p.newUser("ops-" + hexDigits(p.rng, 3))
	p.every(3*time.Hour, p.forever(func() {
		b := p.openBrowser(p.userSession(u, 12*time.Hour, true), p.acct.officeAddress(), firefox)
		b.witness = p.witness()
		id := u.identity
		id.AccessKeyID = ""
		b.signIn(&id, true)
		b.clicks(6)
	}))
}

// clicks visits n pages, a few minutes apart.
func (b *browser) clicks(n int) {
	for i := range n {
		b.after(time.Duration(i)*3*time.Minute+b.upTo(2*time.Minute), func() { b.visit() })
	}
}

func plantConsoleSSO(p *plot) {
	who := p.w.newIdentityCenter(p.acct, p.number)
	who.witness = p.witness()
	who.move(who.home)
	p.every(4*time.Hour, p.forever(func() {
		who.login()
		b := p.openBrowser(who.session, who.home, safari)
		b.witness = p.witness()
		b.signIn(&who.session.identity, true)
		b.clicks(5)
	}))
}

func plantShell(p *plot) {
	u := p.newUser("cloud-" + hexDigits(p.rng, 3))
	p.every(4*time.Hour, p.forever(func() {
		b := p.openBrowser(p.userSession(u, 12*time.Hour, true), p.acct.officeAddress(), chrome)
		b.witness = p.witness()
		b.clicks(1)
		b.after(4*time.Minute, b.shell)
	}))
}

func plantTerraform(p *plot) {
	p.every(80*time.Minute, p.forever(func() { p.acct.plan(p.region) }))
}

func plantOperatorRole(p *plot) {
	books := p.witness()
	r := p.newRole(p.acct, "TerraformApply")
	p.every(2*time.Hour, p.forever(func() { p.acct.hop(r, p.region, &books) }))
}

// plantCrossAccount has an operator of one account work in the next one.
func plantCrossAccount(p *plot) {
	other := p.w.accounts[(p.number+1)%len(p.w.accounts)]
	r := p.newRole(other, "SharedServicesAdmin")
	books := p.witness()
	p.every(2*time.Hour, p.forever(func() {
		s := p.assumed(r, "cross-"+hexDigits(p.rng, 6), time.Hour)
		books.minted(s.key())
		p.crossAccount(r, s, other)
		c := caller{id: &s.identity, from: origin{address: p.acct.officeAddress()}, agent: cliLinux, owner: other, witness: &books}
		for n := range 8 {
			p.after(time.Duration(10+n*20)*time.Second, func() { p.call(c, pick(&p.actor, infrastructure())(&p.actor)) })
		}
	}))
}

// crossAccount writes the two records of an AssumeRole into another account: the
// caller's, and the role owner's, in which the caller is hardly more than an account.
func (p *plot) crossAccount(r *role, s *session, other *account) {
	act := assumeRole(r, s, time.Hour)
	c := p.acct.operate(p.region, cliLinux)
	mine := p.record(c, act)
	mine.SharedEventID = guid(p.rng)
	c.id = &identity{Type: "AWSAccount", PrincipalID: p.acct.operator.PrincipalID, AccountID: p.acct.id}
	c.owner = other
	theirs := p.record(c, act)
	theirs.SharedEventID, theirs.RequestID = mine.SharedEventID, mine.RequestID
	p.send(mine)
	p.send(theirs)
}

func plantSessionToken(p *plot) {
	u := p.w.newUserKeys(p.acct, p.number)
	u.witness = p.witness()
	p.every(3*time.Hour, p.forever(func() { u.uses(u.sessionToken(), time.Hour, 4*time.Minute) }))
}

func plantFederation(p *plot) {
	u := p.w.newUserKeys(p.acct, p.number)
	u.witness = p.witness()
	p.every(3*time.Hour, p.forever(func() { u.uses(u.federationToken("portal"), time.Hour, 5*time.Minute) }))
}

func plantAssumeRoot(p *plot) {
	u := p.w.newUserKeys(p.acct, p.number)
	u.witness = p.witness()
	p.every(5*time.Hour, p.forever(u.assumeRoot))
}
