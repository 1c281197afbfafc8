package discordsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/roost-im/roost/test/specs"
)

// description is Discord's published description of its REST API, ready to check calls against.
type description struct {
	mu       sync.Mutex // the compiler takes one at a time
	doc      map[string]any
	compiler *jsonschema.Compiler
	paths    []string
}

var published = sync.OnceValues(func() (*description, error) {
	path, err := specs.Find("discord", "openapi.json")
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	// The description knows replies only; a forward is type 1 by
	// https://docs.discord.com/developers/resources/message#message-reference-types
	schemas := v.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any)
	kinds := schemas["MessageReferenceType"].(map[string]any)
	kinds["oneOf"] = append(kinds["oneOf"].([]any), map[string]any{"const": 1})
	// It has numbers for the codes inside errors, which are words by https://docs.discord.com/developers/reference#error-messages
	inside := schemas["InnerErrors"].(map[string]any)["properties"].(map[string]any)["_errors"].(map[string]any)
	inside["items"] = map[string]any{"type": "object", "required": []any{"code", "message"}, "properties": map[string]any{
		"code": map[string]any{"type": "string"}, "message": map[string]any{"type": "string"},
	}}
	d := &description{doc: v.(map[string]any), compiler: jsonschema.NewCompiler()}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource("discord.json", d.doc); err != nil {
		return nil, err
	}
	for p := range d.doc["paths"].(map[string]any) {
		d.paths = append(d.paths, p)
	}
	slices.SortFunc(d.paths, func(a, b string) int { return strings.Count(a, "{") - strings.Count(b, "{") })
	return d, nil
})

// described skips the test when the description is not there.
func described(t *testing.T) {
	t.Helper()
	if _, err := published(); err != nil {
		t.Skip(specs.Absent)
	}
}

// operation finds a method of the description and its place in it.
func (d *description) operation(method, path string) (map[string]any, string) {
	segments := strings.Split(path, "/")
	for _, p := range d.paths {
		parts := strings.Split(p, "/")
		fits := len(parts) == len(segments)
		for i := 0; fits && i < len(parts); i++ {
			fits = strings.HasPrefix(parts[i], "{") || parts[i] == segments[i]
		}
		methods := d.doc["paths"].(map[string]any)[p].(map[string]any)
		if op, ok := methods[strings.ToLower(method)].(map[string]any); fits && ok {
			return op, "/paths/" + strings.ReplaceAll(p, "/", "~1") + "/" + strings.ToLower(method)
		}
	}
	return nil, ""
}

func (d *description) validate(pointer string, body []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	schema, err := d.compiler.Compile("discord.json#" + pointer)
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// check holds a call and its answer against the description.
func (d *description) check(r *http.Request, body []byte, status int, answer []byte) error {
	kind := r.Header.Get("Content-Type")
	op, pointer := d.operation(r.Method, strings.TrimPrefix(r.URL.Path, "/api/v10"))
	if op == nil {
		return nil // newer or older than the description
	}
	if content, ok := op["requestBody"].(map[string]any); ok && status < 400 && strings.HasPrefix(kind, "application/json") && len(body) > 0 {
		if _, takes := content["content"].(map[string]any)["application/json"]; takes {
			if err := d.validate(pointer+"/requestBody/content/application~1json/schema", body); err != nil {
				return fmt.Errorf("request: %w", err)
			}
		}
	}
	responses := op["responses"].(map[string]any)
	key := fmt.Sprint(status)
	if status >= 400 && status < 500 {
		return d.validate("/components/schemas/ErrorResponse", answer)
	}
	answered, ok := responses[key].(map[string]any)
	if !ok {
		return fmt.Errorf("status %d is not described", status)
	}
	content, ok := answered["content"].(map[string]any)
	if !ok {
		if len(answer) > 0 {
			return fmt.Errorf("status %d has a body: %s", status, answer)
		}
		return nil
	}
	if content["application/json"] == nil {
		return nil
	}
	return d.validate(pointer+"/responses/"+key+"/content/application~1json/schema", answer)
}

// checked holds every call of a client against the description, where that is present.
type checked struct {
	t    *testing.T
	next http.RoundTripper
}

func (c checked) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		sent, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := c.next.RoundTrip(r)
	d, absent := published()
	if err != nil || absent != nil || !strings.HasPrefix(r.URL.Path, "/api/v10/") {
		return resp, err
	}
	got, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(got))
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") || resp.StatusCode == http.StatusTooManyRequests {
		return resp, nil
	}
	if err := d.check(r, sent, resp.StatusCode, got); err != nil {
		c.t.Errorf("%s %s: %v\n%s", r.Method, r.URL.Path, err, got)
	}
	return resp, nil
}

type obj = map[string]any

// raw calls a route of version 10 as the bot, checked against the description, and gives the status and the decoded answer.
func (w world) raw(t *testing.T, method, path string, body any) (int, obj) {
	t.Helper()
	status, answer := w.call(t, method, path, body)
	out, _ := answer.(obj)
	return status, out
}

// all calls a route that answers an array.
func (w world) all(t *testing.T, path string) []obj {
	t.Helper()
	status, answer := w.call(t, http.MethodGet, path, nil)
	if status != http.StatusOK {
		t.Fatalf("GET %s = %d %v", path, status, answer)
	}
	out := []obj{}
	for _, v := range answer.([]any) {
		out = append(out, v.(obj))
	}
	return out
}

func (w world) call(t *testing.T, method, path string, body any) (int, any) {
	t.Helper()
	var sent io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		sent = bytes.NewReader(raw)
	}
	return w.do(t, method, path, "application/json", sent)
}

func (w world) do(t *testing.T, method, path, kind string, body io.Reader) (int, any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.URL()+"/api/v10"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bot "+w.Token())
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	client := &http.Client{Transport: checked{t, http.DefaultTransport}, Timeout: deadline}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil && resp.StatusCode != http.StatusNoContent {
		t.Fatalf("%s %s: %d without JSON: %v", method, path, resp.StatusCode, err)
	}
	return resp.StatusCode, out
}

// id is the id of an answer.
func id(o obj) string { s, _ := o["id"].(string); return s }
