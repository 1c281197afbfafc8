package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// personName is how a person is called on a platform; their id when nobody knows.
func (p *Page) personName(platform, id string) string {
	switch platform {
	case "x":
		if u, ok := p.xUser(id); ok {
			return u.Name
		}
	case "slack":
		return p.names.of(id)
	}
	return id
}

func (p *Page) xUser(id string) (xsim.User, bool) {
	users := p.cfg.X.Users()
	i := slices.IndexFunc(users, func(u xsim.User) bool { return u.ID == id })
	if i < 0 {
		return xsim.User{}, false
	}
	return users[i], true
}

// channel is the desk's channel as it is now.
func (p *Page) channel() slacksim.Channel {
	for _, c := range p.cfg.Slack.Channels() {
		if c.ID == p.cfg.Channel {
			return c
		}
	}
	return slacksim.Channel{ID: p.cfg.Channel, Name: p.cfg.Channel}
}

func (p *Page) channelName() string { return p.channel().Name }

// member says whether a user of Slack is a person in the channel: only those are played here.
func (p *Page) member(id string) bool {
	return id != p.cfg.Slack.BotUser() && slices.Contains(p.channel().Members, id)
}

// learn finds out what those are called who are in the channel or wrote there.
func (p *Page) learn(ctx context.Context) {
	for _, id := range p.channel().Members {
		p.names.learn(ctx, id)
	}
	for _, m := range p.cfg.Slack.Messages(p.cfg.Channel) {
		p.names.learn(ctx, m.User)
	}
}

// names are what the users of Slack are called. The simulator tells that over its Web API alone, so it is asked there,
// once for each.
type names struct {
	slack *slacksim.Sim

	mu    sync.Mutex
	known map[string]string
}

// of is a user's name; the id when it was not learnt.
func (n *names) of(id string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return cmp.Or(n.known[id], id)
}

// learn asks for a name that is not known. When there is no answer, because Slack is down, the next time may bring one.
func (n *names) learn(ctx context.Context, id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, known := n.known[id]; known || id == "" {
		return
	}
	if name, ok := n.ask(ctx, id); ok {
		n.known[id] = name
	}
}

func (n *names) ask(ctx context.Context, id string) (name string, ok bool) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/api/users.info?"+url.Values{"user": {id}}.Encode(), http.NoBody)
	if err != nil {
		return "", false
	}
	r.Header.Set("Authorization", "Bearer "+n.slack.BotToken())
	var body sheet
	n.slack.Handler().ServeHTTP(&body, r)
	var info struct {
		User struct {
			Name     string `json:"name"`
			RealName string `json:"real_name"`
		} `json:"user"`
	}
	if json.Unmarshal(body.Bytes(), &info) != nil || info.User.Name == "" {
		return "", false
	}
	if info.User.RealName != "" {
		return info.User.RealName, true
	}
	return info.User.Name, true
}

// sheet is a ResponseWriter that keeps the body.
type sheet struct {
	bytes.Buffer
	header http.Header
}

// Header is the header that nobody reads.
func (s *sheet) Header() http.Header {
	if s.header == nil {
		s.header = http.Header{}
	}
	return s.header
}

// WriteHeader does nothing: the body says whether it went well.
func (s *sheet) WriteHeader(int) {}
