package script

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/roost-im/roost/bots"
)

// http is the module of that name.
func (in *instance) http() starlark.Value {
	return &starlarkstruct.Module{Name: "http", Members: starlark.StringDict{
		"get":     in.doing("http.get", (*run).fetch),
		"post":    in.doing("http.post", (*run).fetch),
		"request": in.doing("http.request", (*run).fetch),
	}}
}

// fetch is http.get(url, headers=), http.post(url, headers=, json=, body=) and http.request(method, url, …).
func (r *run) fetch(c call) (starlark.Value, error) {
	var q bots.Request
	var headers *starlark.Dict
	var data, body starlark.Value
	pairs := []any{"url", &q.URL, "headers?", &headers, "json?", &data, "body?", &body}
	switch c.name {
	case "http.request":
		pairs = append([]any{"method", &q.Method}, pairs...)
	case "http.post":
		q.Method = "POST"
	default:
		q.Method, pairs = "GET", pairs[:4]
	}
	if err := c.unpack(pairs...); err != nil {
		return nil, err
	}
	q.Method = strings.ToUpper(q.Method)
	if err := header(&q, headers); err != nil {
		return nil, err
	}
	if err := content(&q, data, body); err != nil {
		return nil, err
	}
	resp, err := r.stage.HTTP(r.ctx, q)
	if err != nil {
		return nil, r.keep(err)
	}
	return response{resp}, nil
}

func header(q *bots.Request, headers *starlark.Dict) error {
	q.Header = map[string]string{}
	if headers == nil {
		return nil
	}
	for _, item := range headers.Items() {
		name, ok := starlark.AsString(item[0])
		value, is := revealed(item[1])
		if !ok || !is {
			return fmt.Errorf("headers are texts by name; %s: %s is none", item[0], item[1])
		}
		q.Header[name] = value
	}
	return nil
}

// revealed is a text, or the handle of a secret.
func revealed(v starlark.Value) (string, bool) {
	if s, ok := v.(secret); ok {
		return s.handle, true
	}
	return starlark.AsString(v)
}

func content(q *bots.Request, data, body starlark.Value) error {
	switch {
	case data != nil && body != nil:
		return errors.New("a request has json or a body, not both")
	case data != nil:
		e := encoder{secrets: true}
		if err := e.value(data, 0); err != nil {
			return fmt.Errorf("json: %w", err)
		}
		q.Body = e.buf.String()
		if _, there := q.Header["Content-Type"]; !there {
			q.Header["Content-Type"] = "application/json"
		}
	case body != nil:
		var ok bool
		if q.Body, ok = revealed(body); !ok {
			return fmt.Errorf("the body is %s and must be a text", article(body))
		}
	}
	return nil
}

// response is what a web request came to.
type response struct{ r bots.Response }

var _ starlark.HasAttrs = response{}

func (r response) String() string        { return fmt.Sprintf("response(%d)", r.r.Status) }
func (r response) Type() string          { return "response" }
func (r response) Freeze()               {}
func (r response) Truth() starlark.Bool  { return r.r.Status >= 200 && r.r.Status < 300 }
func (r response) Hash() (uint32, error) { return 0, errors.New("a response is no key") }
func (r response) AttrNames() []string   { return []string{"json", "ok", "status", "text", "type"} }

// Attr is what is known of the response.
func (r response) Attr(name string) (starlark.Value, error) {
	switch name {
	case "json":
		return starlark.NewBuiltin("response.json", r.json), nil
	case "ok":
		return r.Truth(), nil
	case "status":
		return starlark.MakeInt(r.r.Status), nil
	case "text":
		return starlark.String(r.r.Body), nil
	case "type":
		return starlark.String(r.r.Type), nil
	}
	return nil, nil //nolint:nilnil // Starlark's word for no such attribute
}

func (r response) json(
	thread *starlark.Thread, fn *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple,
) (starlark.Value, error) {
	c := call{thread: thread, name: fn.Name(), args: args, kwargs: kwargs}
	if err := c.none(); err != nil {
		return nil, err
	}
	v, err := decode([]byte(r.r.Body))
	if err != nil {
		return nil, fmt.Errorf("the answer is no JSON: %w", err)
	}
	return v, nil
}

// secret is secret("NAME").
func (r *run) secret(c call) (starlark.Value, error) {
	var name string
	if err := c.unpack("name", &name); err != nil {
		return nil, err
	}
	handle, err := r.stage.Secret(name)
	if err != nil {
		return nil, r.keep(err)
	}
	return secret{handle: handle, shown: "secret(" + name + ")"}, nil
}
