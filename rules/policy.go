package rules

import (
	"maps"
	"slices"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
)

// Code names a piece of evidence. Codes are part of the contract: people filter
// and count by them.
type Code string

// The relations: what an address is to the session.
const (
	SecondAddress   Code = "second-address"   // used from a second address that nothing explains
	ForeignEndpoint Code = "foreign-endpoint" // used through a VPC endpoint of somebody else's account
	StrangeEndpoint Code = "strange-endpoint" // used through a VPC endpoint that nobody else of ours uses
	IssuedByThief   Code = "issued-by-thief"  // the credential was made with a stolen one
	UnknownNetwork  Code = "unknown-network"  // outside the networks that the configuration lists
)

// The evidence.
const (
	PersonAddress    Code = "person-address"    // people or long-term keys use the address
	RemoteCommand    Code = "remote-command"    // a command was sent to the instance from the address
	OutsideEgress    Code = "outside-egress"    // not among the VPC's only ways out
	ImpossibleSystem Code = "impossible-system" // an operating system that the workload does not run
	AgentDrift       Code = "agent-drift"       // other software than the workload's
	CallerIdentity   Code = "caller-identity"   // the role's first GetCallerIdentity
	ConvictedAddress Code = "convicted-address" // the address is in another finding
	NoEndpoint       Code = "no-endpoint"       // a private address without a VPC endpoint
	OlderMetadata    Code = "older-metadata"    // the key was handed out over IMDSv1, its sibling over v2 is in use
	Interleaved      Code = "interleaved"       // both addresses in use at the same time
	DeniedBurst      Code = "denied-burst"      // several actions denied within minutes
	ConsoleUse       Code = "console-use"       // a machine's session signs in to the console
	NewRegion        Code = "new-region"        // a region that is new for the role
	AfterTermination Code = "after-termination" // the instance is gone
	NotIssuerAddress Code = "not-issuer"        // first used elsewhere than asked for
	OutsideAWS       Code = "outside-aws"       // outside AWS's ranges, where the account's machines of the kind never were
	Enumeration      Code = "enumeration"       // GetCallerIdentity, then listing what there is
)

// Policy is what a verdict depends on besides the facts. The zero value judges by
// the defaults.
type Policy struct {
	// Known are the networks that the configuration names as one's own.
	Known *network.List
	// KnownOnly makes an address outside Known evidence by itself (the Black Hat
	// talk's first iteration). It needs a complete list.
	KnownOnly bool
	// Accounts are one's own accounts, besides those whose trail is read.
	Accounts []string
	// Timeline is an inventory read from AWS; nil: none.
	Timeline *network.Timeline
	// Ranges are the address ranges that AWS publishes; nil: not known.
	Ranges *network.Ranges
	// Weights override the defaults of DefaultWeights.
	Weights map[Code]int
	// Relations override the weight of SecondAddress by kind.
	Relations map[Kind]int
	// Custom are the operator's own rules; nil: none.
	Custom Custom
	// Exceptions are the verdicts that are not to be reported.
	Exceptions []Exception
}

// DefaultWeights are what evidence counts against a machine's session.
func DefaultWeights() map[Code]int {
	return map[Code]int{
		ForeignEndpoint: 70, StrangeEndpoint: 30, IssuedByThief: 70, UnknownNetwork: 40,
		PersonAddress: 40, RemoteCommand: 40, OutsideEgress: 50, OutsideAWS: 30, ImpossibleSystem: 40, AgentDrift: 20,
		CallerIdentity: 20, ConvictedAddress: 60, NoEndpoint: 20, OlderMetadata: 15, Interleaved: 20,
		DeniedBurst: 15, ConsoleUse: 60, NewRegion: 10, AfterTermination: 70, NotIssuerAddress: 30, Enumeration: 20,
	}
}

// DefaultRelations are what a second, unexplained address counts, by kind.
func DefaultRelations() map[Kind]int {
	return map[Kind]int{
		EC2: 70, ECS: 70, Pod: 70, Lambda: 50, Managed: 20, Hybrid: 20,
		Role: 30, WebIdentity: 30, Federated: 30, RootSession: 30,
		Human: 10, Console: 10, STSUser: 10,
		Cognito: 0, ServiceRole: 0, LongTerm: 0,
	}
}

// roleWeights are the weights that differ for sessions of roles that are no
// machine's.
func roleWeights() map[Code]int {
	return map[Code]int{
		PersonAddress: 0, OutsideEgress: 0, OutsideAWS: 0, ImpossibleSystem: 10, CallerIdentity: 10, ConvictedAddress: 20,
		ConsoleUse: 0, OlderMetadata: 0, Enumeration: 5,
	}
}

// personWeights are the weights that differ for people's sessions.
func personWeights() map[Code]int {
	return map[Code]int{
		PersonAddress: 0, OutsideEgress: 0, ImpossibleSystem: 10, AgentDrift: 10, CallerIdentity: 0, ConvictedAddress: 0,
		NoEndpoint: 0, DeniedBurst: 10, ConsoleUse: 0, NewRegion: 0, OlderMetadata: 0, NotIssuerAddress: 0, Enumeration: 10,
		UnknownNetwork: 0, OutsideAWS: 0,
	}
}

func (p *Policy) weight(code Code, kind Kind) int {
	if w, ok := p.Weights[code]; ok {
		return w
	}
	if w, ok := kindWeights(kind)[code]; ok {
		return w
	}
	return DefaultWeights()[code]
}

func kindWeights(kind Kind) map[Code]int {
	switch {
	case kind.Compute():
		return nil
	case kind.person():
		return personWeights()
	}
	return roleWeights()
}

func (p *Policy) relation(kind Kind) int {
	if w, ok := p.Relations[kind]; ok {
		return w
	}
	return DefaultRelations()[kind]
}

// Thresholds of the score.
const (
	lowScore      = 20
	mediumScore   = 40
	highScore     = 60
	criticalScore = 120
)

func severity(score int) finding.Severity {
	switch {
	case score >= criticalScore:
		return finding.Critical
	case score >= highScore:
		return finding.High
	case score >= mediumScore:
		return finding.Medium
	case score >= lowScore:
		return finding.Low
	}
	return finding.Informational
}

// Codes lists the codes whose weights can be set.
func Codes() []Code {
	return slices.Sorted(maps.Keys(DefaultWeights()))
}
