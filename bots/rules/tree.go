package rules

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The bounds of a file. go-yaml's parser takes time with the square of a mapping's entries, and stack with its depth.
const (
	sourceMax = 64 << 10 // bytes
	tokensMax = 20_000
	nestMost  = 32
)

// spot is where something stands.
type spot struct {
	line, column int
	path         string
}

// value is one value of the file.
type value struct {
	*faults

	node ast.Node
	spot spot
}

// entry is one key of a mapping and what stands there.
type entry struct {
	key   string
	at    spot // of the key
	value value
}

func (v value) fault(hint, format string, args ...any) { v.add(v.spot, hint, format, args...) }

// parse makes a tree of src; ok is false when there is none, and then there are faults.
func parse(f *faults, src []byte) (root value, ok bool) {
	none := value{faults: f}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	switch {
	case len(src) > sourceMax:
		none.fault("", "is too large: more than %d bytes", sourceMax)
		return none, false
	case !readable(f, src):
		return none, false
	}
	tokens := lexer.Tokenize(string(src))
	if !plain(f, tokens) {
		return none, false
	}
	file, err := parseTokens(tokens)
	if err != nil {
		broken(f, err)
		return none, false
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			f.add(spotOf(doc.Body), "", "a second document; there is one in a file")
			return none, false
		}
		body = doc.Body
	}
	if body == nil {
		none.fault("write rules: and what the bot answers to", "is empty")
		return none, false
	}
	return value{faults: f, node: body, spot: spotOf(body)}, true
}

// readable reports the first byte that no text file has.
func readable(f *faults, src []byte) bool {
	at := spot{line: 1, column: 1}
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		switch {
		case r == utf8.RuneError && n == 1:
			f.add(at, "", "is no text: it is not UTF-8")
			return false
		case (r < ' ' && r != '\t' && r != '\n' && r != '\r') || r == 0x7f:
			f.add(at, "", "is no text: it has the character %U", r)
			return false
		case r == '\n':
			at = spot{line: at.line + 1}
		}
		at.column++
		src = src[n:]
	}
	return true
}

// plain reports what we do without, and bounds what the parser is given.
func plain(f *faults, tokens token.Tokens) bool {
	before := len(f.list)
	flow, dashes, line := 0, 0, 0
	for i, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type { //nolint:exhaustive // the other types open and close nothing
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow = max(flow-1, 0)
		case token.SequenceEntryType:
			dashes++
		}
		if text, hint := without(t.Type); text != "" {
			f.add(spotAt(t), hint, "%s", text)
		}
		deep := flow+dashes > nestMost || t.Position.IndentNum > 4*nestMost
		if deep || i > tokensMax || len(f.list) >= faultsMost {
			f.add(spotAt(t), "", "too much: more than %d levels or %d words", nestMost, tokensMax)
			return false
		}
	}
	return len(f.list) == before
}

// without says why a token is not taken, and what to write instead. Anchors and aliases make a huge file of a short one.
func without(t token.Type) (text, hint string) {
	switch t { //nolint:exhaustive // the other types are as they should be
	case token.AnchorType, token.AliasType, token.MergeKeyType:
		return "anchors, aliases and merge keys are not taken", "write the value out, or put it in quotes"
	case token.TagType:
		return "tags are not taken", "put a value that begins with ! in quotes"
	case token.DirectiveType, token.MappingKeyType:
		return "directives and keys that begin with ? are not taken", "write key: value"
	}
	return "", ""
}

// parseTokens turns a panic of the parser, which rubbish has provoked before, into an error.
func parseTokens(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("nothing can be made of it")
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// broken reports what the parser said, without the piece of source that it shows.
func broken(f *faults, err error) {
	se, ok := errors.AsType[*yaml.SyntaxError](err)
	if !ok {
		f.add(spot{}, "", "is no YAML: %v", err)
		return
	}
	f.add(spotAt(se.Token), "look at the indentation (spaces, no tabs), and put text with \": \", { or # in quotes",
		"is no YAML: %s", strings.ReplaceAll(se.Message, "'\t'", "tab"))
}

func spotAt(t *token.Token) spot {
	if t == nil || t.Position == nil {
		return spot{}
	}
	return spot{line: t.Position.Line, column: t.Position.Column}
}

// spotOf is where n begins.
func spotOf(n ast.Node) spot {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		return spotAt(m.Values[0].Key.GetToken())
	}
	return spotAt(n.GetToken())
}

