package telegram

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// albumWait is how long after a file of an album nothing more is expected of it. Telegram sends them one by one, and does not
// say how many there are.
const albumWait = time.Second

const heldKey = "albums"

// album is the messages of an album that came so far.
type album struct {
	Group    string            `json:"g"`
	At       string            `json:"a"` // the key of its place
	Messages []json.RawMessage `json:"m"`

	ids []int64
	due time.Time
}

// held keeps albums until they are whole: on disk, because Telegram is told that their updates arrived. The intake's lock
// guards it.
type held struct {
	keep   bridges.Keeper
	now    func() time.Time
	albums []*album
}

// load reads the albums that the process before this one left.
func (h *held) load(ctx context.Context) error {
	if err := recall(ctx, h.keep, heldKey, &h.albums); err != nil {
		return err
	}
	for _, a := range h.albums {
		a.due = h.now().Add(albumWait)
		for _, raw := range a.Messages {
			var m message
			_ = json.Unmarshal(raw, &m) // it was read before
			a.ids = append(a.ids, m.ID)
		}
	}
	return nil
}

// add keeps a message of an album, and returns when it is on disk.
func (h *held) add(ctx context.Context, at string, m *message, raw json.RawMessage) (*album, error) {
	i := slices.IndexFunc(h.albums, func(a *album) bool { return a.At == at && a.Group == m.Album })
	if i < 0 {
		h.albums = append(h.albums, &album{Group: m.Album, At: at})
		i = len(h.albums) - 1
	}
	a := h.albums[i]
	a.due = h.now().Add(albumWait)
	if slices.Contains(a.ids, m.ID) {
		return a, nil
	}
	a.ids, a.Messages = append(a.ids, m.ID), append(a.Messages, raw)
	return a, store(ctx, h.keep, heldKey, h.albums)
}

// in gives the albums of a place other than one.
func (h *held) in(at, but string) []*album {
	var found []*album
	for _, a := range h.albums {
		if a.At == at && a.Group != but {
			found = append(found, a)
		}
	}
	return found
}

// wait is how long it takes until the next album is whole; false when there is none.
func (h *held) wait() (time.Duration, bool) {
	var least time.Duration
	for i, a := range h.albums {
		if d := a.due.Sub(h.now()); i == 0 || d < least {
			least = d
		}
	}
	return least, len(h.albums) > 0
}

// whole gives the albums to which nothing more belongs.
func (h *held) whole() []*album {
	var found []*album
	for _, a := range h.albums {
		if !h.now().Before(a.due) {
			found = append(found, a)
		}
	}
	return found
}

// forget drops albums that were accepted.
func (h *held) forget(ctx context.Context, done []*album) error {
	if len(done) == 0 {
		return nil
	}
	h.albums = slices.DeleteFunc(h.albums, func(a *album) bool { return slices.Contains(done, a) })
	return store(ctx, h.keep, heldKey, h.albums)
}

// flush makes events of the albums of a place that something else was said in: what belonged to them has come.
func (in *intake) flush(ctx context.Context, at, but string, b *batch) error {
	for _, a := range in.held.in(at, but) {
		if slices.Contains(b.albums, a) {
			continue
		}
		if err := in.tell(ctx, a, b); err != nil {
			return err
		}
	}
	return nil
}

// tell makes an event of an album: one message with all files, under the captions of all.
func (in *intake) tell(ctx context.Context, a *album, b *batch) error {
	var all []*message
	for _, raw := range a.Messages {
		var m message
		if err := json.Unmarshal(raw, &m); err != nil {
			in.c.deps.Skip("message", raw)
			continue
		}
		all = append(all, &m)
	}
	b.albums = append(b.albums, a)
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(x, y *message) int { return int(x.ID - y.ID) })
	var words []text.Text
	var files []chat.File
	whole := messages{}
	for _, m := range all {
		k := in.c.content(m)
		if !slices.ContainsFunc(words, func(t text.Text) bool { return t.Body == k.text.Body }) {
			words = append(words, k.text) // what an album was forwarded from stands at each of its files
		}
		files = append(files, k.files...)
		whole.ids = append(whole.ids, m.ID)
	}
	ev, err := in.event(ctx, all[0])
	if err != nil {
		return err
	}
	if ev.Message, err = in.c.nameAll(ctx, all[0].place(), whole); err != nil {
		return err
	}
	posted, err := in.posted(ctx, all[0], content{text: joined(words...), files: files})
	if err != nil {
		return err
	}
	ev.What, ev.Addressed = posted, in.c.addressed(all[0], posted)
	b.events = append(b.events, ev)
	return nil
}
