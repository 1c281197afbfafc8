package x

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/router/chat"
)

const (
	growth    = 5   // how much larger the pages of a second walk are
	mostPages = 500 // of a walk
)

// classic is direct messages in plain text: /2/dm_*.
type classic struct {
	c      *Connector
	claims *claims
	groups *groups
	former atomic.Bool // X answers to the names of version 2.166
}

func newClassic(c *Connector) *classic {
	return &classic{c: c, claims: &claims{keep: c.keep}, groups: &groups{keep: c.keep}}
}

// sighting is one event that a lookup showed.
type sighting struct {
	id    api.Snowflake
	event dmEvent
	raw   []byte
}

// view is what a walk saw, oldest first.
type view struct {
	seen    []sighting
	media   map[string]media
	reached bool // the walk met what it was looking for, or the end
}

// after walks back from the newest event to until. When the first page does not reach that far, it walks
// again with larger pages; see the package comment.
func (t *classic) after(ctx context.Context, until api.Snowflake) ([]arrival, error) {
	me, err := t.c.me(ctx)
	if err != nil {
		return nil, err
	}
	v, err := t.walk(ctx, walk{path: "/2/dm_events", until: until, page: t.c.cfg.Page, pages: 1})
	if err == nil && !v.reached {
		larger := min(t.c.cfg.Page*growth, largestPage)
		v, err = t.walk(ctx, walk{path: "/2/dm_events", until: until, page: larger, pages: mostPages, patient: true})
	}
	if err != nil {
		return nil, err
	}
	if !v.reached {
		t.c.log.LogAttrs(ctx, slog.LevelWarn, "messages out of reach", slog.Time("since", until.Time()), slog.Int("found", len(v.seen)))
	}
	return t.arrivals(ctx, me.ID, v)
}

// arrivals turns what was seen into events.
func (t *classic) arrivals(ctx context.Context, self string, v view) ([]arrival, error) {
	var who []string
	for _, s := range v.seen {
		who = append(append(who, s.event.SenderID), s.event.ParticipantIDs...)
	}
	t.c.people.Meet(ctx, who)
	r := t.c.reader(self)
	var all []arrival
	var met []string
	for _, s := range v.seen {
		events := r.lookup(s.event, v.media)
		for _, ev := range events {
			if !ev.Direct {
				met = append(met, string(ev.Conversation.ID))
			}
		}
		all = append(all, arrival{id: s.id, events: events, kind: cmp.Or(s.event.EventType, "dm_event"), raw: s.raw})
	}
	return all, t.groups.learn(ctx, met)
}

// walk is a way back through a list of events that begins with the newest.
type walk struct {
	path    string
	until   api.Snowflake // the walk ends at an event that is not newer
	page    int           // events of a page
	pages   int           // at most
	patient bool          // waits when X asks to, instead of giving up what it saw
}

// walk goes back. Events that arrive meanwhile move the pages on; what is seen twice counts once.
func (t *classic) walk(ctx context.Context, w walk) (view, error) {
	v := view{media: map[string]media{}}
	known := map[api.Snowflake]bool{}
	token := ""
	for range w.pages {
		page, err := t.page(ctx, w, token)
		if err != nil {
			return view{}, err
		}
		for _, m := range page.Includes.Media {
			v.media[m.MediaKey] = m
		}
		for _, raw := range page.Data {
			e, ok := decodeEvent(raw)
			if !ok {
				t.c.skip("dm_event", raw)
				continue
			}
			id, _ := api.ParseSnowflake(e.ID)
			if id <= w.until {
				v.reached = true
				continue
			}
			if !known[id] {
				known[id] = true
				v.seen = append(v.seen, sighting{id: id, event: e, raw: raw})
			}
		}
		token = page.Meta.NextToken
		if v.reached = v.reached || token == ""; v.reached {
			break
		}
	}
	slices.SortFunc(v.seen, func(a, b sighting) int { return cmp.Compare(a.id, b.id) })
	return v, nil
}

// page asks for one page of a walk.
func (t *classic) page(ctx context.Context, w walk, token string) (dmPage, error) {
	for {
		page, err := t.ask(ctx, w, token)
		e, ok := errors.AsType[*chat.Error](err)
		if !ok || e.Kind != chat.Throttled || !w.patient || token == "" {
			return page, err
		}
		if err := bridges.Sleep(ctx, e.Wait); err != nil {
			return dmPage{}, err
		}
	}
}

// ask makes the call, with the names that this account's X knows.
func (t *classic) ask(ctx context.Context, w walk, token string) (dmPage, error) {
	for {
		if err := t.c.purse.Read(ctx); err != nil {
			return dmPage{}, err
		}
		former := t.former.Load()
		q := lookupQuery(former)
		q.Set("max_results", strconv.Itoa(w.page))
		if token != "" {
			q.Set("pagination_token", token)
		}
		var page dmPage
		_, err := t.c.api.Call(ctx, api.Request{Op: "x: look up messages", Method: http.MethodGet, Path: w.path, Query: q}, &page)
		if err != nil && !former && unknownName(err) {
			t.former.Store(true)
			continue
		}
		if api.StatusOf(err) == http.StatusBadRequest {
			t.former.Store(false) // neither set of names is taken: begin with the newer one again
		}
		if err != nil {
			return dmPage{}, err
		}
		t.c.people.Learn(page.Includes.Users)
		t.c.purse.Shown(ctx, page.ids(), api.IDsOf(page.Includes.Users))
		return page, nil
	}
}

// ids is the IDs of the page's events, as far as they can be read.
func (p dmPage) ids() []string {
	ids := make([]string, 0, len(p.Data))
	for _, raw := range p.Data {
		if e, ok := decodeEvent(raw); ok {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// lookupQuery asks for everything that an event of ours needs: without the expansion, X does not say who sent it.
// https://docs.x.com/x-api/direct-messages/lookup/integrate
func lookupQuery(former bool) url.Values {
	fields := []string{"id", "text", "event_type", "created_at", "dm_conversation_id", "attachments", "entities"}
	expand := []string{"sender_id", "participant_ids", "attachments.media_keys"}
	if former {
		fields = append(fields, "sender_id", "participant_ids", "referenced_tweets")
		expand = append(expand, "referenced_tweets.id")
	} else {
		expand = append(expand, "referenced_posts")
	}
	return url.Values{
		"dm_event.fields": {strings.Join(fields, ",")},
		"expansions":      {strings.Join(expand, ",")},
		"user.fields":     {api.UserFields},
		"media.fields":    {"media_key,type,url,preview_image_url,variants,alt_text"},
	}
}

// unknownName says whether X refused a request for a name that it does not know.
func unknownName(err error) bool {
	e, ok := errors.AsType[*chat.Error](err)
	return ok && e.Kind == chat.Refused && e.Err != nil &&
		(strings.Contains(e.Err.Error(), "referenced_posts") || strings.Contains(e.Err.Error(), "expansions"))
}
