package discord

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
)

var errUnknown = errors.New("of a kind that is not known")

// events makes events of what the gateway brought. It returns none for what concerns nobody, and an error for what it can't
// understand.
func (in *intake) events(ctx context.Context, d dispatch) ([]chat.Event, error) {
	switch d.kind {
	case "MESSAGE_CREATE", "MESSAGE_UPDATE":
		return in.written(ctx, d)
	case "MESSAGE_DELETE", "MESSAGE_DELETE_BULK":
		return in.deleted(ctx, d)
	case "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE":
		return in.reacted(ctx, d)
	case "CHANNEL_PINS_UPDATE":
		return in.pins(ctx, d)
	case "TYPING_START":
		return in.typing(ctx, d)
	case "GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE":
		return in.member(ctx, d)
	case "READY":
		return nil, in.began(ctx, d.raw)
	}
	return nil, in.learn(d)
}

// learn keeps what is told of servers and channels.
func (in *intake) learn(d dispatch) error {
	switch d.kind {
	case "GUILD_CREATE", "GUILD_DELETE", "GUILD_EMOJIS_UPDATE", "THREAD_LIST_SYNC":
		return in.learnGuild(d)
	case "CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE", "CHANNEL_DELETE", "THREAD_DELETE":
	default:
		return known(d.kind)
	}
	var ch channel
	if err := decode(d.raw, &ch); err != nil || ch.ID == "" {
		return errors.Join(errNoID, err)
	}
	if strings.HasSuffix(d.kind, "_DELETE") {
		in.c.places.known.Forget(ch.ID)
	} else {
		in.c.places.learn(ch, "")
	}
	return nil
}

// learnGuild keeps what is told of a server.
func (in *intake) learnGuild(d dispatch) error {
	var g struct {
		guild
		Of string `json:"guild_id"` // the server, where it is not what is told itself
	}
	if err := decode(d.raw, &g); err != nil || firstOf(g.ID, g.Of) == "" {
		return errors.Join(errNoID, err)
	}
	switch {
	case d.kind == "GUILD_CREATE":
		in.server(g.guild)
	case d.kind == "GUILD_EMOJIS_UPDATE":
		in.c.places.learnEmojis(g.Of, g.Emojis)
	case d.kind == "THREAD_LIST_SYNC":
		for _, ch := range g.Threads {
			in.c.places.learn(ch, g.Of)
		}
	case g.Away: // it will be told of again
		in.tide.pending[g.ID] = true
	default:
		delete(in.tide.pending, g.ID)
		in.c.places.forgetGuild(g.ID)
	}
	return nil
}

// known is nil for dispatches that there is nothing to make of.
func known(kind string) error {
	for _, prefix := range []string{
		"RESUMED", "GUILD_", "CHANNEL_", "THREAD_", "MESSAGE_REACTION_REMOVE_", "MESSAGE_POLL_", "WEBHOOKS_", "USER_UPDATE", "PRESENCE_",
		"VOICE_", "STAGE_", "INVITE_", "INTEGRATION_", "APPLICATION_COMMAND_", "AUTO_MODERATION_", "ENTITLEMENT_", "SUBSCRIPTION_", "RATE_LIMITED",
	} {
		if strings.HasPrefix(kind, prefix) {
			return nil
		}
	}
	return errUnknown
}

// event is what happened in a channel, without its author.
func (in *intake) event(ctx context.Context, channel, id string, what chat.Happening) (chat.Event, place, error) {
	p, err := in.c.places.of(ctx, channel)
	if closed(err) { // it is gone by now, or never was to be seen
		p, err = place{id: channel}, nil
	}
	if err != nil {
		return chat.Event{}, p, err
	}
	e := chat.Event{Conversation: in.c.conversation(p), Message: chat.MessageID(id), Direct: p.dm(), What: what}
	if p.thread() {
		e.Topic, e.Root = p.name, chat.MessageID(in.c.places.rootOf(ctx, p))
	}
	return e, p, nil
}

// author is who wrote m. Our own are known by the user, by the webhook, and by the application that Discord names.
func (in *intake) author(m message) chat.Author {
	var a chat.Author
	if m.Author != nil {
		a = in.person(*m.Author, m.Member)
	}
	a.Bot = a.Bot || m.Webhook != ""
	a.Self = a.Self || m.Application != "" && m.Application == in.self.app || in.c.hooks.own(m.Webhook)
	return a
}

// person is how Discord shows somebody.
func (in *intake) person(u user, m *member) chat.Author {
	a := chat.Author{
		ID: chat.PersonID(u.ID), Name: firstOf(u.Global, u.Username), Handle: u.Username, Avatar: avatar(u), Since: at(u.ID), Bot: u.Bot,
		Self: u.ID != "" && u.ID == in.self.user,
	}
	if m != nil {
		a.Name = firstOf(m.Nick, a.Name)
	}
	return a
}

// avatar is the picture of a user. https://docs.discord.com/developers/reference#image-formatting-cdn-endpoints
func avatar(u user) string {
	if u.Avatar != "" {
		return "https://cdn.discordapp.com/avatars/" + u.ID + "/" + u.Avatar + ".png?size=256"
	}
	if u.ID == "" {
		return ""
	}
	return "https://cdn.discordapp.com/embed/avatars/" + strconv.FormatUint((flake(u.ID)>>22)%6, 10) + ".png"
}

