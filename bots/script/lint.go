package script

import (
	"errors"
	"slices"

	"go.starlark.net/syntax"
)

// lint finds what Starlark takes and what does nothing: a change of what state gave, which is a copy.
func (s *Script) lint(file *syntax.File) error {
	var found error
	syntax.Walk(file, func(n syntax.Node) bool {
		if found == nil && n != nil && lost(n) {
			start, _ := n.Span()
			found = s.faultAt(start, errors.New(
				"this changes a copy of what is kept: put it into a variable, change that, and write state.…[key] = variable"))
		}
		return found == nil
	})
	return found
}

// lost says whether a node changes what state gave, in place.
func lost(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.AssignStmt:
		index, ok := n.LHS.(*syntax.IndexExpr)
		return ok && fromState(index.X)
	case *syntax.CallExpr:
		dot, ok := n.Fn.(*syntax.DotExpr)
		return ok && slices.Contains(changers, dot.Name.Name) && fromState(dot.X)
	}
	return false
}

// changers are the methods that change a list, a dict or a set.
var changers = []string{ //nolint:gochecknoglobals // a table
	"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update",
}

// fromState says whether an expression is something of the state: state.talk["key"], state.talk.get("key")["part"].
func fromState(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.IndexExpr:
		return isScope(e.X) || fromState(e.X)
	case *syntax.CallExpr:
		dot, ok := e.Fn.(*syntax.DotExpr)
		return ok && dot.Name.Name == "get" && (isScope(dot.X) || fromState(dot.X))
	case *syntax.ParenExpr:
		return fromState(e.X)
	}
	return false
}

func isScope(e syntax.Expr) bool {
	dot, ok := e.(*syntax.DotExpr)
	if !ok {
		return false
	}
	name, ok := dot.X.(*syntax.Ident)
	return ok && name.Name == "state"
}
