package rules_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/rules"
)

// Inventory events, as the office makes them.

func launched() m {
	return byUser(-10, "ec2", "RunInstances", office, m{"responseElements": m{"instancesSet": m{"items": []m{{
		"instanceId": instance, "vpcId": "vpc-1", "subnetId": "subnet-1", "privateIpAddress": "10.0.1.10",
		"networkInterfaceSet": m{"items": []m{{"networkInterfaceId": "eni-1", "privateIpAddress": "10.0.1.10", "vpcId": "vpc-1"}}},
	}}}}})
}

func allocated(minute float64, id, ip string) m {
	return byUser(minute, "ec2", "AllocateAddress", office, m{"responseElements": m{"allocationId": id, "publicIp": ip}, "eventID": "allocate" + id})
}

func associated(minute float64, request m) m {
	return byUser(minute, "ec2", "AssociateAddress", office, m{"requestParameters": request, "responseElements": m{"associationId": "eipassoc-1", "_return": true}})
}

func gateway(minute float64, id, allocation string) m {
	return byUser(minute, "ec2", "CreateNatGateway", office, m{
		"requestParameters": m{"CreateNatGatewayRequest": m{"AllocationId": allocation, "SubnetId": "subnet-9"}},
		"responseElements": m{"CreateNatGatewayResponse": m{"natGateway": m{
			"natGatewayId": id, "vpcId": "vpc-1", "subnetId": "subnet-9", "natGatewayAddressSet": m{"item": m{"allocationId": allocation}}}}},
		"eventID": "gateway" + id,
	})
}

func through(endpoint, owner string) m {
	e := m{"vpcEndpointId": endpoint}
	if owner != "" {
		e["vpcEndpointAccountId"] = owner
	}
	return e
}

const elastic = "198.51.100.99"

// TestExplained: what makes a second address the session's own.
func TestExplained(t *testing.T) {
	second := use(90, "s3", "GetObject", elastic)
	for name, events := range map[string][]m{
		"Elastic IP by instance":  {launched(), allocated(60, "eipalloc-1", elastic), associated(61, m{"instanceId": instance, "allocationId": "eipalloc-1"}), second},
		"Elastic IP by address":   {associated(61, m{"instanceId": instance, "publicIp": elastic}), second},
		"Elastic IP by interface": {launched(), allocated(60, "eipalloc-1", elastic), associated(61, m{"networkInterfaceId": "eni-1", "allocationId": "eipalloc-1"}), second},
		"gateway of the VPC":      {launched(), allocated(-5, "eipalloc-1", elastic), gateway(-4, "nat-1", "eipalloc-1"), second},
		"interface attached": {launched(),
			byUser(60, "ec2", "CreateNetworkInterface", office, m{"responseElements": m{"networkInterface": m{"networkInterfaceId": "eni-2", "vpcId": "vpc-1"}}}),
			byUser(61, "ec2", "AttachNetworkInterface", office, m{"requestParameters": m{"networkInterfaceId": "eni-2", "instanceId": instance}}),
			allocated(62, "eipalloc-1", elastic), associated(63, m{"networkInterfaceId": "eni-2", "allocationId": "eipalloc-1"}), second},
	} {
		t.Run(name, func(t *testing.T) {
			v := judge(t, &rules.Policy{}, session, append(settled(), events...))
			if v.Severity >= finding.Medium {
				t.Errorf("%s: %s %v", v.Severity, roles(&v), v.Evidence)
			}
		})
	}
}

// TestNotExplained: what looks like an explanation and is none.
func TestNotExplained(t *testing.T) {
	second := use(90, "s3", "GetObject", thief)
	byThief := func(e m, address string) m {
		e["userIdentity"], e["sourceIPAddress"] = as(key1, "2.0"), address
		return e
	}
	for name, events := range map[string][]m{
		"another address was associated": {allocated(60, "eipalloc-1", elastic), associated(61, m{"instanceId": instance, "allocationId": "eipalloc-1"}), second},
		"another instance has it":        {associated(61, m{"instanceId": "i-0fffffffffffffff0", "publicIp": thief}), second},
		"the association failed": {byUser(61, "ec2", "AssociateAddress", office, m{
			"requestParameters": m{"instanceId": instance, "publicIp": thief}, "errorCode": "Client.UnauthorizedOperation"}), second},
		"it was associated afterwards":              {second, associated(200, m{"instanceId": instance, "publicIp": thief})},
		"the thief associated it himself":           {byThief(associated(80, m{"instanceId": instance, "publicIp": thief}), thief), second},
		"the thief associated it from elsewhere":    {byThief(associated(80, m{"instanceId": instance, "publicIp": thief}), "203.0.113.67"), second},
		"the association was over":                  {associated(10, m{"instanceId": instance, "publicIp": thief}), byUser(30, "ec2", "DisassociateAddress", office, m{"requestParameters": m{"associationId": "eipassoc-1"}}), second},
		"half a record":                             {byUser(61, "ec2", "AssociateAddress", office, m{"requestParameters": []string{instance}, "responseElements": "x"}), second},
		"a private address and no endpoint":         {use(90, "s3", "GetObject", "10.0.1.10")},
		"an endpoint id that is a service's name":   {use(90, "s3", "GetObject", "10.0.1.10", through("s3.amazonaws.com", ""))},
		"an endpoint of somebody else":              {use(90, "s3", "GetObject", "10.0.1.10", through("vpce-0aaaaaaaaaaaaaaaa", "999988887777"))},
		"the own address behind a foreign endpoint": {launched(), use(90, "s3", "GetObject", "10.0.1.10", through("vpce-0aaaaaaaaaaaaaaaa", "999988887777"))},
	} {
		t.Run(name, func(t *testing.T) {
			v := judge(t, &rules.Policy{}, session, append(settled(), events...))
			if !v.Guilty() || v.Owner() == nil || v.Owner().Host != home {
				t.Errorf("%s (score %d): %s %v", v.Severity, v.Score, roles(&v), v.Evidence)
			}
		})
	}
}

