package network

import (
	"strconv"
	"strings"

	"github.com/straytoken/straytoken/cloudtrail"
)

// runInstances: responseElements.instancesSet.items[], each with its VPC, subnet,
// interfaces and private addresses. A public address is normally absent: it is
// assigned later, and no event says so; but the request tells whether one was
// asked for.
func runInstances(n *notes) {
	public := false
	n.Event.Request.Each(func(eni cloudtrail.Raw) {
		public = public || eni.String("associatePublicIpAddress") == "true"
	}, "networkInterfaceSet", "items")
	if public {
		n.Event.Response.Each(func(i cloudtrail.Raw) {
			n.add(InstanceKey(i.String("instanceId")), PublicIP, n.Seen.EventID)
		}, "instancesSet", "items")
	}
	n.Event.Response.Each(func(i cloudtrail.Raw) { n.instance(i) }, "instancesSet", "items")
}

func (n *notes) instance(i cloudtrail.Raw) {
	id := i.String("instanceId")
	key := InstanceKey(id)
	n.add(key, VPC, i.String("vpcId"))
	n.add(VPCKey(i.String("vpcId")), Instance, id)
	n.add(key, Subnet, i.String("subnetId"))
	n.add(SubnetKey(i.String("subnetId")), VPC, i.String("vpcId"))
	for _, field := range []string{"privateIpAddress", "ipAddress", "ipv6Address", "publicIpAddress"} {
		n.address(key, i.String(field))
	}
	i.Each(func(eni cloudtrail.Raw) {
		n.add(key, Interface, eni.String("networkInterfaceId"))
		n.add(InterfaceKey(eni.String("networkInterfaceId")), Instance, id)
		n.networkInterface(eni)
	}, "networkInterfaceSet", "items")
}

// networkInterface reads an interface as EC2 describes it.
func (n *notes) networkInterface(eni cloudtrail.Raw) {
	key := InterfaceKey(eni.String("networkInterfaceId"))
	n.add(key, VPC, eni.String("vpcId"))
	n.address(key, eni.String("privateIpAddress"))
	eni.Each(func(a cloudtrail.Raw) { n.address(key, a.String("privateIpAddress")) }, "privateIpAddressesSet", "item")
	eni.Each(func(a cloudtrail.Raw) { n.address(key, textOr(a, "ipv6Address")) }, "ipv6AddressesSet", "item")
	n.address(key, eni.String("association", "publicIp"))
}

// textOr is the value itself when it is a string, else a member of it.
func textOr(r cloudtrail.Raw, member string) string {
	if s := r.String(); s != "" {
		return s
	}
	return r.String(member)
}

// instanceState notes a start, stop or termination.
func instanceState(class string) learner {
	return func(n *notes) {
		n.Event.Response.Each(func(i cloudtrail.Raw) {
			if class == Started && i.String("previousState", "name") != "stopped" {
				return // starting what runs changes nothing
			}
			if id := i.String("instanceId"); id != "" {
				n.add(InstanceKey(id), class, n.Seen.EventID)
			}
		}, "instancesSet", "items")
	}
}

// interfaceLearner reads the events that give an instance other interfaces or
// addresses.
func interfaceLearner(name string) learner {
	switch name {
	case "CreateNetworkInterface":
		return func(n *notes) { n.networkInterface(n.Event.Response.Get("networkInterface")) }
	case "AttachNetworkInterface":
		return func(n *notes) {
			r := n.Event.Request
			n.add(InstanceKey(r.String("instanceId")), Interface, r.String("networkInterfaceId"))
			n.add(InterfaceKey(r.String("networkInterfaceId")), Instance, r.String("instanceId"))
		}
	case "AssignPrivateIpAddresses":
		return assignPrivate
	}
	return assignIPv6
}

func assignPrivate(n *notes) {
	key := InterfaceKey(n.Event.Request.String("networkInterfaceId"))
	each := func(a cloudtrail.Raw) { n.address(key, textOr(a, "privateIpAddress")) }
	n.Event.Request.Each(each, "privateIpAddressesSet", "item")
	n.Event.Response.Each(each, "assignedPrivateIpAddressesSet", "assignedPrivateIpAddressSetType")
}

func assignIPv6(n *notes) {
	for _, r := range []cloudtrail.Raw{n.Event.Response.Get("AssignIpv6AddressesResponse"), n.Event.Response} {
		key := InterfaceKey(r.String("networkInterfaceId"))
		r.Each(func(a cloudtrail.Raw) { n.address(key, textOr(a, "item")) }, "assignedIpv6Addresses", "item")
	}
}

// ssmLearner reads the commands that people send to instances.
func ssmLearner(name string) learner {
	switch name {
	case "SendCommand":
		return func(n *notes) {
			n.Event.Request.Each(func(id cloudtrail.Raw) { n.command(id.String()) }, "instanceIds")
			n.Event.Request.Each(n.targets, "targets")
		}
	case "StartSession", "ResumeSession":
		return func(n *notes) { n.command(n.Event.Request.String("target")) }
	}
	return nil
}

// targets reads SendCommand's targets of the form {key: InstanceIds, values: […]}.
func (n *notes) targets(t cloudtrail.Raw) {
	if strings.EqualFold(t.String("key"), "InstanceIds") {
		t.Each(func(id cloudtrail.Raw) { n.command(id.String()) }, "values")
	}
}

func connectLearner(name string) learner {
	switch name {
	case "SendSSHPublicKey", "SendSerialConsoleSSHPublicKey", "OpenTunnel":
		return func(n *notes) { n.command(n.Event.Request.String("instanceId")) }
	}
	return nil
}

// command notes that somebody reached into an instance from an address.
func (n *notes) command(instance string) {
	caller := ParseCaller(n.Event.SourceIPAddress)
	if instance == "" || caller.Class == Service || caller.Class == None {
		return
	}
	hour := strconv.FormatInt(n.Seen.Time/3600, 10) // each hour's commands, so that none hides a later one
	n.add(InstanceKey(instance), Command, caller.Host(), n.Event.Name, hour)
}

// lambdaLearner notes which VPC subnets a function runs in.
func lambdaLearner(name string) learner {
	if !strings.HasPrefix(name, "CreateFunction") && !strings.HasPrefix(name, "UpdateFunctionConfiguration") {
		return nil
	}
	return func(n *notes) {
		key := FunctionKey(n.Event.RecipientAccountID, n.Event.Request.String("functionName"))
		n.Event.Request.Each(func(s cloudtrail.Raw) { n.add(key, Subnet, s.String()) }, "vpcConfig", "subnetIds")
	}
}
