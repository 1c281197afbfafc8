package discordsim

import (
	"bytes"
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

// call is one request of the REST API.
type call struct {
	method string
	path   string
	route  string            // as in "POST /channels/{}/messages"
	args   map[string]string // of the path
	query  url.Values
	body   json.RawMessage // the JSON body, or payload_json of a form
	files  []upload        // of a form
	token  string
	bot    bool // the token is the bot's
	status int  // of the answer; 0 is 200, or 204 when there is no body
	base   string
	rate   rateState
}

// upload is a file part of a form.
type upload struct {
	slot int // n of files[n]; -1 when the part was called otherwise
	name string
	kind string
	data []byte
}

// snowflake is an id that comes as text or as a number.
type snowflake string

// UnmarshalJSON takes digits, with or without quotes.
func (s *snowflake) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "null" {
		return nil
	}
	if _, err := strconv.ParseUint(text, 10, 64); err != nil {
		return errSnowflake
	}
	*s = snowflake(text)
	return nil
}

var errSnowflake = errors.New("not a snowflake")

const (
	maxJSON  = 1 << 20
	maxFiles = 10
	maxParts = 64
)

// decodeCall reads the body of a call: JSON, or a form whose payload_json is it.
// https://docs.discord.com/developers/reference#uploading-files
func decodeCall(c *call, rw http.ResponseWriter, r *http.Request, maxUpload int64) error {
	c.query = r.URL.Query()
	c.token = r.Header.Get("Authorization")
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	if kind == "multipart/form-data" {
		body := http.MaxBytesReader(rw, r.Body, maxFiles*maxUpload+maxJSON)
		return c.readForm(multipart.NewReader(body, params["boundary"]), maxUpload)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, max(maxUpload, maxJSON)))
	if err != nil {
		return tooLarge(err)
	}
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0:
		return nil
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			return errBadJSON
		}
		c.body = formBody(form)
	case kind != "application/json" && kind != "":
		return invalid("_misc", "CONTENT_TYPE_INVALID", `Expected "Content-Type" header to be one of {'application/json'}.`)
	case !json.Valid(raw):
		return errBadJSON
	default:
		c.body = raw
	}
	return nil
}

// tooLarge says which error a body that could not be read is.
func tooLarge(err error) error {
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return errTooLarge
	}
	return errBadJSON
}

// formBody makes JSON of plain form fields, which carry only text.
func formBody(form url.Values) json.RawMessage {
	out := obj{}
	for key := range form {
		out[key] = form.Get(key)
		if key == "tts" {
			out[key] = form.Get(key) == "true"
		}
	}
	return mustJSON(out)
}

// readForm reads the parts of a form: payload_json, plain fields, and files under any name.
func (c *call) readForm(form *multipart.Reader, maxUpload int64) error {
	fields := url.Values{}
	for range maxParts {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return tooLarge(err)
		}
		data, err := io.ReadAll(io.LimitReader(part, maxUpload+1))
		if err != nil {
			return tooLarge(err)
		}
		if int64(len(data)) > maxUpload {
			return errTooLarge
		}
		if err := c.takePart(part, data, fields); err != nil {
			return err
		}
	}
	if c.body == nil && len(fields) > 0 {
		c.body = formBody(fields)
	}
	if len(c.files) > maxFiles {
		return fail(http.StatusBadRequest, 30015, "Maximum number of attachments in a message reached (10)")
	}
	return nil
}

// takePart keeps one part of a form.
func (c *call) takePart(part *multipart.Part, data []byte, fields url.Values) error {
	switch {
	case part.FormName() == "payload_json":
		if !json.Valid(data) {
			return errBadJSON
		}
		c.body = data
	case part.FileName() == "":
		fields.Set(part.FormName(), string(data))
	default:
		c.files = append(c.files, upload{slot(part.FormName()), part.FileName(), part.Header.Get("Content-Type"), data})
	}
	return nil
}

// slot is the n of files[n].
func slot(name string) int {
	inside, ok := strings.CutPrefix(name, "files[")
	n, err := strconv.Atoi(strings.TrimSuffix(inside, "]"))
	if !ok || err != nil {
		return -1
	}
	return n
}

// into decodes the body. A field of another type than asked for is an Invalid Form Body that names it.
func (c *call) into(v any) error {
	if len(c.body) == 0 {
		return nil
	}
	err := json.Unmarshal(c.body, v)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		at := wrong.Field
		if at == "" {
			at = "_misc"
		}
		return invalid(at, "BASE_TYPE_BAD_"+strings.ToUpper(wrong.Type.Kind().String()), "This field has the wrong type.")
	}
	if err != nil {
		return invalid("_misc", "NUMBER_TYPE_COERCE", `Value is not snowflake.`)
	}
	return nil
}

// has says whether the body has a field, be it null.
func (c *call) has(field string) bool {
	var fields map[string]json.RawMessage
	if len(c.body) == 0 || json.Unmarshal(c.body, &fields) != nil {
		return false
	}
	_, ok := fields[field]
	return ok
}

// limit reads a query argument between 1 and most.
func (c *call) limit(def, most int) (int, error) {
	if !c.query.Has("limit") {
		return def, nil
	}
	n, err := strconv.Atoi(c.query.Get("limit"))
	switch {
	case err != nil:
		return 0, invalid("limit", "NUMBER_TYPE_COERCE", "Value is not int.")
	case n < 1:
		return 0, invalid("limit", "NUMBER_TYPE_MIN", "int value should be greater than or equal to 1.")
	case n > most:
		return 0, invalid("limit", "NUMBER_TYPE_MAX", "int value should be less than or equal to "+strconv.Itoa(most)+".")
	}
	return n, nil
}

// yes reads a boolean query argument.
func (c *call) yes(name string) bool {
	v := strings.ToLower(c.query.Get(name))
	return v == "true" || v == "1"
}