// TestEndpoints: a private address counts with its endpoint alone.
func TestEndpoints(t *testing.T) {
	const private = "10.0.1.10"
	made := byUser(-5, "ec2", "CreateVpcEndpoint", office, m{
		"requestParameters": m{"CreateVpcEndpointRequest": m{"VpcId": "vpc-1"}},
		"responseElements":  m{"CreateVpcEndpointResponse": m{"vpcEndpoint": m{"vpcEndpointId": "vpce-0123", "vpcId": "vpc-1"}}}})
	for name, events := range map[string][]m{
		"of our account":           {use(60, "kms", "Decrypt", private, through("vpce-0123", account))},
		"of a sister account":      {event(0, "s3", "ListBuckets", office, m{"recipientAccountId": "444455556666"}), use(60, "kms", "Decrypt", private, through("vpce-0123", "444455556666"))},
		"created in the trail":     {made, use(60, "kms", "Decrypt", private, through("vpce-0123", ""))},
		"the instance's own":       {launched(), use(60, "kms", "Decrypt", private, through("vpce-0123", ""))},
		"unknown and yet ordinary": {use(60, "kms", "Decrypt", private, through("vpce-0123", ""))},
	} {
		t.Run(name, func(t *testing.T) {
			v := judge(t, &rules.Policy{}, session, append(settled(), events...))
			if v.Severity >= finding.Medium {
				t.Errorf("%s: %s %v", v.Severity, roles(&v), v.Evidence)
			}
		})
	}
}

// A machine that is given an endpoint takes it: where the session still reaches the same service on its old way, somebody
// else is behind the endpoint.
func TestUnnamedEndpointBesideTheOldWay(t *testing.T) {
	behind := []m{use(60, "s3", "GetObject", "10.9.9.9", through("vpce-0bad0bad0bad0bad0", ""))}
	for name, c := range map[string]struct {
		later   m
		flagged bool
	}{
		"the same service, later":      {use(80, "s3", "PutObject", home), true},
		"the same service, soon after": {use(70, "s3", "PutObject", home), false},
		"another service":              {use(80, "sqs", "SendMessage", home), false},
		"another region":               {use(80, "s3", "GetObject", home, m{"awsRegion": "us-west-2"}), false},
	} {
		t.Run(name, func(t *testing.T) {
			v := judge(t, &rules.Policy{}, session, append(append(settled(), behind...), c.later))
			if v.Guilty() != c.flagged {
				t.Errorf("%s: %s %v", v.Severity, roles(&v), v.Evidence)
			}
		})
	}
}

func TestKnownNetworks(t *testing.T) {
	events := append(settled(), use(90, "s3", "GetObject", thief))
	known := func(k network.Known) *rules.Policy {
		k.Prefix = netip.MustParsePrefix("203.0.113.0/24")
		return &rules.Policy{Known: network.NewList([]network.Known{k})}
	}
	for name, c := range map[string]struct {
		policy *rules.Policy
		want   finding.Severity
	}{
		"named":               {known(network.Known{Name: "partner"}), finding.Informational},
		"named for another":   {known(network.Known{Accounts: []string{"999988887777"}}), finding.High},
		"expired":             {known(network.Known{Expires: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}), finding.High},
		"expires later":       {known(network.Known{Expires: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}), finding.Informational},
		"weight of its own":   {&rules.Policy{Relations: map[rules.Kind]int{rules.EC2: 20}}, finding.Low},
		"nothing is known":    {&rules.Policy{}, finding.High},
		"weight of evidence":  {&rules.Policy{Weights: map[rules.Code]int{rules.Interleaved: 0}}, finding.High},
		"only known networks": {&rules.Policy{KnownOnly: true, Known: network.NewList([]network.Known{{Prefix: netip.MustParsePrefix("198.51.100.0/24")}})}, finding.High},
	} {
		t.Run(name, func(t *testing.T) {
			if v := judge(t, c.policy, session, events); v.Severity != c.want {
				t.Errorf("%s, want %s: %v", v.Severity, c.want, v.Evidence)
			}
		})
	}
}

