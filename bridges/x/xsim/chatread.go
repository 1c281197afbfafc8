package xsim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

func chatRoutes() []route {
	person := []AuthKind{OAuth1, OAuth2User}
	read, write := []string{"dm.read", "tweet.read", "users.read"}, []string{"dm.write", "tweet.read", "users.read"}
	media := []string{"media.write"}
	return []route{
		{name: PublicKeys, auth: person, scopes: read, handle: publicKeys},
		{name: PublicKeysByIDs, auth: person, scopes: read, handle: publicKeysByIDs},
		{name: AddPublicKey, auth: person, scopes: write, handle: addPublicKey},
		{name: ChatConversations, auth: person, scopes: []string{"dm.read", "users.read"}, handle: chatConversations},
		{name: ChatConversation, auth: person, scopes: read, handle: chatConversation},
		{name: ChatEvents, auth: person, scopes: read, handle: chatEvents},
		{name: ChangeChatKey, auth: person, scopes: write, body: 1 << 20, handle: changeChatKey},
		{name: SendChatMessage, auth: person, scopes: write, body: 2 * wire.MostEvent, handle: sendChatMessage},
		{name: DeleteChatMessages, auth: person, scopes: write, handle: deleteChatMessages},
		{name: ReadChat, auth: person, scopes: write, handle: readChat},
		{name: TypeInChat, auth: person, scopes: write, handle: typeInChat},
		{name: AddChatMembers, auth: person, scopes: write, body: 1 << 20, handle: addChatMembers},
		{name: InitializeChatGroup, auth: person, scopes: []string{"dm.write"}, handle: initializeChatGroup},
		{name: CreateChatGroup, auth: person, scopes: write, body: 1 << 20, handle: createChatGroup},
		{name: ChatUploadStart, auth: person, scopes: media, handle: chatUploadStart},
		{name: ChatUploadAppend, auth: person, scopes: media, body: 8 << 20, handle: chatUploadAppend},
		{name: ChatUploadFinish, auth: person, scopes: media, handle: chatUploadFinish},
		{name: DownloadChatMedia, auth: person, scopes: media, handle: downloadChatMedia},
	}
}

func conversationFields() []string {
	return []string{
		"created_at", "group_avatar_url", "group_name", "id", "is_muted", "message_ttl_ms", "screen_capture_blocking_enabled",
		"screen_capture_detection_enabled", "type", "updated_at",
	}
}

// roomQuery is what lookups of conversations ask to be told.
type roomQuery struct {
	fields, expansions, users map[string]bool
}

func (c *call) roomQuery(more ...string) (p params, want roomQuery, err error) {
	p, err = c.query(append(more, "chat_conversation.fields", "expansions", "user.fields")...)
	if err != nil {
		return p, want, err
	}
	if want.fields, err = p.set("chat_conversation.fields", conversationFields()); err != nil {
		return p, want, err
	}
	if want.expansions, err = p.set("expansions", []string{"admin_ids", "member_ids", "participant_ids"}); err != nil {
		return p, want, err
	}
	want.users, err = p.set("user.fields", userFields())
	return p, want, err
}

// room is a conversation as lookups tell it: its id, and what was asked for; mu is held.
func (c *call) room(r *room, want roomQuery) object {
	full := object{
		"created_at": stamp(r.created), "updated_at": stamp(r.updated), "is_muted": false, "type": "direct",
		"screen_capture_blocking_enabled": false, "screen_capture_detection_enabled": false,
	}
	people := object{"participant_ids": r.members}
	if r.group() {
		full["type"], full["group_name"], full["group_avatar_url"] = "group", r.title, r.avatar
		people["member_ids"], people["admin_ids"] = r.members, r.admins
	}
	if r.ttl > 0 {
		full["message_ttl_ms"] = r.ttl
	}
	out := object{"id": r.id}
	for name := range want.fields {
		if v, has := full[name]; has && v != "" {
			out[name] = v
		}
	}
	for name := range want.expansions {
		if v, has := people[name]; has {
			out[name] = v
		}
	}
	return out
}

// roomPeople are the users whom an expansion adds; mu is held.
func (c *call) roomPeople(rooms []*room, want roomQuery) object {
	if len(want.expansions) == 0 {
		return nil
	}
	var people []string
	for _, r := range rooms {
		people = append(people, r.members...)
	}
	var users []object
	for _, id := range once(people) {
		users = append(users, c.user(c.users[id], want.users))
	}
	return object{"users": users}
}

func chatConversations(c *call) (reply, error) {
	p, want, err := c.roomQuery("max_results", "pagination_token")
	if err != nil {
		return reply{}, err
	}
	most, below, err := p.page()
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	mine, requests := c.roomsOf(c.who.user, below)
	meta := object{"has_message_requests": requests, "has_more": len(mine) > most}
	if len(mine) > most {
		mine = mine[:most]
		meta["next_token"] = placeToken(mine[most-1].newest())
	}
	meta["result_count"] = len(mine)
	out := object{"meta": meta}
	var rows []object
	for _, r := range mine {
		rows = append(rows, c.room(r, want))
	}
	if rows != nil {
		out["data"] = rows
	}
	if people := c.roomPeople(mine, want); people != nil {
		out["includes"] = people
	}
	return ok(out)
}

// roomsOf are a user's conversations below a place, newest first; requests says that there are others that the user has not
// accepted. mu is held.
func (s *Sim) roomsOf(user string, below int) (mine []*room, requests bool) {
	for _, r := range s.chats.rooms {
		switch {
		case !slices.Contains(r.members, user) || len(r.entries) == 0:
		case s.stance(r, user) != trusting:
			requests = requests || r.find(func(e *entry) bool { return e.posted != "" }) != nil
		case below == 0 || r.newest() < below:
			mine = append(mine, r)
		}
	}
	slices.SortFunc(mine, func(a, b *room) int { return cmp.Compare(b.newest(), a.newest()) })
	return mine, requests
}

