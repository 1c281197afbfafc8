package chat_test

import (
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// ids draws what platforms name things with, and what nobody should.
func ids() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9._:@-]{1,20}`),
		rapid.SampledFrom([]string{"#", "/", "%", "%2F", " ", "a b", "-100", "1712345678.000100", "!", "|", "\"", "é", "你好", "👍🏽", "\n", "\x00", "\u202e", "+"}),
		rapid.StringN(1, 10, 40),
	)
}

func accounts() *rapid.Generator[chat.Account] {
	return rapid.Map(rapid.StringMatching(`[a-z][a-z0-9]{0,8}/[a-z0-9][a-z0-9._-]{0,12}`), func(s string) chat.Account { return chat.Account(s) })
}

func conversations() *rapid.Generator[chat.Conversation] {
	return rapid.Custom(func(t *rapid.T) chat.Conversation {
		c := chat.Conversation{Account: accounts().Draw(t, "account"), ID: chat.ConversationID(ids().Draw(t, "id"))}
		if rapid.Bool().Draw(t, "threaded") {
			c.Thread = chat.ThreadID(ids().Draw(t, "thread"))
		}
		return c
	})
}

// words draws text of some length, with formatting.
func words() *rapid.Generator[text.Text] {
	piece := rapid.SampledFrom([]string{"word ", "a ", "longer ", "👨‍👩‍👧‍👦 ", "漢字", "\n", "\n\n", "end. ", "https://example.com/a ", "   ", "e\u0301 "})
	return rapid.Custom(func(t *rapid.T) text.Text {
		var b text.Builder
		for _, s := range rapid.SliceOfN(piece, 0, 60).Draw(t, "pieces") {
			if rapid.IntRange(0, 5).Draw(t, "bold") == 0 {
				b.Span(text.Bold, text.Attrs{}, func() { b.Write(s) })
				continue
			}
			b.Write(s)
		}
		return b.Text()
	})
}

func messages() *rapid.Generator[[]chat.MessageID] {
	return rapid.SliceOfN(rapid.Map(ids(), func(s string) chat.MessageID { return chat.MessageID(strings.ToValidUTF8(s, "?")) }), 1, 3)
}

func files() *rapid.Generator[[]chat.File] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) chat.File {
		return chat.File{
			Name: rapid.StringMatching(`[a-z]{1,8}\.png`).Draw(t, "name"), Type: "image/png", Size: rapid.Int64Range(1, 1<<40).Draw(t, "size"),
			Alt: rapid.StringMatching(`[a-z ]{0,8}`).Draw(t, "alt"), Account: "x/a", Source: rapid.StringMatching(`[a-z]{1,8}`).Draw(t, "source"),
		}
	}), 1, 9)
}

func cards() *rapid.Generator[chat.Card] {
	return rapid.Custom(func(t *rapid.T) chat.Card {
		s := rapid.StringMatching(`[A-Za-z ]{1,12}`)
		return chat.Card{
			Title: s.Draw(t, "title"), Image: s.Draw(t, "image"), Body: s.Draw(t, "body"), Footer: s.Draw(t, "footer"),
			Facts: []chat.Fact{{Name: s.Draw(t, "name"), Value: s.Draw(t, "value")}},
			Buttons: []chat.Button{{
				ID: s.Draw(t, "button"), Label: s.Draw(t, "label"), Value: s.Draw(t, "v"), Style: chat.Danger, Ask: s.Draw(t, "ask"),
				Form: &chat.Form{Title: "T", Submit: "S", Fields: []chat.Field{{ID: "f", Label: "F", Long: true, Optional: true, Initial: "x", Choices: []chat.Choice{{Value: "a", Label: "A"}}}}},
			}},
		}
	})
}

func posts() *rapid.Generator[chat.Post] {
	return rapid.Custom(func(t *rapid.T) chat.Post {
		card := cards().Draw(t, "card")
		p := chat.Post{
			Key: "k-1", To: conversations().Draw(t, "to"), Text: words().Draw(t, "text"), ReplyTo: messages().Draw(t, "reply")[0],
			Quote: &chat.Quote{Name: "Bea", Text: words().Draw(t, "quoted")}, Number: rapid.Bool().Draw(t, "number"),
			As: &chat.Persona{Name: "Ada", Avatar: "https://example.com/a.png", Prefix: "Ada: "}, Card: &card, Only: "p", Hops: rapid.IntRange(0, 3).Draw(t, "hops"),
		}
		if rapid.Bool().Draw(t, "with files") {
			p.Files = files().Draw(t, "files")
		}
		return p
	})
}

func actions() *rapid.Generator[chat.Action] {
	return rapid.Custom(func(t *rapid.T) chat.Action {
		p, to, card := posts().Draw(t, "post"), conversations().Draw(t, "to"), cards().Draw(t, "card")
		ms := messages().Draw(t, "messages")
		return rapid.SampledFrom([]chat.Action{
			p,
			chat.Edit{
				Key: "k", To: to, Messages: ms, Text: words().Draw(t, "text"), ReplyTo: ms[0], Quote: p.Quote, As: p.As, Card: &card, Number: true,
				Else: &p,
			},
			chat.Delete{To: to, Messages: ms, Else: &p},
			chat.Pin{To: to, Message: ms[0], Remove: true, Else: &p},
			chat.Open{To: to, Title: "T", Bare: true, Root: ms[0]},
			chat.React{To: to, Message: ms[0], Emoji: "👍", Remove: true, Else: &p},
			chat.Open{Key: "k", To: to, Title: "T", Card: card},
		}).Draw(t, "action")
	})
}

func events() *rapid.Generator[chat.Event] {
	return rapid.Custom(func(t *rapid.T) chat.Event {
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		return chat.Event{
			ID: "e", Conversation: conversations().Draw(t, "in"), Message: messages().Draw(t, "message")[0], At: at,
			Author: chat.Author{ID: "p", Name: "Ada", Handle: "ada", Avatar: "a", Since: at, Bot: true, Self: true},
			Direct: rapid.Bool().Draw(t, "direct"), Addressed: rapid.Bool().Draw(t, "addressed"),
			Hops: rapid.IntRange(0, 3).Draw(t, "hops"), Topic: "T", Root: "r",
			What: rapid.SampledFrom([]chat.Happening{
				chat.Posted{Text: words().Draw(t, "text"), Files: files().Draw(t, "files"), ReplyTo: "r", Quote: &chat.Quote{Name: "Bea", Text: words().Draw(t, "quoted")}},
				chat.Posted{},
				chat.Edited{Text: words().Draw(t, "text"), Files: files().Draw(t, "files")},
				chat.Edited{},
				chat.Deleted{},
				chat.Reacted{Emoji: ":x:", Removed: true},
				chat.Pinned{Removed: true},
				chat.Pressed{Button: "b", Value: "v", Fields: map[string]string{"f": "x"}},
				chat.Joined{},
				chat.Left{},
				chat.Typing{},
				chat.Read{},
				chat.Bounced{Reason: "the mailbox is full"},
				chat.Called{Name: "hook:x", Body: []byte("y")},
			}).Draw(t, "what"),
		}
	})
}
