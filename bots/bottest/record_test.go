package bottest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestRecorder(t *testing.T) {
	t.Parallel()
	room := chat.Conversation{Account: "slack/team", ID: "C0LOUNGE"}
	r, err := bottest.NewRecorder(room)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	ann := chat.Author{ID: "U0ANN", Name: "Ann Ångström", Handle: "annie"}
	ben := chat.Author{ID: "U0BEN", Name: "Ben"}
	card := chat.Ref{Conversation: room, Message: "bot:jack:k1-0"}
	heard := func(who chat.Author, after time.Duration, about chat.Ref, what chat.Happening) {
		at = at.Add(after)
		r.Heard(chat.Hear{About: about, Event: chat.Event{Conversation: room, Message: "m1", Author: who, At: at, What: what}})
	}
	var b text.Builder
	b.Write("/do choices Who, ANN ÅNGSTRÖM or Annie or ")
	b.Span(text.Mention, text.Attrs{ID: "U0BEN", Name: "Ben"}, func() { b.Write("@Ben") })
	b.Write("? Benny!")
	heard(ann, 0, chat.Ref{}, chat.Posted{Text: b.Text()})
	r.Did(chat.Say{Ref: card, Post: chat.Post{To: room, Text: text.Plain("Who, Ann Ångström or Annie or @Ben? Benny!"), Card: &chat.Card{
		Numbered: true, Buttons: []chat.Button{{ID: "b1", Label: "One", Value: "1"}, {ID: "b2", Label: "Two", Value: "Two"}},
	}}})
	heard(ben, 59*time.Second, card, chat.Pressed{Button: "b2", Value: "Two"})
	r.Did(chat.Say{Ref: chat.Ref{Conversation: room, Message: "bot:jack:k2-0"}, Post: chat.Post{To: room, Text: text.Plain("pressed Two")}})
	heard(ann, 25*time.Hour+time.Minute, card, chat.Reacted{Emoji: "👍"})
	r.Did(chat.Say{Ref: chat.Ref{Conversation: room, Message: "bot:jack:k3-0"}, Post: chat.Post{To: room, Text: text.Plain("reacted 👍 false, mine true")}})
	heard(chat.Author{}, time.Second, chat.Ref{}, chat.Called{Name: "hook:deploy", Body: []byte("by Ben\nnow")})
	want := `@on slack
@at 2026-03-04T05:06:07Z
@in #room

alice: /do choices Who, alice or alice or @bob? Benny!
bot: Who, alice or alice or @bob? Benny!  [One] [Two]
bob presses [Two]
bot: pressed Two
@ +1d1h1m59s
alice reacts 👍
bot: reacted 👍 false, mine true
hook deploy: by bob
  now
`
	if got := r.Transcript(); got != want {
		t.Errorf("recorded\n%s\nwant\n%s", got, want)
	}
	// Jack also says something every day.
	played := "@home #room\n" + strings.Replace(want, "@ +1d1h1m59s\n", "@ +1d1h1m59s\nbot: daily\n", 1) + "bot: hook: by bob\n  now\n"
	if got := play(t, played, bottest.Options{}); got.Failed > 0 {
		t.Errorf("it can't be played: %s", got.Results[0].Failure)
	}
}
