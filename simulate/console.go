package simulate

import "time"

// browser is someone at the AWS console: the browser shows its own address, and
// the console's back ends call for it under other keys and addresses.
type browser struct {
	actor
	witness
	base    *session // the sign-in; every key of it shares creationDate
	address string
	agent   string
	backEnd string // the address of the console's back ends
}

// consoleEndpoint is an endpoint of AWS's own, of the old short form, that console
// back ends cross.
const consoleEndpoint = "vpce-f40dc59d"

func (a *actor) openBrowser(base *session, address, agent string) *browser {
	b := &browser{actor: *a, base: base, address: address, agent: agent}
	b.backEnd = pick(a, []string{"10.8.8.10", "10.107.112.14", "10.107.159.90", "10.248.16.43"})
	return b
}

// signIn writes the ConsoleLogin of a user or a federated session.
func (b *browser) signIn(id *identity, mfa bool) string {
	used := "No"
	if mfa {
		used = "Yes"
	}
	r := b.record(caller{id: id, from: origin{address: b.address}, agent: b.agent}, action{
		source: "signin.amazonaws.com", name: "ConsoleLogin", response: object{"ConsoleLogin": "Success"},
		additional: object{"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": used},
		host:       "signin.aws.amazon.com",
	})
	r.EventType, r.RequestID = "AwsConsoleSignIn", ""
	b.send(r)
	return r.EventID
}

// page is what opening one page of the console left in the log.
type page struct {
	key   *session // the browser's
	front []string // the browser's events
	rear  []string // the back ends' events
}

// visit opens one page: a few calls by the browser with one key, and the calls of
// back ends, each with another.
func (b *browser) visit() page {
	p := page{key: b.fresh()}
	for range 2 + b.rng.IntN(3) {
		act := pick(&b.actor, infrastructure()[1:])(&b.actor)
		p.front = append(p.front, b.call(caller{
			id: &p.key.identity, from: origin{address: b.address}, agent: b.agent, witness: &b.witness, console: true,
		}, act))
	}
	p.rear = append(b.health(), b.storage()...)
	return p
}

// fresh is another key of the same sign-in.
func (b *browser) fresh() *session {
	s := b.withKey(b.base)
	b.w.truth.issued++
	b.minted(s.key())
	return s
}

// health is the console asking AWS Health, which then calls itself for the user.
func (b *browser) health() []string {
	s := b.fresh()
	s.InvokedBy = "health.amazonaws.com"
	asked := b.call(caller{
		id: &s.identity, from: origin{address: "health.amazonaws.com"}, agent: "AWS Internal", console: true, witness: &b.witness,
	}, action{
		source: "health.amazonaws.com", name: "DescribeEventAggregates", read: true,
		request: object{"aggregateField": "eventTypeCategory", "filter": object{"eventStatusCodes": list{"open", "upcoming"}}},
	})
	internal := b.fresh()
	return []string{asked, b.call(caller{
		id: &internal.identity, from: origin{address: b.backEnd}, agent: "AWS Internal", console: true, witness: &b.witness,
	}, describe("DescribeVpcAttribute")(&b.actor))}
}

// storage is the S3 console's back end, which crosses an endpoint of AWS's own;
// one of its micro-services calls from another host.
func (b *browser) storage() []string {
	s := b.fresh()
	var ids []string
	for range 3 {
		bucket := pick(&b.actor, b.acct.buckets)
		address := b.backEnd
		if b.chance(20) {
			address = "10.107.159.91"
		}
		ids = append(ids, b.call(caller{
			id: &s.identity, from: origin{address: address, endpoint: consoleEndpoint}, agent: s3Console, witness: &b.witness,
		}, action{
			source: "s3.amazonaws.com", name: "GetBucketAcl", read: true, host: bucket + ".s3." + b.region + ".amazonaws.com",
			request:    object{"bucketName": bucket, "Host": bucket + ".s3." + b.region + ".amazonaws.com", "acl": ""},
			additional: b.s3Additional(),
			resources:  []resource{{AccountID: b.acct.id, Type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::" + bucket}},
		}))
	}
	return ids
}

// shell opens CloudShell: the same person, with keys of the shell's own, from an
// AWS address.
func (b *browser) shell() {
	b.call(caller{id: &b.base.identity, from: origin{address: b.address}, agent: b.agent, console: true, witness: &b.witness},
		action{source: "cloudshell.amazonaws.com", name: "CreateEnvironment", request: object{}, response: object{"status": "CREATING", "environmentId": guid(b.rng)}})
	b.call(caller{id: &b.base.identity, from: origin{address: b.address}, agent: b.agent, console: true, witness: &b.witness},
		action{source: "cloudshell.amazonaws.com", name: "PutCredentials", request: object{"credentials": "HIDDEN_DUE_TO_SECURITY_REASONS"}})
	s := b.fresh()
	from := origin{address: b.w.addresses.inRegion(b.region)}
	until := b.now().Add(25 * time.Minute)
	b.every(3*time.Minute, func() bool {
		b.call(caller{id: &s.identity, from: from, agent: cloudShell, witness: &b.witness}, pick(&b.actor, infrastructure())(&b.actor))
		return b.now().Before(until)
	})
}
