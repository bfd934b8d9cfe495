package simulate

import "time"

// placeScenarios differ in where the thief calls from.
func placeScenarios() []Scenario {
	return []Scenario{
		{Name: "ec2-ssrf-internet", Workload: "ec2", Description: "the IMDSv1 key, read by SSRF, used from the internet", script: ssrfInternet},
		{Name: "ec2-rce-internet", Workload: "ec2", Description: "the application's own IMDSv2 key used from the internet", script: rceInternet},
		{Name: "ec2-same-tool", Workload: "ec2", Description: "the thief's user agent copies the application's", script: sameTool},
		{Name: "ec2-platform-tool", Workload: "ec2", Description: "the thief's user agent copies the SSM agent's", script: platformTool},
		{Name: "ec2-exit-nodes", Workload: "ec2", Description: "every few calls from another Tor exit", script: exitNodes},
		{Name: "ec2-ipv6", Workload: "ec2", Description: "used from an IPv6 address", script: overIPv6},
		{Name: "ec2-attacker-instance", Workload: "ec2", Description: "used from the thief's own instance: a public AWS address", script: attackerInstance},
		{Name: "ec2-other-region", Workload: "ec2", Description: "used from AWS, in a region where the victim never was", script: otherRegion},
		{Name: "ec2-pivot", Workload: "ec2", Description: "used from another instance of the account that has its own public address", script: pivot},
		{Name: "ec2-foreign-endpoint", Workload: "ec2", Description: "over a VPC endpoint of a foreign account, which the records name", script: foreignEndpoint(true)},
		{Name: "ec2-foreign-endpoint-unnamed", Workload: "ec2", Description: "over a foreign VPC endpoint whose account the records do not name", script: foreignEndpoint(false)},
		{Name: "ec2-colliding-address", Workload: "ec2", Description: "over a foreign endpoint, from the victim's own private address", script: collidingAddress},
		{Name: "ec2-endpoint-only-victim", Workload: "ec2", Description: "the victim calls over endpoints only, the thief from the internet", script: endpointOnly},
		{Name: "ec2-remote-command", Workload: "ec2", Description: "read by SendCommand of a long-term key, used from that key's address", script: remoteCommand((*actor).sendCommand)},
		{Name: "ec2-remote-session", Workload: "ec2", Description: "read in a StartSession of a long-term key, used from that key's address", script: remoteCommand(remoteShell)},
	}
}

func ssrfInternet(h *heist) {
	i := h.busy()
	h.strike(func() { h.spree(thief{session: i.one, from: h.anywhere(), agent: h.tool()}, h.loot(), nil) })
}

func rceInternet(h *heist) {
	i := h.busy()
	h.strike(func() { h.spree(thief{session: i.two, from: h.anywhere(), agent: h.tool()}, h.loot(), nil) })
}

func sameTool(h *heist) {
	i := h.busy()
	h.strike(func() { h.spree(thief{session: i.two, from: h.anywhere(), agent: i.agent}, plunder(), nil) })
}

func platformTool(h *heist) {
	i := h.busy()
	h.strike(func() { h.spree(thief{session: i.two, from: h.rented(), agent: ssmAgent}, plunder(), nil) })
}

func exitNodes(h *heist) {
	i := h.busy()
	h.strike(func() {
		loot := append(casing(), plunder()...)
		hop := func(acts []work, then func()) {
			h.spree(thief{session: i.one, from: origin{address: h.w.addresses.tor.take()}, agent: pacu}, acts, then)
		}
		hop(loot[:4], func() { hop(loot[4:8], func() { hop(loot[8:12], func() { hop(loot[12:], nil) }) }) })
	})
}

func overIPv6(h *heist) {
	i := h.busy()
	from := origin{address: h.w.addresses.prefix64("2a02:c207") + "::1"}
	h.strike(func() { h.spree(thief{session: i.one, from: from, agent: h.tool()}, h.loot(), nil) })
}

func attackerInstance(h *heist) {
	i := h.busy()
	h.strike(func() { h.spree(thief{session: i.two, from: h.cloud(), agent: boto3}, h.loot(), nil) })
}

func otherRegion(h *heist) {
	i := h.busy()
	const region = "ap-southeast-1"
	from := origin{address: h.w.addresses.inRegion(region)}
	h.strike(func() { h.spree(thief{session: i.one, from: from, agent: boto3, region: region}, casing(), nil) })
}

func pivot(h *heist) {
	i := h.busy()
	other := h.bystander("bastion")
	h.strike(func() {
		h.spree(thief{session: i.two, from: origin{address: other.address}, agent: cliLinux}, h.loot(), nil)
	})
}

func foreignEndpoint(named bool) func(*heist) {
	return func(h *heist) {
		i := h.busy()
		from := origin{address: "10.66.0.37", endpoint: hexID(h.rng, "vpce-")}
		if named {
			from.endpointOwner = accountID(h.rng)
		}
		h.strike(func() { h.spree(thief{session: i.two, from: from, agent: boto3}, plunder(), nil) })
	}
}

func collidingAddress(h *heist) {
	v := h.w.newVPC(h.acct, h.region, network{nats: 1, interfaces: []string{"secretsmanager", "ssm"}, gateways: []string{"s3", "dynamodb"}})
	i := h.instance(v, machine{managed: true, app: webApplication(), logged: h.chance(50)})
	from := origin{address: i.private, endpoint: hexID(h.rng, "vpce-")}
	h.strike(func() { h.spree(thief{session: i.two, from: from, agent: boto3}, plunder(), nil) })
}

func endpointOnly(h *heist) {
	all := []string{"ssm", "secretsmanager", "kms", "sqs", "sns", "monitoring", "logs"}
	v := h.w.newVPC(h.acct, h.region, network{nats: 1, interfaces: all, gateways: []string{"s3", "dynamodb"}, logged: h.chance(50)})
	i := h.instance(v, machine{managed: true, app: queueWorker()})
	h.strike(func() { h.spree(thief{session: i.two, from: h.rented(), agent: h.tool()}, h.loot(), nil) })
}

// remoteCommand is the lab's habit: the thief has a long-term key of the account
// and works from its address.
func remoteCommand(command func(*actor, *instance) action) func(*heist) {
	return func(h *heist) {
		i := h.busy()
		from := h.home()
		u := h.operatorAt(from)
		h.strike(func() {
			h.context(h.call(caller{id: &u.identity, from: from, agent: cliMac}, command(&h.actor, i)))
			h.after(15*time.Second+h.upTo(time.Minute), func() {
				h.spree(thief{session: i.one, from: from, agent: cliMac}, h.loot(), nil)
			})
		})
	}
}

func remoteShell(a *actor, i *instance) action { return a.startSession(i, "eng") }
