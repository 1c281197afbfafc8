package chat_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
)

func TestAConversationReadsBackWhatItWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := conversations().Draw(t, "conversation")
		s := c.String()
		if strings.ContainsAny(s, " \n\x00\"") {
			t.Fatalf("%q breaks a line or a word", s)
		}
		got, err := chat.ParseConversation(s)
		if err != nil || got != c {
			t.Fatalf("ParseConversation(%q) = %#v, %v; want %#v", s, got, err, c)
		}
		var u chat.Conversation
		b, err := c.MarshalText()
		if err := errors.Join(err, u.UnmarshalText(b)); err != nil || u != c {
			t.Fatalf("UnmarshalText(%q) = %#v, %v; want %#v", b, u, err, c)
		}
	})
}

func TestTheZeroConversationIsEmptyText(t *testing.T) {
	t.Parallel()
	c := chat.Conversation{Account: "x/a", ID: "1"}
	if err := c.UnmarshalText(nil); err != nil || !c.IsZero() || c.String() != "" {
		t.Errorf("UnmarshalText of nothing gives %q, %v; want the zero conversation", c, err)
	}
}

func TestParseConversation(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		want chat.Conversation
		err  error
	}{
		{in: "slack/team#C024BE91L", want: chat.Conversation{Account: "slack/team", ID: "C024BE91L"}},
		{in: "slack/team#C024/1712345678.000100", want: chat.Conversation{Account: "slack/team", ID: "C024", Thread: "1712345678.000100"}},
		{in: "telegram/bot#-100%2F5", want: chat.Conversation{Account: "telegram/bot", ID: "-100/5"}},
		{in: "slack/team", err: chat.ErrBadConversation},
		{in: "", err: chat.ErrBadConversation},
		{in: "slack/team#", err: chat.ErrBadConversation},
		{in: "slack/team#/t", err: chat.ErrBadConversation},
		{in: "slack/team#C/", err: chat.ErrBadConversation},
		{in: "slack/team#%zz", err: chat.ErrBadConversation},
		{in: "slack/team#C/%", err: chat.ErrBadConversation},
		{in: "slack#C", err: chat.ErrBadAccount},
		{in: "Slack/team#C", err: chat.ErrBadAccount},
	} {
		got, err := chat.ParseConversation(tc.in)
		if got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("ParseConversation(%q) = %#v, %v; want %#v, %v", tc.in, got, err, tc.want, tc.err)
		}
	}
}

func FuzzParseConversation(f *testing.F) {
	for _, s := range []string{"x/acme#1", "slack/team#C0/17.1", "a/b#%41%2f/%23", "a/b#c/d/e", "#", "a/b#\xff", "a/b#%ff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := chat.ParseConversation(s)
		if err != nil {
			if !errors.Is(err, chat.ErrBadConversation) && !errors.Is(err, chat.ErrBadAccount) {
				t.Fatalf("ParseConversation(%q) = %v, want one of its errors", s, err)
			}
			return
		}
		again, err := chat.ParseConversation(c.String())
		if err != nil || again != c {
			t.Fatalf("%q is read as %#v, written as %q, and read back as %#v, %v", s, c, c.String(), again, err)
		}
	})
}

func TestParseAccount(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{
		"x/acme": true, "slack/team-1.a_b": true, "x/0": true, "": false, "x": false, "x/": false, "/a": false, "X/a": false,
		"x/A": false, "x/-a": false, "1x/a": false, "x/a/b": false, "x/a#b": false, "x/a\n": false, "x/é": false,
		"x/" + strings.Repeat("a", 64): true, "x/" + strings.Repeat("a", 65): false,
	} {
		a, err := chat.ParseAccount(in)
		if (err == nil) != ok || ok && string(a) != in || !ok && !errors.Is(err, chat.ErrBadAccount) {
			t.Errorf("ParseAccount(%q) = %q, %v; want it taken: %v", in, a, err, ok)
		}
	}
	if a := chat.Account("slack/team"); a.Platform() != "slack" || a.Name() != "team" {
		t.Errorf("%s is %q of %q, want team of slack", a, a.Name(), a.Platform())
	}
}

func TestRefsAreTheSameWhateverTheirThreads(t *testing.T) {
	t.Parallel()
	in := func(a chat.Account, id chat.ConversationID, th chat.ThreadID, m chat.MessageID) chat.Ref {
		return chat.Ref{Conversation: chat.Conversation{Account: a, ID: id, Thread: th}, Message: m}
	}
	r := in("a/b", "c", "t", "m")
	for _, tc := range []struct {
		o    chat.Ref
		want bool
	}{
		{r, true},
		{in("a/b", "c", "", "m"), true},
		{in("a/b", "c", "u", "m"), true},
		{in("a/b", "c", "t", "n"), false},
		{in("a/b", "d", "t", "m"), false},
		{in("a/c", "c", "t", "m"), false},
		{chat.Ref{}, false},
	} {
		if r.Same(tc.o) != tc.want || tc.o.Same(r) != tc.want {
			t.Errorf("%v and %v are the same: %v, want %v", r, tc.o, !tc.want, tc.want)
		}
	}
	if !(chat.Ref{}).IsZero() || r.IsZero() || r.String() != "a/b#c/t|m" {
		t.Errorf("%q, zero %v; want a/b#c/t|m, and only the zero Ref zero", r, r.IsZero())
	}
}

