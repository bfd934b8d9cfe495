package simulate

import (
	"fmt"
	"time"
)

// ordinary is a network of the kind that a company has: mostly older than the log.
func (h *heist) ordinary() network {
	n := network{nats: 1 + h.rng.IntN(2), logged: h.chance(40)}
	if h.chance(40) {
		n.gateways = []string{"s3", "dynamodb"}
	}
	if h.chance(20) {
		n.interfaces = []string{"secretsmanager", "ssm", "kms"}
	}
	return n
}

// instance puts the victim into the VPC.
func (h *heist) instance(v *vpc, m machine) *instance {
	m.agent = orDefault(m.agent, pick(&h.actor, []string{boto3, goSDK, javaSDK, nodeSDK}))
	i := h.w.newInstance(v, h.newRole(h.acct, fmt.Sprintf("%s-%s", pick(&h.actor, []string{"shop", "ingest", "portal"}), hexDigits(h.rng, 4))), m)
	h.robs(&i.witness)
	i.minted(i.currentKeys()...)
	return i
}

// busy is an instance that works and is managed, of any way out of its network.
func (h *heist) busy() *instance {
	m := machine{managed: true, v1: h.chance(30), logged: h.chance(40), app: webApplication()}
	if h.chance(25) {
		m.public = true
	}
	return h.instance(h.w.newVPC(h.acct, h.region, h.ordinary()), m)
}

// bystander is another instance of the account, with its own public address.
func (h *heist) bystander(job string) *instance {
	v := h.w.newVPC(h.acct, h.region, network{})
	return h.w.newInstance(v, h.newRole(h.acct, job+"-"+hexDigits(h.rng, 4)), machine{
		public: true, managed: true, app: queueWorker(), agent: boto3,
	})
}

func (h *heist) function(v *vpc) *function {
	f := h.w.newFunction(h.acct, h.region, pick(&h.actor, []string{"resize", "notify", "export"})+"-"+hexDigits(h.rng, 5), h.number, v)
	h.robs(&f.witness)
	f.live()
	return f
}

// container starts the victim, made by one of the container makers.
func (h *heist) container(c *container) *container {
	h.robs(&c.witness)
	c.live(4 * time.Hour)
	return c
}

// operatorAt is a person with a long-term key who has worked from the address before.
func (h *heist) operatorAt(from origin) *user {
	u := h.newUser("eng-" + hexDigits(h.rng, 3))
	for range 6 {
		h.sometime(h.begin, func() {
			h.call(caller{id: &u.identity, from: from, agent: cliMac}, pick(&h.actor, infrastructure())(&h.actor))
		})
	}
	return u
}
