package sandbox

import (
	"errors"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

const (
	maxPeople = 20
	maxName   = 40     // characters of a person's name
	maxText   = 10_000 // characters of a message
)

// xSay lets a person on X write to the brand.
func (p *Page) xSay(w http.ResponseWriter, r *http.Request) {
	in, ok := readDraft(w, r)
	if !ok {
		return
	}
	if _, known := p.xUser(in.Person); !known || in.Person == p.cfg.Brand {
		fail(w, http.StatusNotFound, "nobody on X has this id")
		return
	}
	d := xsim.Draft{Text: in.Text}
	for _, f := range in.files {
		if !isImage(f.kind) && f.kind != "video/mp4" {
			fail(w, http.StatusUnsupportedMediaType, "X takes pictures (JPEG, PNG, GIF, WebP) and MP4 videos only")
			return
		}
		d.Media = append(d.Media, xsim.File{Name: f.name, Type: f.kind, Data: f.data})
	}
	answer(w, http.StatusCreated, map[string]string{"id": p.cfg.X.Say(in.Person, p.cfg.Brand, d)})
}

// xPerson adds somebody to X.
func (p *Page) xPerson(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name string `json:"name"`
	}
	if !read(w, r, &in) {
		return
	}
	name := strings.Join(strings.Fields(in.Name), " ")
	switch {
	case name == "" || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl):
		fail(w, http.StatusBadRequest, "a name has 1 to 40 characters")
		return
	case len(p.cfg.X.Users()) >= maxPeople:
		fail(w, http.StatusConflict, "twenty people are enough")
		return
	}
	u := p.cfg.X.AddUser(xsim.User{Name: name, Username: p.handle(name)})
	answer(w, http.StatusCreated, person{ID: u.ID, Name: u.Name, Handle: u.Username})
}

// handle makes a username that nobody has; empty when name gives none, and the simulator makes one up.
func (p *Page) handle(name string) string {
	handle := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	handle = handle[:min(15, len(handle))]
	for _, u := range p.cfg.X.Users() {
		if strings.EqualFold(u.Username, handle) {
			return ""
		}
	}
	return handle
}

// slackSay lets a member write into a thread, or into the channel when no thread is named.
func (p *Page) slackSay(w http.ResponseWriter, r *http.Request) {
	in, ok := readDraft(w, r)
	if !ok || !p.mustMember(w, in.Person) {
		return
	}
	d := slacksim.Draft{Text: in.Text, Thread: in.Thread}
	if in.Thread != "" {
		if m, known := p.cfg.Slack.Message(p.cfg.Channel, in.Thread); !known || m.Deleted && m.Subtype != "tombstone" {
			fail(w, http.StatusNotFound, "this thread is not there")
			return
		}
	}
	for _, f := range in.files {
		d.Files = append(d.Files, slacksim.Upload{Name: f.name, Type: f.kind, Data: f.data})
	}
	ts := p.cfg.Slack.Say(in.Person, p.cfg.Channel, d) //nolint:contextcheck // who plays a person waits for nothing
	if ts == "" {
		fail(w, http.StatusConflict, "the channel takes no messages")
		return
	}
	answer(w, http.StatusCreated, map[string]string{"ts": ts})
}

// act is what a member does to a message.
type act struct {
	Person string `json:"person"`
	TS     string `json:"ts"`
	Text   string `json:"text,omitempty"`
	Name   string `json:"name,omitempty"`   // of an emoji
	Remove bool   `json:"remove,omitempty"` // take the emoji back
	Action string `json:"action,omitempty"` // action_id of a control
	Value  string `json:"value,omitempty"`  // chosen in it; empty for a button
}

func (p *Page) slackEdit(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, func(in act) error {
		if strings.TrimSpace(in.Text) == "" || utf8.RuneCountInString(in.Text) > maxText {
			return errText
		}
		return p.cfg.Slack.Edit(in.Person, p.cfg.Channel, in.TS, in.Text)
	})
}

func (p *Page) slackDelete(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, func(in act) error { return p.cfg.Slack.Delete(in.Person, p.cfg.Channel, in.TS) })
}

func (p *Page) slackReact(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, func(in act) error { //nolint:contextcheck // who plays a person waits for nothing
		if !emojiName(in.Name) {
			return errEmoji
		}
		if in.Remove {
			return p.cfg.Slack.Unreact(in.Person, p.cfg.Channel, in.TS, in.Name)
		}
		return p.cfg.Slack.React(in.Person, p.cfg.Channel, in.TS, in.Name)
	})
}

func (p *Page) slackPress(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, func(in act) error { //nolint:contextcheck // who plays a person waits for nothing
		return p.cfg.Slack.Press(in.Person, p.cfg.Channel, in.TS, in.Action, in.Value)
	})
}

// act reads what a member does, does it and answers.
func (p *Page) act(w http.ResponseWriter, r *http.Request, do func(act) error) {
	var in act
	if !read(w, r, &in) || !p.mustMember(w, in.Person) {
		return
	}
	settled(w, do(in))
}

func (p *Page) slackSubmit(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Person string            `json:"person"`
		View   string            `json:"view"`
		Values map[string]string `json:"values"`
	}
	if read(w, r, &in) && p.mustMember(w, in.Person) {
		settled(w, p.cfg.Slack.SubmitView(in.Person, in.View, in.Values)) //nolint:contextcheck // who plays a person waits for nothing
	}
}

func (p *Page) slackDismiss(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Person string `json:"person"`
		View   string `json:"view"`
	}
	if read(w, r, &in) && p.mustMember(w, in.Person) {
		settled(w, p.cfg.Slack.CloseView(in.Person, in.View)) //nolint:contextcheck // who plays a person waits for nothing
	}
}

func (p *Page) mustMember(w http.ResponseWriter, id string) bool {
	if !p.member(id) {
		fail(w, http.StatusNotFound, "nobody in the channel has this id")
		return false
	}
	return true
}

var (
	errText  = errors.New("a message has 1 to 10,000 characters")
	errEmoji = errors.New("an emoji is named by letters, digits, _, - and +")
)

// settled answers how an act ended.
func settled(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, errText), errors.Is(err, errEmoji):
		fail(w, http.StatusBadRequest, err.Error())
	case errors.Is(err, slacksim.ErrNotAuthor):
		fail(w, http.StatusForbidden, "only its author may change a message")
	case errors.Is(err, slacksim.ErrReacted), errors.Is(err, slacksim.ErrNothingToUndo):
		fail(w, http.StatusConflict, "that is so already")
	default:
		fail(w, http.StatusNotFound, "this message, button or form is no longer there")
	}
}

func emojiName(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsFunc(s, func(r rune) bool {
		return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-+:", r)
	})
}
