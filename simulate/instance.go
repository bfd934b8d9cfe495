package simulate

import (
	"strings"
	"time"
)

// machine says what kind of EC2 instance to run. The zero value stands in a
// private subnet, is older than the log and does nothing at all.
type machine struct {
	public  bool          // has its own, auto-assigned public address
	logged  bool          // its launch is in the log
	managed bool          // runs the SSM agent, which calls every five minutes
	v1      bool          // the application reads IMDSv1, so uses the other key of the pair
	v6      bool          // prefers IPv6 where the service has it
	app     []work        // what the application does
	agent   string        // the application's client
	period  time.Duration // between two calls of the application; zero means five minutes
	start   time.Duration // of a logged launch, after the beginning of the log; zero means within ten minutes
}

// instance is an EC2 instance with an instance profile.
type instance struct {
	actor
	machine
	witness
	vpc      *vpc
	role     *role
	id       string
	number   int // in its VPC; odd and even stand in different zones
	private  string
	address  string // own public IPv4 address
	v6       string
	eni      string
	one, two *session // the current keys, of IMDSv1 and of IMDSv2
	running  bool
	starts   int // how often it was started
}

// credentialLife is how long EC2 makes instance credentials valid, measured.
const credentialLife = 395 * time.Minute

// newInstance makes the instance and puts it to work.
func (w *world) newInstance(v *vpc, r *role, m machine) *instance {
	private := v.nextPrivate()
	i := &instance{actor: w.actor(v.acct, v.region, v.id+"/instance", v.hosts), machine: m, vpc: v, role: r, number: v.hosts}
	i.id, i.eni, i.private = hexID(i.rng, "i-"), hexID(i.rng, "eni-"), private
	if m.public {
		i.address = w.addresses.inRegion(v.region)
	}
	if m.v6 && v.v6 != "" {
		i.v6 = v.v6 + "::" + hexDigits(i.rng, 4)
	}
	i.period = orDefault(m.period, 5*time.Minute)
	if m.logged {
		i.after(orDefault(m.start, 3*time.Minute+i.upTo(7*time.Minute)), i.launch)
		return i
	}
	i.renew()
	aged := i.upTo(50 * time.Minute)
	for _, s := range []*session{i.one, i.two} {
		s.Session.Attributes.Created = stamp(i.now().Add(-aged))
		s.expires = s.expires.Add(-aged)
	}
	i.live()
	return i
}

// launch writes the launch as the operator's call and EC2's issue of two keys.
func (i *instance) launch() {
	i.acct.change(i.region, i.runInstances())
	i.after(time.Second, func() {
		i.renew()
		i.logIssue()
		i.live()
	})
}

// renew replaces the pair of keys; EC2 makes one for each version of IMDS.
func (i *instance) renew() {
	i.one, i.two = i.mint("1.0"), i.mint("2.0")
}

func (i *instance) mint(delivery string) *session {
	s := i.assumed(i.role, i.id, credentialLife)
	s.Session.RoleDelivery = delivery
	if i.acct.modern {
		s.InScopeOf = &scope{
			IssuerType: "AWS::EC2::Instance",
			IssuedTo:   "arn:aws:ec2:" + i.region + ":" + i.acct.id + ":instance/" + i.id,
		}
	}
	i.minted(s.key())
	return s
}

func (i *instance) logIssue() {
	i.issueByService("ec2.amazonaws.com", i.role, i.one)
	i.issueByService("ec2.amazonaws.com", i.role, i.two)
}

// live starts what the instance does of itself until it stops.
func (i *instance) live() {
	i.running = true
	i.starts++
	i.rotate(i.starts)
	if i.managed {
		i.after(30*time.Second+i.upTo(time.Minute), i.register)
		i.repeat(5*time.Minute, i.heartbeat)
		i.repeat(30*time.Minute, i.inventory)
	}
	if len(i.app) > 0 {
		i.after(90*time.Second, func() { i.repeat(i.period, i.work) })
	}
}

