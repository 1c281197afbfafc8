package crash_test

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// line is a message as a reader sees it.
type line struct {
	id     string
	thread string
	text   string
	ours   bool // Roost wrote it
	gone   bool
	marks  int // emoji that Roost put on it
	files  int
}

// token is the word by which a message is known: its last one. Names and quotes stand before it.
func (l line) token() string {
	words := strings.Fields(l.text)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// place is a conversation, with all its threads, and one person in it.
type place interface {
	name() string // as deliveries name it
	say(d draft) (id string)
	lines() []line // in the order in which they came
}

// changer is a place in which people can change what they said, and Roost too.
type changer interface {
	edit(id, text string) error
	react(id string) error
}

// remover is a changer in which people can also delete so that bots hear of it.
type remover interface{ remove(id string) error }

// draft is what a person says.
type draft struct {
	text    string
	thread  string
	answers string // the id of a message of the same person
	file    []byte
}

const fileName, fileType = "note.png", "image/png"

// inOrder sorts by ids that are numbers of growing length.
func inOrder(all []line) []line {
	slices.SortStableFunc(all, func(a, b line) int {
		return cmp.Or(cmp.Compare(len(a.id), len(b.id)), cmp.Compare(a.id, b.id))
	})
	return all
}

type onX struct {
	sim         *xsim.Sim
	user, brand string
	group       string // empty: the two talk directly
}

func (p onX) name() string {
	if p.group != "" {
		return "x/acme#" + p.group
	}
	return "x/acme#" + p.user
}

func (p onX) say(d draft) string {
	if p.group != "" {
		return p.sim.SayGroup(p.group, p.user, xsim.Draft{Text: d.text})
	}
	return p.sim.Say(p.user, p.brand, xsim.Draft{Text: d.text})
}

func (p onX) lines() []line {
	said := p.sim.Conversation(p.user, p.brand)
	if p.group != "" {
		said = p.sim.Group(p.group)
	}
	var all []line
	for _, m := range said {
		all = append(all, line{id: m.ID, text: m.Text, ours: m.API, files: len(m.Media)})
	}
	return all
}

type inSlack struct {
	sim           *slacksim.Sim
	user, channel string
}

func (p inSlack) name() string { return "slack/team#" + p.channel }

func (p inSlack) say(d draft) string {
	post := slacksim.Draft{Text: d.text, Thread: cmp.Or(d.thread, d.answers)}
	if d.file != nil {
		post.Files = []slacksim.Upload{{Name: fileName, Type: fileType, Data: d.file}}
	}
	return p.sim.Say(p.user, p.channel, post)
}

func (p inSlack) edit(id, text string) error { return p.sim.Edit(p.user, p.channel, id, text) }
func (p inSlack) remove(id string) error     { return p.sim.Delete(p.user, p.channel, id) }
func (p inSlack) react(id string) error      { return p.sim.React(p.user, p.channel, id, "thumbsup") }

func (p inSlack) lines() []line {
	var all []line
	for _, m := range p.sim.Messages(p.channel) {
		l := line{
			id: m.TS, thread: m.Thread, text: m.Text, gone: m.Deleted, files: len(m.Files),
			ours: m.BotID != "" || m.User == p.sim.BotUser(),
		}
		for _, r := range m.Reactions {
			if slices.Contains(r.Users, p.sim.BotUser()) {
				l.marks++
			}
		}
		all = append(all, l)
	}
	return all
}

type onDiscord struct {
	sim           *discordsim.Sim
	user, channel string
}

func (p onDiscord) name() string { return "discord/club#" + p.channel }

func (p onDiscord) say(d draft) string {
	post := discordsim.Draft{Text: d.text, ReplyTo: d.answers}
	if d.file != nil {
		post.Files = []discordsim.Upload{{Name: fileName, Type: fileType, Data: d.file}}
	}
	return p.sim.Say(p.user, cmp.Or(d.thread, p.channel), post)
}

func (p onDiscord) edit(id, text string) error { return p.sim.Edit(p.user, p.channel, id, text) }
func (p onDiscord) remove(id string) error     { return p.sim.Delete(p.user, p.channel, id) }
func (p onDiscord) react(id string) error      { return p.sim.React(p.user, p.channel, id, "👍") }

func (p onDiscord) lines() []line {
	all := p.in(p.channel)
	for _, t := range p.sim.Threads(p.channel) {
		all = append(all, p.in(t.ID)...)
	}
	return inOrder(all)
}

func (p onDiscord) in(channel string) []line {
	var all []line
	for _, m := range p.sim.Messages(channel) {
		l := line{
			id: m.ID, text: m.Content, gone: m.Deleted, files: len(m.Attachments),
			ours: m.Webhook != "" || m.Author == p.sim.BotUser(),
		}
		if channel != p.channel {
			l.thread = channel
		}
		for _, r := range m.Reactions {
			if slices.Contains(r.Users, p.sim.BotUser()) {
				l.marks++
			}
		}
		all = append(all, l)
	}
	return all
}

type onTelegram struct {
	sim  *telegramsim.Sim
	user int64
	chat int64
}

func (p onTelegram) name() string { return "telegram/bot#" + strconv.FormatInt(p.chat, 10) }

func (p onTelegram) say(d draft) string {
	thread, _ := strconv.Atoi(d.thread) // empty: none
	answers, _ := strconv.Atoi(d.answers)
	post := telegramsim.Draft{Text: d.text, Thread: thread, ReplyTo: answers}
	if d.file != nil {
		post.Files = []telegramsim.Upload{{Name: fileName, Type: fileType, Data: d.file}}
	}
	return strconv.Itoa(p.sim.Say(p.user, p.chat, post))
}

func (p onTelegram) edit(id, text string) error {
	n, err := strconv.Atoi(id)
	if err != nil {
		return err
	}
	return p.sim.Edit(p.user, p.chat, n, text)
}

func (p onTelegram) react(id string) error {
	n, err := strconv.Atoi(id)
	if err != nil {
		return err
	}
	return p.sim.React(p.user, p.chat, n, "👍")
}

func (p onTelegram) lines() []line {
	bot := p.sim.Bot().ID
	var all []line
	for _, m := range p.sim.Messages(p.chat) {
		l := line{
			id: strconv.Itoa(m.ID), text: m.Text + m.Caption, ours: m.From == bot, gone: m.Deleted, files: len(m.Files),
		}
		if m.Thread != 0 {
			l.thread = strconv.Itoa(m.Thread)
		}
		for _, r := range m.Reactions {
			if slices.Contains(r.Users, bot) {
				l.marks++
			}
		}
		all = append(all, l)
	}
	return inOrder(all)
}
