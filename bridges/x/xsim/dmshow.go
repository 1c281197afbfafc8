package xsim

import "slices"

// event is an event as lookups tell it: id, kind and text always, all else only when it was asked for. Who wrote it and
// who joined are told to those who expand it. mu is held.
func (c *call) event(e *event, want wanted) object {
	out := object{"id": e.id, "event_type": e.kind}
	asked := func(name string) bool { return want.events[name] || want.expansions[name] }
	set := func(name string, v any, there bool) {
		if asked(name) && there {
			out[name] = v
		}
	}
	if e.kind == "MessageCreate" {
		out["text"] = e.text
	}
	set("created_at", stamp(e.at), true)
	set("dm_conversation_id", e.conversation.id, true)
	set("sender_id", e.sender, e.sender != "")
	set("participant_ids", e.participants, len(e.participants) > 0)
	if asked("entities") {
		if found := c.entities(e); found != nil {
			out["entities"] = found
		}
	}
	if (asked("attachments") || asked("attachments.media_keys")) && len(e.media) > 0 {
		var keys []string
		for _, m := range e.media {
			keys = append(keys, m.key)
		}
		out["attachments"] = object{"media_keys": keys}
	}
	if e.post != "" {
		post := []object{{"id": e.post}}
		if c.oldNames {
			set("referenced_tweets", post, true)
			if asked("referenced_tweets.id") {
				out["referenced_tweets"] = post
			}
		} else {
			set("referenced_posts", post, true)
		}
	}
	return out
}

// includes are the users, media and posts that were asked for by expansion; mu is held.
func (c *call) includes(events []*event, want wanted) object {
	out := object{}
	var people, keys, posts []string
	note := func(to *[]string, id string) bool {
		if id == "" || slices.Contains(*to, id) {
			return false
		}
		*to = append(*to, id)
		return true
	}
	for _, e := range events {
		if want.expansions["sender_id"] {
			note(&people, e.sender)
		}
		if want.expansions["participant_ids"] {
			for _, id := range e.participants {
				note(&people, id)
			}
		}
		if want.expansions["attachments.media_keys"] {
			for _, m := range e.media {
				if note(&keys, m.key) {
					out["media"] = append(list(out["media"]), c.mediaObject(e, m, want.media))
				}
			}
		}
		if want.expansions["referenced_posts"] || want.expansions["referenced_tweets.id"] {
			note(&posts, e.post)
		}
	}
	for _, id := range people {
		if u := c.users[id]; u != nil {
			out["users"] = append(list(out["users"]), c.user(u, want.users))
		}
	}
	name := "posts"
	if c.oldNames {
		name = "tweets"
	}
	for _, id := range posts {
		out[name] = append(list(out[name]), object{"id": id, "text": "Post " + id})
	}
	return out
}

// mediaObject is an attachment as lookups tell it: key and type, and what was asked for; mu is held.
func (c *call) mediaObject(e *event, m *media, fields map[string]bool) object {
	out := object{"media_key": m.key, "type": m.sort()}
	place := "http://" + c.r.Host + m.path(e.id)
	if fields["width"] && m.width > 0 {
		out["width"] = m.width
	}
	if fields["height"] && m.height > 0 {
		out["height"] = m.height
	}
	if m.sort() == "photo" {
		if fields["url"] {
			out["url"] = place
		}
		return out
	}
	if fields["preview_image_url"] {
		out["preview_image_url"] = place
	}
	if fields["variants"] {
		out["variants"] = []object{{"content_type": m.mime, "url": place, "bit_rate": 0}}
	}
	if fields["duration_ms"] && m.sort() == "video" {
		out["duration_ms"] = 1000
	}
	return out
}
