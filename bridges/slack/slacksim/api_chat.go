package slacksim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxText      = 40_000 // https://docs.slack.dev/reference/methods/chat.postMessage#truncating
	maxUpdate    = 4_000  // chat.update refuses more with msg_too_long, as those who met it report
	maxMarkdown  = 12_000
	maxAttach    = 100
	maxMetaBytes = 16 << 10
)

// botMessage is an empty message of the app.
func (w *world) botMessage() *message {
	return &message{
		Type: "message", User: w.cfg.BotUser.ID, BotID: w.cfg.BotID, AppID: w.cfg.AppID, Team: w.cfg.Team.ID,
		BotProfile: w.profileOfBot(), TS: w.stamp(),
	}
}

// place finds the channel to write to. A user id or #name stands for a channel, as in Slack.
func (w *world) place(c *call) (*channel, error) {
	ch := w.named(c.str("channel"))
	if ch == nil {
		return nil, fail("channel_not_found")
	}
	inside := ch.has(w.cfg.BotUser.ID)
	switch {
	case ch.Private && !inside:
		return nil, fail("channel_not_found")
	case !inside && !slices.Contains(w.scopes, "chat:write.public"):
		return nil, fail("not_in_channel")
	case ch.Archived:
		return nil, fail("is_archived")
	}
	return ch, nil
}

// named finds a channel by its id, by #name, or by the user whose direct message it is.
func (w *world) named(name string) *channel {
	if ch := w.channels[name]; ch != nil {
		return ch
	}
	if w.users[name] != nil {
		ch, _ := w.direct(name)
		return ch
	}
	if rest, ok := strings.CutPrefix(name, "#"); ok {
		for _, id := range w.chanOrder {
			if w.channels[id].Name == rest {
				return w.channels[id]
			}
		}
	}
	return nil
}

// content reads what a message shall hold: text, blocks, attachments, metadata.
func (w *world) content(c *call, m *message) error {
	var err error
	if m.Blocks, err = w.blocksOf(c); err != nil {
		return err
	}
	if m.Attachments, err = attachmentsOf(c); err != nil {
		return err
	}
	if m.Metadata, err = metadataOf(c); err != nil {
		return err
	}
	text, err := textOf(c, len(m.Blocks) > 0)
	if err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" && len(m.Blocks) == 0 && len(m.Attachments) == 0 {
		return fail("no_text")
	}
	if utf8.RuneCountInString(text) > maxText {
		text = string([]rune(text)[:maxText])
		c.warn = append(c.warn, "message_truncated")
		c.notes = append(c.notes, "[WARN] the text was cut at 40000 characters")
	}
	m.Text = postedText(text)
	if len(m.Blocks) == 0 && m.Text != "" {
		m.Blocks = mustJSON([]any{richText(m.Text, w.blockID())})
	}
	return nil
}

// textOf is text, or markdown_text, which goes with neither text nor blocks.
func textOf(c *call, blocks bool) (string, error) {
	text, md := c.args.Get("text"), c.args.Get("markdown_text")
	switch {
	case md == "":
		return text, nil
	case text != "" || blocks:
		return "", fail("markdown_text_conflict")
	case utf8.RuneCountInString(md) > maxMarkdown:
		return "", fail("msg_too_long")
	}
	return md, nil
}

func (w *world) blocksOf(c *call) (json.RawMessage, error) {
	raw := c.str("blocks")
	var shape []obj
	if raw != "" && json.Unmarshal([]byte(raw), &shape) != nil {
		return nil, fail("invalid_blocks_format")
	}
	blocks, problems := w.checkBlocks(raw, surfaceMessage)
	if len(problems) == 0 {
		return blocks, nil
	}
	notes := make([]string, 0, len(problems))
	for _, p := range problems {
		notes = append(notes, "[ERROR] "+p)
	}
	return nil, &apiError{code: "invalid_blocks", extra: obj{"errors": problems, "response_metadata": obj{"messages": notes}}}
}

func attachmentsOf(c *call) (json.RawMessage, error) {
	raw := c.str("attachments")
	if raw == "" || raw == "null" || raw == "[]" {
		return nil, nil
	}
	var list []obj
	if json.Unmarshal([]byte(raw), &list) != nil {
		return nil, fail("invalid_attachments")
	}
	if len(list) > maxAttach {
		return nil, fail("too_many_attachments")
	}
	for i, a := range list {
		a["id"] = i + 1
		if _, ok := a["fallback"]; !ok {
			a["fallback"] = "[no preview available]"
		}
	}
	return mustJSON(list), nil
}

