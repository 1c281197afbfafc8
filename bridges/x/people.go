package x

import (
	"context"
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
	userFields   = "name,username,profile_image_url,created_at"
	automatedTag = "Automated" // the label of accounts that say they are bots
)

// people remembers profiles. It is safe for concurrent use.
type people struct {
	api   *api
	purse *purse
	known *bridges.Cache[chat.Author]
}

func newPeople(a *api, p *purse, now func() time.Time) *people {
	return &people{api: a, purse: p, known: bridges.NewCache[chat.Author](mostPeople, knownFor, now)}
}

// learn remembers profiles that came with an answer.
func (p *people) learn(users []user) {
	for _, u := range users {
		if u.ID != "" && (u.Username != "" || u.Name != "") {
			p.known.Put(u.ID, authorOf(u))
		}
	}
}

// author is what is known of a person; at least the ID.
func (p *people) author(id string) chat.Author {
	a, _ := p.known.Get(id)
	a.ID = chat.PersonID(id)
	return a
}

// meet looks up those who are not known or were looked up long ago. A lookup that fails leaves them nameless: a name is
// no reason to hold a message back.
func (p *people) meet(ctx context.Context, ids []string) {
	for strangers := range slices.Chunk(p.strangers(ids), lookupBatch) {
		if p.purse.read(ctx) != nil {
			return
		}
		var got usersAnswer
		q := url.Values{"ids": {strings.Join(strangers, ",")}, "user.fields": {userFields}}
		if _, err := p.api.call(ctx, request{op: "x: look up people", method: http.MethodGet, path: "/2/users", query: q}, &got); err != nil {
			return
		}
		p.purse.shown(ctx, nil, idsOf(got.Data))
		for _, id := range strangers { // those whom X does not know are not asked for again and again
			p.known.Refresh(id, chat.Author{})
		}
		p.learn(got.Data)
	}
}

// strangers is those of ids that are not known, once each.
func (p *people) strangers(ids []string) []string {
	var unknown []string
	for _, id := range ids {
		if _, fresh := p.known.Get(id); id != "" && !fresh && !slices.Contains(unknown, id) {
			unknown = append(unknown, id)
		}
	}
	return unknown
}

func idsOf(users []user) []string {
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	return ids
}

func authorOf(u user) chat.Author {
	return chat.Author{
		ID: chat.PersonID(u.ID), Name: u.Name, Handle: u.Username, Avatar: u.ProfileImageURL, Since: u.CreatedAt,
		Bot: u.Affiliation.Description == automatedTag,
	}
}
