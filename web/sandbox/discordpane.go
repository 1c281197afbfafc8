package sandbox

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
)

// discordPane shows a simulated Discord server.
type discordPane struct {
	outage
	sim *discordsim.Sim

	mu     sync.Mutex
	closed map[string]bool // modals that their person has closed: Discord tells nobody
	news   chan struct{}   // closed at the next of them
}

// Discord is the pane of a simulated Discord: what each person and the bot write to each other, and the channels of its
// servers. A forum is a desk.
func Discord(sim *discordsim.Sim) Pane {
	return &discordPane{sim: sim, closed: map[string]bool{}, news: make(chan struct{})}
}

func (d *discordPane) id() string { return "discord" }

func (d *discordPane) changed() []<-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return []<-chan struct{}{d.sim.Changed(), d.switched(), d.news}
}

func (d *discordPane) show() paneState {
	out := paneState{
		ID: "discord", Name: "Discord", Down: d.is(), Can: []string{doEdit, doDelete, doReply, doThread, doPin},
		Picks: []string{"👍", "✅", "👀", "🎉", "❤️", "😂", "🙏", "❌"},
	}
	people := d.people()
	for _, u := range people {
		out.People = append(out.People, person{ID: u.ID, Name: shownName(u), Handle: u.Name})
		p := place{ID: d.sim.DM(u.ID), Name: shownName(u), Kind: direct, With: d.name(d.sim.BotUser()), People: []string{u.ID}}
		p.Messages = d.messages(p.ID, "")
		out.Places = append(out.Places, p)
		out.Forms = append(out.Forms, d.forms(u.ID)...)
	}
	for _, c := range d.sim.Channels() {
		if p, ok := d.channel(c, out.People); ok {
			out.Places = append(out.Places, p)
		}
	}
	return out
}

// people are all users who are no bots.
func (d *discordPane) people() []discordsim.User {
	return slices.DeleteFunc(slices.Clone(d.sim.Users()), func(u discordsim.User) bool { return u.Bot })
}

func shownName(u discordsim.User) string { return cmp.Or(u.GlobalName, u.Name) }

// channel is a channel of a server with all its threads; false for what is none, or is not shown.
func (d *discordPane) channel(c discordsim.Channel, all []person) (place, bool) {
	p := place{ID: c.ID, Name: "#" + c.Name, Kind: channel, People: []string{}}
	switch c.Type { //nolint:exhaustive // the others hold no messages, or are no places of a server
	case discordsim.ChannelText, discordsim.ChannelAnnouncement:
	case discordsim.ChannelForum, discordsim.ChannelMedia:
		p.Kind, p.Threads = desk, []thread{}
	default:
		return p, false
	}
	for _, one := range all {
		if !c.Private || slices.Contains(c.Members, one.ID) {
			p.People = append(p.People, one.ID)
		}
	}
	p.Messages = d.messages(c.ID, "")
	for _, t := range newest(d.sim.Threads(c.ID), maxThreads) {
		if _, hangs := d.sim.Message(c.ID, t.ID); !hangs || p.Kind == desk {
			p.Threads = append(p.Threads, thread{ID: t.ID, Name: t.Name, Tags: tagsOf(c, t), Closed: t.Archived || t.Locked})
		}
		p.Messages = append(p.Messages, d.messages(t.ID, t.ID)...)
	}
	return p, true
}

// tagsOf are the names of the tags of a forum's post.
func tagsOf(forum, post discordsim.Channel) []string {
	var names []string
	for i, id := range forum.TagIDs {
		if slices.Contains(post.Applied, id) && i < len(forum.Tags) {
			names = append(names, forum.Tags[i])
		}
	}
	return names
}

// messages are those of one channel that people see, as parts of a thread or of none.
func (d *discordPane) messages(channel, thread string) []message {
	const plain, reply, command = 0, 19, 20 // the types of what somebody wrote
	out := []message{}
	for _, m := range newest(d.sim.Messages(channel), maxMessages) {
		if !m.Deleted && (m.Kind == plain || m.Kind == reply || m.Kind == command) {
			out = append(out, d.message(m, thread))
		}
	}
	return out
}

func (d *discordPane) message(m discordsim.Message, thread string) message {
	out := message{
		ID: m.ID, Thread: thread, Name: m.AuthorName, App: m.Webhook != "" || m.Author == d.sim.BotUser(), At: m.At, Text: m.Content,
		Edited: m.Edited, Pinned: m.Pinned, Only: m.Only, Cards: cardsOf(m.Embeds), Rows: rowsOf(m.Components),
	}
	if !out.App {
		out.Who = m.Author
	}
	for _, a := range m.Attachments {
		out.Files = append(out.Files, file{
			Name: a.Name, URL: fileURL("discord", m.Channel+"."+m.ID+"."+a.ID), Image: isImage(a.Type), Size: a.Size, Spoiler: a.Spoiler,
		})
	}
	for _, r := range m.Reactions {
		out.Reactions = append(out.Reactions, reaction{Emoji: r.Emoji, Users: r.Users})
	}
	if m.ReplyTo != "" {
		out.Reply = &quoted{Text: "a message that is gone"}
		if to, ok := d.sim.Message(m.Channel, m.ReplyTo); ok && !to.Deleted {
			out.Reply = &quoted{Name: to.AuthorName, Text: cmp.Or(to.Content, "a file")}
		}
	}
	return out
}

// forms are the open modals of a person: https://docs.discord.com/developers/components/reference#text-input
func (d *discordPane) forms(user string) []form {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []form
	for _, m := range d.sim.Modals(user) {
		if !d.closed[m.ID] {
			out = append(out, form{ID: m.ID, Who: user, Title: m.Title, Fields: fieldsOf(m.Components)})
		}
	}
	return out
}

