package slacksim

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Errors of the methods by which people act.
var (
	ErrNoUser        = errors.New("slacksim: no such user")
	ErrNoChannel     = errors.New("slacksim: no such channel")
	ErrNoMessage     = errors.New("slacksim: no such message")
	ErrNoFile        = errors.New("slacksim: no such file")
	ErrNotAuthor     = errors.New("slacksim: only its author may change a message")
	ErrNoControl     = errors.New("slacksim: no such button or menu")
	ErrNoView        = errors.New("slacksim: no such open view")
	ErrNothingToUndo = errors.New("slacksim: no such reaction")
	ErrReacted       = errors.New("slacksim: has reacted so already")
	ErrPinned        = errors.New("slacksim: is pinned already")
	ErrNotPinned     = errors.New("slacksim: is not pinned")
)

const (
	subBroadcast = "thread_broadcast"
	subFileShare = "file_share"
	subTombstone = "tombstone"
	slackbot     = "USLACKBOT"
)

// Draft is what a person sends.
type Draft struct {
	// Text is as typed: & < > are plain characters and reach the app escaped, except in what Slack's pickers put in:
	// <@U…>, <#C…>, <!here>, <!channel>, <!everyone>, <!subteam^S…>.
	Text      string
	Thread    string // TS of the parent to reply under
	Broadcast bool   // show the reply in the channel too
	Files     []Upload
	Share     string // TS of a message of the same channel that is passed on with this one
	Username  string // of another app's bot: the name that it writes under instead of its own
	Blocks    []byte // JSON array; by default, or when it is no JSON, the rich_text block that a client makes of Text
}

// Upload is a file that a person attaches.
type Upload struct {
	Name  string
	Title string // default Name
	Type  string // MIME type; default found from name and content
	Alt   string // alternative text
	Data  []byte
}

// Say posts as a person and returns the message's ts, or "" when the user or the channel is unknown or the channel archived. In a
// channel that the person is not in, they join first. An unknown thread starts none: the message goes to the channel.
func (s *Sim) Say(user, channel string, d Draft) (ts string) {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := w.channels[channel]
	if ch == nil || w.users[user] == nil || ch.Archived {
		return ""
	}
	if !ch.has(user) {
		w.join(ch, user, "")
	}
	defer w.bump()
	m := &message{
		ClientMsgID: newUUID(), Type: "message", User: user, Team: w.cfg.Team.ID, TS: w.stamp(),
		Text: typedText(d.Text), typed: d.Text, Blocks: d.Blocks,
	}
	m.by(w.users[user], d.Username)
	if !json.Valid(m.Blocks) {
		m.Blocks = nil
	}
	if len(m.Blocks) == 0 && d.Text != "" {
		m.Blocks = mustJSON([]any{richText(m.Text, w.blockID())})
	}
	for _, up := range d.Files {
		m.Files = append(m.Files, w.keep(user, up).inMessage())
	}
	if len(m.Files) > 0 && m.Subtype == "" {
		m.Subtype, m.Upload, m.DisplayAsBot = subFileShare, new(false), new(false)
	}
	w.passOn(ch, m, d.Share)
	w.thread(ch, m, d.Thread, d.Broadcast)
	w.post(ch, m)
	return m.TS
}

// by has a message be of a user, who may bear another name when it is a bot.
func (m *message) by(u *User, name string) {
	if !u.Bot {
		return
	}
	m.BotID, m.ClientMsgID = "B"+u.ID[1:], ""
	if name != "" {
		m.Subtype, m.User, m.Username = "bot_message", "", name
	}
}

// thread puts a message under its parent. When there is none (any more), Slack says nothing and the message stands in the channel:
// only the missing thread_ts of the answer shows it. https://github.com/slack-go/slack/issues/1571
func (w *world) thread(ch *channel, m *message, parent string, broadcast bool) {
	root := ch.find(parent)
	if root == nil {
		return
	}
	if root.ThreadTS != "" && root.ThreadTS != root.TS { // a reply was named: Slack takes its parent
		root = ch.find(root.ThreadTS)
		if root == nil {
			return
		}
	}
	m.ThreadTS, m.ParentUserID = root.TS, root.User
	if broadcast {
		m.Subtype = subBroadcast
	}
}

