package discord

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	opFetch = "discord: fetch"
	lottie  = 3 // a sticker that is a program, not a picture
)

// source is where a file's bytes are: an address that expires, and the attachment that a new one can be had for.
type source struct {
	URL     string `json:"u"`
	Channel string `json:"c,omitempty"`
	Message string `json:"m,omitempty"`
	ID      string `json:"a,omitempty"`
}

func (s source) String() string {
	raw, _ := json.Marshal(s) // strings always encode
	return string(raw)
}

// files are the attachments and stickers of a message.
func (in *intake) files(m message) []chat.File {
	var files []chat.File
	for _, a := range m.Attachments {
		name := firstOf(a.Filename, a.ID)
		bare, spoiler := strings.CutPrefix(name, spoilerMark)
		if a.Title != "" && path.Ext(a.Title) == "" {
			bare = a.Title + path.Ext(bare) // the name as it was, before Discord made it fit an address
		}
		files = append(files, chat.File{
			Name: bare, Type: a.Type, Size: a.Size, Alt: a.Description, Spoiler: spoiler || a.Flags&flagSpoiler != 0,
			Account: in.c.deps.Account, Source: source{URL: a.URL, Channel: m.Channel, Message: m.ID, ID: a.ID}.String(),
		})
	}
	for _, s := range m.Stickers {
		if s.Format == lottie {
			continue
		}
		ext, kind := ".png", "image/png"
		if s.Format == 4 {
			ext, kind = ".gif", "image/gif"
		}
		files = append(files, chat.File{
			Name: firstOf(s.Name, "sticker") + ext, Type: kind, Alt: s.Name, Account: in.c.deps.Account,
			Source: source{URL: in.c.stickers() + url.PathEscape(s.ID) + ext}.String(),
		})
	}
	return files
}

// stickers is the address below which stickers are. Pictures that move are on another server than those that don't, which has
// all of them. https://docs.discord.com/developers/reference#image-formatting-cdn-endpoints
func (c *Connector) stickers() string {
	if c.cfg.APIURL == "" {
		return "https://media.discordapp.net/stickers/"
	}
	base := c.cfg.endpoint()
	return base.Scheme + "://" + base.Host + "/stickers/"
}

// Fetch opens the bytes of a file that arrived, at a new address when its own has expired. No address elsewhere is asked, and
// none is sent the token.
func (c *Connector) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	var s source
	if err := json.Unmarshal([]byte(f.Source), &s); err != nil || s.URL == "" && s.ID == "" {
		return nil, refused(opFetch, "Discord does not say where the file is")
	}
	if !expired(s.URL, c.clock.now(c.now())) {
		body, err := c.download(ctx, s.URL)
		if err == nil || chat.KindOf(err) != chat.Gone || s.ID == "" {
			return body, err
		}
	}
	fresh, err := c.refresh(ctx, s)
	if err != nil {
		return nil, err
	}
	return c.download(ctx, fresh)
}

// expired says whether an address is not good any more. https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
func expired(address string, now time.Time) bool {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return true
	}
	until, err := strconv.ParseInt(u.Query().Get("ex"), 16, 64)
	return err == nil && now.After(time.Unix(until, 0))
}

// refresh asks for a new address: of the address itself, or else of the message that it came with.
func (c *Connector) refresh(ctx context.Context, s source) (string, error) {
	var r struct {
		URLs []struct {
			Fresh string `json:"refreshed"`
		} `json:"refreshed_urls"`
	}
	_, err := c.call(ctx, request{
		op: opFetch, method: http.MethodPost, path: "attachments/refresh-urls", body: map[string]any{"attachment_urls": []string{s.URL}},
	}, &r)
	if err == nil && len(r.URLs) == 1 && r.URLs[0].Fresh != "" && !expired(r.URLs[0].Fresh, c.clock.now(c.now())) {
		return r.URLs[0].Fresh, nil
	}
	if err != nil && !closed(err) {
		return "", err
	}
	m, err := c.message(ctx, s.Channel, s.Message)
	if err != nil {
		return "", err
	}
	for _, snap := range m.Snapshots {
		m.Attachments = append(m.Attachments, snap.Message.Attachments...)
	}
	for _, a := range m.Attachments {
		if a.ID == s.ID {
			return a.URL, nil
		}
	}
	return "", &chat.Error{Op: opFetch, Kind: chat.Gone, Reason: "the file does not exist any more"}
}

// download opens what is at an address of Discord's.
func (c *Connector) download(ctx context.Context, address string) (io.ReadCloser, error) {
	u, err := url.Parse(address)
	if err != nil || !c.atDiscord(u) {
		return nil, refused(opFetch, "the file is not at Discord")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, refused(opFetch, "Discord does not say where the file is")
	}
	resp, err := c.files.Do(req)
	if err != nil {
		return nil, &chat.Error{Op: opFetch, Err: bridges.RedactError(err, c.cfg.Token)}
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	drain(resp.Body)
	e := &chat.Error{Op: opFetch, Scope: chat.ThisAccount, Err: errors.New("HTTP " + strconv.Itoa(resp.StatusCode))}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		e.Kind, e.Wait = chat.Throttled, seconds(resp.Header.Get("Retry-After"))
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusGone:
		e.Kind, e.Reason = chat.Gone, "the file does not exist any more"
	case resp.StatusCode < http.StatusInternalServerError:
		e.Kind, e.Reason = chat.Refused, "Discord does not give the file out"
	}
	return nil, e
}

// atDiscord says whether an address is one of Discord's, or where the API is.
func (c *Connector) atDiscord(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	for _, domain := range []string{"discordapp.com", "discordapp.net", "discord.com"} {
		if u.Scheme == "https" && (host == domain || strings.HasSuffix(host, "."+domain)) {
			return true
		}
	}
	api := c.cfg.endpoint()
	return c.cfg.APIURL != "" && u.Scheme == api.Scheme && strings.EqualFold(u.Host, api.Host)
}
