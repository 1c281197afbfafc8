package bots

import (
	"bytes"
	"html"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	source "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/roost-im/roost/router/text"
)

// Markup reads what a bot writes: CommonMark with ~~strike~~, as one writes it in a chat. A line end is a line end. Links
// lead to http and https; others stay words, and so do HTML, reference links, rules and underlined headings. Nothing that
// is written is lost but the marks themselves, and text without any marks is as it was written.
//
// What Escape made says itself and nothing else, wherever it stands.
func Markup(s string) text.Text {
	s = text.Clean(s)
	if !marked(s) || tangled(s) {
		return text.Plain(unveiled(s))
	}
	src := []byte(s)
	w := writer{src: src}
	w.blocks(reader().Parse(source.NewReader(src)))
	return w.out.Text().Trim()
}

// Escape makes s say itself in markup: every character that could be a part of markup moves to where the parser does not
// see it. So it is for Markup alone, and there it may stand anywhere, in code and, as a part, in a link's address too.
func Escape(s string) string {
	var b strings.Builder
	for _, r := range text.Clean(s) {
		switch {
		case isVeil(r):
			b.WriteRune(asItIs)
		case r <= unicode.MaxASCII && !isLetter(r):
			r += veil
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// Escaped characters are moved to private use, so that no text needs them. One that is there already follows asItIs.
const (
	veil   = rune(0x10FD00)
	asItIs = veil + unicode.MaxASCII + 1
)

func isVeil(r rune) bool { return r >= veil && r <= asItIs }

// unveiled moves the characters back that Escape moved.
func unveiled(s string) string { return unveil(s, func(r rune) string { return string(r) }) }

// unveil puts into the places of the characters that Escape moved what as makes of them.
func unveil(s string, as func(r rune) string) string {
	if strings.IndexFunc(s, isVeil) < 0 {
		return s
	}
	var b strings.Builder
	literal := false
	for _, r := range s {
		switch {
		case literal || !isVeil(r):
			b.WriteRune(r)
			literal = false
		case r == asItIs:
			literal = true
		default:
			b.WriteString(as(r - veil))
		}
	}
	return b.String()
}

// marked says whether there may be markup in s.
func marked(s string) bool {
	if strings.ContainsAny(s, "\\`*_~[<&") {
		return true
	}
	for line := range strings.Lines(s) {
		if line = strings.TrimLeft(line, " \t"); line != "" && strings.IndexByte("#>-+0123456789", line[0]) >= 0 {
			return true
		}
	}
	return false
}

// What markup may come to. The parser's time grows with the square of what is open at once.
const (
	markupMax = 16 << 10 // bytes
	marksMax  = 1000
	nestMost  = 16 // blocks in one another
)

// tangled says whether s is more markup than any message has.
func tangled(s string) bool {
	if len(s) > markupMax {
		return true
	}
	marks := 0
	for line := range strings.Lines(s) {
		if nesting(line) > nestMost {
			return true
		}
		for _, b := range []byte(line) {
			if strings.IndexByte("`*_~[]<&", b) >= 0 {
				marks++
			}
		}
	}
	return marks > marksMax
}

// nesting is how many quotes and list items a line begins with.
func nesting(line string) int {
	for n := 0; ; n++ {
		line = strings.TrimLeft(line, " \t")
		rest := strings.TrimLeft(line, "0123456789")
		switch {
		case strings.HasPrefix(line, ">"):
			line = line[1:]
		case rest != "" && strings.IndexByte("-+*.)", rest[0]) >= 0 && strings.TrimLeft(rest[1:], " \t\n") != rest[1:]:
			line = rest[1:]
		default:
			return n
		}
	}
}

// reader is a parser of what CommonMark has of use in a chat. It does not change and may be used by several goroutines.
var reader = sync.OnceValue(newReader) //nolint:gochecknoglobals // made once, as a regexp is

func newReader() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(lines{parser.NewParagraphParser()}, 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewEmphasisParser(), 500),
			util.Prioritized(extension.NewStrikethroughParser(), 500),
		),
	)
}

// lines is a paragraph whose lines may be indented; code is fenced.
type lines struct{ parser.BlockParser }

// CanAcceptIndentedLine is true.
func (lines) CanAcceptIndentedLine() bool { return true }

// Close takes off the white space behind the last line, and leaves what is in front of the others.
func (lines) Close(n ast.Node, r source.Reader, _ parser.Context) {
	if l := n.Lines(); l.Len() > 0 {
		last := l.At(l.Len() - 1)
		l.Set(l.Len()-1, last.TrimRightSpace(r.Source()))
	}
}

// writer makes a Text of a tree.
type writer struct {
	src  []byte
	out  text.Builder
	used bool // something that shows was written
}

func (w *writer) write(s string) {
	s = unveiled(s)
	w.out.Write(s)
	w.used = w.used || strings.TrimSpace(s) != ""
}

// blocks writes what is in a block, each block on lines of its own.
func (w *writer) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if n.PreviousSibling() != nil {
			w.out.Write("\n")
			if w.apart(n) {
				w.out.Write("\n")
			}
		}
		w.block(n)
	}
}

