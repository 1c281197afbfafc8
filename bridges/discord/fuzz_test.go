package discord_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/discord"
	"github.com/roost-im/roost/router/chat"
)

// alone is a connector that reaches nobody.
func alone(tb testing.TB) *discord.Connector {
	tb.Helper()
	c, err := discord.New(discord.Config{Token: bridges.NewSecret("a.b.c")}, bridges.Deps{
		Account: account, Client: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no network") })},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func FuzzDispatch(f *testing.F) {
	for kind, raw := range map[string]string{
		"GUILD_CREATE":         `{"id":"1","name":"g","channels":[{"id":"2","type":0,"last_message_id":"5"}],"emojis":[{"id":"3","name":"e"}],"roles":[{"id":"4","name":"r"}]}`,
		"MESSAGE_CREATE":       `{"id":"9","channel_id":"2","guild_id":"1","type":0,"content":"hi <@7>","author":{"id":"7","username":"ada"},"mentions":[{"id":"7"}],"attachments":[{"id":"8","filename":"SPOILER_a.png","url":"https://x"}],"components":[{"type":99}]}`,
		"MESSAGE_UPDATE":       `{"id":"9","channel_id":"2","content":"b","edited_timestamp":"2026-01-02T03:04:05.678900+00:00","author":{"id":"7"}}`,
		"MESSAGE_DELETE_BULK":  `{"ids":["9","10"],"channel_id":"2"}`,
		"MESSAGE_REACTION_ADD": `{"user_id":"7","channel_id":"2","message_id":"9","emoji":{"id":null,"name":"👍"},"member":{"user":{"id":"7"}}}`,
		"TYPING_START":         `{"channel_id":"2","user_id":"7","timestamp":5,"member":{"user":{"id":"7"}}}`,
		"THREAD_CREATE":        `{"id":"20","type":11,"parent_id":"2","name":"t","thread_metadata":{"archived":false}}`,
		"READY":                `{"session_id":"s","guilds":[{"id":"1","unavailable":true}]}`,
		"NO_SUCH_EVENT":        `null`,
	} {
		f.Add(kind, []byte(raw))
	}
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		c := alone(t)
		if _, err := discord.Understand(c, "GUILD_CREATE", []byte(`{"id":"1","channels":[{"id":"2","type":0}]}`)); err != nil {
			t.Fatal(err)
		}
		events, _ := discord.Understand(c, kind, raw)
		for _, e := range events {
			if e.ID == "" || e.Conversation.IsZero() || e.What == nil {
				t.Errorf("%s %s gave %+v", kind, raw, e)
			}
			if p, ok := e.What.(chat.Posted); ok {
				if err := p.Text.Check(); err != nil {
					t.Errorf("%s gave a text that is none: %v", raw, err)
				}
			}
		}
	})
}

func FuzzFilled(f *testing.F) {
	f.Add([]byte(`[{"type":18,"component":{"type":3,"custom_id":"0","values":["1"]}},{"type":1,"components":[{"custom_id":"1","value":"x"}]}]`))
	form := &chat.Form{Fields: []chat.Field{{ID: "a", Choices: []chat.Choice{{Value: "x"}, {Value: "y"}}}, {ID: "b"}}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for id := range discord.Filled(form, raw) {
			if id != "a" && id != "b" {
				t.Errorf("%s filled %q", raw, id)
			}
		}
	})
}

func FuzzAsked(f *testing.F) {
	f.Add([]byte(`{"data":{"name":"order","options":[{"type":3,"name":"size","value":"S"},{"type":10,"name":"count","value":-0.5}]}}`))
	f.Add([]byte(`{"data":{"options":[{"type":6,"name":"for","value":"7"},{"type":3,"name":"note","value":"<@8> <:a:9>"}],"resolved":{"users":{"7":{"id":"7","username":"x y"}},"members":{"7":{"nick":"\"Z\""}}}}}`))
	f.Add([]byte(`{"data":{"options":[{"type":3,"name":"other","value":"a b"},{"type":5,"name":"more","value":true},{"name":"none","value":null}]}}`))
	f.Add([]byte(`{"data":{"options":[{"type":6,"name":"label","value":"><@1>"},{"type":3,"name":"label","value":"\"”»“ \u202e"}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		words, unsaid, ok := discord.Asked(alone(t), order(), raw)
		if !ok {
			return
		}
		if err := words.Check(); err != nil {
			t.Errorf("%s gave a text that is none: %v", raw, err)
		}
		if unsaid == "" && words.Body != "" && !strings.HasPrefix(words.Body, "/order") || unsaid != "" && words.Body != "" {
			t.Errorf("%s gave %q, unsaid %q", raw, words.Body, unsaid)
		}
	})
}
