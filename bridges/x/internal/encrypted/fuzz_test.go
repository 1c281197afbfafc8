package encrypted

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// absent is an X that knows nobody and nothing.
type absent struct{}

// RoundTrip answers that there is no such thing.
func (absent) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNotFound, Body: io.NopCloser(strings.NewReader(`{}`)), Header: http.Header{}, Request: r}, nil
}

// couple is the keys of an account with the user ID 1 and of somebody with the ID 2, and that of their conversation.
type couple struct {
	keys [2]*xchat.Keys
	key  xchat.ConversationKey
}

func newCouple(tb testing.TB) couple {
	tb.Helper()
	p := couple{key: xchat.NewConversationKey("5")}
	for i := range p.keys {
		var err error
		if p.keys[i], err = xchat.NewKeys(); err != nil {
			tb.Fatal(err)
		}
	}
	return p
}

// other is the other one as an author.
func (p couple) other() xchat.Author { return xchat.Author{Keys: p.keys[1], User: "2", Version: "10"} }

// account is the account, which knows the keys of both.
func (p couple) account(tb testing.TB) *Transport {
	tb.Helper()
	deps := bridges.Deps{Account: "x/acme", Keep: &bridgetest.Keeper{}, Client: &http.Client{Transport: absent{}}}.Ready()
	calls := api.New(api.Credentials{AccessToken: bridges.NewSecret("some")}, deps)
	money := api.NewPurse(api.Budget{}, api.Prices{}, deps.Keep, deps.Now)
	people := api.NewPeople(calls, money, deps.Now)
	a := Account{
		Name: deps.Account, API: calls, Purse: money, People: people, Recent: dm.NewRecent(), Keep: deps.Keep, Log: deps.Log, Now: deps.Now, Skip: deps.Skip,
		As: func(id string) dm.Self {
			return dm.Self{Account: deps.Account, ID: id, Handle: "acmetea", People: people}
		},
		Group:  func(context.Context, string) (bool, error) { return false, nil },
		Wake:   func() {},
		Errand: func(ctx context.Context, do func(context.Context)) { do(ctx) },
	}
	t := newTransport(a, ownKeys{keys: p.keys[0], user: "1", version: "10"}, time.Unix(0, 0))
	for i, u := range []string{"1", "2"} {
		public := p.keys[i].Public()
		public.User, public.Version = u, "10"
		t.reader.Directory.Learn(u, []xchat.PublicKeys{public})
		t.asked.Put(u, struct{}{})
	}
	t.talkOf(tb).ring.Add(p.key)
	return t
}

// samples are events of each kind by the other one.
func samples(tb testing.TB, p couple) [][]byte {
	tb.Helper()
	sealed, err := p.other().Write(xchat.Draft{ID: "m", Conversation: "1:2", Content: wire.Message{Text: "hi"}}, p.key)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := wire.ParseMessageCreate(sealed.Message)
	if err != nil {
		tb.Fatal(err)
	}
	sig, err := wire.ParseSignature(sealed.Signature)
	if err != nil {
		tb.Fatal(err)
	}
	var all [][]byte
	for _, d := range []wire.Detail{
		m,
		wire.KeyChange{Version: "6", Keys: []wire.WrappedKey{{User: "1", Key: "AAAA", PublicKeyVersion: "10"}}},
		wire.Typing{},
		wire.MessageDelete{Sequences: []wire.Sequence{7}, ForAll: true},
		wire.MarkRead{Until: 7},
		wire.Failure{Type: 7},
		wire.TTLChange{TTL: time.Hour},
		wire.GroupChange{Kind: wire.GroupMemberAdd, Members: []string{"2", "3"}},
		wire.Other{Member: 99},
	} {
		ev := wire.Event{Sequence: 9, Previous: 8, ID: "m", Sender: "2", Conversation: "1:2", At: time.UnixMilli(1795176000000), Detail: d, Signature: sig}
		b, err := base64.StdEncoding.DecodeString(ev.Encode())
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// FuzzEvents has X tell of anything as an encrypted event, beside anything as its key.
func FuzzEvents(f *testing.F) {
	two := newCouple(f)
	for _, b := range samples(f, two) {
		f.Add(b, b, "1-2")
	}
	f.Fuzz(func(t *testing.T, event, change []byte, conversation string) {
		x := two.account(t)
		for _, p := range []delivery{
			{Event: base64.StdEncoding.EncodeToString(event), KeyChange: base64.StdEncoding.EncodeToString(change), Conversation: conversation},
			{Conversation: conversation},
		} {
			raw, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := x.Live(t.Context(), bridgetest.Sound{TB: t, Account: "x/acme"}, raw); err != nil {
				t.Errorf("live = %v, want that nothing that X tells ends the account", err)
			}
		}
		if key, ok := x.talkOf(t).ring.Latest(); !ok || key.Version != "5" {
			t.Errorf("what X told changed the key that is written with")
		}
	})
}

// talkOf is the conversation of the two.
func (t *Transport) talkOf(tb testing.TB) *talk {
	tb.Helper()
	one, err := t.talks.talk(tb.Context(), "1:2")
	if err != nil {
		tb.Fatal(err)
	}
	return one
}

// FuzzContents has somebody say anything.
func FuzzContents(f *testing.F) {
	link := "see https://example.org"
	for _, c := range []wire.Content{
		wire.Message{Text: link, Entities: []wire.Entity{{Start: 4, End: 23, Kind: wire.URL}}, Forwarded: &link, Attachments: []wire.Attachment{
			{Media: &wire.Media{HashKey: "abc", Kind: wire.Image, Size: 5, Name: "a.png"}}, {Post: &wire.PostRef{ID: "7"}}, {Link: &wire.Link{URL: "https://example.org"}}, {Member: 9},
		}, Reply: &wire.Preview{Sender: "1", Text: "what", Sequence: 3}},
		wire.Edit{Target: 7, Text: "better"},
		wire.Reaction{Target: 7, Emoji: "👍"},
		wire.Strange{Member: 13},
	} {
		f.Add(wire.EncodeContent(c))
	}
	two := newCouple(f)
	x, key := two.account(f), two.key
	ev := wire.Event{Sequence: 9, ID: "m", Sender: "2", Conversation: "1:2"}
	f.Fuzz(func(t *testing.T, plain []byte) {
		content, err := wire.ParseContent(plain)
		if err != nil {
			return
		}
		for _, proof := range []xchat.Proof{xchat.Unproven, xchat.Proven, xchat.Forged} {
			what, about := x.says(ev, xchat.Opened{Content: content, Key: key, Proof: proof})
			if what == nil {
				continue
			}
			bridgetest.Sound{TB: t, Account: "x/acme"}.Event(chat.Event{
				ID: "e", Conversation: chat.Conversation{Account: "x/acme", ID: "2"}, Message: about, Author: chat.Author{ID: "2"}, What: what,
			})
			p, _ := what.(chat.Posted)
			if len(p.Files) > mostAttached {
				t.Errorf("%d files hang on it", len(p.Files))
			}
			for _, file := range p.Files {
				if file.Name == "" || strings.ContainsAny(file.Name, "/\x00\n") || text.Clean(file.Name) != file.Name || file.Size < 0 {
					t.Errorf("a file is %q of %d bytes", file.Name, file.Size)
				}
			}
		}
	})
}
