package xsim

import (
	"slices"
	"strings"
)

// event is an event as lookups tell it: id, kind and text always, all else only when it was asked for. Who wrote it and
// who joined are told to those who expand it. mu is held.
func (c *call) event(e *event, want wanted) object {
	out := object{"id": e.id, "event_type": e.kind}
	asked := func(name string) bool {
		return want.events[name] || want.expansions[name] || want.expansions[name+".id"] || want.expansions[name+".media_keys"]
	}
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
	if asked("entities") { // found by patterns, so only on demand
		found := c.entities(e)
		set("entities", found, found != nil)
	}
	if len(e.media) > 0 {
		var keys []string
		for _, m := range e.media {
			keys = append(keys, m.key)
		}
		set("attachments", object{"media_keys": keys}, true)
	}
	set(c.postsName(), []object{{"id": e.post}}, e.post != "")
	return out
}

// postsName is how an event calls the posts that are shared with it; mu is held.
func (c *call) postsName() string {
	if c.oldNames {
		return "referenced_tweets"
	}
	return "referenced_posts"
}

// includes are the users, media and posts that were asked for by expansion; mu is held.
func (c *call) includes(events []*event, want wanted) object {
	out := object{}
	var people, posts, keys []string
	for _, e := range events {
		if want.expansions["sender_id"] {
			people = append(people, e.sender)
		}
		if want.expansions["participant_ids"] {
			people = append(people, e.participants...)
		}
		if want.expansions["referenced_posts"] || want.expansions["referenced_tweets.id"] {
			posts = append(posts, e.post)
		}
		for _, m := range e.media {
			if want.expansions["attachments.media_keys"] && !slices.Contains(keys, m.key) {
				keys = append(keys, m.key)
				out["media"] = append(list(out["media"]), c.mediaObject(e, m, want.media))
			}
		}
	}
	for _, id := range once(people) {
		if u := c.users[id]; u != nil {
			out["users"] = append(list(out["users"]), c.user(u, want.users))
		}
	}
	for _, id := range once(posts) {
		name := strings.TrimPrefix(c.postsName(), "referenced_")
		out[name] = append(list(out[name]), object{"id": id, "text": "Post " + id})
	}
	return out
}

// once leaves out what is empty or has been there before.
func once(ids []string) []string {
	var out []string
	for _, id := range ids {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
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
