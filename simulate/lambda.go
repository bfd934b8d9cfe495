package simulate

import (
	"strings"
	"time"
)

// function is a Lambda function. Each of its execution environments has a key of
// its own; all share the session's name.
type function struct {
	actor
	witness
	role  *role
	name  string
	vpc   *vpc // nil outside a VPC
	agent string
	app   []work
	// sandboxes is how many environments run at a time.
	sandboxes int
	period    time.Duration // between calls of one environment
	last      *sandbox      // the youngest environment
}

// sandbox is one execution environment: a key and a place.
type sandbox struct {
	session *session
	from    string // the public address; unused where an endpoint leads
	number  int
	ends    time.Time
}

func (w *world) newFunction(acct *account, region, name string, number int, v *vpc) *function {
	f := &function{
		actor: w.actor(acct, region, "function/"+name, number), name: name, vpc: v,
		agent: lambdaPy, app: webApplication(), sandboxes: 2, period: 8 * time.Minute,
	}
	f.role = f.newRole(acct, name+"-role-"+strings.ToLower(letters(f.rng, alphanumeric, 8)))
	f.role.path = "/service-role/"
	return f
}

// live starts the environments; each is replaced by a fresh one when it ends.
func (f *function) live() {
	for n := range f.sandboxes {
		f.sometime(20*time.Minute, func() { f.scaleUp(n) })
	}
}

func (f *function) scaleUp(number int) {
	ttl := 12 * time.Hour
	s := f.assumed(f.role, f.name, ttl)
	if f.acct.modern {
		s.InScopeOf = &scope{IssuerType: "AWS::Lambda::Function", IssuedTo: f.arn("lambda", "function:"+f.name)}
	}
	f.minted(s.key())
	f.issueByService("lambda.amazonaws.com", f.role, s)
	b := &sandbox{session: s, number: number, ends: f.now().Add(45*time.Minute + f.upTo(80*time.Minute))}
	if f.vpc == nil {
		b.from = f.w.addresses.inRegion(f.region)
	}
	f.last = b
	f.every(f.period, func() bool { return f.invoke(b) })
}

// invoke makes the calls of one invocation, and has a successor replace an
// environment that has lived long enough.
func (f *function) invoke(b *sandbox) bool {
	if f.now().After(b.ends) {
		f.scaleUp(b.number)
		return false
	}
	for range 1 + f.rng.IntN(2) {
		act := pick(&f.actor, f.app)(&f.actor)
		f.call(caller{id: &b.session.identity, from: f.origin(b, act.source), agent: f.agent, witness: &f.witness}, act)
	}
	return true
}

func (f *function) origin(b *sandbox, source string) origin {
	if f.vpc == nil {
		return origin{address: b.from}
	}
	if e, ok := f.vpc.endpointFor(source); ok {
		return f.vpc.crossing(e, f.vpc.hostAddress(b.number))
	}
	return origin{address: f.vpc.egress(&f.actor, b.number)}
}

// deploy writes the function's making, from the operator's address.
func (f *function) deploy() {
	config := object{}
	if f.vpc != nil {
		config = object{"subnetIds": list{f.vpc.subnets[0].id, f.vpc.subnets[1].id}, "securityGroupIds": list{hexID(f.rng, "sg-")}}
	}
	f.acct.change(f.region, action{
		source: "lambda.amazonaws.com", name: "CreateFunction20150331",
		request: object{
			"functionName": f.name, "runtime": "python3.12", "role": f.role.arn(), "handler": "app.handler",
			"code": object{}, "memorySize": 512, "timeout": 30, "vpcConfig": config, "publish": false,
		},
		response: object{
			"functionArn": f.arn("lambda", "function:"+f.name), "functionName": f.name, "role": f.role.arn(), "state": "Pending",
			"codeSize": 48211, "version": "$LATEST", "vpcConfig": config, "revisionId": guid(f.rng),
		},
	})
}
