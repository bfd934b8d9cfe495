package simulate

// hiddenScenarios are thefts that no reader of the log can tell from the victim.
func hiddenScenarios() []Scenario {
	return []Scenario{
		{
			Name: "ec2-behind-same-nat", Workload: "ec2", script: behindSameNAT,
			Description: "used from another machine behind the victim's NAT gateway, with the victim's client",
			Hidden:      "address, agent and services are the victim's own",
		},
		{
			Name: "ec2-same-machine", Workload: "ec2", script: sameMachine,
			Description: "used on the victim itself, through a web shell",
			Hidden:      "address, agent and services are the victim's own",
		},
		{
			Name: "person-same-client", Workload: "human", script: personSameClient,
			Description: "a person's role session used from another country with the client that he uses, for what he does",
			Hidden:      "a traveller or a VPN looks the same",
		},
		{
			Name: "ec2-unlogged-use", Workload: "ec2", script: unlogged,
			Description: "used only for calls that CloudTrail does not log",
			Hidden:      "none of the thief's calls is in the log",
		},
	}
}

func behindSameNAT(h *heist) {
	v := h.w.newVPC(h.acct, h.region, network{nats: 1, logged: h.chance(50)})
	h.mimic(h.instance(v, machine{managed: true, app: webApplication()}))
}

func sameMachine(h *heist) {
	h.mimic(h.instance(h.w.newVPC(h.acct, h.region, network{}), machine{public: true, managed: true, app: webApplication()}))
}

func personSameClient(h *heist) {
	p := h.w.newSAML(h.acct, h.number)
	h.atWork(p)
	h.strike(func() {
		h.spree(thief{session: p.session, from: h.home(), agent: p.agent}, []work{describe("DescribeInstances"), listBucket, getObject}, nil)
	})
}

// mimic calls what the victim calls, as it calls.
func (h *heist) mimic(i *instance) {
	h.strike(func() {
		t := thief{session: i.two, from: i.origin("s3.amazonaws.com"), agent: i.agent}
		h.spree(t, []work{getObject, getObject, getItem, getSecret}, nil)
	})
}

// unlogged robs an instance whose thief leaves no record: data events of the
// services that he calls are off.
func unlogged(h *heist) {
	i := h.busy()
	h.strike(func() { h.name(i.two) })
}
