package sandbox

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

// telegramPane shows a simulated Telegram.
type telegramPane struct {
	outage
	sim *telegramsim.Sim
}

// Telegram is the pane of a simulated Telegram: what each person and the bot write to each other, and all groups. A group
// with topics is a desk.
func Telegram(sim *telegramsim.Sim) Pane { return &telegramPane{sim: sim} }

func (t *telegramPane) id() string { return "telegram" }

func (t *telegramPane) changed() []<-chan struct{} {
	return []<-chan struct{}{t.sim.Changed(), t.switched()}
}

func (t *telegramPane) show() paneState {
	out := paneState{
		ID: "telegram", Name: "Telegram", Down: t.is(), Can: []string{doEdit, doDelete, doReply, doPin},
		Deleting: "Telegram tells no bot that a message is gone, so it goes here alone. To take it back everywhere, answer it with /delete instead.",
		Picks:    []string{"👍", "❤", "🔥", "🎉", "😁", "🙏", "👀", "👎"},
	}
	for _, u := range t.people() {
		out.People = append(out.People, person{ID: written(u.ID), Name: fullName(u), Handle: u.Username})
	}
	for _, u := range t.people() {
		out.Places = append(out.Places, place{
			ID: written(u.ID), Name: fullName(u), Kind: direct, With: fullName(t.sim.Bot()), People: []string{written(u.ID)}, Messages: t.messages(u.ID),
		})
	}
	for _, g := range t.sim.Chats() {
		var ids []string
		for _, m := range slices.Concat(g.Admins, g.Members) {
			ids = append(ids, written(m))
		}
		p := place{ID: written(g.ID), Name: g.Title, Kind: channel, People: whole(out.People, ids), Messages: t.messages(g.ID)}
		if g.Forum {
			p.Kind, p.Threads = desk, t.topics(g.ID)
		}
		out.Places = append(out.Places, p)
	}
	return out
}

func written(id int64) string { return strconv.FormatInt(id, 10) }

func fullName(u telegramsim.User) string { return strings.TrimSpace(u.First + " " + u.Last) }

// people are all users who are no bots.
func (t *telegramPane) people() []telegramsim.User {
	return slices.DeleteFunc(slices.Clone(t.sim.Users()), func(u telegramsim.User) bool { return u.Bot })
}

func (t *telegramPane) topics(chat int64) []thread {
	out := []thread{}
	for _, topic := range newest(t.sim.Topics(chat), maxThreads) {
		if !topic.Deleted && topic.ID > 1 {
			out = append(out, thread{ID: strconv.Itoa(topic.ID), Name: topic.Name, Closed: topic.Closed})
		}
	}
	return out
}

// messages are those that people see. An album is one.
func (t *telegramPane) messages(chat int64) []message {
	out := []message{}
	album := ""
	all := t.sim.Messages(chat)
	for _, m := range newest(all, maxMessages) {
		if m.Deleted || strings.HasPrefix(m.Kind, "forum_topic_") || m.Kind == "pinned_message" {
			continue
		}
		one := t.message(chat, m)
		if m.Album != "" && m.Album == album {
			last := &out[len(out)-1]
			last.Files = append(last.Files, one.Files...)
			last.Text += one.Text
			continue
		}
		album = m.Album
		out = append(out, one)
	}
	return out
}

func (t *telegramPane) message(chat int64, m telegramsim.Message) message {
	out := message{
		ID: strconv.Itoa(m.ID), Name: m.FromName, App: m.From == t.sim.Bot().ID, At: m.At, Text: m.Text + m.Caption, Edited: m.Edited, Pinned: m.Pinned,
	}
	if m.Thread > 1 && t.forum(chat) {
		out.Thread = strconv.Itoa(m.Thread)
	}
	if !out.App {
		out.Who = written(m.From)
	}
	if out.Text == "" && m.Kind != "" && len(m.Files) == 0 {
		out.Text = strings.ReplaceAll(m.Kind, "_", " ")
	}
	for _, e := range m.Entities {
		out.Entities = append(out.Entities, entity{Kind: e.Type, Offset: e.Offset, Length: e.Length, URL: e.URL})
	}
	for i, f := range m.Files {
		id := strings.Join([]string{written(chat), out.ID, strconv.Itoa(i)}, ".")
		out.Files = append(out.Files, file{Name: cmp.Or(f.Name, f.Kind), URL: fileURL("telegram", id), Image: isImage(f.Type), Size: f.Size, Spoiler: f.Spoiler})
	}
	out.Reactions, out.Rows = reactionsOf(m), keyboardOf(m)
	if to, ok := t.sim.Message(chat, m.ReplyTo); ok && strconv.Itoa(m.ReplyTo) != out.Thread { // a topic's first message is answered by all
		out.Reply = &quoted{Name: to.FromName, Text: cmp.Or(m.Quote, to.Text+to.Caption, to.Kind)}
	}
	return out
}

func reactionsOf(m telegramsim.Message) []reaction {
	var out []reaction
	for _, r := range m.Reactions {
		one := reaction{Emoji: r.Emoji}
		for _, u := range r.Users {
			one.Users = append(one.Users, written(u))
		}
		out = append(out, one)
	}
	return out
}

func keyboardOf(m telegramsim.Message) [][]button {
	var out [][]button
	for _, row := range m.Buttons {
		var bs []button
		for _, b := range row {
			bs = append(bs, button{ID: b.Data, Label: b.Text})
		}
		out = append(out, bs)
	}
	return out
}