func TestKindsAndReasons(t *testing.T) {
	t.Parallel()
	cause := errors.New("token xoxb-1 is bad")
	for _, tc := range []struct {
		name   string
		err    error
		kind   chat.Kind
		word   string
		reason string
	}{
		{"unmarked", io.ErrUnexpectedEOF, chat.Transient, "transient", "could not be reached"},
		{"transient", &chat.Error{Err: cause}, chat.Transient, "transient", "could not be reached"},
		{"throttled", &chat.Error{Kind: chat.Throttled, Err: cause}, chat.Throttled, "throttled", "slow down"},
		{"uncertain", &chat.Error{Kind: chat.Uncertain, Err: cause}, chat.Uncertain, "uncertain", "may or may not"},
		{"refused", &chat.Error{Kind: chat.Refused, Err: cause}, chat.Refused, "refused", "refused"},
		{"gone", &chat.Error{Kind: chat.Gone, Err: cause}, chat.Gone, "gone", "no longer there"},
		{"logged out", &chat.Error{Kind: chat.LoggedOut, Err: cause}, chat.LoggedOut, "logged_out", "logged out"},
		{"unfunded", &chat.Error{Kind: chat.Unfunded, Err: cause}, chat.Unfunded, "unfunded", "credit"},
		{"wrapped", fmt.Errorf("lane: %w", &chat.Error{Kind: chat.Gone}), chat.Gone, "gone", "no longer there"},
		{"the outermost counts", &chat.Error{Kind: chat.Uncertain, Err: &chat.Error{Kind: chat.Gone, Reason: "inner"}}, chat.Uncertain, "uncertain", "may or may not"},
		{"in its own words", &chat.Error{Kind: chat.Refused, Reason: "this person doesn't accept messages", Err: cause}, chat.Refused, "refused", "this person doesn't accept messages"},
		{"unsupported", errors.ErrUnsupported, chat.Refused, "refused", "can't do that"},
		{"unsupported with a reason", chat.Unsupported("edit", "messages can't be edited here"), chat.Refused, "refused", "messages can't be edited here"},
		{"late", fmt.Errorf("post: %w", errDeadline()), chat.Transient, "transient", "in time"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := chat.KindOf(tc.err); got != tc.kind || got.String() != tc.word {
				t.Errorf("KindOf = %v, want %v", got, tc.kind)
			}
			got := chat.Reason(tc.err)
			if !strings.Contains(got, tc.reason) || strings.Contains(got, "xoxb") {
				t.Errorf("Reason = %q, want %q and nothing of the wire", got, tc.reason)
			}
		})
	}
	err := &chat.Error{Op: "slack: post", Kind: chat.Refused, Reason: "no", Err: cause}
	if want := "slack: post: refused: no: token xoxb-1 is bad"; err.Error() != want || !errors.Is(err, cause) {
		t.Errorf("Error() = %q, want %q", err, want)
	}
	if got := chat.Kind(99).String(); got != "kind(99)" {
		t.Errorf("an unknown kind is %q", got)
	}
	if !chat.IsUnsupported(chat.Unsupported("x", "")) || chat.IsUnsupported(err) {
		t.Error("IsUnsupported tells wrongly what is unsupported")
	}
}

func TestKeysOfDeliveriesAreShortAndApart(t *testing.T) {
	t.Parallel()
	seen := map[chat.Key]bool{}
	for _, id := range []chat.DeliveryID{1, 2, 17, 1 << 20, 1 << 40, 1<<62 + 1} {
		k := chat.Delivery{ID: id}.Key("abcdefgh")
		if seen[k] || len(k) > 25 {
			t.Errorf("key %q is used twice or longer than 25", k)
		}
		seen[k] = true
	}
}

func TestCardReadsPlain(t *testing.T) {
	t.Parallel()
	c := chat.Card{
		Title: "Jane", Body: "hi", Facts: []chat.Fact{{Name: "Platform", Value: "x/acme"}, {Name: "Since", Value: "2020"}}, Footer: "open",
		Buttons: []chat.Button{{ID: "claim", Label: "Claim"}},
	}
	got := c.Plain()
	if want := "Jane\nhi\nPlatform: x/acme\nSince: 2020\nopen"; got.Body != want {
		t.Errorf("Plain = %q, want %q", got.Body, want)
	}
	if len(got.Spans) != 1 || got.Body[got.Spans[0].Start:got.Spans[0].End] != "Jane" {
		t.Errorf("spans %+v, want the title bold", got.Spans)
	}
	if got := (chat.Card{Title: "x"}).Plain().Body; got != "x" {
		t.Errorf("Plain of a title = %q", got)
	}
}

func TestFileLimits(t *testing.T) {
	t.Parallel()
	some := chat.FileTraits{Count: 4, Size: 10, Types: map[string]int64{"image": 5, "image/gif": 15}}
	for mime, want := range map[string]int64{"image/png": 5, "image/gif": 15, "video/mp4": 0, "": 0, "image": 5} {
		if got := some.Limit(mime); got != want {
			t.Errorf("Limit(%q) = %d, want %d", mime, got, want)
		}
	}
	if got := (chat.FileTraits{Size: 10}).Limit("x/y"); got != 10 {
		t.Errorf("Limit without types = %d, want 10", got)
	}
}
