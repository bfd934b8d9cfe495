package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

const published = `{"prefixes":[{"ip_prefix":"52.16.0.0/15","region":"eu-west-1","service":"EC2"},{"ip_prefix":"52.90.0.0/15","region":"us-east-1","service":"EC2"}]}`

func withRanges(t *testing.T) *rules.Policy {
	t.Helper()
	ranges, err := network.ReadRanges(strings.NewReader(published))
	if err != nil {
		t.Fatal(err)
	}
	return &rules.Policy{Ranges: ranges}
}

const (
	inAWS     = "52.16.1.1"
	inAWSToo  = "52.17.9.9"
	farInAWS  = "52.90.1.1"
	elsewhere = "192.0.2.50"
	function  = "arn:aws:lambda:eu-west-1:111111111111:function:mailer"
)

func TestOutsideAWS(t *testing.T) {
	neighbour := usage{from: elsewhere, session: "i-0aaaaaaaaaaaaaaa1", minute: -30}
	later := neighbour
	later.minute = 30
	for _, c := range []struct {
		name  string
		p     *rules.Policy
		calls []usage
		want  []string
	}{
		{"never seen there", withRanges(t), nil, []string{"outside-aws+30"}},
		{"no ranges", &rules.Policy{}, nil, nil},
		{"another of the kind was there before", withRanges(t), []usage{neighbour}, nil},
		{"another of the kind is there later", withRanges(t), []usage{later}, []string{"outside-aws+30"}},
		{"another kind is there", withRanges(t), []usage{{from: elsewhere, session: "0123456789abcdef0123456789abcdef", minute: -30}}, []string{"outside-aws+30"}},
		{"weighs what the configuration says", &rules.Policy{Ranges: withRanges(t).Ranges, Weights: map[rules.Code]int{rules.OutsideAWS: 5}}, nil, []string{"outside-aws+5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			use := usage{from: elsewhere}
			v := judged(t, c.p, use, append(c.calls, use)...)
			if _, evidence := said(v, elsewhere); v.Guilty() || !slices.Equal(evidence, c.want) {
				t.Errorf("%s, %v", v.Severity, evidence)
			}
		})
	}
}

func TestInsideAWSIsNoEvidence(t *testing.T) {
	use := usage{from: inAWS}
	if _, evidence := said(judged(t, withRanges(t), use, use), inAWS); evidence != nil {
		t.Errorf("%v", evidence)
	}
}

// TestOutsideAWSTouchesTheOthers: who turns out to have been outside before makes it
// ordinary for those after.
func TestOutsideAWSTouchesTheOthers(t *testing.T) {
	first, second := usage{from: elsewhere}, usage{from: elsewhere, session: "i-0aaaaaaaaaaaaaaa1", minute: 5}
	x := rules.Extractor{Ranges: withRanges(t).Ranges}
	memory := past(t, x, first, second)
	key := rules.OutsideKey(ours, rules.EC2)
	member := memory.Set(key).Class("session")[1]
	change := state.Change{Fact: state.Fact{Key: key, Member: member.Name, Observation: *member.First()}}
	if got := rules.Affected(change, memory); !slices.Contains(got, first.lock()) {
		t.Errorf("touches %v", got)
	}
}

// TestThiefOutsideIsNotTheOwner: with AWS's ranges known, who calls first from outside
// AWS does not own a machine's session, even where others were outside before.
func TestThiefOutsideIsNotTheOwner(t *testing.T) {
	before := usage{minute: -30, from: "192.0.2.60", session: "i-0aaaaaaaaaaaaaaa1"}
	thief, workload := usage{from: elsewhere}, usage{minute: 20, from: inAWS}
	v := judged(t, withRanges(t), thief, before, thief, workload)
	if role, evidence := said(v, elsewhere); role != finding.Intruder {
		t.Errorf("the thief is %s: %v", role, evidence)
	}
	if role, _ := said(v, inAWS); role != finding.Owner {
		t.Errorf("the workload is %s", role)
	}
}

// TestCommonEgressOutside: machines that start out through their owner's own network
// own their sessions there.
func TestCommonEgressOutside(t *testing.T) {
	before := usage{minute: -30, from: elsewhere, session: "i-0aaaaaaaaaaaaaaa1"}
	workload, thief := usage{from: elsewhere}, usage{minute: 20, from: inAWS}
	v := judged(t, withRanges(t), thief, before, workload, thief)
	if role, evidence := said(v, inAWS); role != finding.Intruder {
		t.Errorf("the thief is %s: %v", role, evidence)
	}
}

func TestFunctionInThePool(t *testing.T) {
	vpcConfig := usage{minute: -60, from: "192.0.2.10", session: "admin", action: "lambda.amazonaws.com CreateFunction20150331",
		request: map[string]any{"functionName": "mailer", "vpcConfig": map[string]any{"subnetIds": []any{"subnet-1"}}}}
	for _, c := range []struct {
		name   string
		p      *rules.Policy
		second usage
		before []usage
		low    bool
	}{
		{"the same region and software", withRanges(t), usage{from: inAWSToo}, nil, true},
		{"another region", withRanges(t), usage{from: farInAWS}, nil, false},
		{"outside AWS", withRanges(t), usage{from: elsewhere}, nil, false},
		{"other software", withRanges(t), usage{from: inAWSToo, agent: "curl/8.0"}, nil, false},
		{"another system", withRanges(t), usage{from: inAWSToo, agent: strings.Replace(linux, "os/linux#6.1", "os/macos#14", 1)}, nil, false},
		{"a function in a VPC", withRanges(t), usage{from: inAWSToo}, []usage{vpcConfig}, false},
		{"no ranges", &rules.Policy{}, usage{from: inAWSToo}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := usage{from: inAWS, session: "mailer", arn: function}
			c.second.session, c.second.arn, c.second.minute = "mailer", function, 60
			v := judged(t, c.p, first, append(c.before, first, c.second)...)
			if low := v.Severity < finding.Medium; low != c.low {
				t.Errorf("%s, score %d: %+v", v.Severity, v.Score, v.Evidence)
			}
		})
	}
}

// TestRestartedInstanceStaysInAWS: the new public address after a start is one of
// AWS's, where its ranges are known.
func TestRestartedInstanceStaysInAWS(t *testing.T) {
	started := usage{minute: 60, from: "192.0.2.10", session: "admin", action: "ec2.amazonaws.com StartInstances",
		response: map[string]any{"instancesSet": map[string]any{"items": []any{map[string]any{"instanceId": instance}}}}}
	for _, c := range []struct {
		name, address string
		p             *rules.Policy
		explained     bool
	}{
		{"in AWS", inAWSToo, withRanges(t), true},
		{"outside", elsewhere, withRanges(t), false},
		{"no ranges", elsewhere, &rules.Policy{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			second := usage{minute: 65, from: c.address}
			v := judged(t, c.p, second, usage{from: inAWS}, started, second)
			if got := v.Score == 0; got != c.explained {
				t.Errorf("score %d: %+v", v.Score, v.Evidence)
			}
		})
	}
}
