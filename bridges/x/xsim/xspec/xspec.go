// Package xspec holds calls and answers of X's API against X's own machine-readable description in tests.
//
// The description is not free to copy, so it is not part of this project: a check runs where a specs folder is at hand
// (above the package, or named by ROOST_SPECS) and is left out with a sentence elsewhere.
package xspec

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/roost-im/roost/test/specs"
)

// TB is what a check needs of a *testing.T.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Option changes what a check holds against a call.
type Option func(*checker)

// AllowRefused lets calls be invalid that are answered with a status of 400 or above.
func AllowRefused() Option { return func(c *checker) { c.allowRefused = true } }

// file is the description inside the specs folder.
const file = "x-api/openapi-2.167.json"

//nolint:gochecknoglobals // the description is large and read once per test binary
var description = sync.OnceValues(func() (*spec, error) {
	raw, err := find()
	if err != nil {
		return nil, err
	}
	return parse(raw)
})

// find reads the description from the specs folder.
func find() ([]byte, error) {
	path, err := specs.Find(file)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// Check makes a middleware that fails t on every call and every answer that the description does not allow. Without a
// description it returns nil and the reason, which a test passes to Skip or Log.
//
// An answer with the header X-Sim-Fault is not held against the description: it was asked to be wrong. Paths outside /2/,
// the OAuth calls, and the events on a stream are not in the description, or not as X sends them, and pass unchecked.
func Check(t TB, options ...Option) (func(http.Handler) http.Handler, string) {
	t.Helper()
	s, err := description()
	if err != nil {
		return nil, specs.Absent
	}
	c := &checker{t: t, spec: s}
	for _, o := range options {
		o(c)
	}
	return c.wrap, ""
}

type checker struct {
	t            TB
	spec         *spec
	allowRefused bool
}

const maxBody = 64 << 20

func (c *checker) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/2/") || strings.HasPrefix(r.URL.Path, "/2/oauth2/") {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err != nil {
			next.ServeHTTP(w, r) // the caller went away
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		op, path := c.spec.operation(r.Method, r.URL.Path)
		call := r.Method + " " + r.URL.RequestURI()
		fault := errUnknown
		if op != nil {
			fault = op.request(r, path, body)
		}
		rec := &recorder{ResponseWriter: w, stream: op != nil && op.stream}
		next.ServeHTTP(rec, r)
		c.judge(call, op, fault, rec)
	})
}

// judge reports what was wrong with a call and its answer.
func (c *checker) judge(call string, op *operation, fault error, rec *recorder) {
	if rec.Header().Get("X-Sim-Fault") != "" {
		return
	}
	refused := rec.status >= http.StatusBadRequest
	if fault != nil && (!refused || !c.allowRefused) {
		c.t.Errorf("xspec: %s: the call is not as described: %v", call, fault)
	}
	if op == nil || rec.stream && !refused {
		return
	}
	if err := op.answer(rec.status, rec.Header().Get("Content-Type"), rec.body.Bytes()); err != nil {
		c.t.Errorf("xspec: %s: the answer %d is not as described: %v\n%s", call, rec.status, err, clip(rec.body.Bytes()))
	}
}

func clip(b []byte) []byte { return b[:min(len(b), 2000)] }

// recorder passes an answer on and keeps a copy.
type recorder struct {
	http.ResponseWriter
	status int
	stream bool
	body   bytes.Buffer
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write keeps what is written, up to a bound.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.body.Len() < maxBody && (!r.stream || r.status >= http.StatusBadRequest) {
		r.body.Write(b)
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets a stream flush.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// number reads a JSON number or string of digits as itself.
func number(s string) any {
	if json.Valid([]byte(s)) {
		return json.Number(s)
	}
	return s
}
