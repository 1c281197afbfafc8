package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

const (
	maxDMs      = 300 // of one person
	maxMessages = 600 // of the channel, threads included
	maxPrivate  = 30  // of one member
)

// state is everything that the page shows.
type state struct {
	Seq      string               `json:"seq"` // of the trips in it
	Brand    person               `json:"brand"`
	People   []person             `json:"people"`
	DMs      map[string][]dm      `json:"dms"` // by person, oldest first
	Channel  string               `json:"channel"`
	Place    string               `json:"channel_id"`
	Members  []person             `json:"members"`
	Messages []message            `json:"messages"` // oldest first
	Private  map[string][]message `json:"private"`  // by member: what only they see
	Views    []view               `json:"views"`    // the one on top last
	Faults   map[string]bool      `json:"faults"`   // those that last
	Trips    []tripJSON           `json:"trips"`
}

type person struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Handle string `json:"handle,omitempty"`
}

type dm struct {
	ID    string    `json:"id"`
	Brand bool      `json:"brand"` // the brand wrote it
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
	Files []file    `json:"files,omitempty"`
}

type file struct {
	Name  string `json:"name"`
	URL   string `json:"url"`
	Image bool   `json:"image"`
	Size  int    `json:"size"`
}

type message struct {
	TS        string          `json:"ts"`
	Thread    string          `json:"thread,omitempty"`
	User      string          `json:"user,omitempty"` // a member's id
	Name      string          `json:"name"`
	App       bool            `json:"app"`
	Gone      bool            `json:"gone,omitempty"`
	Text      string          `json:"text"` // mrkdwn
	Typed     string          `json:"typed,omitempty"`
	Blocks    json.RawMessage `json:"blocks,omitempty"`
	Files     []file          `json:"files,omitempty"`
	Reactions []reaction      `json:"reactions,omitempty"`
	Edited    bool            `json:"edited,omitempty"`
}

type reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
}

type view struct {
	ID     string            `json:"id"`
	User   string            `json:"user"`
	Title  string            `json:"title"`
	Blocks json.RawMessage   `json:"blocks"`
	Errors map[string]string `json:"errors,omitempty"`
}

// state answers what the page shows now.
func (p *Page) state(w http.ResponseWriter, r *http.Request) {
	p.learn(r.Context())
	answer(w, http.StatusOK, p.snapshot())
}

func (p *Page) snapshot() state {
	changed, _ := p.trips.since(0)
	slices.SortFunc(changed, func(a, b trip) int { return cmp.Compare(b.id, a.id) })
	s := state{
		Channel: p.channelName(), Place: p.cfg.Channel, DMs: map[string][]dm{}, Private: map[string][]message{}, Faults: p.faults.lasting(),
		Members: []person{}, People: []person{}, Messages: []message{}, Views: []view{}, Trips: []tripJSON{},
	}
	var last int64
	for _, tr := range changed {
		last = max(last, tr.seq)
		s.Trips = append(s.Trips, p.shown(tr))
	}
	s.Seq = p.trips.mark(last)
	p.xState(&s)
	p.slackState(&s)
	return s
}

func (p *Page) xState(s *state) {
	for _, u := range p.cfg.X.Users() {
		one := person{ID: u.ID, Name: u.Name, Handle: u.Username}
		if u.ID == p.cfg.Brand {
			s.Brand = one
			continue
		}
		s.People = append(s.People, one)
		talk := []dm{}
		for _, d := range newest(p.cfg.X.Conversation(u.ID, p.cfg.Brand), maxDMs) {
			if d.Kind == "MessageCreate" {
				talk = append(talk, p.dm(d))
			}
		}
		s.DMs[u.ID] = talk
	}
}

func (p *Page) dm(d xsim.DM) dm {
	out := dm{ID: d.ID, Brand: d.Sender == p.cfg.Brand, Text: d.Text, At: d.CreatedAt}
	for i, m := range d.Media {
		out.Files = append(out.Files, file{
			Name: cmp.Or(m.Name, "no name"), URL: xFileURL(d.ID, i), Image: isImage(m.Type), Size: len(m.Data),
		})
	}
	return out
}

func (p *Page) slackState(s *state) {
	for _, id := range p.channel().Members {
		if id != p.cfg.Slack.BotUser() {
			s.Members = append(s.Members, person{ID: id, Name: p.names.of(id)})
			s.Private[id] = p.messages(newest(p.cfg.Slack.Ephemerals(id), maxPrivate))
		}
	}
	s.Messages = p.messages(newest(p.cfg.Slack.Messages(p.cfg.Channel), maxMessages))
	for _, v := range p.cfg.Slack.Views() {
		if v.Type == "modal" {
			s.Views = append(s.Views, view{ID: v.ID, User: v.User, Title: v.Title, Blocks: v.Blocks, Errors: v.Errors})
		}
	}
}

// messages are those that a person sees: not the deleted, and not what Slack says about who came and went.
func (p *Page) messages(all []slacksim.Message) []message {
	out := []message{}
	for _, m := range all {
		tombstone := m.Subtype == "tombstone"
		if m.Channel != p.cfg.Channel || m.Deleted && !tombstone || strings.HasPrefix(m.Subtype, "channel_") {
			continue
		}
		out = append(out, p.message(m, tombstone))
	}
	return out
}

func (p *Page) message(m slacksim.Message, gone bool) message {
	out := message{
		TS: m.TS, Thread: m.Thread, App: m.BotID != "", Gone: gone, Text: m.Text, Typed: m.Typed, Blocks: m.Blocks, Edited: m.Edited,
		Name: m.Username,
	}
	if !out.App {
		out.User = m.User
	}
	if out.Name == "" {
		out.Name = p.names.of(m.User)
	}
	if out.App && m.Username == "" {
		out.Name = "Roost"
	}
	for _, f := range m.Files {
		out.Files = append(out.Files, file{Name: f.Name, URL: slackFileURL(f.ID), Image: isImage(f.Type), Size: f.Size})
	}
	for _, r := range m.Reactions {
		out.Reactions = append(out.Reactions, reaction{Name: r.Name, Users: r.Users})
	}
	return out
}

func newest[T any](all []T, most int) []T { return all[max(0, len(all)-most):] }
