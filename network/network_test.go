package network_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/state"
)

func TestParseCaller(t *testing.T) {
	for in, want := range map[string]struct {
		class network.Class
		text  string
		host  string
	}{
		"":                                {network.None, "", ""},
		"198.51.100.7":                    {network.Public, "198.51.100.7", "198.51.100.7"},
		"035.249.253.232":                 {network.Public, "35.249.253.232", "35.249.253.232"},
		"253.252.51.07":                   {network.Public, "253.252.51.7", "253.252.51.7"},
		"::ffff:198.51.100.7":             {network.Public, "198.51.100.7", "198.51.100.7"},
		"2001:DB8:0:0:0:0:0:1":            {network.Public, "2001:db8::1", "2001:db8::/64"},
		"2001:db8::ffff:1":                {network.Public, "2001:db8::ffff:1", "2001:db8::/64"},
		"fe80::1%eth0":                    {network.Private, "fe80::1", "fe80::/64"},
		"10.1.2.3":                        {network.Private, "10.1.2.3", "10.1.2.3"},
		"172.31.0.1":                      {network.Private, "172.31.0.1", "172.31.0.1"},
		"172.32.0.1":                      {network.Public, "172.32.0.1", "172.32.0.1"},
		"100.64.0.1":                      {network.Private, "100.64.0.1", "100.64.0.1"},
		"100.128.0.1":                     {network.Public, "100.128.0.1", "100.128.0.1"},
		"fd00::1":                         {network.Private, "fd00::1", "fd00::/64"},
		"ec2.amazonaws.com":               {network.Service, "ec2.amazonaws.com", "ec2.amazonaws.com"},
		"ec2.amazonaws.com.cn":            {network.Service, "ec2.amazonaws.com.cn", "ec2.amazonaws.com.cn"},
		"AWS Internal":                    {network.Service, "AWS Internal", "AWS Internal"},
		"evil-amazonaws.com":              {network.Opaque, "evil-amazonaws.com", "evil-amazonaws.com"},
		"amazonaws.com.evil.example":      {network.Opaque, "amazonaws.com.evil.example", "amazonaws.com.evil.example"},
		"<Attacker source IP>":            {network.Opaque, "<Attacker source IP>", "<Attacker source IP>"},
		"HIDDEN_DUE_TO_SECURITY_REASONS":  {network.Opaque, "HIDDEN_DUE_TO_SECURITY_REASONS", "HIDDEN_DUE_TO_SECURITY_REASONS"},
		"999.1.1.01":                      {network.Opaque, "999.1.1.1", "999.1.1.1"},
		"1.2.3":                           {network.Opaque, "1.2.3", "1.2.3"},
		"1..2.3":                          {network.Opaque, "1..2.3", "1..2.3"},
		"Tor-exit":                        {network.Opaque, "Tor-exit", "Tor-exit"},
		"000.000.000.000":                 {network.Private, "0.0.0.0", "0.0.0.0"},
		strings.Repeat("9", 500) + ".1.1": {network.Opaque, strings.Repeat("9", 500) + ".1.1", strings.Repeat("9", 500) + ".1.1"},
	} {
		if c := network.ParseCaller(in); c.Class != want.class || c.Text != want.text || c.Host() != want.host {
			t.Errorf("%q: class %d, text %q, host %q; want %d, %q, %q", in, c.Class, c.Text, c.Host(), want.class, want.text, want.host)
		}
	}
}

// FuzzParseCaller: reading what was read changes nothing.
func FuzzParseCaller(f *testing.F) {
	for _, seed := range []string{"198.51.100.7", "2001:db8::1", "035.249.253.232", "AWS Internal", "", "::ffff:1.2.3.4", "1.2.3.4%eth0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := network.ParseCaller(text)
		again := network.ParseCaller(c.Text)
		if again.Class != c.Class || again.Text != c.Text || again.Host() != c.Host() {
			t.Errorf("%q reads as %+v, and that as %+v", text, c, again)
		}
		if c.Addr.Is4In6() || c.Addr.Zone() != "" {
			t.Errorf("%q keeps a zone or is 4 in 6: %v", text, c.Addr)
		}
	})
}

