package configs

import (
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

// The file as it is written. The schema for editors, roost.schema.json, has the same keys; a test compares them.
type (
	rawFile struct {
		Accounts  map[string]at[strict.Value] `yaml:"accounts"`
		Routes    map[string]at[rawRoute]     `yaml:"routes"`
		Bots      map[string]at[rawBot]       `yaml:"bots"`
		Roles     map[string][]at[who]        `yaml:"roles"`
		Operators *at[place]                  `yaml:"operators"`
		Delivery  rawDelivery                 `yaml:"delivery"`
		Store     rawStore                    `yaml:"store"`
		Web       rawWeb                      `yaml:"web"`
		Files     rawFiles                    `yaml:"files"`
		Log       rawLog                      `yaml:"log"`
	}
	rawDelivery struct {
		Tries   tries `yaml:"tries"`
		Longest pause `yaml:"longest"`
	}
	rawStore struct {
		Path    path    `yaml:"path"`
		KeyFile path    `yaml:"key_file"`
		Keep    rawKeep `yaml:"keep"`
	}
	rawKeep struct {
		Deliveries at[time.Duration] `yaml:"deliveries"`
		Events     at[time.Duration] `yaml:"events"`
		Copies     at[time.Duration] `yaml:"copies"`
		Cases      at[time.Duration] `yaml:"cases"`
	}
	rawWeb struct {
		Listen listen `yaml:"listen"`
		Public public `yaml:"public"`
	}
	rawFiles struct {
		Path path               `yaml:"path"`
		Max  size               `yaml:"max"`
		Link *at[time.Duration] `yaml:"link"`
	}
	rawLog struct {
		Level  Level  `yaml:"level"`
		Format Format `yaml:"format"`
	}
	rawRoute struct {
		Desk   *at[rawDesk]   `yaml:"desk"`
		Mirror *at[rawMirror] `yaml:"mirror"`
	}
	rawDesk struct {
		From     []at[account]      `yaml:"from"`
		On       []at[rawSurface]   `yaml:"on"`
		Reply    *reply             `yaml:"reply"`
		Members  *at[[]at[person]]  `yaml:"members"`
		NoteMark *at[mark]          `yaml:"note_mark"`
		SendMark *at[mark]          `yaml:"send_mark"`
		Hold     *at[time.Duration] `yaml:"hold"`
		Revive   *at[time.Duration] `yaml:"revive"`
		Remind   *at[rawRemind]     `yaml:"remind"`
	}
	rawRemind struct {
		After *at[time.Duration] `yaml:"after"`
		Every at[string]         `yaml:"every"`
		Zone  at[string]         `yaml:"zone"`
		To    *at[place]         `yaml:"to"`
	}
	rawSurface struct {
		At      at[place]         `yaml:"at"`
		Reply   *reply            `yaml:"reply"`
		Members *at[[]at[person]] `yaml:"members"`
	}
	rawMirror struct {
		Between   at[[]at[rawLeg]] `yaml:"between"`
		Name      template         `yaml:"name"`
		Prefix    template         `yaml:"prefix"`
		Bots      at[[]at[bot]]    `yaml:"bots"`
		Skip      rawFilter        `yaml:"skip"`
		Only      rawFilter        `yaml:"only"`
		Edits     *bool            `yaml:"edits"`
		Deletes   *bool            `yaml:"deletes"`
		Reactions *bool            `yaml:"reactions"`
		Threads   *bool            `yaml:"threads"`
		Pins      *bool            `yaml:"pins"`
		Joins     bool             `yaml:"joins"`
	}
	rawFilter struct {
		Authors at[[]at[person]]  `yaml:"authors"`
		Text    at[[]at[pattern]] `yaml:"text"`
		Kinds   at[[]at[Kind]]    `yaml:"kinds"`
	}
	rawLeg struct {
		At        at[place]      `yaml:"at"`
		Direction Direction      `yaml:"direction"`
		Bots      *at[[]at[bot]] `yaml:"bots"`
	}
)

func (s *rawSurface) word() any { return &s.At }
func (l *rawLeg) word() any     { return &l.At }
func (m *rawMirror) list() any  { return &m.Between }

func rawDefaults() rawFile {
	const day = 24 * time.Hour
	return rawFile{
		Delivery: rawDelivery{Tries: 12, Longest: pause(10 * time.Minute)},
		Store: rawStore{Path: "roost.db", KeyFile: "roost.key", Keep: rawKeep{
			Deliveries: at[time.Duration]{v: 30 * day},
			Events:     at[time.Duration]{v: 30 * day},
			Copies:     at[time.Duration]{v: 90 * day},
		}},
		Web:   rawWeb{Listen: "127.0.0.1:8080"},
		Files: rawFiles{Path: "files", Max: 100e6},
		Log:   rawLog{Level: Info, Format: Text},
	}
}

// checked makes the File and reports what is wrong with it beyond its form.
func (d *decoder) checked(raw *rawFile, platforms []Platform) *File {
	keep := raw.Store.Keep
	for _, k := range []at[time.Duration]{keep.Deliveries, keep.Events, keep.Copies, keep.Cases} {
		if k.v != 0 && k.v < 24*time.Hour {
			d.Fault(k.Spot, "", "is too short: 24h at least, or 0 to keep them for ever")
		}
	}
	p := d.planner(inOrder(raw.Accounts))
	accounts := d.accounts(raw.Accounts, platforms)
	routes := p.routes(raw.Routes, platforms)
	var operators chat.Conversation
	if raw.Operators != nil && p.exists(raw.Operators.v.Account, raw.Operators.Spot) {
		operators = chat.Conversation(raw.Operators.v)
	}
	return &File{
		Accounts: accounts, Routes: routes, Operators: operators,
		Bots: p.participants(raw.Bots, routes), Roles: p.people(raw.Roles),
		Delivery: Delivery{Tries: int(raw.Delivery.Tries), Longest: time.Duration(raw.Delivery.Longest)},
		Store: Store{
			Path: d.beside(string(raw.Store.Path)), KeyFile: d.beside(string(raw.Store.KeyFile)),
			Keep: Keep{Deliveries: keep.Deliveries.v, Events: keep.Events.v, Copies: keep.Copies.v, Cases: keep.Cases.v},
		},
		Web:   Web{Listen: string(raw.Web.Listen), Public: string(raw.Web.Public)},
		Files: Files{Path: d.beside(string(raw.Files.Path)), Max: int64(raw.Files.Max), Link: d.link(raw.Files.Link, keep.Deliveries.v)},
		Log:   Log(raw.Log),
	}
}

// The longest that links to attachments hold, and how long they do when the file does not say.
const (
	maxLink     = 366 * 24 * time.Hour
	defaultLink = 30 * 24 * time.Hour
)

// link is for how long links to attachments hold: never longer than the attachments are kept.
func (d *decoder) link(written *at[time.Duration], kept time.Duration) time.Duration {
	if kept == 0 {
		kept = maxLink
	}
	switch {
	case written == nil:
		return min(defaultLink, kept)
	case written.v < 0 || written.v > maxLink || written.v > 0 && written.v < time.Hour:
		d.Fault(written.Spot, "", "wants 1h to 366d, or 0 for no links")
	case written.v > kept:
		d.Fault(written.Spot, "", "is longer than attachments are kept, which store.keep.deliveries says")
	}
	return written.v
}

// wanted is what a word of ours should have been. It shows nothing of the word, so a fault can always show it.
type wanted string

// Error says what is wanted.
func (w wanted) Error() string { return string(w) }

// Words of one kind each. Their errors are always wanted.
type (
	path    string
	listen  string
	public  string
	size    int64
	tries   int
	pause   time.Duration
	account chat.Account
	place   chat.Conversation
	person  chat.PersonID
	mark    string
	reply   desk.Mode
)

// UnmarshalText takes any path but the empty one.
func (p *path) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		return wanted("is empty, wants a path")
	}
	*p = path(filepath.FromSlash(string(b)))
	return nil
}

