package inventory

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/time/rate"

	"github.com/straytoken/straytoken/network"
)

// EC2 is what is asked of EC2. Reading needs no other permissions than these.
type EC2 interface {
	DescribeAddresses(context.Context, *ec2.DescribeAddressesInput, ...func(*ec2.Options)) (*ec2.DescribeAddressesOutput, error)
	ec2.DescribeNatGatewaysAPIClient
	ec2.DescribeNetworkInterfacesAPIClient
	ec2.DescribeRouteTablesAPIClient
	ec2.DescribeSubnetsAPIClient
	ec2.DescribeVpcEndpointsAPIClient
}

// pageSize is how much is asked for at once. EC2 throttles calls for all at once.
const pageSize = 500

// describer reads one account and region.
type describer struct {
	api             EC2
	limit           *rate.Limiter
	account, region string
	holdings        []network.Holding
}

// all reads everything that it can: what one call refuses another may give.
func (d *describer) all(ctx context.Context) error {
	return errors.Join(d.addresses(ctx), d.gateways(ctx), d.interfaces(ctx), d.routes(ctx), d.subnets(ctx), d.endpoints(ctx))
}

// pager is one of the SDK's paginators.
type pager[Page any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*ec2.Options)) (Page, error)
}

// pages reads page after page, no faster than the limit.
func pages[Page any](ctx context.Context, limit *rate.Limiter, what string, p pager[Page], use func(Page)) error {
	for p.HasMorePages() {
		if err := limit.Wait(ctx); err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
		page, err := p.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
		use(page)
	}
	return nil
}

func (d *describer) add(h network.Holding) {
	h.Account, h.Region = d.account, d.region
	d.holdings = append(d.holdings, h)
}

// address adds a Holding of an address; half-made things have none yet.
func (d *describer) address(text *string, h network.Holding) {
	addr, err := netip.ParseAddr(aws.ToString(text))
	if err != nil {
		return
	}
	h.Address = addr.Unmap().WithZone("")
	d.add(h)
}

// addresses reads Elastic IPs, which EC2 gives all at once.
func (d *describer) addresses(ctx context.Context) error {
	if err := d.limit.Wait(ctx); err != nil {
		return fmt.Errorf("read Elastic IPs: %w", err)
	}
	out, err := d.api.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	if err != nil {
		return fmt.Errorf("read Elastic IPs: %w", err)
	}
	for _, a := range out.Addresses {
		d.address(a.PublicIp, network.Holding{What: network.HeldElasticIP, ID: aws.ToString(a.AllocationId), Instance: aws.ToString(a.InstanceId)})
	}
	return nil
}

func (d *describer) gateways(ctx context.Context) error {
	p := ec2.NewDescribeNatGatewaysPaginator(d.api, &ec2.DescribeNatGatewaysInput{MaxResults: aws.Int32(pageSize)})
	return pages(ctx, d.limit, "NAT gateways", p, func(page *ec2.DescribeNatGatewaysOutput) {
		for _, g := range page.NatGateways {
			d.gateway(g)
		}
	})
}

// gateway adds a NAT gateway's addresses. Those deleted stay listed for a while. A
// private one leads to where we cannot follow.
func (d *describer) gateway(g types.NatGateway) {
	h := network.Holding{What: network.HeldGateway, ID: aws.ToString(g.NatGatewayId), VPC: aws.ToString(g.VpcId), From: second(g.CreateTime)}
	switch {
	case g.State == types.NatGatewayStateDeleted || g.State == types.NatGatewayStateFailed:
		return
	case g.ConnectivityType == types.ConnectivityTypePrivate:
		h.What = network.LedElsewhere
		d.add(h)
		return
	}
	for _, a := range g.NatGatewayAddresses {
		d.address(a.PublicIp, h)
	}
}

