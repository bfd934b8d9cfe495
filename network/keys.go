package network

import (
	"strings"

	"github.com/straytoken/straytoken/state"
)

// Keys of the learned inventory. Ids are folded to lower case: AWS makes them so,
// and re-exported logs do not always keep them so.

// InstanceKey holds what is known of an EC2 instance.
func InstanceKey(id string) state.Key { return state.NewKey("instance", strings.ToLower(id)) }

// InterfaceKey holds what is known of an elastic network interface.
func InterfaceKey(id string) state.Key { return state.NewKey("eni", strings.ToLower(id)) }

// AllocationKey holds what is known of an Elastic IP allocation.
func AllocationKey(id string) state.Key { return state.NewKey("allocation", strings.ToLower(id)) }

// AssociationKey holds the end of an Elastic IP's or gateway address's association.
func AssociationKey(id string) state.Key { return state.NewKey("association", strings.ToLower(id)) }

// GatewayKey holds what is known of a NAT gateway.
func GatewayKey(id string) state.Key { return state.NewKey("nat", strings.ToLower(id)) }

// VPCKey holds what is known of a VPC.
func VPCKey(id string) state.Key { return state.NewKey("vpc", strings.ToLower(id)) }

// SubnetKey holds what is known of a subnet.
func SubnetKey(id string) state.Key { return state.NewKey("subnet", strings.ToLower(id)) }

// RouteTableKey holds what is known of a route table.
func RouteTableKey(id string) state.Key { return state.NewKey("rtb", strings.ToLower(id)) }

// AccountKey holds what is known of an account: that its trail is ours, and the
// default routes of its route tables that lead elsewhere.
func AccountKey(id string) state.Key { return state.NewKey("account", id) }

// EndpointKey holds what is known of a VPC endpoint.
func EndpointKey(id string) state.Key { return state.NewKey("endpoint", strings.ToLower(id)) }

// FunctionKey holds what is known of a Lambda function.
func FunctionKey(account, name string) state.Key { return state.NewKey("function", account, name) }

// AddressKey holds what is known of an address in an account: the sort of
// identities that used it, and whose Elastic IP it is.
func AddressKey(account, host string) state.Key { return state.NewKey("address", account, host) }

// Classes of members under the inventory's keys. Behind the class stand the value
// named here and, last, who stated it ("session@address"), so that a statement of
// a suspect session can be told from the same statement by somebody else.
const (
	Address    = "addr"       // canonical address
	ElasticIP  = "eip"        // public address, allocation or "", association or ""
	Allocation = "alloc"      // allocation id
	Interface  = "eni"        // interface id
	Instance   = "instance"   // instance id
	VPC        = "vpc"        // VPC id
	Subnet     = "subnet"     // subnet id
	Gateway    = "nat"        // NAT gateway id
	Endpoint   = "endpoint"   // VPC endpoint id
	Incomplete = "incomplete" // kind of a default route's target, route table id: egress is not ours to know
	RouteTable = "rtb"        // route table id
	NoPublicIP = "nopublic"   // the subnet gives its instances no public address
	PublicIP   = "public"     // the subnet gives its instances public addresses, the launch gave the instance one
	Created    = "created"    // the VPC was made, so all that it has is known
	Started    = "started"    // the instance was started
	Stopped    = "stopped"    // the instance was stopped
	Terminated = "terminated" // the instance was terminated
	Ended      = "ended"      // the association, gateway or endpoint was removed
	Command    = "command"    // a person's address, event name, hour since 1970: a command sent to the instance
)
