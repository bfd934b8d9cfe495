package simulate

import (
	"fmt"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
)

// pattern is one harmless thing that looks odd, as planted in the estate.
type pattern struct {
	name, workload, why string
	plant               func(p *plot)
}

// plot is where one instance of a pattern is planted.
type plot struct {
	actor
	number int
	label  *labels.Benign
}

// populate plants the benign estate: Scale times each pattern, spread over the
// accounts and regions.
func (w *world) populate() {
	for _, acct := range w.accounts {
		for n, region := range w.cfg.Regions {
			w.newServices(acct, region, n).live()
			w.newCompanions(acct, region).live()
		}
	}
	for index, pat := range patterns() {
		for n := range w.cfg.Scale {
			place := index + n
			acct := w.accounts[place%len(w.accounts)]
			region := w.cfg.Regions[place/len(w.accounts)%len(w.cfg.Regions)]
			p := &plot{actor: w.actor(acct, region, "pattern/"+pat.name, n), number: index*1_000_000 + n}
			p.label = w.benign(pat.name, pat.workload, pat.why)
			pat.plant(p)
		}
	}
}

// patterns is the benign estate.
func patterns() []pattern {
	var all []pattern
	all = append(all, networkPatterns()...)
	all = append(all, instancePatterns()...)
	all = append(all, computePatterns()...)
	all = append(all, peoplePatterns()...)
	return append(all, servicePatterns()...)
}

// network makes a VPC where the plot is.
func (p *plot) network(n network) *vpc { return p.w.newVPC(p.acct, p.region, n) }

// witness is the book-keeper of a workload of the plot.
func (p *plot) witness() witness { return witness{benign: []*labels.Benign{p.label}} }

// instance puts an ordinary instance of some application into the VPC.
func (p *plot) instance(v *vpc, m machine) *instance {
	if m.app == nil {
		m.app = [][]work{webApplication(), queueWorker(), reporting()}[p.rng.IntN(3)]
	}
	m.agent = orDefault(m.agent, pick(&p.actor, []string{boto3, goSDK, javaSDK, nodeSDK, oldGoSDK}))
	m.managed = true
	i := p.w.newInstance(v, p.newRole(p.acct, fmt.Sprintf("%s-%s", p.label.Pattern, hexDigits(p.rng, 4))), m)
	i.witness = p.witness()
	i.minted(i.currentKeys()...)
	return i
}

// instances puts n of them there.
func (p *plot) instances(v *vpc, n int, m machine) []*instance {
	var all []*instance
	for range n {
		all = append(all, p.instance(v, m))
	}
	return all
}

// currentKeys are the keys that the instance has already; none before its launch.
func (i *instance) currentKeys() []string {
	if i.one == nil {
		return nil
	}
	return []string{i.one.key(), i.two.key()}
}

// midway asks for run at a random time of the log's middle half.
func (p *plot) midway(run func()) {
	half := p.w.cfg.Duration / 2
	p.after(half/2+p.upTo(half), run)
}

// networkPatterns are the ways out of a VPC.
func networkPatterns() []pattern {
	all := []string{"ssm", "secretsmanager", "kms", "sqs", "sns", "monitoring", "logs", "eks-auth"}
	return []pattern{
		{"nat-egress", "ec2", "one NAT gateway; its address is in the log", plantNetwork(network{nats: 1, logged: true}, 3, machine{logged: true})},
		{"nat-egress-unlogged", "ec2", "older than the log: no RunInstances, no AllocateAddress", plantNetwork(network{nats: 1}, 4, machine{})},
		{"nat-multi-zone", "ec2", "a NAT gateway a zone; a session keeps to one", plantNetwork(network{nats: 2, logged: true}, 4, machine{})},
		{"nat-failover", "ec2", "a zone's NAT gateway fails and the other one serves both, for half an hour", plantFailover(true)},
		{"nat-failover-unlogged", "ec2", "the same, with gateways older than the log", plantFailover(false)},
		{"nat-secondary-addresses", "ec2", "one NAT gateway with two addresses, both in the log", plantNetwork(network{nats: 1, secondary: true, logged: true}, 3, machine{})},
		{"central-egress", "ec2", "a transit gateway leads to another account's two egress addresses; every session shows both", plantNetwork(network{central: true}, 5, machine{})},
		{"interface-endpoints", "ec2", "private address over own endpoints to some services, NAT to the others", plantNetwork(network{nats: 1, interfaces: all, logged: true}, 3, machine{logged: true})},
		{"interface-endpoints-unlogged", "ec2", "the same, older than the log", plantNetwork(network{nats: 1, interfaces: all}, 3, machine{})},
		{"gateway-endpoints", "ec2", "S3 and DynamoDB over gateway endpoints, the rest over NAT", plantNetwork(network{nats: 1, gateways: []string{"s3", "dynamodb"}, logged: true}, 3, machine{logged: true})},
		{"dual-stack", "ec2", "IPv6 to services that have it, IPv4 to the others", plantNetwork(network{nats: 1, v6: true, logged: true}, 3, machine{v6: true, logged: true})},
	}
}