// dismiss closes a modal. It lives in its person's window alone.
func (d *discordPane) dismiss(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed[id] = true
	close(d.news)
	d.news = make(chan struct{})
}

func (d *discordPane) name(user string) string {
	for _, u := range d.sim.Users() {
		if u.ID == user {
			return shownName(u)
		}
	}
	return "Roost"
}

func (d *discordPane) person(id string) string {
	for _, u := range d.people() {
		if u.ID == id {
			return shownName(u)
		}
	}
	return ""
}

func (d *discordPane) place(c chat.Conversation) string {
	for _, one := range d.sim.Channels() {
		if one.ID != string(c.ID) {
			continue
		}
		switch {
		case one.Type == discordsim.ChannelDM:
			for _, u := range d.people() {
				if slices.Contains(one.Members, u.ID) {
					return shownName(u) + " on Discord"
				}
			}
		case c.Thread != "":
			return "a thread in Discord #" + one.Name
		default:
			return "Discord #" + one.Name
		}
	}
	return ""
}

func (d *discordPane) do(a act) (string, error) {
	if a.Do == doJoin {
		return d.join(a.Text)
	}
	if d.person(a.Person) == "" {
		return "", errNobody
	}
	switch a.Do {
	case doSay:
		return d.say(a)
	case doSubmit:
		return "", ofDiscord(d.sim.SubmitModal(a.Person, a.Form, a.Values))
	case doDismiss:
		d.dismiss(a.Form)
		return "", nil
	}
	return "", ofDiscord(d.change(a, cmp.Or(a.Thread, a.Place)))
}

// say writes into a channel or thread. A thread that is a message without one is started.
func (d *discordPane) say(a act) (string, error) {
	draft := discordsim.Draft{Text: a.Text, ReplyTo: a.Message}
	for _, f := range a.files {
		draft.Files = append(draft.Files, discordsim.Upload{Name: f.name, Type: f.kind, Data: f.data})
	}
	in := a.Place
	if a.Thread != "" {
		in = a.Thread
		if m, ok := d.sim.Message(a.Place, a.Thread); ok && m.Thread == "" {
			const nameMax = 50
			name := []rune(cmp.Or(strings.TrimSpace(m.Content), "Thread"))
			in = d.sim.StartThread(a.Person, a.Place, a.Thread, string(name[:min(nameMax, len(name))]))
		}
	}
	if id := d.sim.Say(a.Person, in, draft); id != "" {
		return id, nil
	}
	return "", errRefused
}

// change does something to a message. One that a thread hangs on is not in the thread, though it is shown there.
func (d *discordPane) change(a act, in string) error {
	if a.Message == a.Thread {
		if _, ok := d.sim.Message(a.Place, a.Message); ok {
			in = a.Place
		}
	}
	switch a.Do {
	case doEdit:
		return d.sim.Edit(a.Person, in, a.Message, a.Text)
	case doDelete:
		return d.sim.Delete(a.Person, in, a.Message)
	case doReact:
		return d.sim.React(a.Person, in, a.Message, a.Emoji)
	case doUnreact:
		return d.sim.Unreact(a.Person, in, a.Message, a.Emoji)
	case doPin:
		return d.sim.Pin(a.Person, in, a.Message)
	case doUnpin:
		return d.sim.Unpin(a.Person, in, a.Message)
	case doPress:
		return d.sim.Press(a.Person, in, a.Message, a.Button)
	}
	return errCant
}

// ofDiscord is an error of the simulator in the page's words.
func ofDiscord(err error) error {
	switch {
	case err == nil, errors.Is(err, errCant):
		return err
	case errors.Is(err, discordsim.ErrNotAuthor), errors.Is(err, discordsim.ErrLocked):
		return errForeign
	case errors.Is(err, discordsim.ErrReacted), errors.Is(err, discordsim.ErrNothingToUndo):
		return errAlready
	}
	return errNotThere
}

// join adds somebody to all servers.
func (d *discordPane) join(words string) (string, error) {
	name, ok := label(words)
	switch {
	case !ok:
		return "", errName
	case len(d.sim.Users()) >= maxPeople:
		return "", errFull
	}
	return d.sim.AddUser(discordsim.User{Name: strings.ToLower(strings.ReplaceAll(name, " ", ".")), GlobalName: name}), nil
}

func (d *discordPane) file(id string) (attachment, bool) {
	parts := strings.Split(id, ".")
	const channelMessageFile = 3
	if len(parts) != channelMessageFile {
		return attachment{}, false
	}
	m, ok := d.sim.Message(parts[0], parts[1])
	if !ok {
		return attachment{}, false
	}
	for _, a := range m.Attachments {
		if a.ID == parts[2] {
			return attachment{name: a.Name, kind: a.Type, data: a.Data}, true
		}
	}
	return attachment{}, false
}

func (d *discordPane) down(on bool) {
	d.set(on, func() {
		d.sim.Mend()
		if on {
			d.sim.Fail("", discordsim.Fault{Status: http.StatusServiceUnavailable})
		}
	})
}

func (d *discordPane) busy() {
	d.fail(discordsim.Fault{Times: 1, Status: http.StatusServiceUnavailable})
}

func (d *discordPane) slow() { d.fail(discordsim.Fault{Times: 1, Throttle: throttledFor}) }

// fail lets the next message of the bot misbehave, and the next one of a webhook.
func (d *discordPane) fail(f discordsim.Fault) {
	d.sim.Fail("POST /channels/{}/messages", f)
	d.sim.Fail("POST /webhooks/{}/{}", f)
}

func (d *discordPane) cut() { d.sim.DropSockets() }