func (d *describer) interfaces(ctx context.Context) error {
	p := ec2.NewDescribeNetworkInterfacesPaginator(d.api, &ec2.DescribeNetworkInterfacesInput{MaxResults: aws.Int32(pageSize)})
	return pages(ctx, d.limit, "network interfaces", p, func(page *ec2.DescribeNetworkInterfacesOutput) {
		for _, eni := range page.NetworkInterfaces {
			d.networkInterface(eni)
		}
	})
}

// networkInterface adds an instance's addresses; those of other interfaces are no
// machine's that a session names. Elastic IPs are read by themselves.
func (d *describer) networkInterface(eni types.NetworkInterface) {
	if eni.Attachment == nil || aws.ToString(eni.Attachment.InstanceId) == "" {
		return
	}
	h := network.Holding{
		What: network.HeldInterface, ID: aws.ToString(eni.NetworkInterfaceId), VPC: aws.ToString(eni.VpcId),
		Instance: aws.ToString(eni.Attachment.InstanceId), From: second(eni.Attachment.AttachTime),
	}
	for _, a := range eni.PrivateIpAddresses {
		d.address(a.PrivateIpAddress, h)
		if a.Association != nil && aws.ToString(a.Association.AllocationId) == "" {
			d.address(a.Association.PublicIp, h)
		}
	}
	for _, a := range eni.Ipv6Addresses {
		d.address(a.Ipv6Address, h)
	}
}

func (d *describer) routes(ctx context.Context) error {
	p := ec2.NewDescribeRouteTablesPaginator(d.api, &ec2.DescribeRouteTablesInput{MaxResults: aws.Int32(100)})
	return pages(ctx, d.limit, "route tables", p, func(page *ec2.DescribeRouteTablesOutput) {
		for _, table := range page.RouteTables {
			for _, r := range table.Routes {
				if leadsElsewhere(&r) {
					d.add(network.Holding{What: network.LedElsewhere, ID: aws.ToString(table.RouteTableId), VPC: aws.ToString(table.VpcId)})
					break
				}
			}
		}
	})
}

// leadsElsewhere tells whether a route is a default route to anything but an
// internet gateway or a NAT gateway.
func leadsElsewhere(r *types.Route) bool {
	if aws.ToString(r.DestinationCidrBlock) != "0.0.0.0/0" && aws.ToString(r.DestinationIpv6CidrBlock) != "::/0" {
		return false
	}
	return r.NatGatewayId == nil && r.EgressOnlyInternetGatewayId == nil && !strings.HasPrefix(aws.ToString(r.GatewayId), "igw-")
}

func (d *describer) subnets(ctx context.Context) error {
	p := ec2.NewDescribeSubnetsPaginator(d.api, &ec2.DescribeSubnetsInput{MaxResults: aws.Int32(pageSize)})
	return pages(ctx, d.limit, "subnets", p, func(page *ec2.DescribeSubnetsOutput) {
		for _, s := range page.Subnets {
			for _, six := range s.Ipv6CidrBlockAssociationSet {
				if prefix, err := netip.ParsePrefix(aws.ToString(six.Ipv6CidrBlock)); err == nil {
					d.add(network.Holding{What: network.HeldSubnet, Prefix: prefix.Masked(), ID: aws.ToString(s.SubnetId), VPC: aws.ToString(s.VpcId)})
				}
			}
		}
	})
}

func (d *describer) endpoints(ctx context.Context) error {
	p := ec2.NewDescribeVpcEndpointsPaginator(d.api, &ec2.DescribeVpcEndpointsInput{MaxResults: aws.Int32(pageSize)})
	return pages(ctx, d.limit, "VPC endpoints", p, func(page *ec2.DescribeVpcEndpointsOutput) {
		for _, e := range page.VpcEndpoints {
			d.add(network.Holding{What: network.HeldEndpoint, ID: aws.ToString(e.VpcEndpointId), VPC: aws.ToString(e.VpcId), From: second(e.CreationTimestamp)})
		}
	})
}

// second is a time as CloudTrail counts it, UTC and whole; zero when AWS states none.
func second(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}
