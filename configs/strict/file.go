package strict

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// File is a file that is read: what it may be, and what was found wrong with it. Bytes and Words bound it, because go-yaml's
// parser takes time with the square of a mapping's entries.
type File struct {
	Name  string // as its faults name it
	Bytes int    // how long it may be
	Words int    // how many tokens of YAML it may have
	Most  int    // how many of its faults are told; 0: all

	// Secrets says that values may be secrets, or ${…} that stand for them. Then ${…} is one word wherever it stands, in a
	// flow mapping too, and the path of a fault shows no key that can't be one: it may be a secret in the wrong place.
	Secrets bool

	Broken string // the hint for what is no YAML; empty: one where it is clear what to do
	Empty  string // the hint for a file of nothing

	faults []*Fault
}

// levels is how deep values may lie in one another, because go-yaml's parser takes stack with their depth.
const levels = 32

// Parse makes a Value of src. When ok is false there is none, and then there are faults.
func (f *File) Parse(src []byte) (root Value, ok bool) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if len(src) > f.Bytes {
		f.Fault(Spot{}, "", "is too large: more than %d bytes", f.Bytes)
		return root, false
	}
	if !f.readable(src) {
		return root, false
	}
	text := string(src)
	if f.Secrets {
		text = veiled(text)
	}
	tokens := lexer.Tokenize(text)
	if !f.plain(tokens) {
		return root, false
	}
	tree, err := parseTokens(tokens)
	if err != nil {
		f.broken(err)
		return root, false
	}
	return f.document(tree)
}

// document is the one document of a tree.
func (f *File) document(tree *ast.File) (root Value, ok bool) {
	for _, doc := range tree.Docs {
		if doc.Body == nil {
			continue
		}
		if root.node != nil {
			f.Fault(spotOf(doc.Body, Spot{}), "", "a second document; there is one in a file")
			return Value{}, false
		}
		root = Value{file: f, node: doc.Body, At: spotOf(doc.Body, Spot{})}
	}
	if root.node == nil {
		f.Fault(Spot{}, f.Empty, "is empty")
	}
	return root, root.node != nil
}

// readable reports the first byte that no text file has.
func (f *File) readable(src []byte) bool {
	at := Spot{Line: 1, Column: 1}
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		switch {
		case r == utf8.RuneError && n == 1:
			f.Fault(at, "", "is no text: it is not UTF-8")
			return false
		case (r < ' ' && r != '\t' && r != '\n' && r != '\r') || r == 0x7f || f.Secrets && r >= veil:
			f.Fault(at, "", "is no text: it has the character %U", r)
			return false
		case r == '\n':
			at = Spot{Line: at.Line + 1}
		}
		at.Column++
		src = src[n:]
	}
	return true
}

// plain reports what we do without, and bounds what the parser is given.
func (f *File) plain(tokens token.Tokens) bool {
	before := f.Len()
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
			f.Fault(spotAt(t), hint, "%s", text)
		}
		indented := t.Type != token.CommentType && t.Position.IndentNum > 4*levels
		if flow+dashes > levels || indented || i > f.Words || f.Len()-before > levels {
			f.Fault(spotAt(t), "", "too much: more than %d levels or %d words", levels, f.Words)
			return false
		}
	}
	return f.Len() == before
}

// without says why a token is not taken, and what to write instead. Anchors and aliases make a huge file of a short one.
func without(t token.Type) (text, hint string) {
	switch t { //nolint:exhaustive // the other types are as they should be
	case token.AnchorType, token.AliasType, token.MergeKeyType:
		return "anchors, aliases and merge keys are not taken", "write the value out, or put it in quotes"
	case token.TagType:
		return "tags are not taken", "put a value that begins with ! in quotes"
	case token.DirectiveType:
		return "directives are not taken", ""
	case token.MappingKeyType:
		return "keys that begin with ? are not taken", "write key: value"
	}
	return "", ""
}

// parseTokens turns a panic of the parser, which rubbish has provoked before, into an error.
func parseTokens(tokens token.Tokens) (tree *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("nothing can be made of it")
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// broken reports what the parser said, without the piece of source that it shows.
func (f *File) broken(err error) {
	se, ok := errors.AsType[*yaml.SyntaxError](err)
	if !ok {
		f.Fault(Spot{}, "", "is no YAML: %v", err)
		return
	}
	hint := f.Broken
	if hint == "" && (strings.Contains(se.Message, "value is not allowed") || strings.Contains(se.Message, "cannot start any token")) {
		hint = "look at the indentation (spaces, no tabs) and put a value with \": \" in quotes"
	}
	f.Fault(spotAt(se.Token), hint, "is no YAML: %s", strings.ReplaceAll(se.Message, "'\t'", "tab"))
}

// veil is where the characters between ${ and } are moved before YAML sees them, and from where they are moved back:
// braces, commas and colons in there would end a value in a flow mapping. Private use, so no text loses a character.
const veil = rune(0x10FE00)

// veiled puts the inside of every ${…} behind the veil. Columns stay, because a rune stays a rune.
func veiled(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		start := strings.Index(s, "${")
		if start < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:start])
		s = s[start:]
		end := strings.IndexAny(s, "}\n")
		if end < 0 || s[end] == '\n' {
			b.WriteString("${")
			s = s[len("${"):]
			continue
		}
		for _, r := range s[:end+1] {
			if r > ' ' && r < 0x7f && r != '$' {
				r += veil
			}
			b.WriteRune(r)
		}
		s = s[end+1:]
	}
}

// unveiled takes the veil away.
func unveiled(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= veil {
			return r - veil
		}
		return r
	}, s)
}

func spotAt(t *token.Token) Spot {
	if t == nil || t.Position == nil {
		return Spot{}
	}
	return Spot{Line: t.Position.Line, Column: t.Position.Column}
}

// spotOf is where n begins, on the path of s.
func spotOf(n ast.Node, s Spot) Spot {
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		t = m.Values[0].Key.GetToken()
	}
	at := spotAt(t)
	at.Path = s.Path
	return at
}