// newest is the place of the newest event; a room has one.
func (r *room) newest() int { return r.entries[len(r.entries)-1].place }

// placeToken is a pagination token that goes on below a place.
func placeToken(place int) string { return cursor{id: strconv.Itoa(place)}.String() }

// page reads how much is wanted and below which place; 0 is from the newest.
func (p params) page() (most, below int, err error) {
	if most, err = p.number("max_results", 1, 100, 10); err != nil {
		return 0, 0, err
	}
	if token, told := p.Values["pagination_token"]; told {
		k, err := parseCursor(token[0])
		if err != nil {
			return 0, 0, err
		}
		below, _ = strconv.Atoi(k.id)
	}
	return most, below, nil
}

func chatConversation(c *call) (reply, error) {
	_, want, err := c.roomQuery()
	if err != nil {
		return reply{}, err
	}
	// Here alone the description has no pattern for the id.
	raw := strings.Replace(c.r.PathValue("id"), ":", "-", 1)
	id := canonical(raw, c.who.user)
	if id == "" {
		return reply{}, invalid("id", raw, "This is neither a user's id nor that of a conversation.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.enter(id, c.who.user)
	if err != nil {
		return reply{}, err
	}
	if r == nil || !slices.Contains(r.members, c.who.user) {
		return reply{}, notFound("conversation", "id", id)
	}
	out := object{"data": c.room(r, want)}
	if people := c.roomPeople([]*room{r}, want); people != nil {
		out["includes"] = people
	}
	return ok(out)
}

func chatEventFields() []string {
	return []string{
		"conversation_id", "conversation_token", "created_at", "encoded_event", "id", "is_trusted", "message_event_signature",
		"previous_id", "sender_id",
	}
}

func chatEvents(c *call) (reply, error) {
	p, err := c.query("max_results", "pagination_token", "chat_message_event.fields")
	if err != nil {
		return reply{}, err
	}
	most, below, err := p.page()
	if err != nil {
		return reply{}, err
	}
	fields, err := p.set("chat_message_event.fields", chatEventFields())
	if err != nil {
		return reply{}, err
	}
	c.settle() // so that edits are known as what they are
	c.mu.Lock()
	defer c.mu.Unlock()
	_, r, err := c.place()
	if err != nil {
		return reply{}, err
	}
	if r == nil { // it has not begun
		return ok(object{"meta": object{"has_more": false, "result_count": 0}})
	}
	if !r.knows(c.who.user) {
		return reply{}, forbidden("You are not in this conversation.")
	}
	return c.chatPage(r, c.entries(r, below), most, below == 0, fields)
}

// entries are what a lookup lists of a room below a place, newest first; mu is held.
func (c *call) entries(r *room, below int) []*entry {
	var all []*entry
	for _, e := range slices.Backward(r.entries) {
		if _, key := e.change(); (below == 0 || e.place < below) && c.shows(e, c.who.user) && (!key || c.chats.inline) {
			all = append(all, e)
		}
	}
	return all
}

// chatPage writes a page of events and the key changes that they need; mu is held.
func (c *call) chatPage(r *room, all []*entry, most int, first bool, fields map[string]bool) (reply, error) {
	meta := object{"has_more": len(all) > most}
	if len(all) > most {
		all = all[:most]
		meta["next_token"] = placeToken(all[most-1].place)
	}
	meta["result_count"] = len(all)
	out := object{"meta": meta}
	var rows []object
	var versions []string
	for _, e := range all {
		c.payFor("chat event "+strconv.Itoa(e.place), c.cfg.ChatRead)
		rows = append(rows, c.chatEvent(e, fields))
		if m, is := e.ev.Detail.(wire.MessageCreate); is {
			versions = append(versions, m.KeyVersion)
		}
	}
	if rows != nil {
		out["data"] = rows
	}
	if c.chats.inline {
		return ok(out)
	}
	if first {
		versions = append(versions, r.version)
	}
	var changes []string
	for _, v := range once(versions) {
		if k := c.keyEvent(r, c.who.user, v); k != nil {
			changes = append(changes, c.encoded(k, c.who.user))
		}
	}
	if changes != nil {
		meta["conversation_key_events"] = changes
	}
	return ok(out)
}

// chatEvent is an event as lookups tell it: its id, and what was asked for; mu is held.
func (c *call) chatEvent(e *entry, fields map[string]bool) object {
	user := c.who.user
	full := object{
		"conversation_id": e.room.id, "conversation_token": c.chatToken(e.room, user, len(e.room.entries)/tokenTurns),
		"created_at": stamp(e.ev.At), "encoded_event": c.encoded(e, user), "is_trusted": c.stance(e.room, user) == trusting,
		"sender_id": e.ev.Sender,
	}
	if e.ev.Previous != 0 {
		full["previous_id"] = c.itemID(e.ev.Previous, 0)
	}
	if !e.ev.Signature.IsZero() {
		full["message_event_signature"] = c.jsonSignature(e.ev)
	}
	out := object{"id": c.itemID(e.ev.Sequence, e.place)}
	for name := range fields {
		if v, has := full[name]; has {
			out[name] = v
		}
	}
	return out
}

// itemID is how lookups call an event: by its sequence id, or, when ids are their own, by another number. An event without
// one, which only Inject brings, is called by its place. mu is held.
func (s *Sim) itemID(n wire.Sequence, place int) string {
	switch {
	case n == 0:
		return strconv.Itoa(place)
	case s.chats.ownIDs:
		n--
	}
	return n.String()
}