func TestKnownNetworks(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	list := network.NewList([]network.Known{
		{Prefix: netip.MustParsePrefix("198.51.100.0/24"), Name: "wide"},
		{Prefix: netip.MustParsePrefix("198.51.100.128/25"), Name: "narrow", Accounts: []string{"111122223333"}},
		{Prefix: netip.MustParsePrefix("198.51.100.192/26"), Name: "over", Expires: noon.Add(-time.Hour)},
		{Prefix: netip.MustParsePrefix("2001:db8::/32"), Name: "six"},
	})
	for _, c := range []struct{ address, account, want string }{
		{"198.51.100.1", "111122223333", "wide"}, {"198.51.100.129", "111122223333", "narrow"},
		{"198.51.100.129", "999988887777", "wide"}, {"198.51.100.200", "999988887777", "wide"},
		{"203.0.113.1", "111122223333", ""}, {"2001:db8::5", "111122223333", "six"},
	} {
		got := ""
		if k := list.Find(netip.MustParseAddr(c.address), c.account, noon); k != nil {
			got = k.Name
		}
		if got != c.want {
			t.Errorf("%s for %s is %q, want %q", c.address, c.account, got, c.want)
		}
	}
	var none *network.List
	if none.Find(netip.MustParseAddr("198.51.100.1"), "", noon) != nil || none.Len() != 0 {
		t.Error("no list knows something")
	}
}

