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
	lines := failings(e)
	about := d.Source
	if about.IsZero() {
		about = d.Of
	}
	to := about.Conversation
	if d.Purpose == telling || d.Purpose == hearing || about.SaidBy() != "" || len(lines) == 0 || about.IsZero() || to == d.Action.Target() {
		return store.Changes{}
	}
	post := chat.Post{To: to, ReplyTo: about.Message, Text: text.Plain(strings.Join(lines, "\n")), Hops: 1}
	if _, ok := d.Action.(chat.Delete); ok {
		post.ReplyTo = "" // it isn't there to be answered
	}
	return store.Changes{Deliveries: r.cut([]chat.Delivery{{Lane: chat.LaneTo(to), Purpose: telling, Action: post}})}
}

// failings says in lines what did not arrive.
func failings(e lane.End) []string {
	d := e.Delivery
	var lines []string
	for _, l := range e.Lacking {
		if d.Case != "" && !l.Limit {
			continue // what went wrong on our side is no matter of a contact's; the team sees it in the thread
		}
		lines = append(lines, fmt.Sprintf("⚠️ %s could not be carried over: %s.", text.Name(l.File.Name, 80), l.Reason))
	}
	if d.Case != "" || d.State == chat.Sent {
		return lines
	}
	switch d.Action.(type) {
	case chat.Post, chat.Open:
		return append(lines, fmt.Sprintf("⚠️ This did not reach %s: %s.", d.Action.Target(), d.Reason))
	case chat.Edit:
		if !e.Gone {
			return append(lines, fmt.Sprintf("⚠️ %s still shows the old text: %s.", d.Action.Target(), d.Reason))
		}
	case chat.Delete:
		if !e.Gone {
			return append(lines, fmt.Sprintf("⚠️ %s still shows what was deleted: %s.", d.Action.Target(), d.Reason))
		}
	case chat.React, chat.Pin, chat.Hear: // not worth a message
	}
	return lines
}
