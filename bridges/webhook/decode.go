package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// mostEvents is how many events one call brings at most.
const mostEvents = 100

// fault is what is wrong with a request, and where: events[3].author.id.
type fault struct {
	Said string `json:"error"`
	At   string `json:"at,omitempty"`
}

// within is f in a part of the body.
func (f *fault) within(at string) *fault {
	return &fault{Said: f.Said, At: join(at, f.At)}
}

func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "" || b[0] == '[':
		return a + b
	}
	return a + "." + b
}

// decode reads the body of a call. It gives the events and, for each, the place that faults in it are named by.
func decode(body []byte) (events []incoming, at func(i int) string, bad *fault) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	var env envelope
	if err := dec.Decode(&env); err != nil {
		return nil, nil, explain(body, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, &fault{Said: "there is something behind the end of the JSON"}
	}
	switch n := len(env.Events); {
	case env.Events == nil:
		return []incoming{env.incoming}, func(int) string { return "" }, nil
	case !reflect.ValueOf(env.incoming).IsZero():
		return nil, nil, &fault{Said: "the body is one event, or has events; not both", At: "events"}
	case n == 0 || n > mostEvents:
		return nil, nil, &fault{Said: fmt.Sprintf("there are %d events, and a request has 1 to %d", n, mostEvents), At: "events"}
	}
	return env.Events, func(i int) string { return fmt.Sprintf("events[%d]", i) }, nil
}

const unknownField = "json: unknown field "

// explain says what a decoder did not like, and finds the place.
func explain(body []byte, err error) *fault {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at := place(body, func(m mark) bool { return m.end >= e.Offset && !m.key })
		return &fault{Said: "wants " + named(e.Type) + ", is " + e.Value, At: at}
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at := place(body, func(m mark) bool { return m.end >= e.Offset })
		return &fault{Said: fmt.Sprintf("is not JSON after byte %d: %v", e.Offset, e), At: at}
	}
	if quoted, ok := strings.CutPrefix(err.Error(), unknownField); ok {
		name, _ := strconv.Unquote(quoted) // the decoder quoted it
		at := place(body, func(m mark) bool { return m.key && m.name == name && !known(m.parents) })
		return &fault{Said: fmt.Sprintf("unknown key %q", name), At: at}
	}
	return &fault{Said: "the body is no whole JSON"}
}

// named is a type as people who write JSON call it.
func named(t reflect.Type) string {
	switch t.Kind() { //nolint:exhaustive // everything else is an object
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	}
	return "an object"
}

// known says whether the decoder takes the key at the end of a path.
func known(path []frame) bool {
	t := reflect.TypeFor[envelope]()
	for _, f := range path {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		switch {
		case f.list:
			continue
		case t.Kind() == reflect.Map:
			return true
		case t.Kind() != reflect.Struct:
			return false
		}
		next, ok := field(t, f.key)
		if !ok {
			return false
		}
		t = next
	}
	return true
}

// field is the type of the field of t that has a key.
func field(t reflect.Type, key string) (reflect.Type, bool) {
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && strings.EqualFold(name, key) {
			return f.Type, true
		}
	}
	return nil, false
}

// frame is one step of a place: an item of a list, or a key of an object.
type frame struct {
	list  bool
	index int
	key   string
	ready bool // the key was read, and its value follows
}

// mark is where a walk through JSON is.
type mark struct {
	parents []frame
	key     bool   // a key was read
	name    string // that key
	end     int64  // the byte behind what was read
}

// place walks through JSON until stop says so, and gives the place there. It is the slow way: only faults take it.
func place(body []byte, stop func(mark) bool) string {
	dec := json.NewDecoder(bytes.NewReader(body))
	var path []frame
	for {
		tok, err := dec.Token()
		if err != nil {
			return written(path)
		}
		delim, isDelim := tok.(json.Delim)
		if isDelim && (delim == '}' || delim == ']') {
			path = path[:len(path)-1]
			arrive(path)
			continue
		}
		m := mark{parents: path, end: dec.InputOffset()}
		m.name, m.key = keyed(path, tok)
		if stop(m) {
			return written(path)
		}
		switch {
		case m.key:
		case isDelim:
			path = append(path, frame{list: delim == '['})
		default:
			arrive(path)
		}
	}
}

// keyed says whether tok is a key, and notes it if it is.
func keyed(path []frame, tok json.Token) (name string, ok bool) {
	n := len(path)
	if n == 0 || path[n-1].list || path[n-1].ready {
		return "", false
	}
	name, ok = tok.(string)
	path[n-1].key, path[n-1].ready = name, true
	return name, ok
}

// arrive notes that a value ended.
func arrive(path []frame) {
	if n := len(path); n > 0 {
		path[n-1].index++
		path[n-1].ready = false
	}
}

// written is a path as people write it.
func written(path []frame) string {
	var at string
	for _, f := range path {
		if f.list {
			at = join(at, fmt.Sprintf("[%d]", f.index))
		} else {
			at = join(at, f.key)
		}
	}
	return at
}
