package plugins

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The bounds of a manifest. The parser takes time with the square of a mapping's entries, and stack with its depth.
const (
	manifestMax = 64 << 10 // bytes
	tokensMax   = 8_000
	nestingMax  = 32
)

// decoder reads a manifest and collects what is wrong with it.
type decoder struct {
	file   string
	faults []error
}

// branch is a value in a manifest, and where it is.
type branch struct {
	d            *decoder
	node         ast.Node
	path         string
	line, column int
}

func (d *decoder) err() error { return errors.Join(d.faults...) }

func (d *decoder) fault(b *branch, format string, args ...any) {
	path := ""
	if b.path != "" {
		path = b.path + ": "
	}
	d.faults = append(d.faults, fmt.Errorf("%s:%d:%d: %s%s", d.file, b.line, b.column, path, fmt.Sprintf(format, args...)))
}

// parse makes a tree; nil when there is none, and then there are faults.
func (d *decoder) parse(src []byte) *branch {
	top := &branch{d: d, line: 1, column: 1}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if len(src) > manifestMax || !utf8.Valid(src) || bytes.ContainsFunc(src, unprintable) {
		d.fault(top, "is no manifest: it is text of up to %d bytes", manifestMax)
		return nil
	}
	tokens := lexer.Tokenize(string(src))
	if !d.plain(tokens) {
		return nil
	}
	file, err := parseTokens(tokens)
	if err != nil {
		if se, ok := errors.AsType[*yaml.SyntaxError](err); ok && se.Token != nil {
			top.line, top.column = se.Token.Position.Line, se.Token.Position.Column
			err = errors.New(se.Message)
		}
		d.fault(top, "is no YAML: %v", err)
		return nil
	}
	return d.document(file, top)
}

// document is the one document of a file.
func (d *decoder) document(file *ast.File, top *branch) *branch {
	for _, doc := range file.Docs {
		if doc.Body != nil && top.node != nil {
			d.fault(d.at(doc.Body, ""), "a second document; there is one in a file")
			return nil
		}
		if doc.Body != nil {
			top.node = doc.Body
		}
	}
	if top.node == nil {
		d.fault(top, "is empty")
		return nil
	}
	return top
}

func unprintable(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f }

// plain bounds what the parser is given, and refuses anchors, by which a short file becomes a huge one, and tags.
func (d *decoder) plain(tokens token.Tokens) bool {
	flow, dashes, line := 0, 0, 0
	for i, t := range tokens {
		at := &branch{d: d, line: t.Position.Line, column: t.Position.Column}
		if at.line != line {
			line, dashes = at.line, 0
		}
		switch t.Type { //nolint:exhaustive // the other types are as they should be
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow = max(flow-1, 0)
		case token.SequenceEntryType:
			dashes++
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType, token.MappingKeyType:
			d.fault(at, "anchors, aliases, tags and directives are not taken; put a value that begins with %s in quotes", t.Value)
			return false
		}
		if flow+dashes > nestingMax || i > tokensMax || t.Position.IndentNum > 2*nestingMax {
			d.fault(at, "too much: more than %d levels or %d words", nestingMax, tokensMax)
			return false
		}
	}
	return true
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

// at is the branch of a node.
func (d *decoder) at(n ast.Node, path string) *branch {
	b := &branch{d: d, node: n, path: path, line: 1, column: 1}
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		t = m.Values[0].Key.GetToken()
	}
	if t != nil && t.Position != nil {
		b.line, b.column = t.Position.Line, t.Position.Column
	}
	return b
}

// pairs lists the keys of a mapping, as they are written.
func (b *branch) pairs() []*ast.MappingValueNode {
	switch n := b.node.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

// known reports keys that are none of these, keys that are there twice, and a value that has no keys.
func (b *branch) known(keys ...string) {
	pairs := b.pairs()
	if pairs == nil {
		b.d.fault(b, "wants keys and values: %s", strings.Join(keys, ", "))
	}
	seen := map[string]bool{}
	for _, pair := range pairs {
		t := pair.Key.GetToken()
		at := &branch{d: b.d, path: b.path, line: t.Position.Line, column: t.Position.Column}
		switch {
		case seen[t.Value]:
			b.d.fault(at, "%s is there twice", t.Value)
		case !slices.Contains(keys, t.Value):
			b.d.fault(at, "unknown key %s; %s", t.Value, nearest(t.Value, keys))
		}
		seen[t.Value] = true
	}
}

// all are the keys of a mapping and their values.
func (b *branch) all() iter.Seq2[string, *branch] {
	return func(yield func(string, *branch) bool) {
		pairs := b.pairs()
		if pairs == nil {
			b.d.fault(b, "wants keys and values")
		}
		for _, pair := range pairs {
			name := pair.Key.GetToken().Value
			if !yield(name, b.d.at(pair.Value, join(b.path, name))) {
				return
			}
		}
	}
}

// key is the value of a key; nil when it is not there.
func (b *branch) key(name string) *branch {
	for _, pair := range b.pairs() {
		if pair.Key.GetToken().Value == name {
			return b.d.at(pair.Value, join(b.path, name))
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (b *branch) list() []*branch {
	seq, ok := b.node.(*ast.SequenceNode)
	if !ok {
		b.d.fault(b, "wants a list: [a, b]")
		return nil
	}
	items := make([]*branch, 0, len(seq.Values))
	for i, n := range seq.Values {
		items = append(items, b.d.at(n, fmt.Sprintf("%s[%d]", b.path, i)))
	}
	return items
}

// word is a scalar as it is written; empty when it is none.
func (b *branch) word() string {
	switch n := b.node.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.NullNode, *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		return ""
	case ast.ScalarNode:
		return n.GetToken().Value
	}
	return ""
}

// text is a scalar; there must be one.
func (b *branch) text() string {
	s := b.word()
	if s == "" {
		b.d.fault(b, "wants a text")
	}
	return s
}

func (b *branch) number() any {
	n, ok := b.node.(*ast.IntegerNode)
	if !ok {
		b.d.fault(b, "wants a number")
		return nil
	}
	if u, ok := n.Value.(uint64); ok && u < 1<<31 {
		return int(u)
	}
	return n.Value
}

func (b *branch) truth() bool {
	n, ok := b.node.(*ast.BoolNode)
	if !ok {
		b.d.fault(b, "wants true or false")
		return false
	}
	return n.Value
}

func (b *branch) duration(least, most time.Duration) time.Duration {
	d, err := time.ParseDuration(b.word())
	if err != nil || d < least || d > most {
		b.d.fault(b, "wants a time from %v to %v, written like 10s or 5m", least, most)
		return 0
	}
	return d
}

func (b *branch) size(least, most uint64) uint64 {
	n, err := parseSize(b.word())
	switch {
	case err != nil:
		b.d.fault(b, "%q %v", b.word(), err)
	case n < least || n > most:
		b.d.fault(b, "is %d bytes; it can be %d to %d", n, least, most)
	}
	return n
}

// nearest is what to say of a word that is none of known.
func nearest(word string, known []string) string {
	best, least := "", len(word)/3+2
	for _, k := range known {
		if n := distance(strings.ToLower(word), k); n < least {
			best, least = k, n
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "it can be " + strings.Join(known, ", ")
}

// distance is the number of letters to add, drop or change to make b of a (Levenshtein), up to 64 letters.
func distance(a, b string) int {
	const most = 64
	if len(a) > most || len(b) > most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := left
			if a[i] != b[j] {
				change++
			}
			left = row[j+1]
			row[j+1] = min(change, row[j]+1, left+1)
		}
	}
	return row[len(b)]
}