func (t *telegramPane) group(id int64) (telegramsim.Group, bool) {
	for _, g := range t.sim.Chats() {
		if g.ID == id {
			return g, true
		}
	}
	return telegramsim.Group{}, false
}

func (t *telegramPane) forum(chat int64) bool {
	g, ok := t.group(chat)
	return ok && g.Forum
}

func (t *telegramPane) person(id string) string {
	for _, u := range t.people() {
		if written(u.ID) == id {
			return fullName(u)
		}
	}
	return ""
}

func (t *telegramPane) place(c chat.Conversation) string {
	if name := t.person(string(c.ID)); name != "" {
		return name + " on Telegram"
	}
	id, _ := strconv.ParseInt(string(c.ID), 10, 64)
	g, ok := t.group(id)
	switch {
	case !ok:
		return ""
	case c.Thread != "":
		return "a topic of " + g.Title + " on Telegram"
	}
	return g.Title + " on Telegram"
}

func (t *telegramPane) do(a act) (string, error) {
	if a.Do == doJoin {
		return t.join(a.Text)
	}
	user, err := strconv.ParseInt(a.Person, 10, 64)
	if err != nil || t.person(a.Person) == "" {
		return "", errNobody
	}
	chat, err := strconv.ParseInt(a.Place, 10, 64)
	if err != nil {
		return "", errNotThere
	}
	if a.Do == doSay {
		return t.say(user, chat, a)
	}
	id, err := strconv.Atoi(a.Message)
	if err != nil {
		return "", errNotThere
	}
	return "", ofTelegram(t.change(user, chat, id, a))
}

func (t *telegramPane) say(user, chat int64, a act) (string, error) {
	d := telegramsim.Draft{Album: len(a.files) > 1}
	d.Text, d.Entities = typed(a.Text)
	d.Thread, _ = strconv.Atoi(a.Thread)
	d.ReplyTo, _ = strconv.Atoi(a.Message)
	for _, f := range a.files {
		d.Files = append(d.Files, telegramsim.Upload{Name: f.name, Type: f.kind, Data: f.data})
	}
	if id := t.sim.Say(user, chat, d); id != 0 {
		return strconv.Itoa(id), nil
	}
	return "", errRefused
}

// change does something to a message.
func (t *telegramPane) change(user, chat int64, id int, a act) error {
	switch a.Do {
	case doEdit:
		return t.sim.Edit(user, chat, id, a.Text)
	case doDelete:
		// Telegram tells no bot of it; the message is gone for people alone.
		return t.sim.Delete(user, chat, id)
	case doReact:
		return t.sim.React(user, chat, id, a.Emoji)
	case doUnreact:
		return t.sim.Unreact(user, chat, id, a.Emoji)
	case doPin:
		return t.sim.Pin(user, chat, id)
	case doUnpin:
		return t.sim.Unpin(user, chat, id)
	case doPress:
		return t.sim.Press(user, chat, id, a.Button)
	}
	return errCant
}

// ofTelegram is an error of the simulator in the page's words.
func ofTelegram(err error) error {
	switch {
	case err == nil, errors.Is(err, errCant):
		return err
	case errors.Is(err, telegramsim.ErrNotAuthor):
		return errForeign
	case errors.Is(err, telegramsim.ErrNoRight):
		return errRight
	case errors.Is(err, telegramsim.ErrNothingToUndo):
		return errAlready
	}
	return errNotThere
}

// join adds somebody who has begun a chat with the bot, and is in all groups.
func (t *telegramPane) join(words string) (string, error) {
	name, ok := label(words)
	switch {
	case !ok:
		return "", errName
	case len(t.sim.Users()) >= maxPeople:
		return "", errFull
	}
	first, last, _ := strings.Cut(name, " ")
	id := t.sim.AddUser(telegramsim.User{First: first, Last: last})
	t.sim.Private(id)
	for _, g := range t.sim.Chats() {
		_ = t.sim.Join(id, g.ID) // they may be in already
	}
	return written(id), nil
}

func (t *telegramPane) file(id string) (attachment, bool) {
	parts := strings.Split(id, ".")
	const chatMessageIndex = 3
	if len(parts) != chatMessageIndex {
		return attachment{}, false
	}
	chat, err := strconv.ParseInt(parts[0], 10, 64)
	number, merr := strconv.Atoi(parts[1])
	index, ierr := strconv.Atoi(parts[2])
	m, ok := t.sim.Message(chat, number)
	if errors.Join(err, merr, ierr) != nil || !ok || index < 0 || index >= len(m.Files) {
		return attachment{}, false
	}
	f := m.Files[index]
	return attachment{name: f.Name, kind: f.Type, data: f.Data}, true
}

func (t *telegramPane) down(on bool) {
	t.set(on, func() {
		t.sim.Mend()
		if on {
			t.sim.Fail("", telegramsim.Fault{Status: http.StatusServiceUnavailable, HTML: true})
		}
	})
}

func (t *telegramPane) busy() {
	t.sim.Fail("sendMessage", telegramsim.Fault{Times: 1, Status: http.StatusServiceUnavailable, HTML: true})
}

func (t *telegramPane) slow() {
	t.sim.Fail("sendMessage", telegramsim.Fault{Times: 1, Throttle: throttledFor})
}

func (t *telegramPane) cut() { t.sim.DropPolls() }
