package telegramsim

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	maxForm  = 4 << 20 // of all arguments of a call but its files
	maxParts = 200     // fields and files of one call
)

// call is one request, decoded.
type call struct {
	method string // as the caller wrote it
	args   map[string]string
	files  map[string]upload
}

// upload is a file in a multipart form.
type upload struct {
	name, mime string
	data       []byte
}

// apiError is an answer with ok:false.
type apiError struct {
	code    int
	text    string
	migrate int64 // parameters.migrate_to_chat_id
	wait    int   // parameters.retry_after, in seconds
}

func (e *apiError) Error() string { return e.text }

func bad(text string) error {
	return &apiError{code: http.StatusBadRequest, text: "Bad Request: " + text}
}

func forbidden(text string) error {
	return &apiError{code: http.StatusForbidden, text: "Forbidden: " + text}
}

func tooLarge() error {
	return &apiError{code: http.StatusRequestEntityTooLarge, text: "Request Entity Too Large"}
}

func tooMany(seconds int) error {
	return &apiError{code: http.StatusTooManyRequests, text: "Too Many Requests: retry after " + strconv.Itoa(seconds), wait: seconds}
}

func (c *call) str(name string) string { return c.args[name] }

func (c *call) has(name string) bool { return c.args[name] != "" }

// boolean reads True and its relatives as the server does.
func (c *call) boolean(name string) bool { return truth(c.args[name]) }

func truth(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "true", "yes":
		return true
	default:
		return false
	}
}

// number reads an integer, 0 when there is none.
func (c *call) number(name string) int {
	n, err := strconv.Atoi(strings.TrimSpace(c.args[name]))
	if err != nil {
		return 0
	}
	return n
}

func (c *call) long(name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(c.args[name]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// object decodes a JSON argument; nothing happens when it is empty.
func (c *call) object(name, what string, v any) error {
	s := c.args[name]
	if s == "" || s == "null" {
		return nil
	}
	if err := json.Unmarshal([]byte(s), v); err != nil {
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) && wrong.Field == "" {
			return bad("object expected as " + what)
		}
		return bad("can't parse " + what + " JSON object")
	}
	return nil
}

func newCall(method string) *call {
	return &call{method: method, args: map[string]string{}, files: map[string]upload{}}
}

// decodeCall reads arguments from the query, a form, a multipart form or a JSON body:
// https://core.telegram.org/bots/api#making-requests
func decodeCall(method string, r *http.Request, maxUpload int64) (*call, error) {
	c := newCall(method)
	c.take(r.URL.Query())
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	if kind == "multipart/form-data" {
		return c, c.multipart(multipart.NewReader(r.Body, params["boundary"]), maxUpload)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	switch {
	case err != nil:
		return c, bad("the request body was cut off")
	case len(body) > maxForm:
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxUpload)) // so that the caller can read the answer
		return c, tooLarge()
	}
	return c, c.body(kind, body)
}

func (c *call) take(form url.Values) {
	for k, v := range form {
		c.args[k] = v[0]
	}
}

func (c *call) body(kind string, body []byte) error {
	switch {
	case len(body) == 0:
		return nil
	case kind == "application/json":
		return c.jsonBody(body)
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return bad("can't parse parameters")
		}
		c.take(form)
	}
	return nil
}

// multipart reads fields and files part by part, so that neither Content-Length nor an order is needed.
func (c *call) multipart(mr *multipart.Reader, maxUpload int64) error {
	form, total := int64(maxForm), maxUpload+maxForm
	for range maxParts {
		part, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return bad("can't parse multipart/form-data")
		}
		h, err := headed(part)
		if err != nil {
			return err
		}
		limit := form
		if h.isFile {
			limit = min(maxUpload, total)
		}
		data, err := io.ReadAll(io.LimitReader(part, limit+1))
		switch {
		case err != nil:
			return bad("can't parse multipart/form-data")
		case int64(len(data)) > limit:
			_, _ = io.Copy(io.Discard, io.LimitReader(part, maxUpload))
			return tooLarge()
		case h.isFile:
			total -= int64(len(data))
			c.files[h.field] = upload{name: h.file, mime: part.Header.Get("Content-Type"), data: data}
		default:
			form -= int64(len(data))
			c.args[h.field] = string(data)
		}
	}
	return bad("too many parameters")
}

// jsonBody takes strings as they are and everything else as JSON.
func (c *call) jsonBody(body []byte) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return bad("can't parse JSON object")
	}
	for k, raw := range fields {
		var s string
		switch {
		case string(raw) == "null":
		case json.Unmarshal(raw, &s) == nil:
			c.args[k] = s
		default:
			c.args[k] = string(raw)
		}
	}
	return nil
}
