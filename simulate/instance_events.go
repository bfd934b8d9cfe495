package simulate

import (
	"strings"
	"time"
)

// runInstances is the launch. The response names the private address only: the
// public one is assigned later, without an event.
func (i *instance) runInstances() action {
	token := strings.ToUpper(guid(i.rng))
	image := hexID(i.rng, "ami-")
	profile := object{"arn": "arn:aws:iam::" + i.acct.id + ":instance-profile/" + i.role.name, "id": entityID(i.rng, "AIPA", i.acct.id)}
	return i.ec2("RunInstances",
		object{
			"networkInterfaceSet": object{"items": list{object{"deviceIndex": 0, "subnetId": i.subnet().id, "associatePublicIpAddress": i.public}}},
			"instancesSet":        object{"items": list{object{"imageId": image, "minCount": 1, "maxCount": 1}}},
			"instanceType":        "m7i.large", "clientToken": token, "monitoring": object{"enabled": false},
			"disableApiTermination": false, "blockDeviceMapping": object{}, "ebsOptimized": true,
			"iamInstanceProfile": object{"name": i.role.name}, "tagSpecificationSet": tags("instance", i.role.name),
		},
		object{
			"reservationId": hexID(i.rng, "r-"), "ownerId": i.acct.id, "groupSet": object{},
			"instancesSet": object{"items": list{object{
				"instanceId": i.id, "imageId": image, "instanceType": "m7i.large", "clientToken": token,
				"instanceState": object{"code": 0, "name": "pending"}, "launchTime": i.now().UnixMilli(),
				"privateDnsName": "ip-" + strings.ReplaceAll(i.private, ".", "-") + ".ec2.internal",
				"placement":      object{"availabilityZone": i.subnet().zone, "tenancy": "default"},
				"subnetId":       i.subnet().id, "vpcId": i.vpc.id, "privateIpAddress": i.private,
				"architecture": "x86_64", "rootDeviceType": "ebs", "hypervisor": "xen", "virtualizationType": "hvm",
				"iamInstanceProfile":  profile,
				"networkInterfaceSet": object{"items": list{i.networkInterface()}},
				"metadataOptions":     object{"state": "pending", "httpTokens": i.tokens(), "httpPutResponseHopLimit": 2, "httpEndpoint": "enabled"},
			}}},
		})
}

func (i *instance) subnet() subnet { return i.vpc.subnets[i.number%len(i.vpc.subnets)] }

// tokens says whether the metadata service insists on IMDSv2.
func (i *instance) tokens() string {
	if i.v1 {
		return "optional"
	}
	return "required"
}

func (i *instance) networkInterface() object {
	v6 := object{}
	if i.v6 != "" {
		v6 = object{"item": list{object{"ipv6Address": i.v6}}}
	}
	return object{
		"networkInterfaceId": i.eni, "subnetId": i.subnet().id, "vpcId": i.vpc.id, "ownerId": i.acct.id, "status": "in-use",
		"privateIpAddress": i.private, "sourceDestCheck": true, "interfaceType": "interface", "ipv6AddressesSet": v6,
		"groupSet":              object{"items": list{object{"groupId": hexID(i.rng, "sg-")}}},
		"attachment":            object{"attachmentId": hexID(i.rng, "eni-attach-"), "deviceIndex": 0, "status": "attaching", "deleteOnTermination": true},
		"privateIpAddressesSet": object{"item": list{object{"privateIpAddress": i.private, "primary": true}}}, "tagSet": object{},
	}
}

// The ways in which AssociateAddress names its target.
const (
	byInstance = iota
	byInterface
	byPublicIP
	waysToAssociate
)

// associate gives the instance an Elastic IP address in mid-session.
func (i *instance) associate(way int) {
	address, allocation := i.w.addresses.inRegion(i.region), hexID(i.rng, "eipalloc-")
	i.acct.change(i.region, i.allocateAddress(allocation, address))
	i.after(20*time.Second, func() {
		i.acct.change(i.region, i.associateAddress(way, allocation, address))
		i.address = address
	})
}

func (i *instance) associateAddress(way int, allocation, address string) action {
	request := object{"allowReassociation": true}
	switch way {
	case byInstance:
		request["instanceId"], request["allocationId"] = i.id, allocation
	case byInterface:
		request["networkInterfaceId"], request["privateIpAddress"], request["allocationId"] = i.eni, i.private, allocation
	case byPublicIP:
		request["instanceId"], request["publicIp"] = i.id, address
	}
	return i.ec2("AssociateAddress", request, object{"associationId": hexID(i.rng, "eipassoc-"), "_return": true})
}

// attach gives the instance a second network interface with an address of its own.
func (i *instance) attach() {
	eni, private := hexID(i.rng, "eni-"), i.vpc.nextPrivate()
	address, allocation := i.w.addresses.inRegion(i.region), hexID(i.rng, "eipalloc-")
	i.acct.change(i.region, i.allocateAddress(allocation, address))
	i.acct.change(i.region, i.ec2("CreateNetworkInterface",
		object{"subnetId": i.subnet().id, "groupSet": object{}, "clientToken": guid(i.rng)},
		object{"networkInterface": object{
			"networkInterfaceId": eni, "subnetId": i.subnet().id, "vpcId": i.vpc.id, "ownerId": i.acct.id, "status": "pending",
			"privateIpAddress":      private,
			"privateIpAddressesSet": object{"item": list{object{"privateIpAddress": private, "primary": true}}},
			"ipv6AddressesSet":      object{}}}))
	i.acct.change(i.region, i.ec2("AssociateAddress",
		object{"networkInterfaceId": eni, "allocationId": allocation},
		object{"associationId": hexID(i.rng, "eipassoc-"), "_return": true}))
	i.after(30*time.Second, func() {
		i.acct.change(i.region, i.ec2("AttachNetworkInterface",
			object{"networkInterfaceId": eni, "instanceId": i.id, "deviceIndex": 1},
			object{"attachmentId": hexID(i.rng, "eni-attach-")}))
		i.address = address
	})
}

// restart stops and starts the instance. Its auto-assigned public address changes,
// and no event tells the new one.
func (i *instance) restart() {
	i.acct.change(i.region, i.stateChange("StopInstances", "stopping", "running"))
	i.running = false
	i.after(4*time.Minute, func() {
		i.acct.change(i.region, i.stateChange("StartInstances", "pending", "stopped"))
		if i.address != "" {
			i.address = i.w.addresses.inRegion(i.region)
		}
		i.after(20*time.Second, func() {
			i.renew()
			i.logIssue()
			i.live()
		})
	})
}

// terminate ends the instance; its credentials stay valid for hours.
func (i *instance) terminate() {
	i.acct.change(i.region, i.stateChange("TerminateInstances", "shutting-down", "running"))
	i.running = false
}

func (i *instance) stateChange(name, current, previous string) action {
	target := object{"instanceId": i.id}
	return i.ec2(name,
		object{"instancesSet": object{"items": list{target}}},
		object{"instancesSet": object{"items": list{object{
			"instanceId": i.id, "currentState": object{"name": current}, "previousState": object{"name": previous}}}}})
}
