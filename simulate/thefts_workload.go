package simulate

import "time"

// workloadScenarios rob other workloads than instances, and people.
func workloadScenarios() []Scenario {
	return []Scenario{
		{Name: "lambda-internet", Workload: "lambda", Description: "a function's environment read, its key used from the internet", script: lambdaTo((*heist).anywhere)},
		{Name: "lambda-attacker-instance", Workload: "lambda", Description: "the same from an AWS address of the region", script: lambdaTo((*heist).cloud)},
		{Name: "lambda-in-vpc-internet", Workload: "lambda", Description: "a function behind NAT; its key used from the internet", script: lambdaInVPC},
		{Name: "ecs-task-internet", Workload: "ecs", Description: "a task's key used from the internet", script: taskTo((*heist).anywhere)},
		{Name: "ecs-task-attacker-instance", Workload: "ecs", Description: "a task's key used from AWS", script: taskTo((*heist).cloud)},
		{Name: "eks-pod-internet", Workload: "pod", Description: "a pod identity's key used from the internet", script: pod},
		{Name: "eks-irsa-internet", Workload: "web-identity", Description: "a service account's key used from the internet", script: serviceAccount},
		{Name: "ci-role-key", Workload: "web-identity", Description: "a build's key, printed into its log, used from elsewhere within the hour", script: ciKey},
		{Name: "build-agent-role", Workload: "role", Description: "a role session of a build agent used from elsewhere", script: buildRole},
		{Name: "sagemaker-notebook", Workload: "service-role", Description: "a notebook's session used from the internet", script: notebook},
		{Name: "saml-session", Workload: "human", Description: "a person's role session used from another country with a program of the thief's, while he works", script: samlSession},
		{Name: "sso-session", Workload: "human", Description: "cached Identity Center keys of a laptop used from a rented server", script: ssoSession},
		{Name: "user-session-token", Workload: "sts-user", Description: "a user's temporary keys used from elsewhere with a program of the thief's, while he works", script: sessionToken},
		{Name: "hybrid-node", Workload: "hybrid", Description: "an on-premises machine's session used from a rented server", script: hybridNode},
	}
}

func lambdaTo(place func(*heist) origin) func(*heist) {
	return func(h *heist) {
		f := h.function(nil)
		h.strike(func() { h.spree(thief{session: f.last.session, from: place(h), agent: h.tool()}, h.loot(), nil) })
	}
}

func lambdaInVPC(h *heist) {
	f := h.function(h.w.newVPC(h.acct, h.region, network{nats: 1, gateways: []string{"s3"}}))
	h.strike(func() { h.spree(thief{session: f.last.session, from: h.anywhere(), agent: h.tool()}, h.loot(), nil) })
}

func taskTo(place func(*heist) origin) func(*heist) {
	return func(h *heist) {
		c := h.container(h.w.newTask(h.w.newVPC(h.acct, h.region, h.ordinary()), h.chance(50)))
		h.strike(func() { h.spree(thief{session: c.session, from: place(h), agent: h.tool()}, h.loot(), nil) })
	}
}

func pod(h *heist) {
	v := h.w.newVPC(h.acct, h.region, h.ordinary())
	node := h.w.newInstance(v, h.newRole(h.acct, "eks-node-"+hexDigits(h.rng, 4)), machine{managed: true})
	c := h.container(h.w.newPod(v, node))
	h.strike(func() { h.spree(thief{session: c.session, from: h.anywhere(), agent: h.tool()}, h.loot(), nil) })
}

func serviceAccount(h *heist) {
	c := h.w.newServiceAccount(h.w.newVPC(h.acct, h.region, h.ordinary()))
	h.robs(&c.witness)
	c.live(45 * time.Minute)
	h.strike(func() { h.spree(thief{session: c.session, from: h.anywhere(), agent: h.tool()}, h.loot(), nil) })
}

func ciKey(h *heist) {
	p := h.w.newPipeline(h.acct, h.number)
	h.robs(&p.witness)
	h.strike(func() {
		s, _ := p.job()
		h.after(6*time.Minute+h.upTo(20*time.Minute), func() {
			h.spree(thief{session: s, from: h.anywhere(), agent: h.tool()}, h.loot(), nil)
		})
	})
}

// buildRole robs the role session that a build agent assumed, not the agent's own.
func buildRole(h *heist) {
	agent, books := h.bystander("build"), &witness{}
	h.robs(books)
	target := h.newRole(h.acct, "deploy-"+hexDigits(h.rng, 4))
	h.strike(func() {
		s := agent.chain(target, books)
		for n := range 8 {
			h.after(time.Duration(5+n*60)*time.Second, func() {
				h.call(caller{id: &s.identity, from: agent.origin("ec2.amazonaws.com"), agent: cliLinux, witness: books}, pick(&h.actor, infrastructure())(&h.actor))
			})
		}
		h.after(3*time.Minute, func() { h.spree(thief{session: s, from: h.anywhere(), agent: h.tool()}, h.loot(), nil) })
	})
}

func notebook(h *heist) {
	f := h.w.newFleet(h.acct, h.region, fleet{service: "sagemaker.amazonaws.com", name: "SageMaker", agent: boto3, nodes: 1}, h.number)
	h.robs(&f.witness)
	h.after(h.begin-20*time.Minute, func() {
		s := f.job(2 * time.Hour)
		h.after(20*time.Minute, func() { h.spree(thief{session: s, from: h.anywhere(), agent: h.tool()}, h.loot(), nil) })
	})
}

// atWork has the person begin to work shortly before the theft.
func (h *heist) atWork(p *person) {
	h.robs(&p.witness)
	p.move(p.home)
	h.after(h.begin-15*time.Minute, func() { p.work(time.Hour, 3*time.Minute) })
}

func samlSession(h *heist) {
	p := h.w.newSAML(h.acct, h.number)
	h.atWork(p)
	h.strike(func() { h.spree(thief{session: p.session, from: h.home(), agent: h.program()}, h.loot(), nil) })
}

func ssoSession(h *heist) {
	p := h.w.newIdentityCenter(h.acct, h.number)
	h.atWork(p)
	h.strike(func() { h.spree(thief{session: p.session, from: h.rented(), agent: cliKali}, h.loot(), nil) })
}

func sessionToken(h *heist) {
	u := h.w.newUserKeys(h.acct, h.number)
	h.robs(&u.witness)
	h.after(h.begin-10*time.Minute, func() {
		s := u.sessionToken()
		u.uses(s, time.Hour, 4*time.Minute)
		h.after(10*time.Minute, func() { h.spree(thief{session: s, from: h.rented(), agent: h.program()}, h.loot(), nil) })
	})
}

func hybridNode(h *heist) {
	s := h.w.newSite(h.acct, "ssm-hybrid", h.number)
	h.robs(&s.witness)
	s.hybrid()
	h.strike(func() { h.spree(thief{session: s.session, from: h.rented(), agent: h.tool()}, h.loot(), nil) })
}
