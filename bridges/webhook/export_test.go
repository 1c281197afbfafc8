package webhook

import (
	"bytes"
	"encoding/json"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// RoundTrip is a text as it is after it was sent to a program that sends it back.
func RoundTrip(t text.Text) text.Text { return fromWire(toWire(t)) }

// SpanKinds are the kinds of span that are sent.
func SpanKinds() []text.Kind { return spanKinds() }

// Events reads the body of a call of the hook.
func (c *Connector) Events(key string, body []byte) (events []chat.Event, said, at string) {
	events, bad := c.events(key, body)
	if bad != nil {
		return nil, bad.Said, bad.At
	}
	return events, "", ""
}

// Place is where in JSON the first key of a name is that a call may not have.
func Place(body []byte, name string) string {
	return place(body, func(m mark) bool { return m.key && m.name == name && !known(m.parents) })
}

// Public says whether an address is one of the public internet.
func Public(address string) bool { return public(address) == nil }

// IsAction returns an error unless a program could be sent the body.
func IsAction(body []byte) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	return dec.Decode(new(outgoing))
}
