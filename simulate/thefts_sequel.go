package simulate

import "time"

// sequelScenarios go on with more than the stolen session.
func sequelScenarios() []Scenario {
	return []Scenario{
		{Name: "ec2-laundered", Workload: "ec2", Description: "AssumeRole with the stolen key from one place, the new key used from another", script: laundered},
		{Name: "ec2-console", Workload: "ec2", Description: "a console sign-in made of the stolen key", script: consoleFromKeys},
		{Name: "ec2-access-key", Workload: "ec2", Description: "an access key of a user created with the stolen session, then used", script: accessKey},
		{Name: "ec2-federation", Workload: "ec2", Description: "the same, and a federation token made with that key", script: federation},
		{Name: "ec2-own-address", Workload: "ec2", Description: "the thief allocates an Elastic IP, associates it with the victim, then moves it to a foothold and calls from there", script: ownAddress},
		{Name: "ec2-own-address-refused", Workload: "ec2", Description: "the thief asks to associate his own address with the victim and is refused", script: ownAddressRefused},
	}
}

// derive is the thief going on with credentials obtained from the stolen ones.
func (h *heist) derive(s *session, from origin, agent string) thief {
	addOnce(&h.label.DerivedCredentials, s.key())
	return thief{session: s, from: from, agent: agent, derived: true}
}

func laundered(h *heist) {
	i := h.busy()
	target := h.newRole(h.acct, "DataAdmin-"+hexDigits(h.rng, 4))
	h.strike(func() {
		first := thief{session: i.two, from: h.rented(), agent: boto3}
		h.spree(first, casing()[:3], func() {
			s := h.assumed(target, "sync", time.Hour)
			h.use(first, assumeRole(target, s, time.Hour))
			h.after(time.Minute, func() { h.spree(h.derive(s, h.cloud(), cliLinux), plunder(), nil) })
		})
	})
}

func consoleFromKeys(h *heist) {
	i := h.busy()
	h.strike(func() {
		t := thief{session: i.two, from: h.home(), agent: boto3}
		h.use(t, callerIdentity(&h.actor))
		h.signInToken(t)
		h.after(20*time.Second, func() { h.browse(t) })
	})
}

// signInToken trades the stolen key for a console sign-in token.
func (h *heist) signInToken(t thief) {
	r := h.record(caller{id: &t.session.identity, from: t.from, agent: "python-requests/2.31.0"}, action{
		source: "signin.amazonaws.com", name: "GetSigninToken", response: object{"GetSigninToken": "Success"}, host: "us-east-1.signin.aws.amazon.com",
	})
	r.EventType = "AwsConsoleSignIn"
	h.send(r)
	h.flag(t, r.EventID)
}

// browse signs in and opens pages; the console works under keys of its own.
func (h *heist) browse(t thief) {
	b := h.openBrowser(t.session, t.from.address, firefox)
	h.flag(t, b.signIn(&t.session.identity, false))
	for n := range 3 {
		h.after(time.Duration(n)*2*time.Minute+30*time.Second, func() {
			p := b.visit()
			for _, id := range p.front {
				h.flag(thief{session: p.key, from: t.from, derived: true}, id)
			}
			h.label.ContextEvents = append(h.label.ContextEvents, p.rear...)
		})
	}
}

// accessKey has the stolen session make a key for an existing user.
func accessKey(h *heist) { h.withAccessKey(nil) }

// federation goes on to a federated session, which outlives that key.
func federation(h *heist) {
	h.withAccessKey(func(t thief, u *user) {
		s := h.federated(u, "backup", 12*time.Hour)
		h.use(t, h.getFederationToken(s))
		h.after(time.Minute, func() { h.spree(h.derive(s, h.rented(), cliLinux), plunder(), nil) })
	})
}

func (h *heist) withAccessKey(then func(thief, *user)) {
	i := h.busy()
	u := h.newUser("svc-backup-" + hexDigits(h.rng, 3))
	h.strike(func() {
		h.spree(thief{session: i.two, from: h.anywhere(), agent: h.tool()}, []work{callerIdentity, plainRead("s3", "ListBuckets"), h.createAccessKey(u)}, func() {
			t := h.derive(&session{identity: u.identity}, h.rented(), cliKali)
			h.spree(t, []work{callerIdentity, plainRead("s3", "ListBuckets"), listBucket, getObject}, func() {
				if then != nil {
					then(t, u)
				}
			})
		})
	})
}

func (h *heist) createAccessKey(u *user) work {
	return func(*actor) action {
		return action{
			source: "iam.amazonaws.com", name: "CreateAccessKey", request: object{"userName": u.UserName},
			response: object{"accessKey": object{
				"accessKeyId": u.AccessKeyID, "status": "Active", "userName": u.UserName, "createDate": expiration(h.now()),
			}},
		}
	}
}

// ownAddress tries to whitewash an address by an inventory event about the victim.
func ownAddress(h *heist) {
	i := h.busy()
	h.strike(func() {
		t := thief{session: i.two, from: h.rented(), agent: cliLinux}
		own, allocation := h.cloud(), hexID(h.rng, "eipalloc-")
		foothold := hexID(h.rng, "i-")
		h.spree(t, []work{
			callerIdentity,
			fixed(h.allocateAddress(allocation, own.address)),
			fixed(i.associateAddress(byInstance, allocation, own.address)),
			fixed(h.moveAddress(allocation, foothold)),
		}, func() {
			h.spree(thief{session: i.two, from: own, agent: cliLinux}, plunder(), nil)
		})
	})
}

func (h *heist) moveAddress(allocation, instance string) action {
	return h.ec2("AssociateAddress",
		object{"instanceId": instance, "allocationId": allocation, "allowReassociation": true},
		object{"associationId": hexID(h.rng, "eipassoc-"), "_return": true})
}

func ownAddressRefused(h *heist) {
	i := h.busy()
	h.strike(func() {
		t := thief{session: i.two, from: h.rented(), agent: cliLinux}
		act := i.associateAddress(byPublicIP, "", t.from.address)
		act.failure, act.response = "Client.InvalidAddress.NotFound", nil
		act.message = "Address '" + t.from.address + "' not found."
		h.spree(t, append([]work{fixed(act)}, plunder()...), nil)
	})
}

// fixed is a work that always makes the same call.
func fixed(act action) work { return func(*actor) action { return act } }
