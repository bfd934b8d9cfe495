package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/straytoken/straytoken/inventory"
)

var (
	errDenied    = &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "You are not authorized to perform this operation."}
	errThrottled = &smithy.GenericAPIError{Code: "RequestLimitExceeded", Message: "Request limit exceeded."}
	noon         = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// world is what an EC2 of one account and region has.
type world struct {
	addresses  []types.Address
	gateways   []types.NatGateway
	interfaces []types.NetworkInterface
	tables     []types.RouteTable
	subnets    []types.Subnet
	endpoints  []types.VpcEndpoint

	page     int              // things a page; 0: all
	failing  map[string]error // by call
	failFrom map[string]int   // by call: the first page that fails, from 0
	calls    atomic.Int64
}

// cut gives one page and the token of the next.
func cut[T any](w *world, call string, all []T, token *string) ([]T, *string, error) {
	w.calls.Add(1)
	from := 0
	if token != nil {
		from, _ = strconv.Atoi(*token)
	}
	size := w.page
	if size == 0 {
		size = len(all) + 1
	}
	if err := w.failing[call]; err != nil && from/size >= w.failFrom[call] {
		return nil, nil, err
	}
	if from+size >= len(all) {
		return all[from:], nil, nil
	}
	return all[from : from+size], aws.String(strconv.Itoa(from + size)), nil
}

func (w *world) DescribeAddresses(context.Context, *ec2.DescribeAddressesInput, ...func(*ec2.Options)) (*ec2.DescribeAddressesOutput, error) {
	page, _, err := cut(w, "addresses", w.addresses, nil)
	return &ec2.DescribeAddressesOutput{Addresses: page}, err
}

func (w *world) DescribeNatGateways(_ context.Context, in *ec2.DescribeNatGatewaysInput, _ ...func(*ec2.Options)) (*ec2.DescribeNatGatewaysOutput, error) {
	page, next, err := cut(w, "gateways", w.gateways, in.NextToken)
	return &ec2.DescribeNatGatewaysOutput{NatGateways: page, NextToken: next}, err
}

func (w *world) DescribeNetworkInterfaces(_ context.Context, in *ec2.DescribeNetworkInterfacesInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	page, next, err := cut(w, "interfaces", w.interfaces, in.NextToken)
	return &ec2.DescribeNetworkInterfacesOutput{NetworkInterfaces: page, NextToken: next}, err
}

func (w *world) DescribeRouteTables(_ context.Context, in *ec2.DescribeRouteTablesInput, _ ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error) {
	page, next, err := cut(w, "tables", w.tables, in.NextToken)
	return &ec2.DescribeRouteTablesOutput{RouteTables: page, NextToken: next}, err
}

func (w *world) DescribeSubnets(_ context.Context, in *ec2.DescribeSubnetsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	page, next, err := cut(w, "subnets", w.subnets, in.NextToken)
	return &ec2.DescribeSubnetsOutput{Subnets: page, NextToken: next}, err
}

func (w *world) DescribeVpcEndpoints(_ context.Context, in *ec2.DescribeVpcEndpointsInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcEndpointsOutput, error) {
	page, next, err := cut(w, "endpoints", w.endpoints, in.NextToken)
	return &ec2.DescribeVpcEndpointsOutput{VpcEndpoints: page, NextToken: next}, err
}

// worlds is an Opener of worlds by account and region.
type worlds struct {
	mu     sync.Mutex
	byName map[string]*world
	denied map[string]bool // accounts whose role cannot be assumed
}

var errNoRole = errors.New("AccessDenied: not authorized to perform: sts:AssumeRole")

func (w *worlds) Open(_ context.Context, a inventory.Account, region string) (inventory.EC2, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.denied[a.ID] {
		return nil, errNoRole
	}
	found := w.byName[a.ID+"/"+region]
	if found == nil {
		return nil, fmt.Errorf("no world %s/%s", a.ID, region)
	}
	return found, nil
}

// eip is an Elastic IP of an instance.
func eip(address, instance string) types.Address {
	return types.Address{PublicIp: aws.String(address), AllocationId: aws.String("eipalloc-" + address), InstanceId: aws.String(instance)}
}

func stsCredentials() ststypes.Credentials {
	return ststypes.Credentials{AccessKeyId: aws.String("ASIAEXAMPLE"), SecretAccessKey: aws.String("x"), SessionToken: aws.String("y"), Expiration: aws.Time(time.Now().Add(time.Hour))}
}
