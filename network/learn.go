package network

import (
	"strings"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/state"
)

// inventoryLife is how long a statement about the inventory is remembered. Of what
// is older, the addresses in use are known from their use.
const inventoryLife = 90 * 24 * time.Hour

// maxStated bounds what one event states: twice what the largest launch that EC2 takes
// does, and little enough for an event that is made to state more.
const maxStated = 10_000

// Statement is the event that says something, and who says it.
type Statement struct {
	Event *cloudtrail.Event
	// Seen is the event as an observation; its Value becomes the account whose
	// inventory the event is about.
	Seen state.Observation
	// By identifies the speaker, "session@address".
	By string
}

// learner reads one kind of event.
type learner func(*notes)

// notes collects what one event states.
type notes struct {
	Statement
	facts []state.Fact
}

// add notes that a member of a class was seen under a key. Empty values are what
// half a record leaves behind: they state nothing.
func (n *notes) add(key state.Key, class, value string, more ...string) {
	if value == "" || key.Rest() == "" || len(n.facts) == maxStated {
		return
	}
	parts := append(append([]string{strings.ToLower(value)}, more...), n.By)
	n.facts = append(n.facts, state.Fact{
		Key: key, Member: state.NewMember(class, parts...), Observation: n.Seen,
		Retention: state.Retention{Keep: 4, Members: 256, Life: inventoryLife},
	})
}

func (n *notes) address(key state.Key, text string) {
	if c := ParseCaller(text); c.Class == Public || c.Class == Private {
		n.add(key, Address, c.Text)
	}
}

// Learn reads what an event states about the organisation's own instances,
// interfaces, addresses, gateways and endpoints. Failed calls state nothing.
func Learn(s Statement) []state.Fact {
	if s.Event.ErrorCode != "" {
		return nil
	}
	learn := learnerOf(s.Event)
	if learn == nil {
		return nil
	}
	s.Seen.Value = state.Short(s.Event.RecipientAccountID, 64)
	n := &notes{Statement: s}
	learn(n)
	return n.facts
}

// Learns tells whether Learn may read something from an event.
func Learns(e *cloudtrail.Event) bool { return e.ErrorCode == "" && learnerOf(e) != nil }

func learnerOf(e *cloudtrail.Event) learner {
	switch e.Source {
	case "ec2.amazonaws.com":
		return ec2Learner(e.Name)
	case "ssm.amazonaws.com":
		return ssmLearner(e.Name)
	case "ec2-instance-connect.amazonaws.com":
		return connectLearner(e.Name)
	case "lambda.amazonaws.com":
		return lambdaLearner(e.Name)
	}
	return nil
}

func ec2Learner(name string) learner {
	switch name {
	case "RunInstances":
		return runInstances
	case "StartInstances":
		return instanceState(Started)
	case "StopInstances":
		return instanceState(Stopped)
	case "TerminateInstances":
		return instanceState(Terminated)
	case "AllocateAddress", "AssociateAddress", "DisassociateAddress", "ReleaseAddress":
		return elasticLearner(name)
	case "CreateNetworkInterface", "AttachNetworkInterface", "AssignPrivateIpAddresses", "AssignIpv6Addresses":
		return interfaceLearner(name)
	case "CreateNatGateway", "AssociateNatGatewayAddress", "DeleteNatGateway", "CreateRoute", "ReplaceRoute",
		"CreateVpcEndpoint", "DeleteVpcEndpoints", "CreateVpc", "CreateSubnet", "CreateRouteTable", "ModifySubnetAttribute":
		return vpcLearner(name)
	case "GetConsoleOutput", "GetConsoleScreenshot", "GetPasswordData", "ModifyInstanceAttribute":
		return func(n *notes) { n.command(n.Event.Request.String("instanceId")) }
	}
	return nil
}
