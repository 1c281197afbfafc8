package telegramsim

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

func miscMethods() map[string]method {
	return map[string]method{
		"answercallbackquery":    (*world).answerCallbackQuery,
		"setmycommands":          (*world).setMyCommands,
		"getmycommands":          (*world).getMyCommands,
		"deletemycommands":       (*world).deleteMyCommands,
		"getuserprofilephotos":   (*world).getUserProfilePhotos,
		"getcustomemojistickers": (*world).getCustomEmojiStickers,
		"stoppoll":               (*world).stopPoll,
		"getbusinessconnection":  (*world).getBusinessConnection,
		"readbusinessmessage":    (*world).readBusinessMessage,
		"deletebusinessmessages": (*world).deleteBusinessMessages,
	}
}

var goodCommand = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// commandsKey tells apart for whom commands are set. https://core.telegram.org/bots/api#botcommandscope
func (w *world) commandsKey(c *call) (string, error) {
	var scope struct {
		Type string          `json:"type"`
		Chat json.RawMessage `json:"chat_id"`
		User int64           `json:"user_id"`
	}
	if err := c.object("scope", "BotCommandScope", &scope); err != nil {
		return "", err
	}
	key := ""
	switch scope.Type {
	case "", "default":
	case "all_private_chats", "all_group_chats", "all_chat_administrators":
		key = scope.Type
	case "chat", "chat_administrators", "chat_member":
		ch, err := w.readable(strings.Trim(string(scope.Chat), `"`))
		switch {
		case err != nil:
			return "", err
		case ch.typ == private && scope.Type != "chat":
			return "", bad("can't use specified scope in private chats")
		case ch.typ == Channel:
			return "", bad("can't change commands in channel chats")
		}
		key = inChat(scope.Type, ch.id)
		if scope.Type == "chat_member" {
			key += " " + strconv.FormatInt(scope.User, 10)
		}
	default:
		return "", bad("unsupported scope type specified")
	}
	return key + "\n" + c.str("language_code"), nil
}

func inChat(scope string, chat int64) string { return scope + " " + strconv.FormatInt(chat, 10) }

func (w *world) setMyCommands(c *call) (any, error) {
	var list []struct {
		Command     string `json:"command"`
		Description string `json:"description"`
	}
	if !c.has("commands") {
		return nil, bad("can't parse commands JSON object")
	}
	if err := c.object("commands", "commands", &list); err != nil {
		return nil, err
	}
	if len(list) > 100 {
		return nil, bad("BOT_COMMANDS_TOO_MUCH")
	}
	out := []obj{}
	for _, cmd := range list {
		switch {
		case !goodCommand.MatchString(cmd.Command):
			return nil, bad("BOT_COMMAND_INVALID")
		case cmd.Description == "" || units(cmd.Description) > 256:
			return nil, bad("BOT_COMMAND_DESCRIPTION_INVALID")
		}
		out = append(out, obj{"command": cmd.Command, "description": cmd.Description})
	}
	key, err := w.commandsKey(c)
	if err != nil {
		return nil, err
	}
	if delete(w.commands, key); len(out) > 0 {
		w.commands[key] = mustJSON(out)
	}
	return true, nil
}

func (w *world) getMyCommands(c *call) (any, error) {
	key, err := w.commandsKey(c)
	if list := w.commands[key]; list != nil {
		return list, nil
	}
	return []any{}, err
}

func (w *world) deleteMyCommands(c *call) (any, error) {
	key, err := w.commandsKey(c)
	delete(w.commands, key)
	return true, err
}

// Commands are what setMyCommands last set for everyone, as JSON; nil when there are none.
func (v View) Commands() json.RawMessage {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return v.w.commands["\n"]
}

// Menu are the commands that an ordinary person is offered in a chat, as JSON; nil when there are none.
// https://core.telegram.org/bots/api#determining-list-of-commands
func (v View) Menu(chat int64) json.RawMessage {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	all := "all_group_chats"
	if chat > 0 {
		all = "all_private_chats"
	}
	for _, key := range []string{inChat("chat", chat), all, ""} {
		if list := v.w.commands[key+"\n"]; list != nil {
			return list
		}
	}
	return nil
}

// getUserProfilePhotos is https://core.telegram.org/bots/api#getuserprofilephotos
func (w *world) getUserProfilePhotos(c *call) (any, error) {
	if w.users[c.long("user_id")] == nil {
		return nil, bad("user not found")
	}
	photos := []any{}
	total := 0
	if f := w.photos[c.long("user_id")]; f != nil {
		total = 1
		if c.number("offset") == 0 {
			photos = append(photos, f.wire())
		}
	}
	return obj{"total_count": total, "photos": photos}, nil
}

// customEmoji is a sticker that stands for a custom emoji.
func (w *world) customEmoji(id, emoji string) any {
	f := w.files["emoji "+id]
	if f == nil {
		f = w.keep(Upload{Kind: "sticker", Type: "image/webp", Data: []byte("RIFF\x1a\x00\x00\x00WEBPVP8L" + id)}, obj{
			"type": "custom_emoji", "emoji": emoji, "set_name": "SimEmoji", "custom_emoji_id": id, "width": 100, "height": 100,
		})
		w.files["emoji "+id] = f
	}
	return f.wire()
}

func (w *world) getCustomEmojiStickers(c *call) (any, error) {
	var ids []string
	if json.Unmarshal([]byte(c.str("custom_emoji_ids")), &ids) != nil {
		return nil, bad("expected an Array of custom emoji identifiers")
	}
	if len(ids) > 200 {
		return nil, bad("too many custom emoji identifiers specified")
	}
	out := []any{}
	for _, id := range ids {
		if asReaction(id).ID == "" {
			return nil, bad("invalid custom emoji identifier specified")
		}
		out = append(out, w.customEmoji(id, "🙂"))
	}
	return out, nil
}
