package x

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/router/chat"
)

// fetch opens a file by the address that it came with. Media of direct messages lives at ton.twitter.com; OAuth 2.0 reads
// it through the API, where the last three parts of that address are what the call wants, and OAuth 1.0a at the address
// itself. Anything else is fetched without a credential, and from X's own hosts alone.
// https://docs.x.com/x-api/direct-messages/media/migrate
func (t *classic) fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	const op = "x: fetch"
	if f.Source == "" {
		return nil, &chat.Error{Op: op, Kind: chat.Gone, Reason: "X gave no address for the attachment"}
	}
	u, err := url.Parse(f.Source)
	if err != nil || !t.trusted(u) {
		return nil, &chat.Error{Op: op, Kind: chat.Refused, Reason: "the attachment is not at X"}
	}
	part, private := privateMedia(u)
	r := api.Request{Op: op, Method: http.MethodGet, Where: f.Source, Nobody: !private}
	if private && t.c.api.Renews() {
		r.Where, r.Path = "", "/2/dm_conversations/media/"+part
	}
	resp, err := t.c.api.OpenLong(ctx, r)
	if e, ok := errors.AsType[*chat.Error](err); ok && e.Kind == chat.LoggedOut && r.Path == "" { // the account works; only the file is out of its reach
		e.Kind, e.Reason = chat.Refused, "X gives this attachment to OAuth 2.0 logins only"
	}
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// privateMedia is the last three parts of the address of a direct message's media: of the message, the media and the
// file.
func privateMedia(u *url.URL) (part string, ok bool) {
	for _, before := range []string{"/1.1/ton/data/dm/", "/2/dm_conversations/media/"} {
		rest, found := strings.CutPrefix(path.Clean(u.Path), before)
		if found && strings.Count(rest, "/") == 2 {
			return rest, true
		}
	}
	return "", false
}

// trusted says whether an address is one of X's.
func (t *classic) trusted(u *url.URL) bool {
	if own, err := url.Parse(t.c.cfg.APIURL); err == nil && u.Host == own.Host && u.Scheme == own.Scheme {
		return true
	}
	if u.Scheme != "https" || u.User != nil {
		return false
	}
	for _, domain := range []string{"x.com", "twitter.com", "twimg.com"} {
		if h := u.Hostname(); h == domain || strings.HasSuffix(h, "."+domain) {
			return true
		}
	}
	return false
}
