package simulate

import (
	"strconv"
	"strings"
)

// logMaking writes the records of the network's making, in Terraform's order.
func (v *vpc) logMaking() {
	v.acct.change(v.region, v.ec2("CreateVpc",
		object{"cidrBlock": v.cidr(), "instanceTenancy": "default", "amazonProvidedIpv6CidrBlock": v.v6 != ""},
		object{"vpc": object{"vpcId": v.id, "state": "pending", "ownerId": v.acct.id, "cidrBlock": v.cidr()}}))
	for i, s := range v.subnets {
		v.acct.change(v.region, v.ec2("CreateSubnet",
			object{"vpcId": v.id, "cidrBlock": v.subnetCIDR(i), "availabilityZone": s.zone},
			object{"subnet": object{"subnetId": s.id, "vpcId": v.id, "state": "available", "ownerId": v.acct.id, "mapPublicIpOnLaunch": false}}))
	}
	for i, g := range v.nats {
		v.logNAT(i, g)
	}
	for _, e := range v.endpoints {
		v.acct.change(v.region, v.createEndpoint(e))
	}
}

func (v *vpc) logNAT(i int, g *nat) {
	v.acct.change(v.region, v.allocateAddress(g.allocation, g.address))
	v.acct.change(v.region, v.createNAT(g, v.subnets[i%len(v.subnets)].id))
	v.acct.change(v.region, v.createRoute(v.subnets[i%len(v.subnets)].routes, g.id))
	for _, address := range g.secondary {
		allocation := hexID(v.rng, "eipalloc-")
		v.acct.change(v.region, v.allocateAddress(allocation, address))
		v.acct.change(v.region, v.associateNATAddress(g, allocation))
	}
}

func (v *vpc) cidr() string { return "10." + strconv.Itoa(v.second) + ".0.0/16" }

func (v *vpc) subnetCIDR(i int) string {
	return "10." + strconv.Itoa(v.second) + "." + strconv.Itoa(i*16) + ".0/20"
}

// ec2 is a changing EC2 call. EC2 repeats the request id in the response.
func (a *actor) ec2(name string, request, response object) action {
	id := guid(a.rng)
	response["requestId"] = id
	return action{source: "ec2.amazonaws.com", name: name, request: request, response: response, requestID: id}
}

// ec2Wrapped is a call of EC2's younger kind, whose parameters stand in a
// Request and a Response element.
func (a *actor) ec2Wrapped(name string, request, response object) action {
	id := guid(a.rng)
	response["requestId"] = id
	response["xmlns"] = "http://ec2.amazonaws.com/doc/2016-11-15/"
	return action{
		source: "ec2.amazonaws.com", name: name, requestID: id,
		request:  object{name + "Request": request},
		response: object{name + "Response": response},
	}
}

func (a *actor) allocateAddress(allocation, address string) action {
	return a.ec2("AllocateAddress",
		object{"domain": "vpc", "tagSpecificationSet": tags("elastic-ip", "egress")},
		object{"publicIp": address, "domain": "vpc", "allocationId": allocation,
			"publicIpv4Pool": "amazon", "networkBorderGroup": a.region})
}

func (v *vpc) createNAT(g *nat, subnet string) action {
	token := strings.ToUpper(guid(v.rng))
	return v.ec2Wrapped("CreateNatGateway",
		object{"ConnectivityType": "public", "AllocationId": g.allocation, "SubnetId": subnet, "ClientToken": token,
			"TagSpecification": object{"ResourceType": "natgateway", "tag": 1,
				"Tag": object{"Value": "egress", "tag": 1, "Key": "Name"}}},
		object{"clientToken": token, "natGateway": object{
			"connectivityType": "public", "subnetId": subnet, "vpcId": v.id, "natGatewayId": g.id, "state": "pending",
			"createTime": v.now().Format("2006-01-02T15:04:05.000Z"),
			"natGatewayAddressSet": object{"item": object{
				"isPrimary": true, "allocationId": g.allocation, "status": "associating"}}}})
}

func (v *vpc) associateNATAddress(g *nat, allocation string) action {
	return v.ec2Wrapped("AssociateNatGatewayAddress",
		object{"NatGatewayId": g.id, "AllocationId": object{"tag": 1, "content": allocation}},
		object{"natGatewayId": g.id, "natGatewayAddressSet": object{"item": object{
			"isPrimary": false, "allocationId": allocation, "status": "associating"}}})
}

func (v *vpc) createRoute(table, natID string) action {
	return v.ec2("CreateRoute",
		object{"routeTableId": table, "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": natID},
		object{"_return": true})
}

func (v *vpc) createEndpoint(e endpoint) action {
	kind := "Interface"
	if e.gateway {
		kind = "Gateway"
	}
	name := "com.amazonaws." + v.region + "." + e.service
	return v.ec2Wrapped("CreateVpcEndpoint",
		object{"VpcId": v.id, "ServiceName": name, "VpcEndpointType": kind, "PrivateDnsEnabled": !e.gateway,
			"ClientToken": guid(v.rng)},
		object{"vpcEndpoint": object{
			"vpcEndpointId": e.id, "vpcId": v.id, "serviceName": name, "vpcEndpointType": kind,
			"state": "pending", "ownerId": v.acct.id, "requesterManaged": false,
			"creationTimestamp": v.now().Format("2006-01-02T15:04:05.000Z")}})
}

func tags(kind, name string) object {
	return object{"items": list{object{"resourceType": kind, "tags": list{
		object{"key": "Name", "value": name}, object{"key": "Terraform", "value": "true"}}}}}
}
