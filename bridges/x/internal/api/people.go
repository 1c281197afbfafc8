package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	mostPeople   = 10_000
	knownFor     = 24 * time.Hour // X charges for a profile once a day
	lookupBatch  = 100
	automatedTag = "Automated" // the label of accounts that say they are bots
)

// UserFields are what X is asked for of a profile.
const UserFields = "name,username,profile_image_url,created_at"

// User is a profile, by X's own names.
type User struct {
	ID              string    `json:"id"`
	Name            string    `json:"name"`
	Username        string    `json:"username"`
	ProfileImageURL string    `json:"profile_image_url"`
	CreatedAt       time.Time `json:"created_at"`
	Affiliation     struct {
		Description string `json:"description"`
	} `json:"affiliation"`
}

type userAnswer struct {
	Data User `json:"data"`
}

type usersAnswer struct {
	Data []User `json:"data"`
}

// People remembers profiles. It is safe for concurrent use.
type People struct {
	api   *Client
	purse *Purse
	known *bridges.Cache[chat.Author]
}

// NewPeople knows nobody yet.
func NewPeople(a *Client, p *Purse, now func() time.Time) *People {
	return &People{api: a, purse: p, known: bridges.NewCache[chat.Author](mostPeople, knownFor, now)}
}

// Learn remembers profiles that came with an answer.
func (p *People) Learn(users []User) {
	for _, u := range users {
		if u.ID != "" && (u.Username != "" || u.Name != "") {
			p.known.Put(u.ID, AuthorOf(u))
		}
	}
}

// Author is what is known of a person; at least the ID.
func (p *People) Author(id string) chat.Author {
	a, _ := p.known.Get(id)
	a.ID = chat.PersonID(id)
	return a
}

// Meet looks up those who are not known or were looked up long ago. A lookup that fails leaves them nameless: a name is
// no reason to hold a message back.
func (p *People) Meet(ctx context.Context, ids []string) {
	for strangers := range slices.Chunk(p.strangers(ids), lookupBatch) {
		if p.purse.Read(ctx) != nil {
			return
		}
		var got usersAnswer
		q := url.Values{"ids": {strings.Join(strangers, ",")}, "user.fields": {UserFields}}
		if _, err := p.api.Call(ctx, Request{Op: "x: look up people", Method: http.MethodGet, Path: "/2/users", Query: q}, &got); err != nil {
			return
		}
		p.purse.Shown(ctx, nil, IDsOf(got.Data))
		for _, id := range strangers { // those whom X does not know are not asked for again and again
			p.known.Refresh(id, chat.Author{})
		}
		p.Learn(got.Data)
	}
}

// strangers is those of ids that are not known, once each.
func (p *People) strangers(ids []string) []string {
	var unknown []string
	for _, id := range ids {
		if _, fresh := p.known.Get(id); id != "" && !fresh && !slices.Contains(unknown, id) {
			unknown = append(unknown, id)
		}
	}
	return unknown
}

// IDsOf is the IDs of some users.
func IDsOf(users []User) []string {
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	return ids
}

// AuthorOf is a user as an author.
func AuthorOf(u User) chat.Author {
	return chat.Author{
		ID: chat.PersonID(u.ID), Name: u.Name, Handle: u.Username, Avatar: u.ProfileImageURL, Since: u.CreatedAt,
		Bot: u.Affiliation.Description == automatedTag,
	}
}

// Whoami asks X who is logged in.
func Whoami(ctx context.Context, a *Client) (User, error) {
	var got userAnswer
	q := map[string][]string{"user.fields": {UserFields}}
	if _, err := a.Call(ctx, Request{Op: "x: look up account", Method: http.MethodGet, Path: "/2/users/me", Query: q}, &got); err != nil {
		return User{}, err
	}
	if _, ok := ParseSnowflake(got.Data.ID); !ok {
		return User{}, &chat.Error{Op: "x: look up account", Kind: chat.Transient, Err: errors.New("answer: no id")}
	}
	return got.Data, nil
}
