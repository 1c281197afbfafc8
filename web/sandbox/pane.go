package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// Pane is one simulated platform, as the people on it see it. The panes are made by X, Slack, Discord and Telegram.
type Pane interface {
	id() string                 // the platform, as in the names of accounts
	changed() []<-chan struct{} // one of them is closed at the next change of anything that show gives
	show() paneState
	person(id string) string          // what a person is called; empty for somebody who is not known
	place(c chat.Conversation) string // what a conversation is called
	do(a act) (id string, err error)
	file(id string) (attachment, bool)
	faulty
}

// faulty is how a platform misbehaves.
type faulty interface {
	down(on bool) // every call is answered 503
	busy()        // the next post is answered 503
	slow()        // the next post is answered 429, come back in five seconds
	cut()         // open connections are cut
}

// paneState is everything that a pane shows.
type paneState struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	People []person `json:"people"`
	Places []place  `json:"places"`
	Forms  []form   `json:"forms,omitempty"` // open ones, the one on top last
	Picks  []string `json:"picks"`           // emoji to choose from, as the platform names them; empty where there are none
	Can    []string `json:"can"`             // of edit, delete, reply, thread, pin
	Types  string   `json:"types,omitempty"` // which files people can send; empty: all

	Deleting string `json:"deleting,omitempty"` // what a person should know before they delete something
	Held     string `json:"held,omitempty"`     // where one sees what the platform has of encrypted messages; empty: there are none

	Down bool `json:"down"`
}

type person struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Handle string `json:"handle,omitempty"`
}

// The kinds of place.
const (
	direct  = "direct"  // one person and the account
	channel = "channel" // everybody talks
	desk    = "desk"    // a thread for each case
)

// The locks of a place.
const (
	locked   = "on"
	unlocked = "off"
)

// place is a conversation on a platform with what was said there, oldest first.
type place struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	With     string    `json:"with,omitempty"`   // direct: the name of the account
	People   []string  `json:"people"`           // who can write here
	Lock     string    `json:"lock,omitempty"`   // whether what people write here is encrypted; empty: it can't be
	Threads  []thread  `json:"threads,omitzero"` // empty, not nil, where each thread has a name
	Messages []message `json:"messages"`
}

// thread is a thread that hangs on no message of its place, or that has a name.
type thread struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Tags   []string `json:"tags,omitempty"`
	Closed bool     `json:"closed,omitempty"`
}

type message struct {
	ID        string          `json:"id"`
	Thread    string          `json:"thread,omitempty"` // empty for what stands in the place itself, also for what a thread hangs on
	Who       string          `json:"who,omitempty"`    // a person; empty when a program wrote it
	Name      string          `json:"name"`
	App       bool            `json:"app,omitempty"`
	At        time.Time       `json:"at"`
	Text      string          `json:"text,omitempty"` // as the platform writes it
	Typed     string          `json:"typed,omitempty"`
	Entities  []entity        `json:"entities,omitempty"` // Telegram: what parts of Text are
	Blocks    json.RawMessage `json:"blocks,omitempty"`   // Slack
	Cards     []card          `json:"cards,omitempty"`    // Discord
	Rows      [][]button      `json:"rows,omitempty"`     // Discord, Telegram
	Files     []file          `json:"files,omitempty"`
	Reactions []reaction      `json:"reactions,omitempty"`
	Reply     *quoted         `json:"reply,omitempty"`
	Edited    bool            `json:"edited,omitempty"`
	Gone      bool            `json:"gone,omitempty"` // shown as deleted
	Pinned    bool            `json:"pinned,omitempty"`
	Sealed    bool            `json:"sealed,omitempty"` // the platform could not read it
	Fixed     bool            `json:"fixed,omitempty"`  // people can do nothing to it
	Only      string          `json:"only,omitempty"`   // the one person who sees it
}