// isWord says whether v is one value, and there is one.
func (v value) isWord() bool {
	_, ok := v.node.(ast.ScalarNode)
	return ok && v.node.Type() != ast.NullType
}

func (v value) isList() bool {
	_, ok := v.node.(*ast.SequenceNode)
	return ok
}

func (v value) isMap() bool {
	switch v.node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

// word is v as text. Numbers are taken as they are written; true, false and nothing are not, because they are rarely meant.
func (v value) word() (string, bool) {
	switch n := v.node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSuffix(n.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	case *ast.BoolNode:
		v.fault("put it in quotes if it is text", "wants text, is %s", n.GetToken().Value)
	case *ast.NullNode:
		v.fault("give it a value or leave the key out", "has no value")
	default:
		v.fault("put text that begins with { or [ in quotes", "wants text, is %s", v.kind())
	}
	return "", false
}

// flag is v as true or false.
func (v value) flag() bool {
	n, ok := v.node.(*ast.BoolNode)
	if !ok {
		v.fault("", "wants true or false, is %s", v.kind())
		return false
	}
	return n.Value
}

// list is v as a list; a single value is a list of one.
func (v value) list() []value {
	seq, ok := v.node.(*ast.SequenceNode)
	if !ok {
		return []value{v}
	}
	list := make([]value, 0, len(seq.Values))
	for i, n := range seq.Values {
		at := spotOf(n)
		at.path = fmt.Sprintf("%s[%d]", v.spot.path, i)
		list = append(list, value{v.faults, n, at})
	}
	return list
}

// words is v as a list of texts; a single one is a list of one.
func (v value) words() []string {
	var words []string
	for _, item := range v.list() {
		if w, ok := item.word(); ok {
			words = append(words, w)
		}
	}
	return words
}

// entries are the keys of a mapping in their order. A key that is there twice is a fault and is listed once.
func (v value) entries() []entry {
	var pairs []*ast.MappingValueNode
	switch m := v.node.(type) {
	case *ast.MappingNode:
		pairs = m.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{m}
	default:
		v.fault("write key: value", "wants keys and values, is %s", v.kind())
		return nil
	}
	first := map[string]int{}
	list := make([]entry, 0, len(pairs))
	for _, pair := range pairs {
		key := pair.Key.GetToken().Value
		at := spotAt(pair.Key.GetToken())
		at.path = strings.TrimPrefix(v.spot.path+"."+key, ".")
		if line, twice := first[key]; twice {
			v.add(at, "", "written twice, first in line %d", line)
			continue
		}
		first[key] = at.line
		of := value{v.faults, pair.Value, at}
		if of.isWord() {
			of.spot = spotOf(pair.Value)
			of.spot.path = at.path
		}
		list = append(list, entry{key, at, of})
	}
	return list
}

// fields reads a mapping with known keys, in the order in which they are written.
func (v value) fields(known map[string]func(value)) {
	for _, e := range v.entries() {
		read, ok := known[e.key]
		if !ok {
			v.add(e.at, nearest(e.key, slices.Sorted(maps.Keys(known))), "unknown key")
			continue
		}
		read(e.value)
	}
}

// within is where a line and a column (from 1 and 0) of v's text stand in the file, as far as that can be said.
func (v value) within(line, column int) spot {
	at := v.spot
	t := v.node.GetToken()
	if l, ok := v.node.(*ast.LiteralNode); ok {
		if t.Type == token.LiteralType {
			origin := l.Value.GetToken().Origin
			indent := len(origin) - len(strings.TrimLeft(origin, " "))
			at.line, at.column = t.Position.Line+line, indent+column+1
		}
		return at
	}
	if line != 1 {
		return at
	}
	at.column += column
	if t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType {
		at.column++
	}
	return at
}

// kind names what v is, for people.
func (v value) kind() string {
	switch v.node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "empty"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	}
	return "text"
}

// literal is v as a number, true, false or nothing.
func (v value) literal() (any, bool) {
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
