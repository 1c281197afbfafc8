package xspec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var errUnknown = errors.New("there is no such path and method")

// spec is a description, ready to check against.
type spec struct {
	doc      map[string]any
	mu       sync.Mutex           // a compiler takes one at a time
	open     *jsonschema.Compiler // objects may have more than is described
	closed   *jsonschema.Compiler // objects have only what is described
	patterns []*operation
}

// operation is one method of one path.
type operation struct {
	spec     *spec
	method   string
	segments []string // of the path; those in braces stand for anything
	pointer  string   // of the operation in the document
	raw      map[string]any
	stream   bool
}

func parse(raw []byte) (*spec, error) {
	read := func() (map[string]any, error) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("read the description: %w", err)
		}
		doc, ok := v.(map[string]any)
		if !ok {
			return nil, errors.New("the description is no object")
		}
		return doc, nil
	}
	doc, err := read()
	if err != nil {
		return nil, err
	}
	strict, err := read()
	if err != nil {
		return nil, err
	}
	translate(doc, false)
	translate(strict, true)
	s := &spec{doc: doc}
	if s.open, err = compiler(doc); err != nil {
		return nil, err
	}
	if s.closed, err = compiler(strict); err != nil {
		return nil, err
	}
	s.index()
	return s, nil
}

func compiler(doc map[string]any) (*jsonschema.Compiler, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	c.AssertFormat()
	return c, c.AddResource("x.json", doc)
}

// translate turns OpenAPI 3.0 schemas into JSON schemas in place: nullable becomes a type, and on demand objects with
// described properties take no others. The metadata of a page stays open, because X tells more there than is described.
func translate(node any, closed bool) {
	switch v := node.(type) {
	case []any:
		for _, e := range v {
			translate(e, closed)
		}
	case map[string]any:
		if closed {
			shut(v)
		}
		mend(v)
		for key, e := range v {
			if names, ok := e.(map[string]any); ok && key == "properties" { // names, not keywords
				for _, schema := range names {
					translate(schema, closed)
				}
				continue
			}
			if key != "example" && key != "enum" && key != "default" {
				translate(e, closed)
			}
		}
	}
}

// mend writes a schema's null as a type, and drops a value that stands twice in an enumeration.
func mend(schema map[string]any) {
	if kind, ok := schema["type"].(string); ok && schema["nullable"] == true {
		schema["type"] = []any{kind, "null"}
	}
	if values, ok := schema["enum"].([]any); ok {
		slices.SortFunc(values, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		schema["enum"] = slices.CompactFunc(values, func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
	}
}

// shut lets an object have only the properties that are described.
func shut(schema map[string]any) {
	props, described := schema["properties"].(map[string]any)
	if _, told := schema["additionalProperties"]; !described || told || schema["allOf"] != nil {
		return
	}
	if _, data := props["data"]; data && props["meta"] == nil {
		props["meta"] = map[string]any{"type": "object"}
	}
	schema["additionalProperties"] = false
}

// index lists the operations, those with fewer placeholders first.
func (s *spec) index() {
	paths, _ := s.doc["paths"].(map[string]any)
	for path, item := range paths {
		methods, _ := item.(map[string]any)
		for method, raw := range methods {
			op, _ := raw.(map[string]any)
			s.patterns = append(s.patterns, &operation{
				spec: s, method: strings.ToUpper(method), segments: strings.Split(path, "/"), raw: op,
				pointer: "/paths/" + strings.ReplaceAll(path, "/", "~1") + "/" + method,
				stream:  op["x-twitter-streaming"] == true || strings.HasSuffix(path, "/stream"),
			})
		}
	}
	slices.SortFunc(s.patterns, func(a, b *operation) int { return a.open() - b.open() })
}

// open counts the placeholders of a path.
func (o *operation) open() int {
	return strings.Count(strings.Join(o.segments, "/"), "{")
}

// operation finds what a call is for and the values of its path.
func (s *spec) operation(method, path string) (*operation, map[string]string) {
	segments := strings.Split(path, "/")
	for _, o := range s.patterns {
		if o.method != method || len(o.segments) != len(segments) {
			continue
		}
		values, fits := map[string]string{}, true
		for i, part := range o.segments {
			if strings.HasPrefix(part, "{") {
				values[strings.Trim(part, "{}")] = segments[i]
			} else if part != segments[i] {
				fits = false
			}
		}
		if fits {
			return o, values
		}
	}
	return nil, nil
}

// validate holds a value against the schema at a place of the document.
func (s *spec) validate(c *jsonschema.Compiler, pointer string, value any) error {
	s.mu.Lock()
	schema, err := c.Compile("x.json#" + pointer)
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("schema %s: %w", pointer, err)
	}
	return schema.Validate(value)
}

// request checks the path, the query and the body of a call.
func (o *operation) request(r *http.Request, path map[string]string, body []byte) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	params, _ := o.raw["parameters"].([]any)
	for i, p := range params {
		pointer := o.pointer + "/parameters/" + strconv.Itoa(i)
		param, _ := p.(map[string]any)
		if ref, ok := param["$ref"].(string); ok {
			pointer = strings.TrimPrefix(ref, "#")
			param = o.spec.at(pointer)
		}
		if err := o.parameter(param, pointer, path, query); err != nil {
			return err
		}
	}
	for name := range query {
		return fmt.Errorf("there is no query parameter %q", name)
	}
	return o.content(r.Header.Get("Content-Type"), body)
}

