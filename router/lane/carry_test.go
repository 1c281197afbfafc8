package lane_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// record has f do everything and remember it, under the names m1, m2, … where it makes messages.
func record(f *forum) (done func() []chat.Action) {
	var mu sync.Mutex
	var all []chat.Action
	f.done = func(a chat.Action) (chat.Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, a)
		if _, ok := a.(chat.Open); ok {
			return chat.Receipt{Messages: []chat.MessageID{"card"}}, nil
		}
		return chat.Receipt{}, nil
	}
	return func() []chat.Action {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

// parts are deliveries of one message in several.
func parts(to chat.Conversation, from chat.Ref, said ...string) []chat.Delivery {
	var ds []chat.Delivery
	for i, s := range said {
		d := post(to, s)
		d.Source, d.Part, d.Parts = from, i, len(said)
		ds = append(ds, d)
	}
	return ds
}

func TestEditsDeletionsAndReactionsFindCopiesMadeEarlierInTheirLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &forum{platform: newPlatform()}
		done := record(f)
		w := newWorld(t, f)
		to, from := at("c"), source("long")
		l := chat.LaneTo(to)
		ds := append(parts(to, from, "one", "two"),
			chat.Delivery{Lane: l, Of: from, Action: chat.React{To: to, Emoji: "👍"}},
			chat.Delivery{Lane: l, Of: from, Action: chat.Edit{To: to, Text: text.Plain("short")}},
			chat.Delivery{Lane: l, Of: from, Action: chat.Delete{To: to}})
		w.admit(t, ds...)
		w.run(t)
		w.sent(t, len(ds))
		got := done()
		key := got[1].(chat.Edit).Key
		want := []chat.Action{
			chat.React{To: to, Message: "m1", Emoji: "👍"},
			chat.Edit{Key: key, To: to, Messages: []chat.MessageID{"m1"}, Text: text.Plain("short")},
			chat.Delete{To: to, Messages: []chat.MessageID{"m2"}}, // the edit needs it no more
			chat.Delete{To: to, Messages: []chat.MessageID{"m1", "m2"}},
		}
		if diff := cmp.Diff(want, got); diff != "" || key == "" {
			t.Errorf("done (-want +got), key %q:\n%s", key, diff)
		}
	})
}

func TestAnEditThatGrowsIsRememberedAndNotDoubled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &forum{platform: newPlatform()}
		f.traits.Text.Max = 10
		failed := false
		f.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			if strings.Contains(post.Text.Body, "three") && !failed {
				failed = true
				return fails(chat.Transient)
			}
			return f.take(post), nil
		}
		done := record(f)
		w := newWorld(t, f)
		to, from := at("c"), source("one")
		edit := func(said string) chat.Delivery {
			return chat.Delivery{Lane: chat.LaneTo(to), Of: from, Action: chat.Edit{To: to, Text: text.Plain(said)}}
		}
		w.admit(t, post(to, "one"))
		w.run(t)
		w.sent(t, 1)
		w.admit(t, edit("one one.\ntwo two.\nthree."))
		w.sent(t, 1)
		if got := f.taken(); len(got) != 3 {
			t.Fatalf("posted %q, want the message and the two parts that the edit added, once each", got)
		}
		before := len(done())
		w.admit(t, edit("one one.\ntwo 222.\n333333."))
		w.sent(t, 1)
		if got := f.taken(); len(got) != 3 {
			t.Errorf("posted %q: the second edit added what was there", got)
		}
		var edited []chat.MessageID
		for _, a := range done()[before:] {
			edited = append(edited, a.(chat.Edit).Messages...)
		}
		if diff := cmp.Diff([]chat.MessageID{"m1", "m2", "m3"}, edited); diff != "" {
			t.Errorf("the second edit (-want +got):\n%s", diff)
		}
	})
}

