package xsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func dmRoutes() []route {
	person := []AuthKind{OAuth1, OAuth2User}
	read, write := []string{"dm.read", "tweet.read", "users.read"}, []string{"dm.write", "tweet.read", "users.read"}
	return []route{
		{name: DMEvents, auth: person, scopes: read, handle: dmEvents},
		{name: DMEvent, auth: person, scopes: read, handle: dmEvent},
		{name: ConversationEvents, auth: person, scopes: read, handle: conversationEvents},
		{name: ParticipantEvents, auth: person, scopes: read, handle: participantEvents},
		{name: SendToParticipant, auth: person, scopes: write, handle: sendToParticipant},
		{name: SendToConversation, auth: person, scopes: write, handle: sendToConversation},
		{name: SendToNewGroup, auth: person, scopes: write, handle: sendToNewGroup},
		{name: DeleteDMEvent, auth: person, scopes: []string{"dm.read", "dm.write"}, handle: deleteDMEvent},
		{name: DownloadDMMedia, auth: []AuthKind{OAuth2User}, scopes: []string{"dm.read"}, handle: downloadDMMedia},
		{name: BlockDMs, auth: person, scopes: write, handle: func(c *call) (reply, error) { return c.blockDMs(true) }},
		{name: UnblockDMs, auth: person, scopes: write, handle: func(c *call) (reply, error) { return c.blockDMs(false) }},
	}
}

// eventQuery names the parameters that all lookups of events take.
func eventQuery() []string {
	return []string{"dm_event.fields", "expansions", "user.fields", "media.fields", "tweet.fields", "post.fields"}
}

func dmEvents(c *call) (reply, error) { return c.pageOf(func(*event) bool { return true }) }

func conversationEvents(c *call) (reply, error) {
	id := c.r.PathValue("id")
	if !isConversation(id) {
		return reply{}, invalid("id", id, "This is not the id of a conversation.")
	}
	if a, b, pair := strings.Cut(id, "-"); pair {
		id = pairID(a, b)
	}
	return c.pageOf(func(e *event) bool { return e.conversation.id == id })
}

func participantEvents(c *call) (reply, error) {
	peer, err := c.id("participant_id")
	if err != nil {
		return reply{}, err
	}
	id := pairID(c.who.user, peer)
	return c.pageOf(func(e *event) bool { return e.conversation.id == id })
}

// cursor is a place in a walk over events. It names an event, not a count, so what is written during the walk moves
// nothing: pages never repeat and never skip.
type cursor struct {
	id    string
	newer bool // the page just above the id, not the one below it
}

// String is the cursor as a pagination token.
func (k cursor) String() string {
	n, _ := strconv.ParseUint(k.id, 10, 64)
	if k.newer {
		return fmt.Sprintf("b%018x", n)
	}
	return fmt.Sprintf("f%018x", n)
}

func parseCursor(token string) (cursor, error) {
	if len(token) == 19 && (token[0] == 'f' || token[0] == 'b') {
		if n, err := strconv.ParseUint(token[1:], 16, 64); err == nil {
			return cursor{id: strconv.FormatUint(n, 10), newer: token[0] == 'b'}, nil
		}
	}
	return cursor{}, invalid("pagination_token", token, "This is no token of a page.")
}

// pageOf answers a page of the caller's events that match, newest first.
func (c *call) pageOf(match func(*event) bool) (reply, error) {
	p, err := c.query(append(eventQuery(), "max_results", "pagination_token", "event_types")...)
	if err != nil {
		return reply{}, err
	}
	most, err := p.number("max_results", 1, 100, 100)
	if err != nil {
		return reply{}, err
	}
	kinds, err := p.set("event_types", []string{"MessageCreate", "ParticipantsJoin", "ParticipantsLeave"})
	if err != nil {
		return reply{}, err
	}
	want, err := c.wanted(p)
	if err != nil {
		return reply{}, err
	}
	var at *cursor
	if token, told := p.Values["pagination_token"]; told {
		k, err := parseCursor(token[0])
		if err != nil {
			return reply{}, err
		}
		at = &k
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	oldest := c.cfg.Now().Add(-c.cfg.History)
	var all []*event // newest first
	for _, e := range slices.Backward(c.events) {
		if e.visible(c.who.user, oldest) && match(e) && (len(kinds) == 0 || kinds[e.kind]) {
			all = append(all, e)
		}
	}
	from, to := cut(all, at, most)
	return c.page(all, from, to, want)
}

// cut finds the part of a list, newest first, that a page shows.
func cut(all []*event, at *cursor, most int) (from, to int) {
	if at == nil {
		return 0, min(most, len(all))
	}
	split := len(all) // the first event that is older than the cursor
	for i, e := range all {
		if numberLess(e.id, at.id) {
			split = i
			break
		}
	}
	if !at.newer {
		return split, min(split+most, len(all))
	}
	if split > 0 && all[split-1].id == at.id {
		split--
	}
	return max(0, split-most), split
}

// page writes a page with its tokens; mu is held.
func (c *call) page(all []*event, from, to int, want wanted) (reply, error) {
	meta := object{"result_count": to - from}
	out := object{"meta": meta}
	if to > from {
		if to < len(all) {
			meta["next_token"] = cursor{id: all[to-1].id}.String()
		}
		if from > 0 {
			meta["previous_token"] = cursor{id: all[from].id, newer: true}.String()
		}
		var rows []object
		for _, e := range all[from:to] {
			c.payOnce("event " + e.id)
			rows = append(rows, c.event(e, want))
		}
		out["data"] = rows
		if inc := c.includes(all[from:to], want); len(inc) > 0 {
			out["includes"] = inc
		}
	}
	return ok(out)
}

func dmEvent(c *call) (reply, error) {
	p, err := c.query(eventQuery()...)
	if err != nil {
		return reply{}, err
	}
	want, err := c.wanted(p)
	if err != nil {
		return reply{}, err
	}
	id, err := c.id("event_id")
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil || !e.visible(c.who.user, c.cfg.Now().Add(-c.cfg.History)) {
		return ok(object{"errors": []object{missing("dm_event", "event_id", id)}})
	}
	c.payOnce("event " + e.id)
	out := object{"data": c.event(e, want)}
	if inc := c.includes([]*event{e}, want); len(inc) > 0 {
		out["includes"] = inc
	}
	return ok(out)
}
