package custom

import (
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/straytoken/straytoken/rules"
)

// Problem is what is wrong with a predicate, at a line and column of it, from 1.
type Problem struct {
	Line, Column int
	Text         string
}

// predicate is a compiled expression that decides yes or no. It is safe for
// concurrent use.
type predicate struct {
	program  cel.Program
	expr     ast.Expr
	failures atomic.Int64
}

// compile checks and compiles an expression.
func (s *scope) compile(source string) (*predicate, []Problem) {
	checked, issues := s.env.Compile(source)
	if issues.Err() != nil {
		return nil, problems(issues)
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) {
		return nil, []Problem{{1, 1, fmt.Sprintf("gives %s, want bool%s", t, hint(t))}}
	}
	expr := checked.NativeRep().Expr()
	if bad := badNetworks(checked.NativeRep()); bad != nil {
		return nil, bad
	}
	cost, err := s.env.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, []Problem{{1, 1, err.Error()}}
	}
	if cost.Max > s.limit {
		return nil, []Problem{{1, 1, fmt.Sprintf("may cost %s steps, at most %d are allowed: nest no loops, and shorten what they do", steps(cost.Max), s.limit)}}
	}
	program, err := s.env.Program(checked, cel.CostLimit(s.limit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, []Problem{{1, 1, err.Error()}}
	}
	return &predicate{program: program, expr: expr}, nil
}

func steps(n uint64) string {
	if n > 1e12 {
		return "any number of"
	}
	return fmt.Sprint(n)
}

func hint(t *cel.Type) string {
	if t.IsExactType(cel.DynType) {
		return ": compare it, as in … == true"
	}
	return ""
}

func problems(issues *cel.Issues) []Problem {
	var out []Problem
	for _, e := range issues.Errors() {
		text, _, _ := strings.Cut(e.Message, "\n")
		line, column := 1, 1
		if e.Location != nil && e.Location.Line() > 0 {
			line, column = e.Location.Line(), e.Location.Column()+1
		}
		out = append(out, Problem{line, column, text})
	}
	return out
}

// badNetworks finds networks that are written out in calls of cidr and are none.
func badNetworks(a *ast.AST) []Problem {
	var out []Problem
	ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "cidr" || len(e.AsCall().Args()) != 2 {
			return
		}
		text, ok := literal(e.AsCall().Args()[1])
		if _, err := netip.ParsePrefix(text); ok && err != nil {
			at := a.SourceInfo().GetStartLocation(e.AsCall().Args()[1].ID())
			out = append(out, Problem{at.Line(), at.Column() + 1, fmt.Sprintf("%q is no network: write 192.0.2.0/24 or 2001:db8::/32", text)})
		}
	}))
	return out
}

// literal is a text that stands in an expression.
func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// holds evaluates. An evaluation that fails does not hold and is counted.
func (p *predicate) holds(vars any) (yes bool) {
	defer func() {
		if recover() != nil {
			p.failures.Add(1)
			yes = false
		}
	}()
	out, _, err := p.program.Eval(vars)
	if err != nil {
		p.failures.Add(1)
		return false
	}
	return out == types.True
}

// eventNames lists the event names that an expression needs for it to hold; false
// when it may hold for others too. It lets most events pass most rules unevaluated.
func eventNames(e ast.Expr) ([]string, bool) {
	if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
		return nil, false
	}
	left, right := e.AsCall().Args()[0], e.AsCall().Args()[1]
	switch e.AsCall().FunctionName() {
	case operators.LogicalAnd:
		if names, ok := eventNames(left); ok {
			return names, true
		}
		return eventNames(right)
	case operators.LogicalOr:
		a, okA := eventNames(left)
		b, okB := eventNames(right)
		return append(a, b...), okA && okB
	case operators.Equals:
		name, ok := literal(right)
		return []string{name}, ok && isEventName(left)
	case operators.In:
		return literals(right, isEventName(left))
	}
	return nil, false
}

func literals(e ast.Expr, wanted bool) ([]string, bool) {
	if !wanted || e.Kind() != ast.ListKind {
		return nil, false
	}
	var out []string
	for _, element := range e.AsList().Elements() {
		s, ok := literal(element)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

func isEventName(e ast.Expr) bool {
	return e.Kind() == ast.SelectKind && e.AsSelect().FieldName() == "name" &&
		e.AsSelect().Operand().Kind() == ast.IdentKind && e.AsSelect().Operand().AsIdent() == eventVar
}

// Predicate is a predicate over verdicts, such as an exception has.
type Predicate struct{ *predicate }

var _ rules.Predicate = Predicate{}

// Holds implements rules.Predicate.
func (p Predicate) Holds(v *rules.Verdict) bool { return p.holds(verdictVars(v)) }

// Failures counts the evaluations that failed.
func (p Predicate) Failures() int64 { return p.failures.Load() }

// Compiler compiles predicates over verdicts. The zero value is ready.
type Compiler struct{ verdicts *scope }

// Compile checks and compiles a predicate; it gives either that or problems.
func (c *Compiler) Compile(source string) (Predicate, []Problem) {
	if c.verdicts == nil {
		var err error
		if c.verdicts, err = verdictScope(); err != nil {
			return Predicate{}, []Problem{{1, 1, err.Error()}}
		}
	}
	p, bad := c.verdicts.compile(source)
	return Predicate{p}, bad
}