// post stores a message and tells the app.
func (w *world) post(ch *channel, m *message) {
	m.channel = ch.ID
	ch.messages = append(ch.messages, m)
	ch.byTS[m.TS] = m
	if root := ch.find(m.ThreadTS); root != nil && root != m {
		root.ThreadTS = root.TS
		root.ReplyCount++
		root.LatestReply = m.TS
		if who := m.author(); !slices.Contains(root.ReplyUsers, who) {
			root.ReplyUsers = append(root.ReplyUsers, who)
		}
		root.ReplyUsersCount = len(root.ReplyUsers)
		root.IsLocked, root.Subscribed = new(false), new(false)
		if m.Subtype == subBroadcast {
			m.Root = root.copy()
		}
	}
	for _, f := range m.Files {
		w.share(ch, w.files[f.ID], m)
	}
	w.told(ch, m)
}

// told sends the events of a new message: the message, then app_mention, each with an event_id of its own, then file_shared.
func (w *world) told(ch *channel, m *message) {
	if !ch.has(w.cfg.BotUser.ID) {
		return
	}
	_, kind := ch.kind()
	w.emit(ch.ID, messageEvent{message: *m.copy(), Channel: ch.ID, EventTS: m.TS, ChannelType: kind})
	spoken := m.Subtype == "" || m.Subtype == subFileShare || m.Subtype == subBroadcast
	if spoken && m.BotID != w.cfg.BotID && !ch.IM && mentions(m.Text, w.cfg.BotUser.ID) {
		mention := messageEvent{message: *m.copy(), Channel: ch.ID, EventTS: m.TS}
		mention.Type, mention.Subtype, mention.Root, mention.ParentUserID = "app_mention", "", nil, ""
		w.emit(ch.ID, mention)
	}
	for _, f := range m.Files {
		w.emit(ch.ID, obj{
			"type": "file_shared", "file_id": f.ID, "user_id": m.User, "file": obj{"id": f.ID}, "channel_id": ch.ID, "event_ts": w.stamp(),
		})
	}
}

// author is the user, or the bot id where a persona hides the user.
func (m *message) author() string {
	if m.User == "" {
		return m.BotID
	}
	return m.User
}

// copy makes a message that later changes to m do not reach.
func (m *message) copy() *message {
	c := *m
	c.ReplyUsers = slices.Clone(m.ReplyUsers)
	c.Files = slices.Clone(m.Files)
	c.Reactions = nil
	for _, r := range m.Reactions {
		c.Reactions = append(c.Reactions, &wireReaction{Name: r.Name, Users: slices.Clone(r.Users), Count: r.Count})
	}
	return &c
}

// Edit changes the text of a person's own message.
func (s *Sim) Edit(user, channel, ts, text string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch, m, err := w.own(user, channel, ts)
	if err != nil {
		return err
	}
	before := m.copy()
	m.Text, m.typed = typedText(text), text
	m.Blocks = mustJSON([]any{richText(m.Text, w.blockID())})
	w.edited(ch, m, before, user)
	return nil
}

// edited marks a change and tells the app.
func (w *world) edited(ch *channel, m, before *message, user string) {
	m.Edited = &edited{User: user, TS: fmt.Sprintf("%d.000000", w.now().Unix())}
	w.changedEvent(ch, m, before)
	w.bump()
}

func (w *world) changedEvent(ch *channel, m, before *message) {
	if !ch.has(w.cfg.BotUser.ID) {
		return
	}
	_, kind := ch.kind()
	ts := w.stamp()
	w.emit(ch.ID, changeEvent{
		Type: "message", Subtype: "message_changed", Message: m.copy(), PreviousMessage: before,
		Channel: ch.ID, Hidden: true, TS: ts, EventTS: ts, ChannelType: kind,
	})
}

// Unfurl attaches a link preview: the app hears message_changed with the text as it was.
func (s *Sim) Unfurl(channel, ts, link, title string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch, m, err := w.at(channel, ts)
	if err != nil {
		return err
	}
	before := m.copy()
	m.Attachments = mustJSON([]any{obj{"id": 1, "from_url": link, "original_url": link, "title": title, "title_link": link, "fallback": title, "service_name": "simulated"}})
	w.changedEvent(ch, m, before)
	w.bump()
	return nil
}

// Delete removes a person's own message. A parent that has replies leaves a tombstone.
func (s *Sim) Delete(user, channel, ts string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch, m, err := w.own(user, channel, ts)
	if err != nil {
		return err
	}
	w.erase(ch, m)
	return nil
}

