package town

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// Line is a message as a reader sees it.
type Line struct {
	ID     string
	Thread string
	Text   string
	Ours   bool // Roost wrote it
	Gone   bool
	Marks  int // emoji that Roost put on it
	Files  int
}

// Token is the word by which a message is known: its last one. Names and quotes stand before it.
func (l Line) Token() string {
	words := strings.Fields(l.Text)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// Spot is a conversation with all its threads, and one person in it.
type Spot interface {
	Name() string // as deliveries name it
	Say(d Draft) (id string)
	Lines() []Line // in the order in which they came
}

// Changer is a place in which people can change what they said, and Roost too.
type Changer interface {
	Edit(id, text string) error
	React(id string) error
}

// Remover is a Changer in which people can also delete so that bots hear of it.
type Remover interface{ Remove(id string) error }

// Draft is what a person says.
type Draft struct {
	Text    string
	Thread  string
	Answers string // the id of a message of the same person
	File    []byte
}

const fileName, fileType = "note.png", "image/png"

// inOrder sorts by ids that are numbers of growing length.
func inOrder(all []Line) []Line {
	slices.SortStableFunc(all, func(a, b Line) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// OnX is a direct conversation with the account on X, or a group.
type OnX struct {
	Sim         *xsim.Sim
	User, Brand string
	Group       string // empty: the two talk directly
}

// Name is how routes and deliveries name it.
func (p OnX) Name() string {
	if p.Group != "" {
		return "x/acme#" + p.Group
	}
	return "x/acme#" + p.User
}

// Say says something as the person.
func (p OnX) Say(d Draft) string {
	if p.Group != "" {
		return p.Sim.SayGroup(p.Group, p.User, xsim.Draft{Text: d.Text})
	}
	return p.Sim.Say(p.User, p.Brand, xsim.Draft{Text: d.Text})
}

// Lines are all messages, oldest first.
func (p OnX) Lines() []Line {
	said := p.Sim.Conversation(p.User, p.Brand)
	if p.Group != "" {
		said = p.Sim.Group(p.Group)
	}
	var all []Line
	for _, m := range said {
		all = append(all, Line{ID: m.ID, Text: m.Text, Ours: m.API, Files: len(m.Media)})
	}
	return all
}

// InChat is an encrypted direct conversation with the account on X, or such a group, as a person's telephone shows it. Of two
// people it is one conversation with what they say to each other OnX.
type InChat struct {
	Sim   *xsim.Sim
	Phone *xsim.Phone
	Brand string
	Group string // empty: the two talk directly
}

// with is how the telephone names it.
func (p InChat) with() string { return cmp.Or(p.Group, p.Brand) }

// Name is how routes and deliveries name it.
func (p InChat) Name() string { return "x/acme#" + cmp.Or(p.Group, p.Phone.User()) }

// Say says something as the person. The id is empty when X did not take it.
func (p InChat) Say(d Draft) string {
	var said xsim.Said
	var err error
	switch {
	case d.Answers != "":
		said, err = p.Phone.Reply(p.with(), wire.ParseSequence(d.Answers), d.Text)
	case d.File != nil:
		said, err = p.Phone.SayWith(p.with(), d.Text, xsim.File{Name: fileName, Type: fileType, Data: d.File})
	default:
		said, err = p.Phone.Say(p.with(), d.Text)
	}
	if err != nil {
		return ""
	}
	return said.Sequence.String()
}

// Edit changes what the person said.
func (p InChat) Edit(id, text string) error {
	_, err := p.Phone.Edit(p.with(), wire.ParseSequence(id), text)
	return err
}

// Remove deletes what the person said, for everybody.
func (p InChat) Remove(id string) error {
	return p.Phone.Delete(p.with(), true, wire.ParseSequence(id))
}

// React puts a thumb up on a message as the person.
func (p InChat) React(id string) error {
	_, err := p.Phone.React(p.with(), wire.ParseSequence(id), "👍")
	return err
}

// Lines are all messages, encrypted and not, oldest first.
func (p InChat) Lines() []Line {
	var all []Line
	if p.Group == "" {
		all = OnX{Sim: p.Sim, User: p.Phone.User(), Brand: p.Brand}.Lines()
	}
	for _, m := range p.Phone.Talk(p.with()) {
		l := Line{ID: m.Sequence.String(), Text: m.Text, Ours: m.Sender == p.Brand, Gone: m.Deleted, Files: len(m.Files)}
		for _, users := range m.Reactions {
			if slices.Contains(users, p.Brand) {
				l.Marks++
			}
		}
		all = append(all, l)
	}
	return inOrder(all)
}

// InSlack is a channel in Slack.
type InSlack struct {
	Sim           *slacksim.Sim
	User, Channel string
}

// Name is how routes and deliveries name it.
func (p InSlack) Name() string { return "slack/team#" + p.Channel }

// Say says something as the person.
func (p InSlack) Say(d Draft) string {
	post := slacksim.Draft{Text: d.Text, Thread: cmp.Or(d.Thread, d.Answers)}
	if d.File != nil {
		post.Files = []slacksim.Upload{{Name: fileName, Type: fileType, Data: d.File}}
	}
	return p.Sim.Say(p.User, p.Channel, post)
}

// Edit changes what the person said.
func (p InSlack) Edit(id, text string) error { return p.Sim.Edit(p.User, p.Channel, id, text) }

// Remove deletes what the person said.
func (p InSlack) Remove(id string) error { return p.Sim.Delete(p.User, p.Channel, id) }

// React puts a thumb up on a message as the person.
func (p InSlack) React(id string) error { return p.Sim.React(p.User, p.Channel, id, "thumbsup") }

// Lines are all messages, oldest first.
func (p InSlack) Lines() []Line {
	var all []Line
	for _, m := range p.Sim.Messages(p.Channel) {
		l := Line{
			ID: m.TS, Thread: m.Thread, Text: m.Text, Gone: m.Deleted, Files: len(m.Files),
			Ours: m.BotID != "" || m.User == p.Sim.BotUser(),
		}
		for _, r := range m.Reactions {
			if slices.Contains(r.Users, p.Sim.BotUser()) {
				l.Marks++
			}
		}
		all = append(all, l)
	}
	return all
}

// OnDiscord is a channel, a forum or a direct conversation on Discord.
type OnDiscord struct {
	Sim           *discordsim.Sim
	User, Channel string
}

// Name is how routes and deliveries name it.
func (p OnDiscord) Name() string { return "discord/club#" + p.Channel }

// Say says something as the person.
func (p OnDiscord) Say(d Draft) string {
	post := discordsim.Draft{Text: d.Text, ReplyTo: d.Answers}
	if d.File != nil {
		post.Files = []discordsim.Upload{{Name: fileName, Type: fileType, Data: d.File}}
	}
	return p.Sim.Say(p.User, cmp.Or(d.Thread, p.Channel), post)
}

// Edit changes what the person said.
func (p OnDiscord) Edit(id, text string) error { return p.Sim.Edit(p.User, p.Channel, id, text) }

// Remove deletes what the person said.
func (p OnDiscord) Remove(id string) error { return p.Sim.Delete(p.User, p.Channel, id) }

// React puts a thumb up on a message as the person.
func (p OnDiscord) React(id string) error { return p.Sim.React(p.User, p.Channel, id, "👍") }

// Lines are all messages, oldest first.
func (p OnDiscord) Lines() []Line {
	all := p.in(p.Channel)
	for _, t := range p.Sim.Threads(p.Channel) {
		all = append(all, p.in(t.ID)...)
	}
	return inOrder(all)
}

func (p OnDiscord) in(channel string) []Line {
	var all []Line
	const said, replied = 0, 19 // the others are Discord's own notices, such as that a thread was begun
	for _, m := range p.Sim.Messages(channel) {
		if m.Kind != said && m.Kind != replied {
			continue
		}
		l := Line{
			ID: m.ID, Text: m.Content, Gone: m.Deleted, Files: len(m.Attachments),
			Ours: m.Webhook != "" || m.Author == p.Sim.BotUser(),
		}
		if channel != p.Channel {
			l.Thread = channel
		}
		for _, r := range m.Reactions {
			if slices.Contains(r.Users, p.Sim.BotUser()) {
				l.Marks++
			}
		}
		all = append(all, l)
	}
	return all
}

// OnTelegram is a group or a private chat on Telegram.
type OnTelegram struct {
	Sim  *telegramsim.Sim
	User int64
	Chat int64
}

// Name is how routes and deliveries name it.
func (p OnTelegram) Name() string { return "telegram/bot#" + strconv.FormatInt(p.Chat, 10) }

// Say says something as the person.
func (p OnTelegram) Say(d Draft) string {
	thread, _ := strconv.Atoi(d.Thread) // empty: none
	answers, _ := strconv.Atoi(d.Answers)
	post := telegramsim.Draft{Text: d.Text, Thread: thread, ReplyTo: answers}
	if d.File != nil {
		post.Files = []telegramsim.Upload{{Name: fileName, Type: fileType, Data: d.File}}
	}
	return strconv.Itoa(p.Sim.Say(p.User, p.Chat, post))
}

// Edit changes what the person said.
func (p OnTelegram) Edit(id, text string) error {
	n, err := strconv.Atoi(id)
	if err != nil {
		return err
	}
	return p.Sim.Edit(p.User, p.Chat, n, text)
}

// React puts a thumb up on a message as the person.
func (p OnTelegram) React(id string) error {
	n, err := strconv.Atoi(id)
	if err != nil {
		return err
	}
	return p.Sim.React(p.User, p.Chat, n, "👍")
}

// Lines are all messages, oldest first.
func (p OnTelegram) Lines() []Line {
	bot := p.Sim.Bot().ID
	var all []Line
	for _, m := range p.Sim.Messages(p.Chat) {
		l := Line{
			ID: strconv.Itoa(m.ID), Text: m.Text + m.Caption, Ours: m.From == bot, Gone: m.Deleted, Files: len(m.Files),
		}
		if m.Thread != 0 {
			l.Thread = strconv.Itoa(m.Thread)
		}
		for _, r := range m.Reactions {
			if slices.Contains(r.Users, bot) {
				l.Marks++
			}
		}
		all = append(all, l)
	}
	return inOrder(all)
}
