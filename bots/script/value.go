package script

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// message is something that the bot has said.
type message struct{ ref chat.Ref }

var _ starlark.HasAttrs = message{}

func (m message) String() string        { return m.ref.String() }
func (m message) Type() string          { return "message" }
func (m message) Freeze()               {}
func (m message) Truth() starlark.Bool  { return true }
func (m message) Hash() (uint32, error) { return starlark.String(m.ref.String()).Hash() }
func (m message) AttrNames() []string   { return []string{"id"} }

// Attr is id: a text by which edit and delete find the message later.
func (m message) Attr(name string) (starlark.Value, error) {
	if name == "id" {
		return starlark.String(m.ref.String()), nil
	}
	return nil, nil //nolint:nilnil // Starlark's word for no such attribute
}

// Unpack reads a message, or its id.
func (m *message) Unpack(v starlark.Value) error {
	switch v := v.(type) {
	case message:
		*m = v
		return nil
	case starlark.String:
		at, id, ok := strings.Cut(string(v), "|")
		c, err := chat.ParseConversation(at)
		if !ok || err != nil {
			return fmt.Errorf("%s is no message", v)
		}
		m.ref = chat.Ref{Conversation: c, Message: chat.MessageID(id)}
		return nil
	}
	return fmt.Errorf("it is %s and must be what say() gave", article(v))
}

// button is a thing to press: button("Label", id=, value=, style=).
type button bots.Choice

func (b button) String() string        { return "button(" + strconv.Quote(b.Label) + ")" }
func (b button) Type() string          { return "button" }
func (b button) Freeze()               {}
func (b button) Truth() starlark.Bool  { return true }
func (b button) Hash() (uint32, error) { return 0, errors.New("a button is no key") }

func newButton(
	thread *starlark.Thread, fn *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple,
) (starlark.Value, error) {
	var b button
	var style string
	c := call{thread: thread, name: fn.Name(), args: args, kwargs: kwargs}
	if err := c.unpack("label", &b.Label, "id?", &b.ID, "value?", &b.Value, "style?", &style); err != nil {
		return nil, err
	}
	known := []string{"", string(chat.Primary), string(chat.Danger)}
	if !slices.Contains(known, style) {
		return nil, fmt.Errorf("%q is no style of a button; it can be primary or danger", style)
	}
	if b.Label == "" {
		return nil, errors.New("a button has a label")
	}
	b.Style = chat.Style(style)
	return b, nil
}

// secret is a handle that stands for a secret in a web request, perhaps with words around it. Nothing that a script does with it shows more than
// its name.
type secret struct{ handle, shown string }

var _ starlark.HasBinary = secret{}

func (s secret) String() string        { return s.shown }
func (s secret) Type() string          { return "secret" }
func (s secret) Freeze()               {}
func (s secret) Truth() starlark.Bool  { return true }
func (s secret) Hash() (uint32, error) { return 0, errors.New("a secret is no key") }

// Binary puts words before or behind a secret: "Bearer " + secret("TOKEN").
func (s secret) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	var more secret
	switch y := y.(type) {
	case starlark.String:
		more = secret{string(y), string(y)}
	case secret:
		more = y
	default:
		return nil, nil //nolint:nilnil // Starlark's word for no such operator
	}
	switch {
	case op != syntax.PLUS:
		return nil, nil //nolint:nilnil // Starlark's word for no such operator
	case side == starlark.Left:
		return secret{s.handle + more.handle, s.shown + more.shown}, nil
	}
	return secret{more.handle + s.handle, more.shown + s.shown}, nil
}

// pastValue is what migrate is told of.
func pastValue(d bots.Past) starlark.Value {
	args := starlark.NewDict(len(d.Args))
	for k, v := range sortedMap(d.Args) {
		_ = args.SetKey(starlark.String(k), starlark.String(v))
	}
	return starlarkstruct.FromStringDict(starlark.String("dialog"), starlark.StringDict{
		"trigger": starlark.String(d.Trigger), "args": args, "answers": textList(d.Answers), "began": startime.Time(d.Began),
	})
}

func textList(texts []string) *starlark.List {
	list := make([]starlark.Value, len(texts))
	for i, t := range texts {
		list[i] = starlark.String(t)
	}
	return starlark.NewList(list)
}

