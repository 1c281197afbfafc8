package discord

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// What Discord sends, as far as it matters here. IDs are text. What may have shapes that are not known yet (embeds, components)
// is decoded on its own, so that it can't spoil a message.
type (
	user struct {
		ID       string `json:"id"`
		Username string `json:"username"`
		Global   string `json:"global_name"`
		Avatar   string `json:"avatar"`
		Bot      bool   `json:"bot"`
	}
	member struct {
		Nick   string `json:"nick"`
		Joined string `json:"joined_at"`
		User   *user  `json:"user"`
	}
	mention struct {
		user
		Member *member `json:"member"`
	}
	message struct {
		ID          string          `json:"id"`
		Channel     string          `json:"channel_id"`
		Guild       string          `json:"guild_id"`
		Type        int             `json:"type"`
		Author      *user           `json:"author"`
		Member      *member         `json:"member"`
		Webhook     string          `json:"webhook_id"`
		Application string          `json:"application_id"`
		Content     *string         `json:"content"`
		Timestamp   string          `json:"timestamp"`
		Edited      string          `json:"edited_timestamp"`
		Mentions    []mention       `json:"mentions"`
		Attachments []attachment    `json:"attachments"`
		Stickers    []sticker       `json:"sticker_items"`
		Embeds      json.RawMessage `json:"embeds"`
		Components  json.RawMessage `json:"components"`
		Poll        json.RawMessage `json:"poll"`
		Reference   *reference      `json:"message_reference"`
		Referenced  *message        `json:"referenced_message"`
		Snapshots   []snapshot      `json:"message_snapshots"`
		Flags       int             `json:"flags"`
		Pinned      bool            `json:"pinned"`
	}
	snapshot struct {
		Message message `json:"message"`
	}
	reference struct {
		Type    int    `json:"type"` // 0 a reply, 1 a forward
		Message string `json:"message_id"`
		Channel string `json:"channel_id"`
		Guild   string `json:"guild_id"`
	}
	attachment struct {
		ID          string `json:"id"`
		Filename    string `json:"filename"`
		Title       string `json:"title"`
		Description string `json:"description"`
		Type        string `json:"content_type"`
		Size        int64  `json:"size"`
		URL         string `json:"url"`
		Flags       int    `json:"flags"`
	}
	sticker struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Format int    `json:"format_type"`
	}
	emoji struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Animated bool   `json:"animated"`
	}
	channel struct {
		ID       string    `json:"id"`
		Type     int       `json:"type"`
		Guild    string    `json:"guild_id"`
		Name     string    `json:"name"`
		Parent   string    `json:"parent_id"`
		Last     string    `json:"last_message_id"`
		Owner    string    `json:"owner_id"`
		Tags     []tag     `json:"available_tags"`
		Applied  []string  `json:"applied_tags"`
		Metadata *metadata `json:"thread_metadata"`
	}
	metadata struct {
		Archived bool `json:"archived"`
		Locked   bool `json:"locked"`
	}
	tag struct {
		ID        string  `json:"id,omitempty"`
		Name      string  `json:"name"`
		Moderated bool    `json:"moderated"`
		EmojiID   *string `json:"emoji_id"`
		EmojiName *string `json:"emoji_name"`
	}
	guild struct {
		ID       string    `json:"id"`
		Name     string    `json:"name"`
		Joined   string    `json:"joined_at"`
		System   string    `json:"system_channel_id"`
		Away     bool      `json:"unavailable"`
		Channels []channel `json:"channels"`
		Threads  []channel `json:"threads"`
		Emojis   []emoji   `json:"emojis"`
		Roles    []role    `json:"roles"`
	}
	role struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Tags struct {
			Bot string `json:"bot_id"` // the bot that the role is made for
		} `json:"tags"`
	}
	reaction struct {
		User    string  `json:"user_id"`
		Channel string  `json:"channel_id"`
		Guild   string  `json:"guild_id"`
		Message string  `json:"message_id"`
		Member  *member `json:"member"`
		Emoji   emoji   `json:"emoji"`
	}
)

// Types of channels. https://docs.discord.com/developers/resources/channel#channel-object-channel-types
const (
	typeText         = 0
	typeDM           = 1
	typeVoice        = 2
	typeAnnouncement = 5
	typeNewsThread   = 10
	typeThread       = 11
	typePrivate      = 12
	typeStage        = 13
	typeForum        = 15
	typeMedia        = 16
)

// Flags of messages and attachments.
const (
	flagEphemeral  = 1 << 6
	flagComponents = 1 << 15 // the message is made of components alone
	flagSpoiler    = 1 << 3  // of an attachment
)

var errNoID = errors.New("without its id")

// decode reads raw into v. A part that has another shape than it should is left out; the rest counts.
func decode(raw []byte, v any) error {
	err := json.Unmarshal(raw, v)
	if _, partly := errors.AsType[*json.UnmarshalTypeError](err); partly {
		return nil
	}
	return err
}

// flake is a snowflake as a number, by which ids are ordered in time; 0 for what is none.
// https://docs.discord.com/developers/reference#snowflakes
func flake(id string) uint64 {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

const epoch = 1_420_070_400_000 // of Discord, in Unix milliseconds

// flakeAt is the first snowflake at t.
func flakeAt(t time.Time) uint64 {
	ms := t.UnixMilli() - epoch
	if ms <= 0 {
		return 0
	}
	return uint64(ms) << 22
}

// at is when a snowflake was made; the zero time for what is none.
func at(id string) time.Time {
	n := flake(id)
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(n>>22) + epoch).UTC()
}

// moment reads a time of Discord's; the zero time for what is none.
func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
