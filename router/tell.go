package router

import (
	"fmt"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

// telling is the purpose of a delivery that tells people what became of another one. Nothing is told about tellings.
const telling = "telling"

// told tells the author of a message, where they wrote it, what could not be carried and why. How a reply to a contact
// ended is the desk's to tell; mirrors and attachments are told here.
func (r *Router) told(e lane.End) store.Changes {
	d := e.Delivery
	if d.Purpose == telling || d.Source.IsZero() || d.Source.Conversation == d.Action.Target() {
		return store.Changes{}
	}
	var lines []string
	for _, l := range e.Lacking {
		lines = append(lines, fmt.Sprintf("⚠️ %s could not be carried over: %s.", text.Name(l.File.Name, 80), l.Reason))
	}
	if d.Case == "" && d.State != chat.Sent {
		lines = append(lines, fmt.Sprintf("⚠️ This did not reach %s: %s.", d.Action.Target(), d.Reason))
	}
	if len(lines) == 0 {
		return store.Changes{}
	}
	to := d.Source.Conversation
	return store.Changes{Deliveries: r.cut([]chat.Delivery{{
		Lane: chat.LaneTo(to), Purpose: telling,
		Action: chat.Post{To: to, ReplyTo: d.Source.Message, Text: text.Plain(strings.Join(lines, "\n")), Hops: 1},
	}})}
}
