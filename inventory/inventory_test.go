package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/straytoken/straytoken/inventory"
	"github.com/straytoken/straytoken/network"
)

const (
	ours   = "111111111111"
	theirs = "222222222222"
	region = "eu-west-1"
)

func accounts(ids ...string) []inventory.Account {
	var out []inventory.Account
	for _, id := range ids {
		out = append(out, inventory.Account{ID: id, Regions: []string{region}})
	}
	return out
}

// read reads one world as our account.
func read(t *testing.T, w *world) inventory.Reading {
	t.Helper()
	r := inventory.Reader{Opener: &worlds{byName: map[string]*world{ours + "/" + region: w}}, Rate: 1e6}
	return r.Read(context.Background(), accounts(ours), noon)[0]
}

func TestReadEverySort(t *testing.T) {
	created := noon.Add(-time.Hour)
	private := []types.NetworkInterfacePrivateIpAddress{
		{PrivateIpAddress: aws.String("10.0.0.5"), Association: &types.NetworkInterfaceAssociation{PublicIp: aws.String("203.0.113.5")}},
		{PrivateIpAddress: aws.String("10.0.0.6"), Association: &types.NetworkInterfaceAssociation{PublicIp: aws.String("203.0.113.6"), AllocationId: aws.String("eipalloc-6")}},
	}
	route := func(r types.Route) types.RouteTable {
		return types.RouteTable{RouteTableId: aws.String("rtb-1"), VpcId: aws.String("vpc-1"), Routes: []types.Route{r}}
	}
	gateway := func(g types.NatGateway) *world {
		g.NatGatewayId, g.VpcId, g.CreateTime = aws.String("nat-1"), aws.String("vpc-1"), &created
		g.NatGatewayAddresses = []types.NatGatewayAddress{{PublicIp: aws.String("198.51.100.1")}, {PrivateIp: aws.String("10.0.0.9")}}
		return &world{gateways: []types.NatGateway{g}}
	}
	for _, c := range []struct {
		name  string
		world *world
		want  []string
	}{
		{"Elastic IP", &world{addresses: []types.Address{eip("203.0.113.1", "i-1")}}, []string{"eip 203.0.113.1 i-1"}},
		{"gateway", gateway(types.NatGateway{State: types.NatGatewayStateAvailable}), []string{"nat 198.51.100.1 vpc-1"}},
		{"gateway deleted", gateway(types.NatGateway{State: types.NatGatewayStateDeleted}), nil},
		{"private gateway", gateway(types.NatGateway{ConnectivityType: types.ConnectivityTypePrivate}), []string{"elsewhere  vpc-1"}},
		{"interface", &world{interfaces: []types.NetworkInterface{{VpcId: aws.String("vpc-1"), PrivateIpAddresses: private,
			Ipv6Addresses: []types.NetworkInterfaceIpv6Address{{Ipv6Address: aws.String("2001:db8::5")}},
			Attachment:    &types.NetworkInterfaceAttachment{InstanceId: aws.String("i-1"), AttachTime: &created}}}},
			[]string{"eni 10.0.0.5 i-1vpc-1", "eni 203.0.113.5 i-1vpc-1", "eni 10.0.0.6 i-1vpc-1", "eni 2001:db8::5 i-1vpc-1"}},
		{"interface of a load balancer", &world{interfaces: []types.NetworkInterface{{PrivateIpAddresses: private}}}, nil},
		{"route to the internet", &world{tables: []types.RouteTable{route(types.Route{DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: aws.String("igw-1")})}}, nil},
		{"route to a transit gateway", &world{tables: []types.RouteTable{route(types.Route{DestinationCidrBlock: aws.String("0.0.0.0/0"), TransitGatewayId: aws.String("tgw-1")})}}, []string{"elsewhere  vpc-1"}},
		{"route to a VPN", &world{tables: []types.RouteTable{route(types.Route{DestinationIpv6CidrBlock: aws.String("::/0"), GatewayId: aws.String("vgw-1")})}}, []string{"elsewhere  vpc-1"}},
		{"route to a neighbour", &world{tables: []types.RouteTable{route(types.Route{DestinationCidrBlock: aws.String("10.9.0.0/16"), TransitGatewayId: aws.String("tgw-1")})}}, nil},
		{"subnet", &world{subnets: []types.Subnet{{VpcId: aws.String("vpc-1"), Ipv6CidrBlockAssociationSet: []types.SubnetIpv6CidrBlockAssociation{{Ipv6CidrBlock: aws.String("2001:db8::/64")}}}}}, []string{"subnet 2001:db8::/64 vpc-1"}},
		{"endpoint", &world{endpoints: []types.VpcEndpoint{{VpcEndpointId: aws.String("vpce-1"), VpcId: aws.String("vpc-1")}}}, []string{"endpoint  vpc-1"}},
		{"half-made", &world{addresses: []types.Address{{}}, gateways: []types.NatGateway{{NatGatewayAddresses: []types.NatGatewayAddress{{}}}}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, c.world)
			if texts := describe(got.Holdings); got.Err != nil || !slices.Equal(texts, c.want) {
				t.Errorf("got %q, %v", texts, got.Err)
			}
		})
	}
}

