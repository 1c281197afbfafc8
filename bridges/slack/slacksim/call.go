package slacksim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	maxBody  = 4 << 20  // of an API call; Slack's own limit is lower and undocumented
	maxDrain = 64 << 20 // of a longer one, read so that the caller can read the answer
)

// call is one request to the Web API, decoded.
type call struct {
	method string
	args   url.Values
	token  string
	base   string   // http://host of the request
	warn   []string // warnings for the answer
	notes  []string // response_metadata.messages
}

// apiError is an answer with ok:false. More rides along in extra.
type apiError struct {
	code  string
	extra obj
}

func (e *apiError) Error() string { return e.code }

// fail is an API error without more to say.
func fail(code string) error { return &apiError{code: code} }

func (c *call) str(name string) string { return strings.TrimSpace(c.args.Get(name)) }

func (c *call) boolean(name string) bool {
	switch strings.ToLower(c.str(name)) {
	case "1", "true", "t", "yes":
		return true
	default:
		return false
	}
}

// number reads an integer argument between 1 and high.
func (c *call) number(name string, def, high int) int {
	n, err := strconv.Atoi(c.str(name))
	if err != nil {
		return def
	}
	return min(max(n, 1), high)
}

// list reads a comma separated argument, or a JSON array of strings.
func (c *call) list(name string) []string {
	s := c.str(name)
	var out []string
	if strings.HasPrefix(s, "[") && json.Unmarshal([]byte(s), &out) == nil {
		return out
	}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// decodeCall reads a method's arguments from query, form, multipart form and JSON body, and the token from the Authorization
// header or the form, as Slack does: https://docs.slack.dev/apis/web-api/#basics
func decodeCall(method string, r *http.Request) (*call, error) {
	c := &call{method: method, args: url.Values{}, base: "http://" + r.Host}
	maps.Copy(c.args, r.URL.Query())
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return c, fail("request_timeout")
	}
	if len(body) > maxBody {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxDrain))
		return c, fail("post_too_large")
	}
	if err := c.body(r.Header.Get("Content-Type"), body); err != nil {
		return c, err
	}
	c.token = c.args.Get("token")
	c.args.Del("token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c.token = strings.TrimSpace(bearer)
	}
	return c, nil
}

// body adds the arguments of a request body.
func (c *call) body(contentType string, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	if contentType == "" {
		return fail("missing_post_type")
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fail("invalid_post_type")
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return fail("invalid_form_data")
		}
		maps.Copy(c.args, form)
		return nil
	case "multipart/form-data":
		return c.multipart(params["boundary"], body)
	case "application/json":
		if params["charset"] == "" {
			c.warn = append(c.warn, "missing_charset")
		}
		return c.jsonBody(body)
	default:
		return fail("invalid_post_type")
	}
}

func (c *call) multipart(boundary string, body []byte) error {
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(maxBody)
	if err != nil {
		return fail("invalid_form_data")
	}
	defer func() { _ = form.RemoveAll() }()
	maps.Copy(c.args, form.Value)
	return nil
}

// jsonBody takes strings as they are and everything else as JSON. A token in JSON is no token.
func (c *call) jsonBody(body []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			return fail("json_not_object")
		}
		return fail("invalid_json")
	}
	for k, raw := range fields {
		var s string
		switch {
		case k == "token", string(raw) == "null":
		case json.Unmarshal(raw, &s) == nil:
			c.args.Set(k, s)
		default:
			c.args.Set(k, string(raw))
		}
	}
	return nil
}