// UnmarshalText takes host:port.
func (l *listen) UnmarshalText(b []byte) error {
	host, port, err := net.SplitHostPort(string(b))
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || strings.ContainsAny(host, "/ ") {
		return wanted("wants host:port, as in 127.0.0.1:8080")
	}
	*l = listen(b)
	return nil
}

// UnmarshalText takes a URL that paths can be put behind.
func (p *public) UnmarshalText(b []byte) error {
	u, err := url.Parse(string(b))
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return wanted("wants a web address, as in https://roost.example.org")
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return wanted("wants a web address without a password, ? or #")
	}
	*p = public(strings.TrimRight(u.String(), "/"))
	return nil
}

// UnmarshalText takes a number of bytes with or without a unit: 50MB, 64MiB.
func (s *size) UnmarshalText(b []byte) error {
	const most = 1 << 40
	n, err := humanize.ParseBytes(string(b))
	if err != nil || n == 0 || n > most {
		return wanted("wants a size from 1B to 1TiB, as in 100MB")
	}
	*s = size(n)
	return nil
}

// UnmarshalText takes a number of tries. More than a thousand would be for ever, and nobody would be told.
func (n *tries) UnmarshalText(b []byte) error {
	const most = 1000
	i, err := strconv.Atoi(string(b))
	if err != nil || i < 1 || i > most {
		return wanted("wants a whole number from 1 to 1000")
	}
	*n = tries(i)
	return nil
}

