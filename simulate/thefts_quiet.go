package simulate

import "time"

// quietScenarios rob workloads that never call, so that the thief is the
// session's only user.
func quietScenarios() []Scenario {
	return []Scenario{
		{Name: "ec2-quiet-enumeration", Workload: "ec2", Description: "never-calling instance; the thief looks around from a rented server", script: quietEnumeration},
		{Name: "ec2-quiet-foreign-system", Workload: "ec2", Description: "never-calling instance; the thief's client says macOS, Windows or Kali", script: quietForeignSystem},
		{Name: "ec2-quiet-operator-address", Workload: "ec2", Description: "never-calling instance; used from the address of a long-term key", script: quietOperatorAddress},
		{Name: "ec2-quiet-nat-known", Workload: "ec2", Description: "never-calling instance in a network whose every way out is in the log", script: quietKnownNetwork},
		{Name: "ecs-quiet", Workload: "ecs", Description: "a task that never calls; the thief lists and reads a bucket", script: quietTask},
	}
}

// quiet is an instance that runs nothing that calls AWS.
func (h *heist) quiet(n network) *instance {
	return h.instance(h.w.newVPC(h.acct, h.region, n), machine{v1: true, logged: n.logged || h.chance(30)})
}

func quietEnumeration(h *heist) {
	i := h.quiet(h.ordinary())
	h.strike(func() {
		h.spree(thief{session: i.one, from: h.rented(), agent: cliLinux, spread: 5 * time.Second}, append(casing(), plunder()...), nil)
	})
}

func quietForeignSystem(h *heist) {
	i := h.quiet(h.ordinary())
	agent := pick(&h.actor, []string{cliMac, cliWindows, cliKali})
	h.strike(func() {
		h.spree(thief{session: i.one, from: h.home(), agent: agent}, append(casing(), plunder()...), nil)
	})
}

func quietOperatorAddress(h *heist) {
	i := h.quiet(h.ordinary())
	from := h.home()
	h.operatorAt(from)
	h.strike(func() { h.spree(thief{session: i.one, from: from, agent: cliLinux}, h.loot(), nil) })
}

func quietKnownNetwork(h *heist) {
	i := h.quiet(network{nats: 1, logged: true})
	h.strike(func() { h.spree(thief{session: i.one, from: h.anywhere(), agent: boto3}, plunder(), nil) })
}

func quietTask(h *heist) {
	c := h.w.newTask(h.w.newVPC(h.acct, h.region, network{nats: 1}), false)
	h.robs(&c.witness)
	h.after(5*time.Minute, c.renew)
	h.strike(func() {
		h.spree(thief{session: c.session, from: h.home(), agent: cliMac}, []work{callerIdentity, plainRead("s3", "ListBuckets"), listBucket, getObject}, nil)
	})
}
