package x

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

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
	now   func() time.Time

	mu    sync.Mutex
	known map[string]person
}

type person struct {
	author chat.Author
	until  time.Time
}

// learn remembers profiles that came with an answer.
func (p *people) learn(users []user) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range users {
		if u.ID == "" || u.Username == "" && u.Name == "" {
			continue
		}
		if len(p.known) >= mostPeople {
			p.forget()
		}
		p.known[u.ID] = person{author: authorOf(u), until: p.now().Add(knownFor)}
	}
}

// forget drops what is old, and one in four of the rest when all is fresh.
func (p *people) forget() {
	now, n := p.now(), 0
	for id, one := range p.known {
		if n++; one.until.Before(now) || n%4 == 0 {
			delete(p.known, id)
		}
	}
}

// author is what is known of a person; at least the ID.
func (p *people) author(id string) chat.Author {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, ok := p.known[id]
	if !ok {
		return chat.Author{ID: chat.PersonID(id)}
	}
	return one.author
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
		p.nameless(strangers)
		p.learn(got.Data)
	}
}

// nameless remembers that X was asked for people, so that those it does not know are not asked for again and again.
func (p *people) nameless(ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= mostPeople {
		p.forget()
	}
	for _, id := range ids {
		one, ok := p.known[id]
		if !ok {
			one.author = chat.Author{ID: chat.PersonID(id)}
		}
		one.until = p.now().Add(knownFor)
		p.known[id] = one
	}
}

// strangers is those of ids that are not known, once each.
func (p *people) strangers(ids []string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var unknown []string
	now := p.now()
	for _, id := range ids {
		one, ok := p.known[id]
		if id != "" && (!ok || one.until.Before(now)) && !slices.Contains(unknown, id) {
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
