// Package rpc is JSON-RPC 2.0 in lines: each line is one message, and both sides call each other.
//
//	Call → queue → line … line → reader → done
//	line → reader → Config.Call … Answer → queue → line
//
// It is made for a far side that can't be trusted: a line that is no message is handed out as such and never a fault, and
// whoever does not read, writes endlessly or writes endless lines is given up with a reason that a person understands.
//
// Who calls writes the line when nobody else is writing, and otherwise leaves it in a queue for a goroutine that writes: so a
// far side that does not read holds up one call at most, until it is given up for that.
package rpc

import (
	"encoding/json"
	"errors"
	"fmt"
)

// What either side may come to.
const (
	LineMax   = 1 << 20 // bytes of a line, its end not counted
	queueMax  = 8192    // lines that wait to be read
	queueSize = 8 << 20 // their bytes
)

// Error is an answer that says no.
type Error struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// The codes of JSON-RPC that are used here. https://www.jsonrpc.org/specification#error_object
const (
	NoMethod  = -32601
	BadParams = -32602
	Failed    = -32000
)

// Call is one call of the far side.
type Call struct {
	ID     json.RawMessage // nil: it wants no answer
	Method string
	Params json.RawMessage
}

// Read puts the parameters into into. A key that into does not have is an error, which names it.
func (c Call) Read(into any) error {
	if len(c.Params) == 0 {
		return nil
	}
	if err := strictly(c.Params, into); err != nil {
		return &Error{Code: BadParams, Message: c.Method + ": " + err.Error()}
	}
	return nil
}

// Answer is what the far side made of a call.
type Answer struct {
	Result json.RawMessage
	Err    error // *Error, or why there is no answer
}

// message is a line.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// outgoing is a message of ours, whose parts are not encoded yet.
type outgoing struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  any             `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// Errors for which a far side is given up.
var (
	ErrLong    = errors.New("wrote a line that is too long")
	ErrFlood   = errors.New("wrote more than can be read")
	ErrDeaf    = errors.New("did not read what it was told")
	ErrSilent  = errors.New("closed its output")
	ErrStopped = errors.New("is no longer there")
)

// kindOf names what a JSON value is, for people.
func kindOf(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

// Wants is an error that says what a value is and what it should have been.
func Wants(what string, raw json.RawMessage, want string) error {
	return fmt.Errorf("%s is %s; it can be %s", what, kindOf(raw), want)
}