// learn is what an event states, as "key: member".
func learn(t testing.TB, text string) []string {
	t.Helper()
	var out []string
	decoder := cloudtrail.NewDecoder(cloudtrail.Limits{})
	_, err := decoder.Decode([]byte(text), func(e *cloudtrail.Event) error {
		for _, f := range network.Learn(network.Statement{Event: e, Seen: state.Observation{Time: e.Time.Unix(), EventID: "id"}, By: "ops@192.0.2.1"}) {
			out = append(out, string(f.Key)+": "+strings.TrimSuffix(f.Member, "|ops@192.0.2.1"))
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	slices.Sort(out)
	return out
}

func ec2Event(name, request, response string) string {
	return `{"eventVersion":"1.10","eventTime":"2026-03-02T08:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"` + name +
		`","recipientAccountId":"111122223333","sourceIPAddress":"192.0.2.1","requestParameters":` + request + `,"responseElements":` + response + `}`
}

// TestLearnShapes: EC2 writes one list as an object, an item, a bare string or a
// tagged value; half a record states what it has.
func TestLearnShapes(t *testing.T) {
	for _, c := range []struct{ name, event, want string }{
		{"gateway, one address", ec2Event("CreateNatGateway", `{"CreateNatGatewayRequest":{"AllocationId":"eipalloc-1"}}`,
			`{"CreateNatGatewayResponse":{"natGateway":{"natGatewayId":"nat-1","vpcId":"vpc-1","natGatewayAddressSet":{"item":{"allocationId":"eipalloc-1"}}}}}`), "nat/nat-1: alloc|eipalloc-1"},
		{"gateway, a list of addresses", ec2Event("CreateNatGateway", `{"CreateNatGatewayRequest":{}}`,
			`{"CreateNatGatewayResponse":{"natGateway":{"natGatewayId":"nat-1","natGatewayAddressSet":{"item":[{"allocationId":"eipalloc-1"},{"allocationId":"eipalloc-2"}]}}}}`), "nat/nat-1: alloc|eipalloc-2"},
		{"gateway, a tagged value", ec2Event("AssociateNatGatewayAddress", `{"AssociateNatGatewayAddressRequest":{"NatGatewayId":"nat-1","AllocationId":{"tag":1,"content":"eipalloc-3"}}}`, `{}`), "nat/nat-1: alloc|eipalloc-3"},
		{"endpoints, a bare string", ec2Event("DeleteVpcEndpoints", `{"DeleteVpcEndpointsRequest":{"VpcEndpointId":"vpce-1"}}`, `{}`), "endpoint/vpce-1: ended|id"},
		{"endpoints, tagged", ec2Event("DeleteVpcEndpoints", `{"DeleteVpcEndpointsRequest":{"VpcEndpointId":{"tag":1,"content":"vpce-1"}}}`, `{}`), "endpoint/vpce-1: ended|id"},
		{"IPv6, a bare string", ec2Event("AssignIpv6Addresses", `{}`, `{"AssignIpv6AddressesResponse":{"networkInterfaceId":"eni-1","assignedIpv6Addresses":{"item":"2001:db8::9"}}}`), "eni/eni-1: addr|2001:db8::9"},
		{"instances, upper case ids", ec2Event("RunInstances", `null`, `{"instancesSet":{"items":[{"instanceId":"I-0ABC","privateIpAddress":"10.0.0.1"}]}}`), "instance/i-0abc: addr|10.0.0.1"},
		{"instances, no list", ec2Event("TerminateInstances", `null`, `{"instancesSet":{"items":{"instanceId":"i-1"}}}`), "instance/i-1: terminated|id"},
		{"command by target", strings.Replace(ec2Event("SendCommand", `{"targets":[{"key":"InstanceIds","values":["i-1"]}]}`, `null`), "ec2.", "ssm.", 1), "instance/i-1: command|192.0.2.1|SendCommand"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := learn(t, c.event); !slices.Contains(got, c.want) {
				t.Errorf("states %v, want %q among it", got, c.want)
			}
		})
	}
}

// TestLearnNothing: failures and nonsense state nothing.
func TestLearnNothing(t *testing.T) {
	failed := strings.Replace(ec2Event("AllocateAddress", `{}`, `{"allocationId":"eipalloc-1","publicIp":"198.51.100.1"}`), `"requestParameters"`, `"errorCode":"Client.X","requestParameters"`, 1)
	for _, event := range []string{
		failed,
		ec2Event("AllocateAddress", `null`, `null`), ec2Event("AllocateAddress", `"x"`, `[]`), ec2Event("RunInstances", `[]`, `{"instancesSet":{}}`),
		ec2Event("RunInstances", `1`, `{"instancesSet":[[]]}`), ec2Event("AssociateAddress", `{"instanceId":{}}`, `true`),
		ec2Event("CreateRoute", `{"destinationCidrBlock":"10.0.0.0/8","transitGatewayId":"tgw-1"}`, `{}`),
		ec2Event("CreateRoute", `{"destinationCidrBlock":"0.0.0.0/0","natGatewayId":"nat-1"}`, `{}`), ec2Event("DescribeInstances", `{}`, `{}`),
	} {
		if got := learn(t, event); len(got) > 0 {
			t.Errorf("%s states %v", event, got)
		}
	}
}

// FuzzLearn: whatever a record holds, what is learned is bounded and names a key.
func FuzzLearn(f *testing.F) {
	f.Add("RunInstances", `{}`, `{"instancesSet":{"items":[{"instanceId":"i-1","networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-1"}]}}]}}`)
	f.Add("CreateNatGateway", `{"CreateNatGatewayRequest":{"AllocationId":"eipalloc-1"}}`, `{}`)
	f.Fuzz(func(t *testing.T, name, request, response string) {
		if !json.Valid([]byte(request)) || !json.Valid([]byte(response)) || !json.Valid([]byte(`"`+name+`"`)) || name == "" {
			t.Skip()
		}
		for _, fact := range learn(t, ec2Event(name, request, response)) {
			if len(fact) > 1200 || strings.HasPrefix(fact, "/") || strings.Contains(fact, "/:") {
				t.Errorf("%q", fact)
			}
		}
	})
}
