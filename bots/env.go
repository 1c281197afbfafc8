package bots

import (
	"context"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// Env is what a bot's host is given. The zero value of each field below Now is the default that it names.
type Env struct {
	// State reads a value that was kept; nil when there is none.
	State func(ctx context.Context, key string) ([]byte, error)
	Now   func() time.Time

	Typing func(ctx context.Context, at chat.Conversation) // shows people that the bot is at it; nil: nothing is shown
	Secret func(name string) (string, bool)                // the bot's secrets; nil: it has none
	Roles  func(who Person) []string                       // which roles somebody has; nil: nobody has any
	Client *http.Client                                    // fetches web pages; nil: they can't be fetched
	May    May
	Folder string // of its files; empty: it has none
	Log    *slog.Logger
	Seed   uint64 // of Turn.Rand
}

// May is what a bot may do. Sending where an event happened and keeping state need no leave; everything else is denied
// unless it is granted here.
type May struct {
	Sends    []chat.Conversation // places that it may send to unbidden, threads included
	Hosts    []string            // hosts that it may fetch from: api.example.org, *.example.org, 127.0.0.1:8080
	Secrets  []string            // names of secrets that it may use
	Moderate bool                // it may remove what others wrote
	Anywhere bool                // it may send to every conversation
}

// ParseMay reads what is granted: send:CONVERSATION, send:anywhere, http:HOST, secret:NAME, moderate.
func ParseMay(grants []string) (May, error) {
	var m May
	for _, g := range grants {
		if err := m.grant(g); err != nil {
			return m, err
		}
	}
	return m, nil
}

func (m *May) grant(g string) error {
	what, of, _ := strings.Cut(g, ":")
	switch {
	case g == "moderate":
		m.Moderate = true
	case g == "send:anywhere":
		m.Anywhere = true
	case what == "send" && of != "":
		c, err := chat.ParseConversation(of)
		m.Sends = append(m.Sends, c)
		return err
	case what == "http" && of != "" && !strings.ContainsAny(of, "/@ "):
		m.Hosts = append(m.Hosts, strings.ToLower(of))
	case what == "secret" && of != "":
		m.Secrets = append(m.Secrets, of)
	default:
		return fmt.Errorf("%q grants nothing; it can be send:CONVERSATION, send:anywhere, http:HOST, secret:NAME or moderate", g)
	}
	return nil
}

// Send says whether the bot may send to c.
func (m May) Send(c chat.Conversation) bool {
	if m.Anywhere {
		return true
	}
	for _, s := range m.Sends {
		if s == c || s == c.Place() {
			return true
		}
	}
	return false
}

// Host says whether the bot may fetch from a host, written as in a URL.
func (m May) Host(host string) bool {
	host = strings.ToLower(host)
	for _, h := range m.Hosts {
		if h == host {
			return true
		}
		if tail, wild := strings.CutPrefix(h, "*"); wild && strings.HasPrefix(tail, ".") && strings.HasSuffix(host, tail) {
			return true
		}
	}
	return false
}

// file names a file of the bot's folder.
func (e *Env) file(bot, name string) (chat.File, error) {
	clean := path.Clean(filepath.ToSlash(name))
	if e.Folder == "" || !filepath.IsLocal(clean) {
		return chat.File{}, fmt.Errorf("%w: the file %q is not in the bot's folder", ErrMayNot, name)
	}
	return chat.File{
		Name: path.Base(clean), Type: mime.TypeByExtension(path.Ext(clean)), Account: chat.BotAccount(bot), Source: clean,
	}, nil
}