// UnmarshalText takes a length of time between two tries.
func (p *pause) UnmarshalText(b []byte) error {
	d, err := parseDuration(string(b))
	if err != nil || d < time.Second || d > 24*time.Hour {
		return wanted("wants a length of time from 1s to 24h, as in 10m")
	}
	*p = pause(d)
	return nil
}

// UnmarshalText takes platform/name.
func (a *account) UnmarshalText(b []byte) error {
	parsed, err := chat.ParseAccount(string(b))
	if err != nil {
		return wanted(chat.ErrBadAccount.Error())
	}
	*a = account(parsed)
	return nil
}

// UnmarshalText takes platform/name#id and platform/name#id/thread.
func (p *place) UnmarshalText(b []byte) error {
	parsed, err := chat.ParseConversation(string(b))
	switch {
	case errors.Is(err, chat.ErrBadAccount):
		return wanted(chat.ErrBadAccount.Error())
	case err != nil:
		return wanted(chat.ErrBadConversation.Error())
	}
	*p = place(parsed)
	return nil
}

// UnmarshalText takes any ID without spaces around it.
func (p *person) UnmarshalText(b []byte) error {
	if s := string(b); s == "" || strings.TrimSpace(s) != s {
		return wanted("wants a person's ID on the platform")
	}
	*p = person(b)
	return nil
}

// UnmarshalText takes a few characters that a message can begin with.
func (m *mark) UnmarshalText(b []byte) error {
	const most = 8
	if s := string(b); s == "" || len(s) > most || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' }) {
		return wanted("wants 1 to 8 bytes without spaces")
	}
	*m = mark(b)
	return nil
}

// Choices lists the reply modes.
func (reply) Choices() []string {
	return []string{string(desk.Send), string(desk.Ask), string(desk.Note), string(desk.Alerts)}
}

// openToAll says whether users other than the file's owner and group can read it.
func openToAll(file string) (bool, error) {
	if runtime.GOOS == "windows" {
		return false, nil // its permissions are no mode bits
	}
	info, err := os.Stat(file)
	if err != nil {
		return false, err
	}
	const readOthers = 0o004
	return info.Mode().Perm()&readOthers != 0, nil
}
