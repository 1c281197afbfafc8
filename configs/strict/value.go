package strict

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Value is one value of a File. The zero value is none.
type Value struct {
	At Spot // where it begins; a list or a table that a key has, at the key

	file *File
	node ast.Node
}

// Entry is one key of a table and what stands there.
type Entry struct {
	Key   string
	At    Spot // of the key
	Value Value
}

// Kind says what a value is made of.
type Kind int

// The kinds of value. One of text, a number or a flag is a word.
const (
	None   Kind = iota // there is no value
	Empty              // a key without a value, or null
	Text               // also what is in quotes, or in a block
	Number             // also .inf and .nan
	Flag               // true or false
	List
	Table
)

// String names a kind, for people.
func (k Kind) String() string {
	switch k {
	case None:
		return "nothing"
	case Empty:
		return "empty"
	case Text:
		return "text"
	case Number:
		return "a number"
	case Flag:
		return "true or false"
	case List:
		return "a list"
	case Table:
		return "keys and values"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// Kind says what v is made of.
func (v Value) Kind() Kind {
	switch v.node.(type) {
	case nil:
		return None
	case *ast.MappingNode, *ast.MappingValueNode:
		return Table
	case *ast.SequenceNode:
		return List
	case *ast.NullNode:
		return Empty
	case *ast.BoolNode:
		return Flag
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return Number
	}
	return Text
}

// IsZero says whether there is no value.
func (v Value) IsZero() bool { return v.node == nil }

// IsWord says whether v is one value, and there is one.
func (v Value) IsWord() bool {
	k := v.Kind()
	return k == Text || k == Number || k == Flag
}

// IsBlock says whether v is text that is written as a block, behind | or >.
func (v Value) IsBlock() bool {
	_, ok := v.node.(*ast.LiteralNode)
	return ok
}

// Word is the text of v, or a number, true or false as it is written; empty when v is no word.
func (v Value) Word() string {
	var word string
	switch n := v.node.(type) {
	case *ast.StringNode:
		word = n.Value
	case *ast.LiteralNode:
		word = n.Value.Value
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		word = n.GetToken().Value
	}
	return v.shown(word)
}

func (v Value) shown(word string) string {
	if v.file != nil && v.file.Secrets {
		return unveiled(word)
	}
	return word
}

// Literal is v as a bool, an int64, uint64 or float64, or as nil when it is Empty; ok is false when it is something else.
func (v Value) Literal() (value any, ok bool) {
	switch n := v.node.(type) {
	case *ast.NullNode:
		return nil, true
	case *ast.BoolNode:
		return n.Value, true
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.FloatNode:
		return n.Value, true
	}
	return nil, false
}

// Plain is all of v as Go values: map[string]any, []any, string and what Literal gives.
func (v Value) Plain() (any, error) {
	var plain any
	err := yaml.NodeToValue(v.node, &plain)
	return plain, err
}

// Source is v as YAML. It is the same for the same value, whatever stands around it.
func (v Value) Source() string { return v.node.String() }

// Fault reports that v is wrong. hint says what to do about it, and may be empty.
func (v Value) Fault(hint, format string, args ...any) { v.file.Fault(v.At, hint, format, args...) }

// FaultAt is Fault for something at s that has to do with v.
func (v Value) FaultAt(s Spot, hint, format string, args ...any) {
	v.file.Fault(s, hint, format, args...)
}

// Quiet is v, but nobody is told what is found wrong with it.
func (v Value) Quiet() Value {
	if v.file != nil {
		quiet := *v.file
		quiet.faults = nil
		v.file = &quiet
	}
	return v
}

// Items are the values of a list, in their order; of what is no list there are none.
func (v Value) Items() []Value {
	seq, ok := v.node.(*ast.SequenceNode)
	if !ok {
		return nil
	}
	items := make([]Value, 0, len(seq.Values))
	for i, n := range seq.Values {
		items = append(items, Value{file: v.file, node: n, At: spotOf(n, v.At.Index(i))})
	}
	return items
}

// Entries are the keys of a table, in their order. A key that is there twice is a fault and is listed once; so is a value
// that is no table, which has none.
func (v Value) Entries() []Entry {
	if v.Kind() != Table {
		v.Fault("write key: value", "wants keys and values, is %v", v.Kind())
		return nil
	}
	pairs := v.pairs()
	first := map[string]int{}
	list := make([]Entry, 0, len(pairs))
	for _, pair := range pairs {
		e := v.entry(pair)
		if line, twice := first[e.Key]; twice {
			v.file.Fault(e.At, "", "written twice, first in line %d", line)
			continue
		}
		first[e.Key] = e.At.Line
		list = append(list, e)
	}
	return list
}

// Key is the value of a key of a table; zero when v is none, or does not have it.
func (v Value) Key(name string) Value {
	for _, pair := range v.pairs() {
		if e := v.entry(pair); e.Key == name {
			return e.Value
		}
	}
	return Value{}
}

func (v Value) pairs() []*ast.MappingValueNode {
	switch m := v.node.(type) {
	case *ast.MappingNode:
		return m.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}
	}
	return nil
}

var keyForm = regexp.MustCompile(`^[A-Za-z0-9_./-]{1,40}$`)

func (v Value) entry(pair *ast.MappingValueNode) Entry {
	key := v.shown(pair.Key.GetToken().Value)
	shown := key
	if v.file.Secrets && !keyForm.MatchString(key) {
		shown = "(key)"
	}
	at := spotAt(pair.Key.GetToken())
	at.Path = v.At.Key(shown).Path
	value := Value{file: v.file, node: pair.Value, At: at}
	if value.IsWord() {
		value.At = spotOf(pair.Value, at)
	}
	return Entry{Key: key, At: at, Value: value}
}

// Within is where a line (from 1) and a column (in runes, from 0) of v's Word stand in the file, as far as that can be said.
func (v Value) Within(line, column int) Spot {
	at := v.At
	t := v.node.GetToken()
	if l, ok := v.node.(*ast.LiteralNode); ok {
		if t.Type == token.LiteralType {
			origin := l.Value.GetToken().Origin
			indent := len(origin) - len(strings.TrimLeft(origin, " "))
			at.Line, at.Column = t.Position.Line+line, indent+column+1
		}
		return at
	}
	if line != 1 {
		return at
	}
	at.Column += column
	if t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType {
		at.Column++
	}
	return at
}
