package router_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const old = "unencrypted messages can't be changed"

// sealed makes a conversation of a town one that can only be posted to, among others that can do everything.
func (m *town) sealed(at chat.Conversation) {
	m.fail = func(a chat.Action) error {
		if _, posts := a.(chat.Post); posts || a.Target() != at {
			return nil
		}
		return chat.Unsupported("town", old)
	}
}

// A member is told the same whether a platform can't change messages at all or only not these.
func TestAMemberIsToldWhatAConversationCantDo(t *testing.T) {
	t.Parallel()
	for _, one := range []bool{true, false} {
		t.Run(map[bool]string{true: "this conversation", false: "the platform"}[one], func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, x, slack := office(t, 0)
				dm := x.place("dm-jane")
				x.traits.Edit.Out, x.traits.Delete.Out, x.traits.React.Out = one, one, one
				why := [3]string{"messages can't be edited here", "messages can't be deleted here", "there are no reactions here"}
				if one {
					x.sealed(dm)
					why = [3]string{old, old, old}
				}
				w.says(t, x, "Jane", dm, "hi")
				in := slack.thread(t)
				shown, _ := slack.reads(in, "hi")
				answer := w.says(t, slack, "Ann", in, "helo")
				w.happens(t, "Ann", where{slack, in}, answer, chat.Edited{Text: text.Plain("hello")})
				w.happens(t, "Ann", where{slack, in}, shown.id, chat.Reacted{Emoji: "👍"})
				w.happens(t, "Ann", where{slack, in}, answer, chat.Deleted{})
				pass(time.Minute)
				reads(t, x, dm, "hi", "helo")
				got := slack.in(in)
				for _, want := range []string{
					"Jane still sees the old text: " + why[0], "Jane still sees what you deleted: " + why[1], "Jane does not see your 👍: " + why[2],
				} {
					if !slices.Contains(got, want) {
						t.Errorf("the thread reads %q, want %q", got, want)
					}
				}
			})
		})
	}
}

// What a contact changes, the team sees, wherever its thread is.
func TestATeamSeesWhatItsThreadCantShow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		dm := x.place("dm-jane")
		hi := w.says(t, x, "Jane", dm, "hi")
		in := slack.thread(t)
		shown, _ := slack.reads(in, "hi")
		slack.sealed(in)
		w.happens(t, "Jane", where{x, dm}, hi, chat.Edited{Text: text.Plain("hello")})
		w.happens(t, "Jane", where{x, dm}, hi, chat.Reacted{Emoji: "👍"})
		reads(t, slack, in, "hi", "hello (edited)", "Jane reacted with 👍")
		if line := slack.list(in)[2]; line.post.ReplyTo == "" || line.post.ReplyTo == shown.id {
			t.Errorf("the line answers %q, want the message as it reads now", line.post.ReplyTo)
		}
	})
}

// One conversation of a mirror can do less than the account's others.
func TestAMirrorSaysWhatOneConversationCantShow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		towns[1].sealed(at[1])
		towns[1].traits.Text.Max = 40
		said := w.says(t, towns[0], "Ann", at[0], "one")
		copied, _ := towns[1].reads(at[1], "one")
		w.happens(t, "Cem", where{towns[0], at[0]}, said, chat.Reacted{Emoji: "👍"})
		w.happens(t, "Cem", where{towns[0], at[0]}, said, chat.Pinned{})
		reads(t, towns[1], at[1], "one", "👍 Cem", "📌 Cem pinned this")
		for _, m := range towns[1].list(at[1])[1:] {
			if m.post.ReplyTo != copied.id {
				t.Errorf("%q answers %q, want %q", m.post.Text.Body, m.post.ReplyTo, copied.id)
			}
		}
		w.happens(t, "Ann", where{towns[0], at[0]}, said, chat.Edited{Text: text.Plain(strings.Repeat("word ", 12) + "end")})
		got := towns[1].in(at[1])
		if len(got) < 5 || !strings.HasPrefix(got[3], "(edited) word") || !strings.HasSuffix(got[len(got)-1], "end") {
			t.Errorf("it reads %q, want the new text behind the old one, in parts", got)
		}
		w.happens(t, "Ann", where{towns[0], at[0]}, said, chat.Deleted{})
		reads(t, towns[0], at[0], "one", "⚠️ discord/fans#lounge still shows what was deleted: "+old+".")
		reads(t, towns[2], at[2])
		if n := w.count(t); n[chat.Rejected] != 1 || n[chat.Waiting]+n[chat.Dead]+n[chat.Held] != 0 {
			t.Errorf("deliveries %v, want that only the deletion is refused", n)
		}
	})
}
