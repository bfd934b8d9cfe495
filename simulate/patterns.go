package simulate

import "time"

// computePatterns are workloads other than instances.
func computePatterns() []pattern {
	return []pattern{
		{"lambda", "lambda", "many keys for one function, each at an AWS address of its own", func(p *plot) { p.function(nil).live() }},
		{"lambda-in-vpc", "lambda", "behind the VPC's NAT gateway and gateway endpoint", plantFunctionInVPC},
		{"ecs-public", "ecs", "a Fargate task with a public address, then its successor", plantTasks(true)},
		{"ecs-nat", "ecs", "Fargate tasks behind NAT", plantTasks(false)},
		{"eks-pod-identity", "pod", "pods of a node, behind the node's NAT gateway", plantPods},
		{"eks-irsa", "web-identity", "pods that trade a token for a new key each hour", plantServiceAccounts},
		{"ci-oidc", "web-identity", "a hosted runner at another cloud: a key and an address a job", plantPipeline(false)},
		{"ci-runner-hop", "web-identity", "the runner's egress changes within the job, inside one /28", plantPipeline(true)},
		{"build-agent-chain", "role", "a build agent assumes a role and works with it from its own address", plantBuildAgent(false)},
		{"credentials-passed", "role", "a build agent assumes a role for a container that works elsewhere", plantBuildAgent(true)},
		{"glue-job", "service-role", "one session on several nodes at once", plantFleet(fleet{service: "glue.amazonaws.com", name: "GlueJobRunnerSession", agent: javaSDK, nodes: 4})},
		{"sagemaker-training", "service-role", "one session on several nodes at once", plantFleet(fleet{service: "sagemaker.amazonaws.com", name: "SageMaker", agent: boto3, nodes: 3})},
		{"emr-cluster", "ec2", "nodes of a cluster: instances with one role", plantNetwork(network{nats: 1, gateways: []string{"s3"}}, 4, machine{app: reporting(), agent: javaSDK})},
		{"hybrid-node", "hybrid", "a machine on premises that SSM manages: never an AWS address", func(p *plot) { p.site("ssm-hybrid").hybrid() }},
		{"roles-anywhere", "hybrid", "a machine on premises that signs in with a certificate", func(p *plot) { p.site("rolesanywhere").anywhere() }},
	}
}

func (p *plot) function(v *vpc) *function {
	f := p.w.newFunction(p.acct, p.region, pick(&p.actor, []string{"thumbnailer", "webhook", "invoices"})+"-"+hexDigits(p.rng, 4), p.number, v)
	f.witness = p.witness()
	return f
}

func plantFunctionInVPC(p *plot) {
	f := p.function(p.network(network{nats: 1, gateways: []string{"dynamodb"}, logged: true}))
	p.after(4*time.Minute, f.deploy)
	p.after(6*time.Minute, f.live)
}

func plantTasks(public bool) func(*plot) {
	return func(p *plot) {
		v := p.network(network{nats: 1})
		var next func()
		next = func() {
			t := p.w.newTask(v, public)
			t.witness = p.witness()
			t.ends = p.now().Add(3 * time.Hour)
			t.live(4 * time.Hour)
			p.after(3*time.Hour, next)
		}
		next()
		p.sometime(10*time.Minute, next)
	}
}

func plantPods(p *plot) {
	v := p.network(network{nats: 1})
	node := p.instance(v, machine{})
	for range 3 {
		pod := p.w.newPod(v, node)
		pod.witness = p.witness()
		p.sometime(5*time.Minute, func() { pod.live(4 * time.Hour) })
	}
}

func plantServiceAccounts(p *plot) {
	v := p.network(network{nats: 2})
	for range 2 {
		pod := p.w.newServiceAccount(v)
		pod.witness = p.witness()
		p.sometime(5*time.Minute, func() { pod.live(45 * time.Minute) })
	}
}

func plantPipeline(hops bool) func(*plot) {
	return func(p *plot) {
		c := p.w.newPipeline(p.acct, p.number)
		c.witness, c.hops = p.witness(), hops
		p.every(50*time.Minute, p.forever(func() { c.job() }))
	}
}

// plantBuildAgent plants a build agent that assumes a deployment role for each build.
// The role's session works at the agent's address or, passed on, at a container's.
func plantBuildAgent(passed bool) func(*plot) {
	return func(p *plot) {
		agent := p.instance(p.network(network{nats: 1}), machine{})
		container := p.network(network{nats: 1})
		target := p.newRole(p.acct, "deploy-"+hexDigits(p.rng, 4))
		p.every(45*time.Minute, p.forever(func() {
			s := agent.chain(target, &agent.witness)
			from := agent.origin("sts.amazonaws.com")
			if passed {
				from = origin{address: container.nats[0].address}
			}
			for n := range 6 {
				p.after(time.Duration(20+n*25)*time.Second, func() {
					p.call(caller{id: &s.identity, from: from, agent: cliLinux, witness: &agent.witness}, pick(&p.actor, infrastructure())(&p.actor))
				})
			}
		}))
	}
}

// chain has the instance assume the role and returns the new session, of which
// books are kept.
func (i *instance) chain(r *role, books *witness) *session {
	s := i.assumed(r, "build-"+hexDigits(i.rng, 8), time.Hour)
	books.minted(s.key())
	i.call(i.caller("sts.amazonaws.com", cliLinux), assumeRole(r, s, time.Hour))
	return s
}

func plantFleet(f fleet) func(*plot) {
	return func(p *plot) {
		made := p.w.newFleet(p.acct, p.region, f, p.number)
		made.witness = p.witness()
		p.every(3*time.Hour, p.forever(func() { made.job(50 * time.Minute) }))
	}
}

func (p *plot) site(kind string) *site {
	s := p.w.newSite(p.acct, kind, p.number)
	s.witness = p.witness()
	return s
}