// plantNetwork plants n instances of the kind m in a network of the kind given.
func plantNetwork(kind network, n int, m machine) func(*plot) {
	return func(p *plot) { p.instances(p.network(kind), n, m) }
}

func plantFailover(logged bool) func(*plot) {
	return func(p *plot) {
		v := p.network(network{nats: 2, logged: logged})
		p.instances(v, 4, machine{})
		p.midway(func() {
			v.nats[0].failed = true
			p.after(30*time.Minute, func() { v.nats[0].failed = false })
		})
	}
}

// instancePatterns are what happens to single instances.
func instancePatterns() []pattern {
	return []pattern{
		{"own-public-address", "ec2", "auto-assigned public address, in no event", plantPublic(nil)},
		{"eip-by-instance", "ec2", "an Elastic IP is associated in mid-session, by instance id", plantPublic(func(i *instance) { i.associate(byInstance) })},
		{"eip-by-interface", "ec2", "the same by network interface", plantPublic(func(i *instance) { i.associate(byInterface) })},
		{"eip-by-public-ip", "ec2", "the same by public address", plantPublic(func(i *instance) { i.associate(byPublicIP) })},
		{"interface-attached", "ec2", "a second interface with an address of its own is attached", plantPublic((*instance).attach)},
		{"stop-start", "ec2", "stopped and started: new auto-assigned address, in no event", plantPublic((*instance).restart)},
		{"terminated", "ec2", "ends in an orderly way", plantPublic((*instance).terminate)},
		{"imds-both-versions", "ec2", "application on IMDSv1, SSM agent on IMDSv2: two keys of one session in use", plantNetwork(network{nats: 1}, 2, machine{v1: true})},
		{"caller-identity-routine", "ec2", "a workload that calls GetCallerIdentity all the time", plantNetwork(network{nats: 1}, 1, machine{app: []work{callerIdentity, getObject}})},
		{"remote-command", "ec2", "the operator runs commands on the instance from the office; the instance calls from its own address", plantRemoteCommand},
		{"profile-replaced", "ec2", "another role for a running instance: a new principal at the old address", plantPublic((*instance).replaceProfile)},
		{"presigned-identity", "ec2", "a Vault server proves who the instance is by sending the GetCallerIdentity request that the instance signed", plantPresigned},
		{"instance-identity-role", "ec2", "the instance's own identity beside its profile's", plantPublic((*instance).identityRole)},
	}
}

// plantPublic plants an instance with its own public address, to which something
// happens midway; nil for nothing.
func plantPublic(happens func(*instance)) func(*plot) {
	return func(p *plot) {
		i := p.instance(p.network(network{logged: p.chance(50)}), machine{public: true, logged: p.chance(50)})
		if happens != nil {
			p.midway(func() { happens(i) })
		}
	}
}

// plantPresigned plants an instance that logs in at a Vault server elsewhere: the
// record shows the instance's key and the server's address.
func plantPresigned(p *plot) {
	i := p.instance(p.network(network{nats: 1}), machine{})
	server := origin{address: p.network(network{nats: 1}).nats[0].address}
	p.every(time.Hour, p.forever(func() {
		p.call(caller{id: &i.two.identity, from: server, agent: "Go-http-client/1.1", witness: &i.witness}, callerIdentity(&p.actor))
	}))
}

func plantRemoteCommand(p *plot) {
	i := p.instance(p.network(network{nats: 1}), machine{})
	p.every(90*time.Minute, p.forever(func() {
		p.call(p.acct.operate(p.region, cliLinux), p.sendCommand(i))
	}))
}