// apart says whether there is an empty line before n. The parser says so of everything behind fenced code.
func (w *writer) apart(n ast.Node) bool {
	if _, fenced := n.PreviousSibling().(*ast.FencedCodeBlock); !fenced || n.Pos() < 0 {
		return n.HasBlankPreviousLines()
	}
	before := w.src[:bytes.LastIndexByte(w.src[:n.Pos()], '\n')+1]
	line := before[bytes.LastIndexByte(bytes.TrimSuffix(before, []byte("\n")), '\n')+1:]
	return len(bytes.Trim(line, "> \t\n")) == 0
}

func (w *writer) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		w.span(text.Heading, "", strings.Repeat("#", n.Level), func() { w.inlines(n) })
	case *ast.Blockquote:
		w.span(text.Quote, "", ">", func() { w.blocks(n) })
	case *ast.List:
		w.blocks(n)
	case *ast.ListItem:
		w.item(n)
	case *ast.FencedCodeBlock:
		language := unveiled(string(n.Language(w.src)))
		w.span(text.Pre, language, "```"+language, func() { w.write(strings.TrimSuffix(string(n.Lines().Value(w.src)), "\n")) })
	default:
		w.inlines(n)
	}
}

// span writes a span, or the mark that began it when there is nothing in it.
func (w *writer) span(k text.Kind, attr, mark string, inside func()) {
	before := w.used
	w.used = false
	w.out.Span(k, text.Attrs{Attr: attr}, inside)
	if !w.used {
		w.write(mark)
	}
	w.used = w.used || before
}

func (w *writer) item(n *ast.ListItem) {
	number, mark := "", "-"
	if l, ok := n.Parent().(*ast.List); ok {
		mark = string(rune(l.Marker))
		if l.IsOrdered() {
			i := l.Start
			for p := n.PreviousSibling(); p != nil; p = p.PreviousSibling() {
				i++
			}
			number = strconv.Itoa(i)
		}
	}
	w.span(text.ListItem, number, number+mark, func() { w.blocks(n) })
}

// inlines writes what is in a line.
func (w *writer) inlines(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.inline(n)
	}
}

func (w *writer) inline(n ast.Node) {
	inside := func() { w.inlines(n) }
	switch n := n.(type) {
	case *ast.Text:
		w.words(n)
	case *ast.Emphasis:
		kind := text.Italic
		if n.Level == 2 {
			kind = text.Bold
		}
		w.out.Span(kind, text.Attrs{}, inside)
	case *extast.Strikethrough:
		w.out.Span(text.Strike, text.Attrs{}, inside)
	case *ast.CodeSpan:
		w.out.Span(text.Code, text.Attrs{}, inside)
	case *ast.AutoLink:
		address := string(n.URL(w.src))
		to, ok := webAddress(address)
		if n.AutoLinkType != ast.AutoLinkURL || !ok {
			w.write("<" + string(n.Label(w.src)) + ">")
			return
		}
		w.out.Span(text.Link, text.Attrs{Attr: to}, func() { w.write(address) })
	case *ast.Link:
		w.link(string(n.Destination), inside)
	case *ast.Image:
		w.link(string(n.Destination), inside)
	default:
		inside()
	}
}

func (w *writer) words(n *ast.Text) {
	s := string(n.Segment.Value(w.src))
	if n.IsRaw() {
		w.write(s) // of code, with its line ends
		return
	}
	w.write(plainWords(s))
	if n.SoftLineBreak() || n.HardLineBreak() {
		w.write("\n")
	}
}

// link writes a link; one that leads to no web address is its words and where it leads.
func (w *writer) link(destination string, label func()) {
	destination = plainWords(destination)
	to, ok := webAddress(destination)
	before := w.used
	w.used = false
	if ok {
		w.out.Span(text.Link, text.Attrs{Attr: to}, func() {
			label()
			if !w.used {
				w.write(destination)
			}
		})
	} else {
		label()
		w.write(" (" + destination + ")")
	}
	w.used = w.used || before
}

// webAddress is s as a link's address, if it is one of http or https. What was escaped is no more than a part of its path
// or of a parameter.
func webAddress(s string) (string, bool) {
	u, err := url.Parse(unveil(s, func(r rune) string {
		return strings.ReplaceAll(url.QueryEscape(string(r)), "+", "%20")
	}))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", false
	}
	return u.String(), true
}

// plainWords resolves what stands for other characters: \* and &amp;.
func plainWords(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			i++
			b.WriteByte(s[i])
		case s[i] == '&':
			n := entity(s[i:])
			b.WriteString(html.UnescapeString(s[i : i+n]))
			i += n - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// entity is how many bytes the entity at the start of s takes, or 1.
func entity(s string) int {
	const longest = 40
	end := strings.IndexByte(s[:min(len(s), longest)], ';')
	if end < 0 {
		return 1
	}
	for _, c := range []byte(s[1:end]) {
		if !util.IsAlphaNumeric(c) && c != '#' {
			return 1
		}
	}
	return end + 1
}
