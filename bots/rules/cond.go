package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs/strict"
)

// What an expression may come to. Its parser takes stack with its depth, and it can't be stopped while it runs: so it may
// not loop within a loop, nor make a text that is longer than what it is made of.
const (
	exprMax    = 1000 // bytes
	nodesMax   = 300
	exprBudget = 100_000 // values that it may make
)

// functions are what an expression may call. The clock and what is in no order are not among them, because a rule that
// waits for an answer is run again and must come to the same place.
func functions() []string {
	return []string{
		"len", "lower", "upper", "trim", "trimPrefix", "trimSuffix", "split", "hasPrefix", "hasSuffix", "indexOf", "lastIndexOf",
		"abs", "ceil", "floor", "round", "int", "float", "string", "min", "max", "sum", "any", "all", "none", "one", "count", "find",
		"first", "last", "get", "duration", "type", "fromJSON",
	}
}

// formula is an expression that was compiled, and what it needs to know.
type formula struct {
	at      strict.Value
	source  string
	program *vm.Program
	names   []string   // of what it knows by itself
	state   [][]string // the paths of the state that it reads
}

// condition compiles an expression that is true or false.
func (l *loader) condition(v strict.Value, in *scope) *formula {
	return l.formula(v, in, expr.AsBool())
}

// formula compiles an expression; nil when there is a fault.
func (l *loader) formula(v strict.Value, in *scope, options ...expr.Option) *formula {
	source, ok := textOf(v)
	switch {
	case !ok:
		return nil
	case len(source) > exprMax:
		v.Fault("", "is longer than %d bytes", exprMax)
		return nil
	case strings.TrimSpace(source) == "":
		v.Fault("write an expression, as in hour < 9", "is empty")
		return nil
	}
	f := &formula{at: v, source: source}
	look := &looker{formula: f, whole: map[string]int{}}
	options = append(options, expr.Env(in.types()), expr.MaxNodes(nodesMax), expr.DisableAllBuiltins(), expr.Patch(look))
	for _, name := range functions() {
		options = append(options, expr.EnableBuiltin(name))
	}
	program, err := compile(source, options)
	for name, n := range look.whole {
		if n > 0 {
			look.no(&ast.NilNode{}, "write "+name+".something")
		}
	}
	if err == nil && look.wrong == nil {
		f.program = program
		for _, path := range f.state {
			in.read(path, v)
		}
		return f
	}
	if look.wrong != nil {
		err = look.wrong.Bind(file.NewSource(source))
	}
	if e, ok := errors.AsType[*file.Error](err); ok {
		l.Fault(v.Within(e.Line, e.Column), "", "does not compile: %s", e.Message)
		return nil
	}
	v.Fault("", "does not compile: %v", err)
	return nil
}

// compile turns a panic of the compiler into an error.
func compile(source string, options []expr.Option) (p *vm.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("nothing can be made of it: %v", r)
		}
	}()
	return expr.Compile(source, options...)
}

// looker sees what an expression reads, and what it may not do.
type looker struct {
	*formula

	wrong *file.Error
	whole map[string]int // how often a part of the state is named without a key
}

// Visit looks at one node; those inside it were seen before.
func (l *looker) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if !slices.Contains(l.names, n.Value) {
			l.names = append(l.names, n.Value)
		}
		if isScope(n.Value) {
			l.whole[n.Value]++
		}
	case *ast.MemberNode:
		l.member(n)
	case *ast.BinaryNode:
		l.binary(n)
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			n.Node = or(n.Node, &ast.BoolNode{})
		}
	case *ast.PredicateNode:
		inner := &inside{}
		ast.Walk(&n.Node, inner)
		if inner.loops {
			l.no(n, "a loop within a loop is not taken")
		}
	}
}

func (l *looker) binary(n *ast.BinaryNode) {
	if n.Operator == ".." || n.Operator == "**" || n.Operator == "^" {
		l.no(n, "the operator "+n.Operator+" is not there")
	}
	n.Left, n.Right = orNothing(n.Left, n), orNothing(n.Right, n)
}

