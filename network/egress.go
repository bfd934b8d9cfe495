package network

import "github.com/straytoken/straytoken/cloudtrail"

// elasticLearner reads the life of Elastic IP addresses. Only the address that an
// event names is learned, directly or by its allocation id; an event that names
// none grants none.
func elasticLearner(name string) learner {
	switch name {
	case "AllocateAddress":
		return func(n *notes) {
			id, ip := n.Event.Response.String("allocationId"), n.Event.Response.String("publicIp")
			n.address(AllocationKey(id), ip)
			if c := ParseCaller(ip); c.Class == Public {
				n.add(AddressKey(n.Event.RecipientAccountID, c.Host()), ElasticIP, c.Text, id)
			}
		}
	case "AssociateAddress":
		return associateAddress
	case "DisassociateAddress":
		return func(n *notes) {
			n.add(AssociationKey(n.Event.Request.String("associationId")), Ended, n.Seen.EventID)
		}
	}
	return func(n *notes) { // ReleaseAddress
		n.add(AllocationKey(n.Event.Request.String("allocationId")), Ended, n.Seen.EventID)
	}
}

// associateAddress: the request names an instance or an interface, and an
// allocation or an address.
func associateAddress(n *notes) {
	r := n.Event.Request
	ip := ParseCaller(r.String("publicIp"))
	allocation, association := r.String("allocationId"), n.Event.Response.String("associationId")
	key := InstanceKey(r.String("instanceId"))
	if eni := r.String("networkInterfaceId"); r.String("instanceId") == "" {
		key = InterfaceKey(eni)
		n.add(AllocationKey(allocation), Interface, eni)
	}
	if ip.Class == Public {
		n.add(key, ElasticIP, ip.Text, allocation, association)
		return
	}
	n.add(key, Allocation, allocation, association)
}

// vpcLearner reads what gives a VPC its ways out.
func vpcLearner(name string) learner {
	switch name {
	case "CreateNatGateway":
		return createNatGateway
	case "AssociateNatGatewayAddress":
		return func(n *notes) { n.gatewayAddresses(n.Event.Request.Get("AssociateNatGatewayAddressRequest")) }
	case "DeleteNatGateway":
		return func(n *notes) {
			n.add(GatewayKey(n.Event.Request.String("DeleteNatGatewayRequest", "NatGatewayId")), Ended, n.Seen.EventID)
		}
	case "CreateRoute", "ReplaceRoute":
		return defaultRoute
	case "CreateVpcEndpoint":
		return createEndpoint
	case "DeleteVpcEndpoints":
		return deleteEndpoints
	}
	return subnetLearner(name)
}

// subnetLearner reads what tells whether a subnet's instances have public
// addresses of their own, or only the VPC's gateways.
func subnetLearner(name string) learner {
	switch name {
	case "CreateRouteTable":
		return func(n *notes) {
			table := n.Event.Response.Get("routeTable")
			n.add(RouteTableKey(table.String("routeTableId")), VPC, table.String("vpcId"))
			n.add(VPCKey(table.String("vpcId")), RouteTable, table.String("routeTableId"))
		}
	case "ModifySubnetAttribute":
		return func(n *notes) {
			if n.Event.Request.String("mapPublicIpOnLaunch") == "true" || n.Event.Request.String("mapPublicIpOnLaunch", "value") == "true" {
				n.add(SubnetKey(n.Event.Request.String("subnetId")), PublicIP, n.Seen.EventID)
			}
		}
	}
	if name == "CreateVpc" {
		return func(n *notes) { n.add(VPCKey(n.Event.Response.String("vpc", "vpcId")), Created, n.Seen.EventID) }
	}
	return func(n *notes) { // CreateSubnet
		s := n.Event.Response.Get("subnet")
		key := SubnetKey(s.String("subnetId"))
		n.add(key, VPC, s.String("vpcId"))
		if s.String("mapPublicIpOnLaunch") == "false" {
			n.add(key, NoPublicIP, n.Seen.EventID)
		}
	}
}

// createNatGateway: the public address is not in the record; it is the
// allocation's.
func createNatGateway(n *notes) {
	gateway := n.Event.Response.Get("CreateNatGatewayResponse", "natGateway")
	id, vpc := gateway.String("natGatewayId"), gateway.String("vpcId")
	n.add(VPCKey(vpc), Gateway, id)
	n.add(GatewayKey(id), VPC, vpc)
	n.add(SubnetKey(gateway.String("subnetId")), VPC, vpc)
	request := n.Event.Request.Get("CreateNatGatewayRequest")
	n.gatewayAllocation(id, request.String("AllocationId"))
	request.Each(func(a cloudtrail.Raw) { n.gatewayAllocation(id, textOr(a, "content")) }, "SecondaryAllocationId")
	gateway.Each(func(a cloudtrail.Raw) { n.gatewayAllocation(id, a.String("allocationId")) }, "natGatewayAddressSet", "item")
}

func (n *notes) gatewayAddresses(request cloudtrail.Raw) {
	id := request.String("NatGatewayId")
	request.Each(func(a cloudtrail.Raw) { n.gatewayAllocation(id, textOr(a, "content")) }, "AllocationId")
}

func (n *notes) gatewayAllocation(gateway, allocation string) {
	n.add(GatewayKey(gateway), Allocation, allocation)
	n.add(AllocationKey(allocation), Gateway, gateway)
}

// defaultRoute: a default route to anything but a NAT or internet gateway means
// that the VPC's addresses on the internet are somebody else's.
func defaultRoute(n *notes) {
	r := n.Event.Request
	if d := r.String("destinationCidrBlock"); d != "0.0.0.0/0" && r.String("destinationIpv6CidrBlock") != "::/0" {
		return
	}
	for _, target := range []string{"transitGatewayId", "networkInterfaceId", "instanceId", "vpcPeeringConnectionId", "localGatewayId", "carrierGatewayId", "coreNetworkArn"} {
		if via := r.String(target); via != "" {
			n.add(RouteTableKey(r.String("routeTableId")), Incomplete, target)
			n.add(AccountKey(n.Event.RecipientAccountID), Incomplete, target, r.String("routeTableId"))
		}
	}
}

func createEndpoint(n *notes) {
	request := n.Event.Request.Get("CreateVpcEndpointRequest")
	endpoint := n.Event.Response.Get("CreateVpcEndpointResponse", "vpcEndpoint")
	id := endpoint.String("vpcEndpointId")
	vpc := endpoint.String("vpcId")
	if vpc == "" {
		vpc = request.String("VpcId")
	}
	n.add(EndpointKey(id), VPC, vpc)
	n.add(VPCKey(vpc), Endpoint, id)
}

func deleteEndpoints(n *notes) {
	request := n.Event.Request.Get("DeleteVpcEndpointsRequest")
	end := func(id cloudtrail.Raw) {
		if s := textOr(id, "content"); s != "" {
			n.add(EndpointKey(s), Ended, n.Seen.EventID)
		}
	}
	request.Each(end, "VpcEndpointId")
}