// metadataOf reads message metadata. https://docs.slack.dev/messaging/message-metadata
func metadataOf(c *call) (*Metadata, error) {
	raw := c.str("metadata")
	if raw == "" || raw == "null" {
		return nil, nil //nolint:nilnil // no metadata is no error
	}
	if len(raw) > maxMetaBytes {
		return nil, fail("metadata_too_large")
	}
	var m Metadata
	if json.Unmarshal([]byte(raw), &m) != nil {
		return nil, fail("invalid_metadata_format")
	}
	var payload obj
	if m.EventType == "" || json.Unmarshal(m.EventPayload, &payload) != nil || payload == nil {
		return nil, fail("invalid_metadata_schema")
	}
	return &m, nil
}

func chatPostMessage(w *world, c *call) (obj, error) {
	ch, err := w.place(c)
	if err != nil {
		return nil, err
	}
	m := w.botMessage()
	if err := w.content(c, m); err != nil {
		return nil, err
	}
	w.persona(c, m)
	w.thread(ch, m, c.str("thread_ts"), c.boolean("reply_broadcast"))
	w.post(ch, m)
	w.bump()
	return obj{"channel": ch.ID, "ts": m.TS, "message": m.copy()}, nil
}

// persona dresses a message as somebody else. Without chat:write.customize Slack ignores these arguments silently.
func (w *world) persona(c *call, m *message) {
	name, url, emoji := c.str("username"), c.str("icon_url"), c.str("icon_emoji")
	if name == "" && url == "" && emoji == "" || !w.granted("chat:write.customize") {
		return
	}
	m.Subtype, m.User, m.Username, m.BotProfile = "bot_message", "", name, nil
	if name == "" {
		m.Username = w.users[w.cfg.BotUser.ID].RealName
	}
	switch {
	case emoji != "":
		m.Icons = &icons{Emoji: ":" + strings.Trim(emoji, ":") + ":"}
	case url != "":
		m.Icons = &icons{Image36: url, Image48: url, Image72: url}
	}
}

func chatPostEphemeral(w *world, c *call) (obj, error) {
	ch, err := w.place(c)
	if err != nil {
		return nil, err
	}
	user := c.str("user")
	if !ch.has(user) {
		return nil, fail("user_not_in_channel")
	}
	m := w.botMessage()
	if err := w.content(c, m); err != nil {
		return nil, err
	}
	w.persona(c, m)
	w.thread(ch, m, c.str("thread_ts"), false)
	m.channel = ch.ID
	w.ephemerals = append(w.ephemerals, &ephemeral{user: user, msg: m})
	w.bump()
	return obj{"message_ts": m.TS}, nil
}

// mine finds a message of the app; code is the error when it is somebody else's.
func (w *world) mine(c *call, code string) (*channel, *message, error) {
	ch := w.channels[c.str("channel")]
	if ch == nil {
		return nil, nil, fail("channel_not_found")
	}
	m := ch.find(c.str("ts"))
	switch {
	case m == nil || m.Subtype == subTombstone:
		return nil, nil, fail("message_not_found")
	case m.BotID != w.cfg.BotID:
		return nil, nil, fail(code)
	}
	return ch, m, nil
}

func chatUpdate(w *world, c *call) (obj, error) {
	ch, m, err := w.mine(c, "cant_update_message")
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, fail("is_archived")
	}
	if utf8.RuneCountInString(c.args.Get("text")) > maxUpdate {
		return nil, fail("msg_too_long")
	}
	next := m.copy()
	if err := w.content(c, next); err != nil {
		return nil, err
	}
	if next.Metadata == nil {
		next.Metadata = m.Metadata
	}
	before := m.copy()
	m.Text, m.Blocks, m.Attachments, m.Metadata = next.Text, next.Blocks, next.Attachments, next.Metadata
	w.edited(ch, m, before, w.cfg.BotUser.ID)
	return obj{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": m.copy()}, nil
}

func chatDelete(w *world, c *call) (obj, error) {
	ch, m, err := w.mine(c, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	ts := m.TS
	w.erase(ch, m)
	return obj{"channel": ch.ID, "ts": ts}, nil
}

func chatGetPermalink(w *world, c *call) (obj, error) {
	ch := w.channels[c.str("channel")]
	if ch == nil {
		return nil, fail("channel_not_found")
	}
	m := ch.find(c.str("message_ts"))
	if m == nil {
		return nil, fail("message_not_found")
	}
	return obj{"channel": ch.ID, "permalink": w.permalink(m)}, nil
}

func (w *world) permalink(m *message) string {
	link := fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", w.cfg.Team.Domain, m.channel, strings.Replace(m.TS, ".", "", 1))
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + m.channel
	}
	return link
}

func mentions(text, user string) bool {
	return strings.Contains(text, "<@"+user+">") || strings.Contains(text, "<@"+user+"|")
}
