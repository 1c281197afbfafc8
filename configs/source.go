package configs

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

// The bounds of a file. go-yaml's parser takes time with the square of a mapping's entries, and stack with its depth.
const (
	maxTokens  = 40_000
	maxNesting = 32
)

// veil is where the characters between ${ and } are moved before YAML sees them, and from where they are moved back:
// braces, commas and colons in there would end a value in a flow mapping. Private use, so no text loses a character.
const veil = rune(0x10FE00)

// parse makes a tree of src; nil when there is none, and then there are faults.
func (d *decoder) parse(src []byte) ast.Node {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if len(src) > MaxSize {
		d.fault(spot{}, "", "is too large: more than %d bytes", MaxSize)
		return nil
	}
	if !d.readable(src) {
		return nil
	}
	tokens := lexer.Tokenize(veiled(string(src)))
	if !d.plain(tokens) {
		return nil
	}
	file, err := parseTokens(tokens)
	if err != nil {
		d.syntax(err)
		return nil
	}
	var root ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			d.fault(spotOf(doc.Body, spot{}), "", "a second document; there is one in a file")
			return nil
		}
		root = doc.Body
	}
	if root == nil {
		d.fault(spot{}, "", "is empty")
	}
	return root
}

// readable reports the first byte that no text file has.
func (d *decoder) readable(src []byte) bool {
	at := spot{line: 1, column: 1}
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		switch {
		case r == utf8.RuneError && n == 1:
			d.fault(at, "", "is no text: it is not UTF-8")
			return false
		case (r < ' ' && r != '\t' && r != '\n' && r != '\r') || r == 0x7f || r >= veil:
			d.fault(at, "", "is no text: it has the character %U", r)
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
func (d *decoder) plain(tokens token.Tokens) bool {
	before := len(d.faults)
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
			d.fault(spotAt(t), hint, "%s", text)
		}
		if flow+dashes > maxNesting || i > maxTokens || len(d.faults) > maxNesting {
			d.fault(spotAt(t), "", "too much: more than %d levels or %d words", maxNesting, maxTokens)
			return false
		}
	}
	return len(d.faults) == before
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
func parseTokens(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("nothing can be made of it")
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// syntax reports what the parser said, without the piece of source that it shows.
func (d *decoder) syntax(err error) {
	se, ok := errors.AsType[*yaml.SyntaxError](err)
	if !ok {
		d.fault(spot{}, "", "is no YAML: %v", err)
		return
	}
	hint := ""
	if strings.Contains(se.Message, "value is not allowed") || strings.Contains(se.Message, "cannot start any token") {
		hint = "look at the indentation (spaces, no tabs) and put a value with \": \" in quotes"
	}
	d.fault(spotAt(se.Token), hint, "is no YAML: %s", strings.ReplaceAll(se.Message, "'\t'", "tab"))
}

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

func spotAt(t *token.Token) spot {
	if t == nil || t.Position == nil {
		return spot{}
	}
	return spot{line: t.Position.Line, column: t.Position.Column}
}

// spotOf is where n begins, on the path of s.
func spotOf(n ast.Node, s spot) spot {
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		t = m.Values[0].Key.GetToken()
	}
	at := spotAt(t)
	at.path = s.path
	return at
}
