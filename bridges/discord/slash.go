package discord

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// slashMark begins the IDs of messages that there are none of on Discord: commands that somebody chose and filled in. They have
// IDs, because mirrors, desks and bots know what was said by its ID; and their own ones, because that of the answer is not known
// before Discord was answered, which it may be only after the command is stored. What is done to such a message is done and
// changes nothing: it can't be reacted to or pinned, is seen by nobody who would miss it, and what answers it stands by itself.
const slashMark = "slash:"

// slashed says whether a message is a command that somebody chose.
func slashed(m chat.MessageID) bool { return strings.HasPrefix(string(m), slashMark) }

// given is what somebody said for an option of a command.
type given struct {
	Kind  int             `json:"type"`
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// word is the value as it is written; empty for what nobody was asked for.
func (g given) word() string {
	var s string
	var n float64
	switch {
	case json.Unmarshal(g.Value, &s) == nil:
		return s
	case len(g.Value) > 0 && g.Value[0] != 'n' && json.Unmarshal(g.Value, &n) == nil:
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return ""
}

// resolved is whom the options of a command name.
type resolved struct {
	Users   map[string]user   `json:"users"`
	Members map[string]member `json:"members"`
}

// commanded takes a slash command. It is accepted first, and answered then, so that only who gave it sees the answer.
func (in *intake) commanded(ctx context.Context, i interaction) error {
	within, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	answer, err := in.command(within, i)
	return errors.Join(err, in.tell(ctx, i, answer))
}

const notTaken = "Roost could not take that down. Please try again."

// command has a command accepted, and says what became of it: in a case's thread one of a desk's is a press of the button of
// its name, and elsewhere one of a bot's is a message.
func (in *intake) command(ctx context.Context, i interaction) (answer string, err error) {
	n := slices.IndexFunc(in.c.deps.Commands, func(c bridges.Command) bool { return c.Name == i.Data.Name })
	if _, _, known := in.c.deps.Menu.Find(i.Data.Name, chat.Conversation{}, false); !known && n < 0 {
		return "Roost does not know this command any more.", nil
	}
	p, err := in.c.places.of(ctx, i.Channel)
	if err != nil {
		return "Roost could not look up where this is. Please try again.", err
	}
	at := in.c.conversation(p)
	atDesk := slices.Contains(in.c.deps.Surfaces, at.Place())
	if n >= 0 && atDesk && in.ofCase(p) {
		return in.ordered(ctx, i, in.c.deps.Commands[n])
	}
	if cmd, here, _ := in.c.deps.Menu.Find(i.Data.Name, at, p.dm()); here && !atDesk {
		return in.toBots(ctx, i, cmd)
	}
	if n >= 0 {
		return "There is no case here. Use /" + i.Data.Name + " in the post or thread of a case.", nil
	}
	return "No bot listens for /" + i.Data.Name + " here.", nil
}

// ofCase says whether a channel is a thread that a desk may have opened for a case: one of nobody else.
func (in *intake) ofCase(p place) bool {
	return p.thread() && (p.owner == "" || p.owner == in.self.user)
}

// ordered has a desk's command accepted.
func (in *intake) ordered(ctx context.Context, i interaction, cmd bridges.Command) (answer string, err error) {
	if err := in.accept(ctx, i, "", chat.Pressed{Button: cmd.Name, Fields: i.chosen(cmd.Form)}); err != nil {
		return notTaken, err
	}
	return "✓ /" + cmd.Name, nil
}

// chosen is what was said for the fields of a form.
func (i interaction) chosen(form *chat.Form) map[string]string {
	if form == nil {
		return nil
	}
	fields := map[string]string{}
	for _, o := range i.Data.Options {
		if slices.ContainsFunc(form.Fields, func(f chat.Field) bool { return f.ID == o.Name }) {
			fields[o.Name] = o.word()
		}
	}
	return fields
}

// toBots has a bot's command accepted as the words that people write for it elsewhere.
func (in *intake) toBots(ctx context.Context, i interaction, cmd bridges.BotCommand) (answer string, err error) {
	words, unsaid := i.asked(cmd).Words(in.values(ctx, i))
	if unsaid != "" {
		return "What you wrote for " + unsaid + " has spaces and every kind of quotation mark. Please leave one kind out.", nil
	}
	if err := in.accept(ctx, i, slashMark+i.ID, chat.Posted{Text: words}); err != nil {
		return notTaken, err
	}
	return "✓ " + plain(words.Body, maxAsk), nil
}

// asked is cmd with the parameters that the person was asked for. They are others where a desk's command of the same name is
// shown in its place, and then they are given to the bot in their order.
func (i interaction) asked(cmd bridges.BotCommand) bridges.BotCommand {
	others := slices.ContainsFunc(i.Data.Options, func(o given) bool {
		return !slices.ContainsFunc(cmd.Params, func(p bridges.Param) bool { return p.Name == o.Name })
	})
	if !others {
		return cmd
	}
	cmd.Params = nil
	for _, o := range i.Data.Options {
		cmd.Params = append(cmd.Params, bridges.Param{Name: o.Name, Kind: bridges.TextParam})
	}
	cmd.Params[len(cmd.Params)-1].Kind = bridges.RestParam
	return cmd
}

// values are what was said for the options of a command.
func (in *intake) values(ctx context.Context, i interaction) map[string]text.Text {
	ctx, cancel := context.WithTimeout(ctx, askedTime)
	defer cancel()
	values := map[string]text.Text{}
	n := names{
		person: in.calls(ctx, i.Data.Resolved),
		role:   func(id string) string { return in.c.places.role(i.Guild, id) },
		bot:    func(role string) string { return in.c.places.bot(i.Guild, role) },
		channel: func(id string) string {
			ch, _ := in.c.places.known.Get(id)
			return ch.name
		},
	}
	for _, o := range i.Data.Options {
		s := o.word()
		if o.Kind == userKind {
			s = "<@" + s + ">"
		}
		values[o.Name] = readValue(s, n)
	}
	return values
}

// How many people that Discord does not tell of are asked for, for one command, and how long that may take in all.
const (
	maxAsked  = 3
	askedTime = time.Second
)

// calls gives the names of people: Discord tells of those who were chosen, and not of those who are mentioned in a text.
func (in *intake) calls(ctx context.Context, told resolved) func(id string) string {
	said := map[string]string{}
	return func(id string) string {
		if u, ok := told.Users[id]; ok {
			m, here := told.Members[id]
			if !here {
				return in.person(u, nil).Name
			}
			return in.person(u, &m).Name
		}
		if _, known := said[id]; !known && len(said) < maxAsked {
			said[id] = in.who(ctx, id, nil).Name
		}
		return said[id]
	}
}

// readValue makes a text of what was typed for an option. It is no markdown, but names people, channels and emoji as messages do.
func readValue(s string, n names) text.Text {
	s = text.Clean(s)
	r := reader{n: n}
	plain := 0
	for i := 0; i < len(s) && len(s) <= maxRead; {
		var p piece
		if s[i] == '<' {
			p = r.angle(s[i:])
		}
		if p.size == 0 {
			i++
			continue
		}
		r.b.Write(s[plain:i])
		p.write()
		i += p.size
		plain = i
	}
	r.b.Write(s[plain:])
	return r.b.Text()
}