// entity says what a part of a text is, in UTF-16 code units, which are those of JavaScript.
type entity struct {
	Kind   string `json:"kind"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	URL    string `json:"url,omitempty"`
}

type card struct {
	Title  string `json:"title,omitempty"`
	Text   string `json:"text,omitempty"`
	Facts  []fact `json:"facts,omitempty"`
	Footer string `json:"footer,omitempty"`
}

type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type button struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Style string `json:"style,omitempty"` // primary, danger
}

type file struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Image   bool   `json:"image"`
	Size    int    `json:"size"`
	Spoiler bool   `json:"spoiler,omitempty"`
}

type reaction struct {
	Emoji string   `json:"emoji"`
	Users []string `json:"users"`
}

// quoted is the message that another one answers.
type quoted struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// form is a modal that a person has open.
type form struct {
	ID     string            `json:"id"`
	Who    string            `json:"who"`
	Title  string            `json:"title"`
	Blocks json.RawMessage   `json:"blocks,omitempty"` // Slack
	Fields []field           `json:"fields,omitempty"` // Discord
	Errors map[string]string `json:"errors,omitempty"`
}

type field struct {
	ID       string   `json:"id"`
	Label    string   `json:"label"`
	Value    string   `json:"value,omitempty"`
	Long     bool     `json:"long,omitempty"`
	Required bool     `json:"required,omitempty"`
	Choices  []choice `json:"choices,omitempty"`
}

type choice struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

// attachment is a file with its bytes.
type attachment struct {
	name, kind string
	data       []byte
}

// act is something that a person does on a platform.
type act struct {
	Pane    string            `json:"pane"`
	Do      string            `json:"do"` // see the constants below
	Person  string            `json:"person"`
	Place   string            `json:"place,omitempty"`
	Thread  string            `json:"thread,omitempty"`
	Message string            `json:"message,omitempty"`
	Text    string            `json:"text,omitempty"`   // say, edit, join: the name
	Emoji   string            `json:"emoji,omitempty"`  // react, unreact
	Button  string            `json:"button,omitempty"` // press
	Value   string            `json:"value,omitempty"`  // press: what was chosen
	Form    string            `json:"form,omitempty"`   // submit, dismiss
	Values  map[string]string `json:"values,omitempty"` // submit
	files   []attachment      // say
}

// What people do.
const (
	doSay     = "say" // in reply to Message, if there is one
	doEdit    = "edit"
	doDelete  = "delete"
	doReply   = "reply"  // not done by itself: say with a Message
	doThread  = "thread" // not done by itself: say in a Thread that is a message
	doReact   = "react"
	doUnreact = "unreact"
	doPin     = "pin"
	doUnpin   = "unpin"
	doPress   = "press"
	doSubmit  = "submit"
	doDismiss = "dismiss"
	doLock    = "lock"   // from now on, what the person writes in the place is encrypted
	doUnlock  = "unlock" // it is not
	doJoin    = "join"   // somebody new comes to the platform
)

// Why something can't be done. What a pane returns besides is shown as it is.
var (
	errText     = errors.New("a message has 1 to 10,000 characters")
	errEmoji    = errors.New("this is no emoji that the platform knows")
	errNobody   = errors.New("nobody there has this id")
	errNotThere = errors.New("this place, message, button or form is no longer there")
	errForeign  = errors.New("only its author may do this")
	errRight    = errors.New("this person may not do this here")
	errAlready  = errors.New("that is so already")
	errCant     = errors.New("people can't do this here")
	errName     = errors.New("a name has 1 to 40 characters")
	errFull     = errors.New("twenty people are enough")
	errRefused  = errors.New("the platform took no such message")
	errKind     = errors.New("X takes pictures (JPEG, PNG, GIF, WebP) and MP4 videos only")
)

// statusOf is the HTTP status of an act's error.
func statusOf(err error) int {
	switch {
	case errors.Is(err, errNobody), errors.Is(err, errNotThere):
		return http.StatusNotFound
	case errors.Is(err, errForeign), errors.Is(err, errRight):
		return http.StatusForbidden
	case errors.Is(err, errAlready), errors.Is(err, errFull), errors.Is(err, errRefused):
		return http.StatusConflict
	case errors.Is(err, errKind):
		return http.StatusUnsupportedMediaType
	}
	return http.StatusBadRequest
}

// act lets a person do something.
func (p *Page) act(w http.ResponseWriter, r *http.Request) {
	a, ok := readAct(w, r)
	if !ok {
		return
	}
	pane, ok := p.pane(a.Pane)
	if !ok {
		fail(w, http.StatusNotFound, "there is no such platform")
		return
	}
	if (a.Do == doSay || a.Do == doEdit) && !sayable(a) {
		fail(w, http.StatusBadRequest, errText.Error())
		return
	}
	id, err := pane.do(a)
	if err != nil {
		fail(w, statusOf(err), err.Error())
		return
	}
	answer(w, http.StatusOK, map[string]string{"id": id})
}

func (p *Page) pane(id string) (Pane, bool) {
	for _, one := range p.panes {
		if one.id() == id {
			return one, true
		}
	}
	return nil, false
}

// label is a name that a person gave, on one line; false when it is none.
func label(s string) (string, bool) {
	name := strings.Join(strings.Fields(s), " ")
	return name, name != "" && len([]rune(name)) <= maxName && !strings.ContainsFunc(name, isControl)
}

// whole lists people by the ids that are among them.
func whole(people []person, ids []string) []string {
	out := []string{}
	for _, p := range people {
		for _, id := range ids {
			if p.ID == id {
				out = append(out, id)
			}
		}
	}
	return out
}

func newest[T any](all []T, most int) []T { return all[max(0, len(all)-most):] }
