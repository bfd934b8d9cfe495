package simulate

import (
	"fmt"
	"time"
)

// services is AWS at work in an account: service-linked roles, calls by
// services, events without a caller.
type services struct {
	actor
	witness
	linked *role
}

func (w *world) newServices(acct *account, region string, number int) *services {
	s := &services{actor: w.actor(acct, region, "services", number)}
	s.linked = s.newRole(acct, "AWSServiceRoleForAutoScaling")
	s.linked.path = "/aws-service-role/autoscaling.amazonaws.com/"
	return s
}

func (s *services) live() {
	s.every(10*time.Minute, s.forever(s.autoScaling))
	s.every(15*time.Minute, s.forever(s.cloudTrail))
	s.every(20*time.Minute, s.forever(s.serviceEvent))
	s.every(30*time.Minute, s.forever(s.formation))
}

// forever makes a step of every that never ends.
func (a *actor) forever(do func()) func() bool {
	return func() bool { do(); return true }
}

// autoScaling assumes its service-linked role and describes the fleet with it.
// Such calls carry no key.
func (s *services) autoScaling() {
	const service = "autoscaling.amazonaws.com"
	session := s.assumed(s.linked, "AutoScaling", time.Hour)
	r := s.record(caller{id: &identity{Type: "AWSService", InvokedBy: service}, from: origin{address: service}, agent: service},
		assumeRole(s.linked, session, time.Hour))
	r.SharedEventID = guid(s.rng)
	s.send(r)
	id := session.identity
	id.AccessKeyID, id.InvokedBy = "", service
	s.after(time.Second, func() {
		s.call(caller{id: &id, from: origin{address: service}, agent: service, witness: &s.witness}, describe("DescribeInstanceStatus")(&s.actor))
	})
}

// cloudTrail looks at its own bucket through an endpoint of AWS's.
func (s *services) cloudTrail() {
	const service = "cloudtrail.amazonaws.com"
	bucket := s.acct.buckets[0]
	r := s.record(caller{
		id: &identity{Type: "AWSService", InvokedBy: service}, from: origin{address: service, endpoint: "vpce-09392f888cd7298db"}, agent: service,
	}, action{
		source: "s3.amazonaws.com", name: "GetBucketAcl", read: true, additional: s.s3Additional(),
		request: object{"bucketName": bucket, "Host": bucket + ".s3." + s.region + ".amazonaws.com", "acl": ""},
	})
	r.SharedEventID = guid(s.rng)
	s.send(r)
}

// serviceEvent is something that a service did without a caller: the identity has no type.
func (s *services) serviceEvent() {
	r := s.record(caller{
		id: &identity{AccountID: s.acct.id, InvokedBy: "ec2.amazonaws.com"}, from: origin{address: "ec2.amazonaws.com"}, agent: "ec2.amazonaws.com",
	}, action{source: "ec2.amazonaws.com", name: "SharedSnapshotVolumeCreated"})
	r.EventType, r.RequestID, r.SharedEventID = "AwsServiceEvent", "", guid(s.rng)
	r.ServiceDetails = object{"snapshotId": hexID(s.rng, "snap-")}
	s.send(r)
}

// formation is CloudFormation changing a stack with the operator's rights.
func (s *services) formation() {
	const service = "cloudformation.amazonaws.com"
	session := s.userSession(s.acct.operator, time.Hour, false)
	session.InvokedBy = service
	s.minted(session.key())
	for range 3 {
		s.call(caller{id: &session.identity, from: origin{address: service}, agent: service, witness: &s.witness},
			pick(&s.actor, infrastructure()[1:])(&s.actor))
	}
	internal := session.identity
	internal.InvokedBy = "AWS Internal"
	s.call(caller{id: &internal, from: origin{address: "AWS Internal"}, agent: "AWS Internal", witness: &s.witness}, decrypt(&s.actor))
}

// late rewrites delivery for one record of the account: first it arrives as
// usual, hours later a corrected copy with another event id refers to it.
func (s *services) corrected() {
	c := s.acct.operate(s.region, terraform)
	first := s.record(c, describe("DescribeInstances")(&s.actor))
	s.send(first)
	again := *first
	again.EventID = guid(s.rng)
	again.Addendum = &addendum{
		Reason: "UPDATED_DATA", UpdatedFields: "responseElements", OriginalRequestID: first.RequestID, OriginalEventID: first.EventID,
	}
	again.lag = within(2 * time.Hour)
	s.send(&again)
}

// outage is a record that arrives hours late.
func (s *services) outage() {
	r := s.record(s.acct.operate(s.region, terraform), describe("DescribeVolumes")(&s.actor))
	r.Addendum = &addendum{Reason: "DELIVERY_DELAY"}
	r.lag = within(90 * time.Minute)
	s.send(r)
}

// fleet is a managed job of which several nodes share one session.
type fleet struct {
	actor
	witness
	role    *role
	service string // who assumes the role
	name    string // of the session
	agent   string
	nodes   int
}

func (w *world) newFleet(acct *account, region string, f fleet, number int) *fleet {
	f.actor = w.actor(acct, region, "fleet/"+f.name, number)
	f.role = f.newRole(acct, fmt.Sprintf("%s-role-%d", f.name, number))
	return &f
}

// job runs the job once: the nodes come up within minutes, each with an address
// of the service's.
func (f *fleet) job(length time.Duration) *session {
	s := f.assumed(f.role, f.name, 12*time.Hour)
	f.minted(s.key())
	f.issueByService(f.service, f.role, s)
	until := f.now().Add(length)
	for range f.nodes {
		from := origin{address: f.w.addresses.inRegion(f.region)}
		f.after(30*time.Second+f.upTo(3*time.Minute), func() {
			f.every(3*time.Minute, func() bool {
				f.call(caller{id: &s.identity, from: from, agent: f.agent, witness: &f.witness}, pick(&f.actor, reporting())(&f.actor))
				return f.now().Before(until)
			})
		})
	}
	return s
}