// describe is Holdings as text.
func describe(holdings []network.Holding) []string {
	var out []string
	for _, h := range holdings {
		address := ""
		if h.Address.IsValid() {
			address = h.Address.String()
		}
		if h.Prefix.IsValid() {
			address = h.Prefix.String()
		}
		out = append(out, fmt.Sprintf("%s %s %s%s", h.What, address, h.Instance, h.VPC))
	}
	return out
}

func many(n int) []types.VpcEndpoint {
	var out []types.VpcEndpoint
	for i := range n {
		out = append(out, types.VpcEndpoint{VpcEndpointId: aws.String(fmt.Sprintf("vpce-%d", i))})
	}
	return out
}

func TestReadAllPages(t *testing.T) {
	w := &world{endpoints: many(7), page: 3}
	if got := read(t, w); len(got.Holdings) != 7 || got.Err != nil || w.calls.Load() != 8 {
		t.Errorf("%d holdings, %v, %d calls", len(got.Holdings), got.Err, w.calls.Load())
	}
}

func TestFailureMidPageLeavesTheRest(t *testing.T) {
	w := &world{endpoints: many(7), page: 3, addresses: []types.Address{eip("203.0.113.1", "i-1")},
		failing: map[string]error{"endpoints": errThrottled, "tables": errDenied}, failFrom: map[string]int{"endpoints": 1}}
	got := read(t, w)
	if !errors.Is(got.Err, errThrottled) || !errors.Is(got.Err, errDenied) {
		t.Errorf("error %v", got.Err)
	}
	if len(got.Holdings) != 4 {
		t.Errorf("%d holdings, want the address and the first page", len(got.Holdings))
	}
}

func TestOneAccountDeniedOthersGoOn(t *testing.T) {
	w := &worlds{denied: map[string]bool{theirs: true}, byName: map[string]*world{ours + "/" + region: {endpoints: many(1)}}}
	r := inventory.Reader{Opener: w, Parallel: 2, Rate: 1e6}
	got := r.Read(context.Background(), accounts(theirs, ours), noon)
	if len(got) != 2 || got[0].Account != ours || got[0].Err != nil || len(got[0].Holdings) != 1 {
		t.Fatalf("ours: %+v", got)
	}
	if !errors.Is(got[1].Err, errNoRole) {
		t.Errorf("theirs: %v", got[1].Err)
	}
}

// TestCallsAreSpaced: 5 calls at once, then 2 a second.
func TestCallsAreSpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{endpoints: many(20), page: 1}
		r := inventory.Reader{Opener: &worlds{byName: map[string]*world{ours + "/" + region: w}}, Rate: 2}
		began := time.Now()
		r.Read(context.Background(), accounts(ours), noon)
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("25 calls took %s", took)
		}
	})
}

func TestCancelledReadingIsIncomplete(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := inventory.Reader{Opener: &worlds{byName: map[string]*world{ours + "/" + region: {}}}}
	if got := r.Read(ctx, accounts(ours), noon); !errors.Is(got[0].Err, context.Canceled) {
		t.Errorf("%v", got[0].Err)
	}
}

// fakeSTS refuses a role, or gives credentials and counts how often.
type fakeSTS struct {
	refuse string
	calls  []*sts.AssumeRoleInput
}

func (f *fakeSTS) AssumeRole(_ context.Context, in *sts.AssumeRoleInput, _ ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	f.calls = append(f.calls, in)
	if *in.RoleArn == f.refuse {
		return nil, errNoRole
	}
	out := stsCredentials()
	return &sts.AssumeRoleOutput{Credentials: &out}, nil
}

func TestAssumeRole(t *testing.T) {
	good := inventory.Account{ID: ours, RoleARN: inventory.RoleARN(ours, "/audit", region), ExternalID: "42"}
	bad := inventory.Account{ID: theirs, RoleARN: inventory.RoleARN(theirs, "audit", "cn-north-1")}
	fake := &fakeSTS{refuse: "arn:aws-cn:iam::222222222222:role/audit"}
	a := inventory.NewAssumer(aws.Config{}, fake)
	for _, r := range []string{"eu-west-1", "us-east-1"} {
		if _, err := a.Open(context.Background(), good, r); err != nil {
			t.Error(err)
		}
	}
	if len(fake.calls) != 1 || *fake.calls[0].ExternalId != "42" || *fake.calls[0].RoleArn != "arn:aws:iam::111111111111:role/audit" {
		t.Errorf("calls: %+v", fake.calls)
	}
	if _, err := a.Open(context.Background(), bad, "cn-north-1"); !errors.Is(err, errNoRole) {
		t.Errorf("refused role: %v", err)
	}
	if _, err := a.Open(context.Background(), inventory.Account{ID: ours}, region); err != nil || len(fake.calls) != 2 {
		t.Errorf("own credentials: %v, %d calls", err, len(fake.calls))
	}
}