// TestUnknownNetworkAtFirstUse: the talk's first iteration needs no second address.
func TestUnknownNetworkAtFirstUse(t *testing.T) {
	p := &rules.Policy{KnownOnly: true, Known: network.NewList([]network.Known{{Prefix: netip.MustParsePrefix("198.51.100.0/24")}})}
	check(t, p, session, []m{use(1, "s3", "GetObject", thief)}, finding.Medium, "intruder "+thief, rules.UnknownNetwork)
	check(t, p, session, settled(), finding.Informational, "owner "+home)
}

// TestThiefFirst: the address used first is not the owner's when AWS's own agent,
// or the inventory, speaks for the other.
func TestThiefFirst(t *testing.T) {
	events := append(settled(), use(-1, "sts", "GetCallerIdentity", thief, agentOf("aws-cli/2.15 md/distrib#kali")))
	check(t, &rules.Policy{}, session, events, finding.Critical, alone, rules.SecondAddress)
}

func TestRestart(t *testing.T) {
	started := byUser(80, "ec2", "StartInstances", office, m{"responseElements": m{"instancesSet": m{"items": []m{{"instanceId": instance, "previousState": m{"name": "stopped"}}}}}})
	later := use(84, "s3", "GetObject", elastic)
	v := judge(t, &rules.Policy{}, session, append(settled(), started, later))
	if v.Severity >= finding.Medium {
		t.Errorf("a new address after a start: %s %v", v.Severity, v.Evidence)
	}
	v = judge(t, &rules.Policy{}, session, append(settled(), started, later, use(85, "s3", "GetObject", home)))
	if !v.Guilty() {
		t.Errorf("the old address is still in use, so the new one is no restart's: %s %v", v.Severity, v.Evidence)
	}
}

// TestGatewaysOnly: E3, at the session's only address.
func TestGatewaysOnly(t *testing.T) {
	subnet := byUser(-20, "ec2", "CreateSubnet", office, m{"responseElements": m{"subnet": m{"subnetId": "subnet-1", "vpcId": "vpc-1", "mapPublicIpOnLaunch": false}}})
	route := func(target m) m {
		r := m{"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"}
		for k, v := range target {
			r[k] = v
		}
		return byUser(-3, "ec2", "CreateRoute", office, m{"requestParameters": r})
	}
	made := byUser(-30, "ec2", "CreateVpc", office, m{"responseElements": m{"vpc": m{"vpcId": "vpc-1"}}})
	closed := []m{made, subnet, launched(), allocated(-6, "eipalloc-1", elastic), gateway(-4, "nat-1", "eipalloc-1")}
	first := use(30, "s3", "GetObject", thief)
	check(t, &rules.Policy{}, session, append(closed, route(m{"natGatewayId": "nat-1"}), first), finding.Medium, "intruder "+thief, rules.OutsideEgress)
	for name, e := range map[string]m{
		"a transit gateway":     route(m{"transitGatewayId": "tgw-1"}),
		"public addresses":      byUser(-2, "ec2", "ModifySubnetAttribute", office, m{"requestParameters": m{"subnetId": "subnet-1", "mapPublicIpOnLaunch": m{"value": true}}}),
		"through an appliance":  route(m{"networkInterfaceId": "eni-9"}),
		"IPv6 over the peering": route(m{"destinationIpv6CidrBlock": "::/0", "vpcPeeringConnectionId": "pcx-1"}),
	} {
		t.Run(name, func(t *testing.T) {
			if v := judge(t, &rules.Policy{}, session, append(closed, e, first)); v.Severity >= finding.Medium {
				t.Errorf("%s: %v", v.Severity, v.Evidence)
			}
		})
	}
}

// A thief's places must not turn the machine's own ways out into an intruder's: neither his endpoint, which reaches what
// the machine reaches through its gateway, nor his own public address, though it was used first.
func TestTheThiefDoesNotAccuseTheMachine(t *testing.T) {
	const gateway, private = "198.51.100.200", "10.0.1.10"
	behind := []m{
		use(0, "ssm", "UpdateInstanceInformation", private, through("vpce-0123", account), agentOf(agentSSM)),
		use(2, "sqs", "SendMessage", gateway), use(4, "s3", "GetObject", gateway), use(100, "s3", "GetObject", gateway),
	}
	own := "explained " + gateway + ", intruder %s, owner " + private + " vpce-0123"
	check(t, &rules.Policy{}, session, append(behind, use(60, "s3", "GetObject", "10.9.9.9", through("vpce-0bad", "")), use(61, "sts", "GetCallerIdentity", "10.9.9.9", through("vpce-0bad", ""))),
		finding.High, fmt.Sprintf(own, "10.9.9.9 vpce-0bad"), rules.SecondAddress)
	check(t, &rules.Policy{}, session, append(behind, use(1, "s3", "ListBuckets", thief, agentOf("Boto3/1.34.145 md/distrib#kali.2024"))),
		finding.High, fmt.Sprintf(own, thief), rules.SecondAddress, rules.ImpossibleSystem)
}
