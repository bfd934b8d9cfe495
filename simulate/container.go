package simulate

import (
	"fmt"
	"time"
)

// container is one running container with credentials of its own: an ECS or
// Fargate task, an EKS pod with Pod Identity, or a pod with an IAM role for its
// service account.
type container struct {
	actor
	witness
	role    *role
	vpc     *vpc
	number  int
	private string
	address string // own public address; empty behind the VPC's gateway
	agent   string
	app     []work
	period  time.Duration
	session *session
	renew   func() // replaces session and writes the record of it
	ends    time.Time
}

// live renews the credentials about every renewal and works until the end.
func (c *container) live(renewal time.Duration) {
	c.renew()
	c.every(c.period, c.work)
	var again func()
	again = func() {
		if c.now().Before(c.ends) {
			c.renew()
			c.after(c.about(renewal), again)
		}
	}
	c.after(c.about(renewal), again)
}

func (c *container) work() bool {
	if c.now().After(c.ends) {
		return false
	}
	act := pick(&c.actor, c.app)(&c.actor)
	c.call(c.caller(act.source), act)
	return true
}

func (c *container) caller(source string) caller {
	return caller{id: &c.session.identity, from: c.origin(source), agent: c.agent, witness: &c.witness}
}

func (c *container) origin(source string) origin {
	if e, ok := c.vpc.endpointFor(source); ok {
		return c.vpc.crossing(e, c.private)
	}
	if c.address != "" {
		return origin{address: c.address}
	}
	return origin{address: c.vpc.egress(&c.actor, c.number)}
}

func (w *world) newContainer(v *vpc, kind string) *container {
	private := v.nextPrivate()
	c := &container{
		actor: w.actor(v.acct, v.region, v.id+"/"+kind, v.hosts), vpc: v, number: v.hosts, private: private,
		app: queueWorker(), period: 6 * time.Minute, ends: w.clock.end,
	}
	c.role = c.newRole(v.acct, fmt.Sprintf("%s-%s", kind, hexDigits(c.rng, 5)))
	return c
}

// newTask makes a Fargate task. Its task role and its execution role share the
// session's name, the task's id.
func (w *world) newTask(v *vpc, public bool) *container {
	c := w.newContainer(v, "ecs-task")
	c.agent = fargate
	if public {
		c.address = w.addresses.inRegion(v.region)
	}
	id := hexDigits(c.rng, 32)
	execution := c.newRole(v.acct, "ecsTaskExecutionRole")
	pulled := false
	c.renew = func() {
		c.session = c.assumed(c.role, id, 6*time.Hour)
		c.minted(c.session.key())
		c.issueByService("ecs-tasks.amazonaws.com", c.role, c.session)
		if !pulled {
			pulled = true
			c.pullImage(execution, id)
		}
	}
	return c
}

// pullImage is what the ECS agent does with the execution role before a task runs.
func (c *container) pullImage(execution *role, task string) {
	s := c.assumed(execution, task, 6*time.Hour)
	c.issueByService("ecs-tasks.amazonaws.com", execution, s)
	agent := caller{id: &s.identity, from: c.origin("ecr.amazonaws.com"), agent: goSDK + " exec-env/AWS_ECS_FARGATE"}
	c.call(agent, action{source: "ecr.amazonaws.com", name: "GetAuthorizationToken", read: true})
	c.call(agent, action{
		source: "ecr.amazonaws.com", name: "BatchGetImage", read: true,
		request: object{"registryId": c.acct.id, "repositoryName": "acme/worker", "imageIds": list{object{"imageTag": "1.42.0"}}},
	})
}

// newPod makes a pod with EKS Pod Identity: its node's session asks for it, and
// CloudTrail does not show the answer.
func (w *world) newPod(v *vpc, node *instance) *container {
	c := w.newContainer(v, "eks-pod")
	c.agent = podAgent
	name := fmt.Sprintf("eks-prod-checkout-%s-%s", hexDigits(c.rng, 5), guid(c.rng))
	c.renew = func() {
		c.session = c.assumed(c.role, name, 6*time.Hour)
		c.minted(c.session.key())
		c.call(node.caller("eks-auth.amazonaws.com", goSDK), action{
			source: "eks-auth.amazonaws.com", name: "AssumeRoleForPodIdentity",
			request: object{"clusterName": "prod", "token": "HIDDEN_DUE_TO_SECURITY_REASONS"},
		})
	}
	return c
}

// newServiceAccount makes a pod with an IAM role for its service account: it
// trades a token of the cluster's OIDC issuer for an hour's credentials.
func (w *world) newServiceAccount(v *vpc) *container {
	c := w.newContainer(v, "irsa")
	c.agent = podAgent
	issuer := "oidc.eks." + v.region + ".amazonaws.com/id/" + letters(c.rng, "0123456789ABCDEF", 32)
	c.renew = func() {
		name := fmt.Sprintf("botocore-session-%d", c.now().Unix())
		c.session = c.assumed(c.role, name, time.Hour)
		c.minted(c.session.key())
		c.webIdentity(c.session, webToken{
			issuer: issuer, subject: "system:serviceaccount:shop:checkout", from: c.origin("sts.amazonaws.com"), agent: c.agent,
		})
	}
	return c
}

// webToken is an OIDC token that a workload trades for credentials, and from where.
type webToken struct {
	issuer, subject string
	from            origin
	agent           string
}

// webIdentity writes the trade of the token for the session.
func (a *actor) webIdentity(s *session, t webToken) {
	r := a.record(caller{
		id: &identity{
			Type: "WebIdentityUser", PrincipalID: t.issuer + ":sts.amazonaws.com:" + t.subject,
			UserName: t.subject, IdentityProvider: "arn:aws:iam::" + a.acct.id + ":oidc-provider/" + t.issuer,
		}, from: t.from, agent: t.agent,
	}, action{
		source: "sts.amazonaws.com", name: "AssumeRoleWithWebIdentity", read: true,
		request:   object{"roleArn": s.Session.Issuer.ARN, "roleSessionName": s.name(), "durationSeconds": 3600},
		response:  webIdentityResponse(s, t, a.acct.id),
		resources: []resource{{AccountID: a.acct.id, Type: "AWS::IAM::Role", ARN: s.Session.Issuer.ARN}},
	})
	s.Session.WebID = object{"federatedProvider": "arn:aws:iam::" + a.acct.id + ":oidc-provider/" + t.issuer, "attributes": object{}}
	a.send(r)
}

func webIdentityResponse(s *session, t webToken, account string) object {
	response := issued(s)
	response["subjectFromWebIdentityToken"] = t.subject
	response["provider"] = "arn:aws:iam::" + account + ":oidc-provider/" + t.issuer
	response["audience"] = "sts.amazonaws.com"
	return response
}
