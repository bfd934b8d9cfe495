package custom

import (
	"fmt"
	"net/netip"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/straytoken/straytoken/rules"
)

// Limits of what one evaluation may cost, in CEL's units (about one a step). The
// first is for every event, the second for every judgement.
const (
	eventCost   = 20_000
	verdictCost = 250_000
	maxLength   = 8192 // characters of a predicate
)

// scope is what a kind of predicate sees and may cost.
type scope struct {
	env   *cel.Env
	limit uint64
}

func eventScope() (*scope, error) {
	env, err := cel.NewEnv(append(functions(),
		native[Event](),
		cel.Variable(eventVar, cel.ObjectType("custom.Event")),
		cel.Variable(requestVar, cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable(responseVar, cel.MapType(cel.StringType, cel.DynType)))...)
	if err != nil {
		return nil, fmt.Errorf("declare the variables of rules over events: %w", err)
	}
	return &scope{env, eventCost}, nil
}

func verdictScope() (*scope, error) {
	env, err := cel.NewEnv(append(functions(),
		native[Verdict](), native[Token](), native[Place](),
		cel.Variable("verdict", cel.ObjectType("custom.Verdict")),
		cel.Variable("token", cel.ObjectType("custom.Token")),
		cel.Variable("owner", cel.ObjectType("custom.Place")),
		cel.Variable("intruder", cel.ObjectType("custom.Place")),
		cel.Variable("addresses", cel.ListType(cel.ObjectType("custom.Place"))))...)
	if err != nil {
		return nil, fmt.Errorf("declare the variables of rules over verdicts: %w", err)
	}
	return &scope{env, verdictCost}, nil
}

func native[T any]() cel.EnvOption {
	return ext.NativeTypes(reflect.TypeFor[T](), ext.ParseStructTags(true))
}

// functions are those that predicates have besides CEL's own.
func functions() []cel.EnvOption {
	texts := []*cel.Type{cel.StringType, cel.StringType}
	return []cel.EnvOption{
		cel.ParserExpressionSizeLimit(maxLength),
		cel.Function("cidr", cel.Overload("cidr_string_string", texts, cel.BoolType, cel.BinaryBinding(inNetwork))),
		cel.Function("glob", cel.Overload("glob_string_string", texts, cel.BoolType, cel.BinaryBinding(matchesGlob))),
	}
}

// inNetwork tells whether an address is in a network. What is no address, such as a
// service's name, is in none.
func inNetwork(address, network ref.Val) ref.Val {
	prefix, err := netip.ParsePrefix(string(network.(types.String)))
	if err != nil {
		return types.WrapErr(fmt.Errorf("cidr: %w", err))
	}
	addr, err := netip.ParseAddr(string(address.(types.String)))
	return types.Bool(err == nil && prefix.Contains(addr.Unmap()))
}

func matchesGlob(text, pattern ref.Val) ref.Val {
	return types.Bool(rules.Glob(string(pattern.(types.String)), string(text.(types.String))))
}

// sizes estimates how large what predicates see can be: a session has at most 256
// addresses, and a text of the log is seldom longer than a few hundred bytes. What
// is larger meets the cost limit at run time.
type sizes struct{}

// EstimateSize implements checker.CostEstimator.
func (sizes) EstimateSize(n checker.AstNode) *checker.SizeEstimate {
	switch n.Type().Kind() {
	case types.StringKind, types.BytesKind:
		return &checker.SizeEstimate{Max: 512}
	case types.MapKind:
		return &checker.SizeEstimate{Max: 64}
	}
	if path := n.Path(); len(path) > 1 && path[len(path)-1] != "@items" { // a list of a place: names, codes
		return &checker.SizeEstimate{Max: 64}
	}
	return &checker.SizeEstimate{Max: 256}
}

// EstimateCallCost implements checker.CostEstimator.
func (sizes) EstimateCallCost(function, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	switch function {
	case "cidr", "glob":
		return &checker.CallEstimate{CostEstimate: checker.CostEstimate{Min: 1, Max: 8}}
	}
	return nil
}