// orNothing makes a part of the state that is not there count as 0, as no text beside a text, and as false where that is
// asked for: so that the first person.count + 1 is 1.
func orNothing(operand ast.Node, in *ast.BinaryNode) ast.Node {
	switch in.Operator {
	case "&&", "and", "||", "or":
		return or(operand, &ast.BoolNode{})
	case "+", "-", "*", "/", "%", "<", "<=", ">", ">=":
	default:
		return operand
	}
	var nothing ast.Node = &ast.IntegerNode{}
	for _, other := range []ast.Node{in.Left, in.Right} {
		if _, isText := other.(*ast.StringNode); isText {
			nothing = &ast.StringNode{}
		}
	}
	return or(operand, nothing)
}

// or makes a part of the state that is not there count as nothing; anything else stays.
func or(operand, nothing ast.Node) ast.Node {
	of, ok := operand.(*ast.MemberNode)
	if !ok {
		return operand
	}
	if scope, ok := of.Node.(*ast.IdentifierNode); !ok || !isScope(scope.Value) {
		return operand
	}
	nothing.SetLocation(operand.Location())
	node := &ast.BinaryNode{Operator: "??", Left: operand, Right: nothing}
	node.SetLocation(operand.Location())
	return node
}

// inside finds loops.
type inside struct{ loops bool }

// Visit looks at one node.
func (i *inside) Visit(node *ast.Node) {
	if _, ok := (*node).(*ast.PredicateNode); ok {
		i.loops = true
	}
}

// member notes what is read of the state.
func (l *looker) member(n *ast.MemberNode) {
	of, ok := n.Node.(*ast.IdentifierNode)
	if !ok || !isScope(of.Value) {
		return
	}
	l.whole[of.Value]--
	key, ok := n.Property.(*ast.StringNode)
	if !ok {
		l.no(n, "the key of "+of.Value+" must be a word, as in "+of.Value+".count")
		return
	}
	path := []string{of.Value, key.Value}
	if !slices.ContainsFunc(l.state, func(p []string) bool { return slices.Equal(p, path) }) {
		l.state = append(l.state, path)
	}
}

func (l *looker) no(n ast.Node, reason string) {
	if l.wrong == nil {
		l.wrong = &file.Error{Location: n.Location(), Message: reason}
	}
}

// eval computes f.
func (p *play) eval(ctx context.Context, f *formula) (any, error) {
	env := map[string]any{}
	for _, name := range f.names {
		if isScope(name) {
			env[name] = map[string]any{}
			continue
		}
		v, err := p.lookup(ctx, []string{name})
		if err != nil {
			return nil, err
		}
		env[name] = v
	}
	for _, path := range f.state {
		v, err := p.lookup(ctx, path)
		if err != nil {
			return nil, err
		}
		if of, ok := env[path[0]].(map[string]any); ok {
			of[path[1]] = v
		}
	}
	machine := vm.VM{MemoryBudget: exprBudget}
	v, err := machine.Run(f.program, env)
	if e, ok := errors.AsType[*file.Error](err); ok {
		at := f.at.Within(e.Line, e.Column)
		return nil, fmt.Errorf("%s:%d:%d: %q: %s", p.bot.file, at.Line, at.Column, short(f.source), e.Message)
	}
	return v, err
}

// holds says whether a condition is true; what is not there is not.
func (p *play) holds(ctx context.Context, f *formula) (bool, error) {
	v, err := p.eval(ctx, f)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("%s:%d:%d: %q is %s, not true or false", p.bot.file, f.at.At.Line, f.at.At.Column, short(f.source), inWords(v))
	}
	return b, nil
}

// short is s as an error shows it.
func short(s string) string {
	const most = 60
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// isScope says whether a name is one of the state's.
func isScope(name string) bool {
	return name == string(bots.OfPerson) || name == string(bots.OfTalk) || name == string(bots.OfBot)
}