func (w *world) erase(ch *channel, m *message) {
	defer w.bump()
	before := m.copy()
	if len(ch.replies(m.TS)) > 0 {
		tomb := &message{
			Type: "message", Subtype: subTombstone, Text: "This message was deleted.", User: slackbot, Hidden: true, TS: m.TS, channel: m.channel,
			ThreadTS: m.TS, ReplyCount: m.ReplyCount, ReplyUsersCount: m.ReplyUsersCount, ReplyUsers: m.ReplyUsers, LatestReply: m.LatestReply,
			IsLocked: new(false), Subscribed: new(false),
		}
		*m = *tomb
		ch.unpinned(m.TS)
		w.changedEvent(ch, m, before)
		return
	}
	m.deleted = true
	ch.unpinned(m.TS)
	w.shrink(ch, m)
	if !ch.has(w.cfg.BotUser.ID) {
		return
	}
	_, kind := ch.kind()
	at := w.stamp()
	w.emit(ch.ID, changeEvent{
		Type: "message", Subtype: "message_deleted", PreviousMessage: before, DeletedTS: m.TS,
		Channel: ch.ID, Hidden: true, TS: at, EventTS: at, ChannelType: kind,
	})
}

// shrink takes a deleted reply out of its parent's counts.
func (w *world) shrink(ch *channel, gone *message) {
	root := ch.find(gone.ThreadTS)
	if root == nil || root == gone {
		return
	}
	left := ch.replies(root.TS)
	root.ReplyCount, root.ReplyUsers, root.LatestReply = len(left), nil, ""
	for _, m := range left {
		root.LatestReply = m.TS
		if !slices.Contains(root.ReplyUsers, m.author()) {
			root.ReplyUsers = append(root.ReplyUsers, m.author())
		}
	}
	root.ReplyUsersCount = len(root.ReplyUsers)
	if len(left) == 0 {
		root.ThreadTS = ""
	}
}

// at finds a message that was not deleted.
func (w *world) at(channel, ts string) (*channel, *message, error) {
	ch := w.channels[channel]
	if ch == nil {
		return nil, nil, fmt.Errorf("%w: %s", ErrNoChannel, channel)
	}
	m := ch.find(ts)
	if m == nil {
		return nil, nil, fmt.Errorf("%w: %s in %s", ErrNoMessage, ts, channel)
	}
	return ch, m, nil
}

func (w *world) own(user, channel, ts string) (*channel, *message, error) {
	ch, m, err := w.at(channel, ts)
	if err == nil && m.User != user {
		err = fmt.Errorf("%w: %s is not by %s", ErrNotAuthor, ts, user)
	}
	return ch, m, err
}

// React adds a person's reaction by its name, without colons.
func (s *Sim) React(user, channel, ts, name string) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch, m, err := s.w.at(channel, ts)
	if err != nil {
		return err
	}
	if s.w.users[user] == nil {
		return fmt.Errorf("%w: %s", ErrNoUser, user)
	}
	if !s.w.react(ch, m, user, name) {
		return ErrReacted
	}
	return nil
}

// Unreact takes a person's reaction away.
func (s *Sim) Unreact(user, channel, ts, name string) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch, m, err := s.w.at(channel, ts)
	if err != nil {
		return err
	}
	if !s.w.unreact(ch, m, user, name) {
		return ErrNothingToUndo
	}
	return nil
}

func (w *world) react(ch *channel, m *message, user, name string) bool {
	i := slices.IndexFunc(m.Reactions, func(r *wireReaction) bool { return r.Name == name })
	if i < 0 {
		m.Reactions = append(m.Reactions, &wireReaction{Name: name})
		i = len(m.Reactions) - 1
	}
	r := m.Reactions[i]
	if slices.Contains(r.Users, user) {
		return false
	}
	r.Users = append(r.Users, user)
	r.Count = len(r.Users)
	w.reactionEvent("reaction_added", ch, m, user, name)
	return true
}

func (w *world) unreact(ch *channel, m *message, user, name string) bool {
	i := slices.IndexFunc(m.Reactions, func(r *wireReaction) bool { return r.Name == name && slices.Contains(r.Users, user) })
	if i < 0 {
		return false
	}
	r := m.Reactions[i]
	r.Users = slices.DeleteFunc(r.Users, func(u string) bool { return u == user })
	r.Count = len(r.Users)
	if r.Count == 0 {
		m.Reactions = slices.Delete(m.Reactions, i, i+1)
	}
	w.reactionEvent("reaction_removed", ch, m, user, name)
	return true
}

func (w *world) reactionEvent(kind string, ch *channel, m *message, user, name string) {
	defer w.bump()
	if !ch.has(w.cfg.BotUser.ID) {
		return
	}
	event := obj{
		"type": kind, "user": user, "reaction": name, "event_ts": w.stamp(),
		"item": obj{"type": "message", "channel": ch.ID, "ts": m.TS},
	}
	if m.User != "" {
		event["item_user"] = m.User
	}
	w.emit(ch.ID, event)
}
