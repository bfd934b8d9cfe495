package simulate

import "time"

// timingScenarios differ in when the thief calls.
func timingScenarios() []Scenario {
	return []Scenario{
		{Name: "ec2-first-use-race", Workload: "ec2", Description: "the thief uses a fresh session before the workload does", script: firstUseRace},
		{Name: "ec2-delivered-first", Workload: "ec2", Description: "the thief's records are delivered minutes before older ones of the workload", script: deliveredFirst},
		{Name: "ec2-near-expiry", Workload: "ec2", Description: "kept for hours and used shortly before expiry", script: nearExpiry},
		{Name: "ec2-slow", Workload: "ec2", Description: "one call now and then", script: slow},
		{Name: "ec2-after-termination", Workload: "ec2", Description: "used after the instance was terminated", script: afterTermination},
		{Name: "ec2-during-eip-change", Workload: "ec2", Description: "used from elsewhere just when the operator associates an Elastic IP", script: duringAssociation},
		{Name: "ec2-during-restart", Workload: "ec2", Description: "used from elsewhere just after the instance was stopped and started", script: duringRestart},
		{Name: "ec2-single-call", Workload: "ec2", Description: "one object read, nothing else", script: singleCall},
	}
}

func firstUseRace(h *heist) {
	v := h.w.newVPC(h.acct, h.region, h.ordinary())
	i := h.instance(v, machine{managed: true, logged: true, app: webApplication(), start: h.begin})
	h.after(h.begin+10*time.Second, func() {
		h.spree(thief{session: i.two, from: h.anywhere(), agent: h.tool(), spread: 8 * time.Second}, h.loot(), nil)
	})
}

// deliveredFirst has the workload's first calls held back by delivery for as long
// as it may, and the thief's delivered at once.
func deliveredFirst(h *heist) {
	// The thief strikes at the end of a delivery slot, so that his first record
	// makes that slot and the workload's make the next one only.
	launch := h.now().Add(h.begin).Truncate(slot).Add(90 * time.Second)
	h.begin = launch.Sub(h.now())
	v := h.w.newVPC(h.acct, h.region, network{nats: 1, logged: true})
	i := h.instance(v, machine{logged: true, start: h.begin})
	h.after(h.begin+time.Minute, func() {
		for n := range 4 {
			h.after(time.Duration(n)*20*time.Second, func() { h.heldBack(i) })
		}
	})
	h.after(h.begin+3*time.Minute, func() {
		h.spree(thief{session: i.two, from: h.rented(), agent: boto3, lag: within(0)}, h.loot(), nil)
	})
	h.after(h.begin+15*time.Minute, func() { i.repeat(5*time.Minute, i.heartbeat) })
}

// heldBack is a call of the instance's agent whose record takes its time.
func (h *heist) heldBack(i *instance) {
	r := h.record(i.caller("ssm.amazonaws.com", ssmAgent), action{
		source: "ssm.amazonaws.com", name: "UpdateInstanceInformation",
		request: object{"instanceId": i.id, "agentVersion": "3.3.987.0", "platformType": "Linux", "agentName": "amazon-ssm-agent"},
	})
	r.lag = within(maxLag - slot - time.Second)
	h.send(r)
}

func nearExpiry(h *heist) {
	i := h.busy()
	h.after(10*time.Minute, func() {
		stolen := i.two
		left := min(stolen.expires.Sub(h.now())-20*time.Minute, h.w.cfg.Duration*4/5)
		h.after(left, func() { h.spree(thief{session: stolen, from: h.anywhere(), agent: h.tool()}, plunder(), nil) })
	})
}

func slow(h *heist) {
	i := h.busy()
	h.strike(func() {
		h.spree(thief{session: i.one, from: h.anywhere(), agent: h.tool(), spread: h.w.cfg.Duration / 40}, plunder(), nil)
	})
}

func afterTermination(h *heist) {
	i := h.busy()
	h.strike(func() {
		stolen := i.two
		i.terminate()
		h.after(5*time.Minute+h.upTo(20*time.Minute), func() {
			h.spree(thief{session: stolen, from: h.anywhere(), agent: h.tool()}, h.loot(), nil)
		})
	})
}

func duringAssociation(h *heist) {
	i := h.instance(h.w.newVPC(h.acct, h.region, network{}), machine{public: true, managed: true, app: webApplication()})
	h.strike(func() {
		i.associate(h.rng.IntN(waysToAssociate))
		h.after(90*time.Second, func() {
			h.spree(thief{session: i.two, from: h.rented(), agent: h.tool()}, h.loot(), nil)
		})
	})
}

func duringRestart(h *heist) {
	i := h.instance(h.w.newVPC(h.acct, h.region, network{}), machine{public: true, managed: true, app: webApplication()})
	h.strike(func() {
		stolen := i.two
		i.restart()
		h.after(6*time.Minute, func() { h.spree(thief{session: stolen, from: h.rented(), agent: h.tool()}, h.loot(), nil) })
	})
}

func singleCall(h *heist) {
	i := h.busy()
	h.strike(func() { h.spree(thief{session: i.two, from: h.anywhere(), agent: i.agent}, []work{getObject}, nil) })
}