// A part that was deleted and put back is the new message from then on.
func TestTheNewestCopyOfAPartIsEdited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &forum{platform: newPlatform()}
		f.traits.Text.Max = 10
		var edited []chat.MessageID
		f.done = func(a chat.Action) (chat.Receipt, error) {
			e, ok := a.(chat.Edit)
			if !ok {
				return chat.Receipt{}, nil
			}
			edited = append(edited, e.Messages...)
			if e.Messages[0] == "m2" {
				return fails(chat.Gone)
			}
			return chat.Receipt{}, nil
		}
		w := newWorld(t, f)
		to, from := at("c"), source("long")
		w.admit(t, parts(to, from, "one one.", "two two.")...)
		w.run(t)
		w.sent(t, 2)
		for range 2 {
			w.admit(t, chat.Delivery{Lane: chat.LaneTo(to), Of: from, Action: chat.Edit{To: to, Text: text.Plain("uno uno.\ndos dos.")}})
			w.sent(t, 1)
		}
		if diff := cmp.Diff([]chat.MessageID{"m1", "m2", "m1", "m3"}, edited); diff != "" || len(f.taken()) != 3 {
			t.Errorf("posted %q, edited (-want +got):\n%s", f.taken(), diff)
		}
	})
}

func TestAnEditOfWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &forum{platform: newPlatform()}
		record(f)
		w := newWorld(t, f)
		w.admit(t, chat.Delivery{Lane: chat.LaneTo(at("c")), Of: source("x"), Action: chat.Edit{To: at("c")}})
		w.run(t)
		if e := w.end(t); e.Delivery.State != chat.Rejected || !strings.Contains(e.Delivery.Reason, "not there") {
			t.Errorf("ended %s (%s), want rejected because it is not there", e.Delivery.State, e.Delivery.Reason)
		}
	})
}

func TestWithinGoesIntoTheThreadThatTheCardOpened(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &forum{platform: newPlatform()}
		record(f)
		w := newWorld(t, f)
		to, card := at("c"), chat.Ref{Conversation: at("c"), Message: "card:1"}
		l := chat.LaneWithin(to, "1")
		w.admit(t,
			chat.Delivery{Lane: l, Source: card, Action: chat.Open{To: to, Title: "Ada"}},
			chat.Delivery{Lane: l, Within: card, Action: chat.Post{To: to, Text: text.Plain("in it")}})
		w.run(t)
		w.sent(t, 2)
		if got := f.posts[0].To.Thread; got != "t1" {
			t.Errorf("posted into thread %q, want t1", got)
		}
		lost := chat.Ref{Conversation: at("c"), Message: "card:2"}
		w.admit(t, chat.Delivery{Lane: "other", Within: lost, Action: chat.Post{To: to, Text: text.Plain("lost")}})
		if e := w.end(t); e.Delivery.State != chat.Rejected || !e.Gone {
			t.Errorf("without a thread it ended %s, gone %v; want rejected and gone", e.Delivery.State, e.Gone)
		}
	})
}

func TestAnswersBecomesAReplyToTheCopyWhereThereIsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		w := newWorld(t, p)
		yes, no := post(at("c"), "yes"), post(at("c"), "no")
		yes.Answers, no.Answers = source("asked"), source("elsewhere")
		w.admit(t, post(at("c"), "asked"), yes, no)
		w.run(t)
		w.sent(t, 3)
		if got := p.posts[1].ReplyTo; got != "m1" {
			t.Errorf("the answer replies to %q, want m1", got)
		}
		if got := p.posts[2].ReplyTo; got != "" {
			t.Errorf("the answer to what is not here replies to %q, want nothing", got)
		}
	})
}

// content is a file's bytes in memory.
type content string

func (c content) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(c))), nil
}

func TestFilesAreAttachedOrMissedInWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		count int
		file  chat.File
		err   error // of fetching it
		said  string
		want  string // in the text; empty: attached
	}{
		{name: "fits", count: 1, file: chat.File{Name: "a.png", Size: 3}, said: "see"},
		{name: "too large as told", count: 1, file: chat.File{Name: "a.png", Size: 2_000_000}, said: "see", want: "[a.png could not be carried over: it is 2.0 MB, and Test takes 1 kB at most]"},
		{name: "too large as found", count: 1, file: chat.File{Name: "big.png"}, said: "see", want: "[big.png could not be carried over: it is 5 kB, and Test takes 1 kB at most]"},
		{name: "no files here", count: 0, file: chat.File{Name: "a.png", Size: 3}, want: "[a.png could not be carried over: Test takes no files of this kind]"},
		{name: "gone", count: 1, file: chat.File{Name: "a.png"}, err: &chat.Error{Kind: chat.Gone}, said: "see", want: "no longer there"},
		{name: "no room for the line", count: 0, file: chat.File{Name: "a.png"}, said: strings.Repeat("x", 950), want: "[files that could not be carried over: 1]"},
		{name: "no room at all", count: 0, file: chat.File{Name: "a.png"}, said: strings.Repeat("x", 1000), want: strings.Repeat("x", 1000)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.traits.Files = chat.FileTraits{Count: tc.count, Size: 1000}
				w := newWorld(t, p)
				w.cfg.Content = func(_ context.Context, f chat.File) (chat.Content, int64, error) {
					c := content("abc")
					if f.Name == "big.png" {
						c = content(strings.Repeat("x", 5000))
					}
					return c, int64(len(c)), tc.err
				}
				d := post(at("c"), tc.said)
				d.Action = chat.Post{To: at("c"), Text: text.Plain(tc.said), Files: []chat.File{tc.file}}
				w.admit(t, d)
				w.run(t)
				e := w.sent(t, 1)[0]
				got := p.posts[0]
				if tc.want == "" {
					if len(got.Files) != 1 || got.Files[0].Content == nil || got.Text.Body != tc.said || len(e.Lacking) > 0 {
						t.Errorf("posted %+v lacking %v, want the file attached", got, e.Lacking)
					}
					return
				}
				if len(got.Files) != 0 || !strings.Contains(got.Text.Body, tc.want) || len(got.Text.Body) > 1000 {
					t.Errorf("posted %d files and %q, want none and %q", len(got.Files), got.Text.Body, tc.want)
				}
				if len(e.Lacking) != 1 || e.Lacking[0].File.Name != tc.file.Name || e.Lacking[0].Reason == "" {
					t.Errorf("lacking %+v, want the file and why", e.Lacking)
				}
			})
		})
	}
}

func TestAFileThatCantBeFetchedNowIsTriedAgainUntilTheLastTry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.traits.Files = chat.FileTraits{Count: 1, Size: 1000}
		w := newWorld(t, p)
		w.cfg.Tries = 4
		asked := 0
		w.cfg.Content = func(context.Context, chat.File) (chat.Content, int64, error) {
			asked++
			return nil, 0, errors.New("no route to host")
		}
		d := post(at("c"), "see")
		d.Action = chat.Post{To: at("c"), Text: text.Plain("see"), Files: []chat.File{{Name: "a.png"}}}
		w.admit(t, d)
		w.run(t)
		e := w.sent(t, 1)[0]
		if asked != 4 || len(e.Lacking) != 1 || len(p.taken()) != 1 {
			t.Errorf("asked %d times, lacking %v, taken %q; want 4, one, once", asked, e.Lacking, p.taken())
		}
	})
}

// What is posted instead of an edit bears the delivery's key, so a platform folds its repeats.
func TestWhatStandsForAnEditIsKeyed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.traits.Edit.Out = false
		keys := map[chat.Key]bool{}
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			keys[post.Key] = true
			if p.tried() == 2 {
				return fails(chat.Uncertain)
			}
			return p.take(post), nil
		}
		w := newWorld(t, p)
		instead := chat.Post{To: at("c"), Text: text.Plain("(edited) two"), Hops: 1}
		w.admit(t, post(at("c"), "one"),
			chat.Delivery{Lane: chat.LaneTo(at("c")), Of: source("one"), Action: chat.Edit{To: at("c"), Else: &instead}})
		w.run(t)
		e := w.sent(t, 2)[1]
		if len(keys) != 2 || keys[""] {
			t.Errorf("keys %v, want one for each of the two deliveries", keys)
		}
		want := []chat.Copy{{Source: source("one"), Dest: chat.Ref{Conversation: at("c"), Message: "m2"}, Hops: 1}}
		if diff := cmp.Diff(want, e.Copies); diff != "" {
			t.Errorf("copies (-want +got):\n%s", diff)
		}
	})
}

func TestKeysHoldOverRestartsAndAreShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		w := newWorld(t, p)
		for n := range 40 {
			w.admit(t, post(at("c"), fmt.Sprint(n)))
		}
		w.run(t)
		w.sent(t, 40)
		seen := map[chat.Key]bool{}
		for _, post := range p.posts {
			if seen[post.Key] || post.Key == "" || len(post.Key) > 25 || !strings.HasPrefix(string(post.Key), w.store.Word()+"-") {
				t.Errorf("key %q is empty, long, used twice or without the store's word", post.Key)
			}
			seen[post.Key] = true
		}
	})
}