// deleted makes events of one deletion or many. Discord does not say who wrote the messages; what was heard lately is known.
func (in *intake) deleted(ctx context.Context, d dispatch) ([]chat.Event, error) {
	var del struct {
		ID      string   `json:"id"`
		IDs     []string `json:"ids"`
		Channel string   `json:"channel_id"`
	}
	if err := decode(d.raw, &del); err != nil {
		return nil, err
	}
	if del.ID != "" {
		del.IDs = append(del.IDs, del.ID)
	}
	if len(del.IDs) == 0 || del.Channel == "" {
		return nil, errNoID
	}
	var events []chat.Event
	for _, id := range del.IDs {
		e, _, err := in.event(ctx, del.Channel, id, chat.Deleted{})
		if err != nil {
			return nil, err
		}
		e.ID, e.At = chat.EventID(id+":deleted"), in.clock()
		e.Author, _ = in.c.authors.Get(id)
		events = append(events, e)
	}
	return events, nil
}

// clock is the time by Discord's clock, for what comes without one.
func (in *intake) clock() time.Time { return in.c.clock.now(in.c.now()).UTC() }

// numbered names what has no name of its own by the session and its number in it, which are the same when it is replayed.
func numbered(d dispatch, pieces ...string) chat.EventID {
	return chat.EventID(strings.Join(append(pieces, d.session, strconv.FormatInt(d.seq, 10)), ":"))
}

func (in *intake) reacted(ctx context.Context, d dispatch) ([]chat.Event, error) {
	var r reaction
	if err := decode(d.raw, &r); err != nil {
		return nil, err
	}
	if r.Message == "" || r.Channel == "" || r.Emoji.Name == "" && r.Emoji.ID == "" {
		return nil, errNoID
	}
	name := r.Emoji.Name
	if r.Emoji.ID != "" {
		name = ":" + firstOf(name, r.Emoji.ID) + ":"
	}
	e, _, err := in.event(ctx, r.Channel, r.Message, chat.Reacted{Emoji: name, Removed: d.kind == "MESSAGE_REACTION_REMOVE"})
	if err != nil {
		return nil, err
	}
	e.ID, e.At = numbered(d, r.Message, r.User, name), in.clock()
	e.Author = in.who(ctx, r.User, r.Member)
	return []chat.Event{e}, nil
}

// who is somebody of whom Discord tells little more than the id.
func (in *intake) who(ctx context.Context, id string, m *member) chat.Author {
	if m != nil && m.User != nil {
		return in.person(*m.User, m)
	}
	if u, fresh := in.c.people.Get(id); fresh {
		return in.person(u, m)
	}
	if id == "" || id == in.self.user {
		return in.person(user{ID: id}, m)
	}
	ctx, cancel := context.WithTimeout(ctx, nameWait)
	defer cancel()
	u, err := in.c.askPerson(ctx, id)
	if err != nil {
		u = user{ID: id} // an event is worth more than its author's name
	}
	return in.person(u, m)
}

func (in *intake) typing(ctx context.Context, d dispatch) ([]chat.Event, error) {
	var t struct {
		Channel string  `json:"channel_id"`
		User    string  `json:"user_id"`
		At      int64   `json:"timestamp"`
		Member  *member `json:"member"`
	}
	if err := decode(d.raw, &t); err != nil || t.Channel == "" || t.User == "" {
		return nil, errors.Join(errNoID, err)
	}
	if t.User == in.self.user {
		return nil, nil
	}
	e, _, err := in.event(ctx, t.Channel, "", chat.Typing{})
	if err != nil {
		return nil, err
	}
	e.ID = chat.EventID("typing:" + t.Channel + ":" + t.User + ":" + strconv.FormatInt(t.At, 10))
	e.At, e.Author = time.Unix(t.At, 0).UTC(), in.who(ctx, t.User, t.Member)
	return []chat.Event{e}, nil
}

// member makes an event of who joined or left a server, in the channel in which Discord itself says so.
func (in *intake) member(ctx context.Context, d dispatch) ([]chat.Event, error) {
	var m struct {
		member
		Guild string `json:"guild_id"`
	}
	if err := decode(d.raw, &m); err != nil || m.User == nil || m.Guild == "" {
		return nil, errors.Join(errNoID, err)
	}
	system := in.c.places.system(m.Guild)
	if !in.c.cfg.Members || system == "" {
		return nil, nil
	}
	var what chat.Happening = chat.Joined{}
	id := chat.EventID("joined:" + m.Guild + ":" + m.User.ID + ":" + m.Joined)
	if d.kind == "GUILD_MEMBER_REMOVE" {
		what, id = chat.Left{}, numbered(d, "left", m.Guild, m.User.ID)
	}
	e, _, err := in.event(ctx, system, "", what)
	if err != nil {
		return nil, err
	}
	e.ID, e.At, e.Author = id, in.clock(), in.person(*m.User, &m.member)
	return []chat.Event{e}, nil
}