// repeat runs do about each period until the instance stops.
func (i *instance) repeat(period time.Duration, do func()) {
	start := i.starts
	i.every(period, func() bool {
		if !i.running || i.starts != start {
			return false
		}
		do()
		return true
	})
}

// rotate has EC2 replace the keys about hourly, as measured, until the instance stops.
func (i *instance) rotate(start int) {
	i.after(55*time.Minute+i.upTo(11*time.Minute), func() {
		if i.running && i.starts == start {
			i.renew()
			i.logIssue()
			i.rotate(start)
		}
	})
}

// work makes one call of the application.
func (i *instance) work() {
	act := pick(&i.actor, i.app)(&i.actor)
	c := i.caller(act.source, i.agent)
	if i.chance(2) {
		act = denied(c.id, act)
	}
	i.call(c, act)
	if act.source == "secretsmanager.amazonaws.com" && act.failure == "" {
		i.onBehalf(c, act.source)
	}
}

// caller is the instance calling a service with its current key.
func (i *instance) caller(source, agent string) caller {
	s := i.two
	if i.v1 && agent == i.agent {
		s = i.one
	}
	return caller{id: &s.identity, from: i.origin(source), agent: agent, witness: &i.witness}
}

// origin is where the service sees the instance.
func (i *instance) origin(source string) origin {
	if e, ok := i.vpc.endpointFor(source); ok {
		return i.vpc.crossing(e, i.private)
	}
	if i.v6 != "" && (source == "s3.amazonaws.com" || source == "ec2.amazonaws.com") {
		return origin{address: i.v6}
	}
	if i.address != "" {
		return origin{address: i.address}
	}
	return origin{address: i.vpc.egress(&i.actor, i.number)}
}

// onBehalf writes the forward access session by which a service decrypts for the
// caller: the caller's session with another key. It returns the event's id.
func (a *actor) onBehalf(c caller, service string) string {
	id := *c.id
	id.AccessKeyID = keyID(a.rng, "ASIA", id.AccountID)
	id.InvokedBy = service
	c.id, c.agent, c.witness = &id, service, nil
	c.from = origin{address: service, endpoint: service}
	act := decrypt(a)
	act.request = object{
		"encryptionAlgorithm": "SYMMETRIC_DEFAULT",
		"encryptionContext": object{
			"SecretARN": a.arn("secretsmanager", "secret:"+a.acct.secrets[0]), "SecretVersionId": strings.ToUpper(guid(a.rng)),
		},
	}
	return a.call(c, act)
}

func (i *instance) register() {
	i.agentCall("UpdateInstanceInformation", false, object{
		"instanceId": i.id, "agentVersion": "3.3.987.0", "agentStatus": "Active", "platformType": "Linux",
		"platformName": "Amazon Linux", "platformVersion": "2023", "agentName": "amazon-ssm-agent",
		"iPAddress": i.private, "computerName": "ip-" + strings.ReplaceAll(i.private, ".", "-") + ".ec2.internal",
	})
}

func (i *instance) heartbeat() {
	i.agentCall("UpdateInstanceInformation", false, object{
		"instanceId": i.id, "agentVersion": "3.3.987.0", "platformType": "Linux", "agentName": "amazon-ssm-agent",
	})
}

func (i *instance) inventory() {
	i.agentCall("ListInstanceAssociations", true, object{"instanceId": i.id, "maxResults": 20})
}

// agentCall is a call of the SSM agent, which always uses IMDSv2.
func (i *instance) agentCall(name string, read bool, request object) {
	act := action{source: "ssm.amazonaws.com", name: name, read: read, request: request}
	if read {
		act.resources = []resource{{AccountID: i.acct.id, ARN: "arn:aws:ec2:" + i.region + ":" + i.acct.id + ":instance/" + i.id}}
	}
	i.call(i.caller(act.source, ssmAgent), act)
}
