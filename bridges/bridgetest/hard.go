package bridgetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// personas holds that what bears another name can be changed as anything else, and that the name calls nobody.
func personas(t *testing.T, w *world) {
	if traits := w.conn.Traits(); !traits.Persona || !traits.Edit.Out || !traits.Delete.Out {
		return // nothing bears another name here, or it can't be changed
	}
	to, all := w.Talk(), w.Heard
	if rooms, ok := w.Stage.(Rooms); ok { // not every platform has names in direct conversations
		to, all = rooms.Room(), func(t *testing.T) []Heard { t.Helper(); return rooms.HeardIn(t, rooms.Room()) }
	}
	as := &chat.Persona{Name: "Ada <!channel> @everyone"}
	id := w.posted(t, chat.Post{Key: "k-1", To: to, Text: text.Plain("frist"), As: as})
	h := among(all(t), id)
	if !strings.HasSuffix(h.Text, "frist") || len(h.Pings) > 0 || strings.Contains(h.As, "<!channel>") || strings.Contains(h.As, "@everyone") {
		t.Errorf("the post is %+v, want it to call nobody", h)
	}
	w.done(t, chat.Edit{Key: "k-2", To: to, Messages: []chat.MessageID{id}, Text: text.Plain("first"), As: as})
	if h := among(all(t), id); !strings.HasSuffix(h.Text, "first") || len(h.Pings) > 0 {
		t.Errorf("after the edit it is %+v", h)
	}
	w.done(t, chat.Delete{To: to, Messages: []chat.MessageID{id}})
	if h := among(all(t), id); !h.Gone {
		t.Errorf("after the deletion it is %+v", h)
	}
}

// album holds that several files of one post are one message to whoever edits or deletes it, whatever the platform makes
// of them.
func album(t *testing.T, w *world) {
	traits := w.conn.Traits()
	if traits.Files.Count < 2 {
		return // a message carries one file here
	}
	files := []chat.File{
		{Name: "one.png", Type: "image/png", Size: int64(len(png())), Content: data(png())},
		{Name: "two.png", Type: "image/png", Size: int64(len(png())), Content: data(png())},
	}
	before := len(w.Heard(t))
	id := w.posted(t, chat.Post{Key: "k-1", To: w.Talk(), Text: text.Plain("two pictures"), Files: files})
	said := func() (words string, files, left int) {
		for _, h := range w.Heard(t)[before:] {
			if !h.Gone {
				words, files, left = words+h.Text, files+len(h.Files), left+1
			}
		}
		return words, files, left
	}
	if words, files, _ := said(); words != "two pictures" || files != 2 {
		t.Errorf("the person sees %q with %d files, want both", words, files)
	}
	if traits.Edit.Out {
		w.done(t, chat.Edit{Key: "k-2", To: w.Talk(), Messages: []chat.MessageID{id}, Text: text.Plain("a pair")})
		if words, files, _ := said(); words != "a pair" || files != 2 {
			t.Errorf("after the edit the person sees %q with %d files", words, files)
		}
	}
	if traits.Delete.Out {
		w.done(t, chat.Delete{To: w.Talk(), Messages: []chat.MessageID{id}})
		if words, files, left := said(); left > 0 {
			t.Errorf("after the deletion there is %q with %d files", words, files)
		}
	}
}

// mentions holds that a mention of somebody, even under an ID that the platform knows, is only a name.
func mentions(t *testing.T, w *world) {
	var b text.Builder
	for i := range 100 {
		name := fmt.Sprintf("person%d", i)
		b.Span(text.Mention, text.Attrs{ID: string(w.Person()), Name: name}, func() { b.Write("@" + name) })
		b.Write(" and ")
	}
	b.Write("@everyone <!channel> @here")
	var read strings.Builder
	for _, h := range w.post(t, "k-1", b.Text()) {
		read.WriteString(h.Text + " ")
		if len(h.Pings) > 0 {
			t.Errorf("%.60q… notified %q", h.Text, h.Pings)
		}
	}
	for i := range 100 {
		reads(t, read.String(), fmt.Sprintf("person%d ", i))
	}
}

func emptyFile(t *testing.T, w *world) {
	if !w.takesFiles() {
		return
	}
	before := len(w.Heard(t))
	f := chat.File{Name: "empty.png", Type: "image/png", Content: data(nil)}
	err := w.try(t, chat.Post{Key: "k-1", To: w.Talk(), Text: text.Plain("look"), Files: []chat.File{f}})
	if err == nil {
		if after := w.Heard(t); len(after) != before+1 {
			t.Errorf("%d messages came of an empty file, want one or a refusal", len(after)-before)
		}
		return
	}
	w.clearly(t, "an empty file", err, chat.Refused)
}

func largeFile(t *testing.T, w *world) {
	if !w.takesFiles() {
		return
	}
	before := len(w.Heard(t))
	f := chat.File{Name: "large.png", Type: "image/png", Size: w.conn.Traits().Files.Limit("image/png") + 1, Content: unreadable{}}
	err := w.try(t, chat.Post{Key: "k-1", To: w.Talk(), Text: text.Plain("look"), Files: []chat.File{f}})
	w.clearly(t, "a file beyond the limit", err, chat.Refused)
	if n := len(w.Heard(t)) - before; n > 0 {
		t.Errorf("%d messages came of a file beyond the limit, want none", n)
	}
}

func unreadableFile(t *testing.T, w *world) {
	if !w.takesFiles() {
		return
	}
	before := len(w.Heard(t))
	f := chat.File{Name: "lost.png", Type: "image/png", Size: 100, Content: unreadable{}}
	err := w.try(t, chat.Post{Key: "k-1", To: w.Talk(), Text: text.Plain("look"), Files: []chat.File{f}})
	if k := chat.KindOf(err); err == nil || k == chat.Uncertain {
		t.Errorf("a file that can't be read = %v (%v), want a failure that is certain", err, k)
	}
	if n := len(w.Heard(t)) - before; n > 0 {
		t.Errorf("%d messages came of a file that can't be read, want none", n)
	}
}

func (w *world) takesFiles() bool {
	traits := w.conn.Traits()
	return traits.Files.Count > 0 && traits.Files.Limit("image/png") > 0
}

// unreadable is content that is not there any more.
type unreadable struct{}

// Open fails.
func (unreadable) Open(context.Context) (io.ReadCloser, error) {
	return nil, errors.New("the bytes are gone")
}

func lostFile(t *testing.T, w *world) {
	w.ready(t)
	w.Say(t, "see it", File{Name: "dot.png", Type: "image/png", Data: png()})
	if !w.sink.Within(limit, func(events []chat.Event) bool { return len(files(events)) > 0 }) {
		t.Fatal("the file did not come")
	}
	file := files(w.sink.Events())[0]
	if !w.Lose(t) {
		if b := w.fetched(t, file); !bytes.Equal(b, png()) {
			t.Errorf("a file that can't get lost came with %d bytes, want %d", len(b), len(png()))
		}
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	r, err := chat.Fetch(ctx, w.conn, file)
	w.note(err)
	if err == nil {
		_ = r.Close() // it should not have been there
	}
	w.clearly(t, "a file that is lost", err, chat.Gone, chat.Refused)
}