// sortedMap goes through a map in the order of its keys, which is the same every time.
func sortedMap[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// nestMost is how deep plain data may be.
const nestMost = 64

// plain makes a value of what encoding/json reads with UseNumber.
func plain(v any) (starlark.Value, error) {
	switch v := v.(type) {
	case nil:
		return starlark.None, nil
	case bool:
		return starlark.Bool(v), nil
	case string:
		return starlark.String(v), nil
	case json.Number:
		return plainNumber(v.String())
	case []any:
		list := make([]starlark.Value, len(v))
		for i, item := range v {
			var err error
			if list[i], err = plain(item); err != nil {
				return nil, err
			}
		}
		return starlark.NewList(list), nil
	case map[string]any:
		d := starlark.NewDict(len(v))
		for k, item := range sortedMap(v) {
			value, err := plain(item)
			if err != nil {
				return nil, err
			}
			if err := d.SetKey(starlark.String(k), value); err != nil {
				return nil, err
			}
		}
		return d, nil
	}
	return nil, fmt.Errorf("%T is no plain data", v)
}

// digitsMost is how long a number in plain data may be: reading one takes the square of its length.
const digitsMost = 1000

func plainNumber(s string) (starlark.Value, error) {
	if len(s) > digitsMost {
		return nil, fmt.Errorf("a number has more than %d digits", digitsMost)
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return starlark.MakeInt64(n), nil
	}
	if n, ok := new(big.Int).SetString(s, 10); ok {
		return starlark.MakeBigInt(n), nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("%s is no number", s)
	}
	return starlark.Float(f), nil
}

// encoder writes plain data as JSON.
type encoder struct {
	buf     bytes.Buffer
	secrets bool // may be in it: in a web request
}

// encode writes plain data: None, texts, numbers, lists and dicts of them. A message is written as its id, and a person as
// what is known of them.
func encode(v starlark.Value) ([]byte, error) {
	var e encoder
	if err := e.value(v, 0); err != nil {
		return nil, err
	}
	return e.buf.Bytes(), nil
}

func (e *encoder) value(v starlark.Value, depth int) error {
	if depth > nestMost {
		return fmt.Errorf("there are more than %d lists or dicts within one another", nestMost)
	}
	switch v := v.(type) {
	case starlark.String:
		e.text(string(v))
	case message:
		e.text(v.ref.String())
	case secret:
		return e.secret(v)
	case *person:
		return e.person(v, depth)
	case *starlark.List:
		return e.list(v, depth)
	case starlark.Tuple:
		return e.list(v, depth)
	case *starlark.Dict:
		return e.dict(v, depth)
	default:
		return e.scalar(v)
	}
	return nil
}

func (e *encoder) scalar(v starlark.Value) error {
	switch v := v.(type) {
	case starlark.NoneType:
		e.buf.WriteString("null")
	case starlark.Bool:
		e.buf.WriteString(strconv.FormatBool(bool(v)))
	case starlark.Int:
		if v.BigInt().BitLen() > 3*digitsMost {
			return fmt.Errorf("a number that is kept has %d digits at most", 3*digitsMost/4)
		}
		e.buf.WriteString(v.String())
	case starlark.Float:
		f := float64(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%s can't be kept", v)
		}
		e.buf.WriteString(floatText(f))
	default:
		return fmt.Errorf("%s is no plain data: texts, numbers, True, False, None, and lists and dicts of them", article(v))
	}
	return nil
}

// floatText keeps a float a float: 1.0, not 1.
func floatText(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func (e *encoder) text(s string) {
	b, err := json.Marshal(s)
	if err != nil {
		b = []byte(`""`)
	}
	e.buf.Write(b)
}

// secret writes the handle as it is, because it is found by its bytes.
func (e *encoder) secret(s secret) error {
	if !e.secrets {
		return errors.New("a secret can only stand in a web request")
	}
	e.buf.WriteByte('"')
	for i, part := range strings.Split(s.handle, "\x00") {
		if i%2 == 1 {
			e.buf.WriteString("\x00" + part + "\x00")
			continue
		}
		b, err := json.Marshal(part)
		if err != nil {
			return err
		}
		e.buf.Write(b[1 : len(b)-1])
	}
	e.buf.WriteByte('"')
	return nil
}

func (e *encoder) person(p *person, depth int) error {
	d := starlark.NewDict(4)
	for _, name := range p.AttrNames() {
		v, err := p.Attr(name)
		if err != nil {
			return err
		}
		if err := d.SetKey(starlark.String(name), v); err != nil {
			return err
		}
	}
	return e.dict(d, depth)
}

func (e *encoder) list(seq starlark.Indexable, depth int) error {
	e.buf.WriteByte('[')
	for i := range seq.Len() {
		if i > 0 {
			e.buf.WriteByte(',')
		}
		if err := e.value(seq.Index(i), depth+1); err != nil {
			return err
		}
	}
	e.buf.WriteByte(']')
	return nil
}

func (e *encoder) dict(d *starlark.Dict, depth int) error {
	e.buf.WriteByte('{')
	for i, item := range d.Items() {
		if i > 0 {
			e.buf.WriteByte(',')
		}
		key, ok := starlark.AsString(item[0])
		if !ok {
			return fmt.Errorf("the key %s is %s; keys of what is kept are texts", item[0], article(item[0]))
		}
		e.text(key)
		e.buf.WriteByte(':')
		if err := e.value(item[1], depth+1); err != nil {
			return err
		}
	}
	e.buf.WriteByte('}')
	return nil
}
