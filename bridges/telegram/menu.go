package telegram

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// Commands of a desk are shown in its groups alone, and those of bots in the groups in which they listen, in all private chats or
// in all chats. A chat shows the list that is most its own, and no other: so a list of one chat has those of all chats as well.
// https://core.telegram.org/bots/api#determining-list-of-commands

// botCommand is a command as Telegram shows it: https://core.telegram.org/bots/api#botcommand
type botCommand struct {
	Name string `json:"command"`
	Help string `json:"description"`
}

// commandScope says where commands are shown: https://core.telegram.org/bots/api#botcommandscope
type commandScope struct {
	Type string `json:"type"`
	Chat int64  `json:"chat_id,omitempty"`
}

// Scopes of more than one chat. A scope of one chat is kept by its number.
const (
	privateChats = "all_private_chats"
	groupChats   = "all_group_chats"
)

const (
	maxCommands    = 100 // https://core.telegram.org/bots/api#setmycommands
	maxCommandHelp = 256
)

// commandWord is what Telegram takes for a command. Bots have names with a dash, too: those can be written and not be shown.
var commandWord = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// menus are which commands are to be shown where, by the names of the scopes.
type menus struct {
	c    *Connector
	want map[string][]botCommand
}

// signs are the account's commands where its desks and bots are.
func (c *Connector) signs() bridges.Signs {
	m := &menus{c: c}
	return bridges.Signs{Deps: c.deps, Places: m.places, Show: m.show}
}

// places lists where commands are to be shown now.
func (m *menus) places(ctx context.Context) ([]string, error) {
	m.want = map[string][]botCommand{}
	desks, err := m.addDesks(ctx)
	if err != nil {
		return nil, err
	}
	all, _ := m.c.deps.Menu.Now()
	own, err := m.own(ctx, all, desks)
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		if !commandWord.MatchString(b.Name) {
			continue
		}
		if err := m.addBot(ctx, b, own); err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(m.want)), nil
}

// own are the chats that have a list of their own because bots listen there, by their present numbers.
func (m *menus) own(ctx context.Context, all []bridges.BotCommand, desks []int64) ([]int64, error) {
	var own []int64
	for _, b := range all {
		for _, at := range b.In {
			to, err := m.c.place(ctx, at)
			if err != nil && chat.KindOf(err) != chat.Refused { // such is no chat of Telegram's
				return nil, err
			}
			if err == nil && to.business == "" && !slices.Contains(desks, to.chat) && !slices.Contains(own, to.chat) {
				own = append(own, to.chat)
			}
		}
	}
	return own, nil
}

// addDesks adds the commands of desks, and gives the groups in which those are, by their present numbers: what is said there is
// for the desk alone.
func (m *menus) addDesks(ctx context.Context) (groups []int64, err error) {
	for _, to := range m.c.deps.Surfaces {
		at, err := m.c.place(ctx, to)
		if err != nil {
			return nil, err
		}
		groups = append(groups, at.chat)
		for _, cmd := range m.c.deps.Commands {
			m.add(decimal(at.chat), botCommand{Name: cmd.Name, Help: cmd.Help})
		}
	}
	return groups, nil
}

// addBot adds a bot's command to the lists of all chats, and to those that chats have of their own.
func (m *menus) addBot(ctx context.Context, b bridges.BotCommand, own []int64) error {
	command := botCommand{Name: b.Name, Help: short(cmp.Or(strings.TrimSpace(b.Help), b.Name), maxCommandHelp)}
	if b.Everywhere || b.Direct {
		m.add(privateChats, command)
	}
	if b.Everywhere {
		m.add(groupChats, command)
	}
	for _, id := range own {
		at, err := m.c.conversation(ctx, place{chat: id})
		if err != nil {
			return err
		}
		within := slices.ContainsFunc(b.In, func(in chat.Conversation) bool { return in.Place() == at })
		if within || b.Heard(at, Direct(at.ID)) {
			m.add(decimal(id), command)
		}
	}
	return nil
}

// add adds a command to a list, unless there is one of its name or no room for it.
func (m *menus) add(scope string, command botCommand) {
	list := m.want[scope]
	if len(list) < maxCommands && !slices.ContainsFunc(list, func(o botCommand) bool { return o.Name == command.Name }) {
		m.want[scope] = append(list, command)
	}
}

// short is s in at most most UTF-16 units.
func short(s string, most int) string {
	for n := most; len(utf16.Encode([]rune(s))) > most; n-- {
		s = clip(s, n)
	}
	return s
}

// show has a scope show its commands and no others, or none of its own, unless it does so already.
func (m *menus) show(ctx context.Context, name string, shown bool) error {
	scope := commandScope{Type: name}
	if name != privateChats && name != groupChats {
		id, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return nil //nolint:nilerr // nothing can have been shown there
		}
		scope = commandScope{Type: "chat", Chat: id}
	}
	params := tgbotapi.Params{}
	encode(params, "scope", scope)
	err := m.set(ctx, params, m.want[name], shown)
	if said(err).has("channel chats") {
		m.c.log.LogAttrs(ctx, slog.LevelDebug, "channels show no commands", slog.String("chat", name))
		return nil
	}
	return err
}

// set makes the commands of a scope these, or none of its own.
func (m *menus) set(ctx context.Context, scope tgbotapi.Params, want []botCommand, shown bool) error {
	if !shown {
		return m.c.call(ctx, call{method: "deleteMyCommands", scope: chat.ThisAccount}, scope, nil)
	}
	var has []botCommand
	err := m.c.call(ctx, call{method: "getMyCommands", scope: chat.ThisAccount}, scope, &has)
	if err != nil || slices.Equal(has, want) {
		return err
	}
	encode(scope, "commands", want)
	return m.c.call(ctx, call{method: "setMyCommands", scope: chat.ThisAccount}, scope, nil)
}