// at finds an object of the document by its pointer.
func (s *spec) at(pointer string) map[string]any {
	node := s.doc
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		node, _ = node[strings.ReplaceAll(part, "~1", "/")].(map[string]any)
	}
	return node
}

// parameter checks one parameter and takes it out of the query.
func (o *operation) parameter(param map[string]any, pointer string, path map[string]string, query url.Values) error {
	name, _ := param["name"].(string)
	schema, _ := param["schema"].(map[string]any)
	if ref, ok := schema["$ref"].(string); ok {
		schema = o.spec.at(strings.TrimPrefix(ref, "#"))
	}
	text, told := path[name]
	if param["in"] == "query" {
		told = query.Has(name)
		text = query.Get(name)
		if len(query[name]) > 1 {
			return fmt.Errorf("query parameter %q stands there twice", name)
		}
		query.Del(name)
	}
	if !told {
		if param["required"] == true {
			return fmt.Errorf("parameter %q is missing", name)
		}
		return nil
	}
	var value any = text
	switch schema["type"] {
	case "array":
		items := []any{}
		for v := range strings.SplitSeq(text, ",") {
			items = append(items, v)
		}
		value = items
	case "integer", "number":
		value = number(text)
	}
	if err := o.spec.validate(o.spec.open, pointer+"/schema", value); err != nil {
		return fmt.Errorf("parameter %q: %w", name, err)
	}
	return nil
}

// content checks the body of a call.
func (o *operation) content(kind string, body []byte) error {
	described, _ := o.raw["requestBody"].(map[string]any)
	if described == nil {
		return nil // some clients send {} where nothing is asked for
	}
	kind, params, err := mime.ParseMediaType(kind)
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}
	pointer := o.pointer + "/requestBody/content/" + strings.ReplaceAll(kind, "/", "~1") + "/schema"
	var value any
	switch kind {
	case "application/json":
		value, err = jsonschema.UnmarshalJSON(bytes.NewReader(body))
	case "multipart/form-data":
		value, err = readForm(multipart.NewReader(bytes.NewReader(body), params["boundary"]))
	default:
		return fmt.Errorf("the content type %q is not taken", kind)
	}
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if err := o.spec.validate(o.spec.open, pointer, value); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

// readForm reads a form as an object; a field of digits is a number, any other a text.
func readForm(form *multipart.Reader) (map[string]any, error) {
	out := map[string]any{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		out[part.FormName()] = string(value)
		if _, err := strconv.Atoi(string(value)); err == nil && part.FormName() != "media" {
			out[part.FormName()] = json.Number(value)
		}
	}
}

// answer checks the body of an answer.
func (o *operation) answer(status int, kind string, body []byte) error {
	kind, _, err := mime.ParseMediaType(kind)
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}
	if status >= http.StatusBadRequest {
		return o.problem(status, kind, body)
	}
	responses, _ := o.raw["responses"].(map[string]any)
	described, _ := responses[strconv.Itoa(status)].(map[string]any)
	contents, _ := described["content"].(map[string]any)
	if contents[kind] == nil {
		return fmt.Errorf("a status %d with the content type %q is not described", status, kind)
	}
	if kind != "application/json" {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	pointer := o.pointer + "/responses/" + strconv.Itoa(status) + "/content/application~1json/schema"
	return o.spec.validate(o.spec.closed, pointer, value)
}

// problem checks an error. X's description knows the problems of resources, not those of authentication, limits and
// money, so these are held to the common members only.
func (o *operation) problem(status int, kind string, body []byte) error {
	if kind != "application/problem+json" && kind != "application/json" {
		return fmt.Errorf("an error of the content type %q", kind)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	p, _ := value.(map[string]any)
	for _, name := range []string{"title", "detail", "type"} {
		if text, _ := p[name].(string); text == "" {
			return fmt.Errorf("the problem has no %s", name)
		}
	}
	if n, _ := p["status"].(json.Number); n.String() != strconv.Itoa(status) {
		return fmt.Errorf("the problem's status is %v", p["status"])
	}
	schema := o.spec.at("/components/schemas/Problem/discriminator/mapping")
	if text, _ := p["type"].(string); schema[text] == nil {
		return nil
	}
	return o.spec.validate(o.spec.open, "/components/schemas/Problem", value)
}
