//go:build !race

// disgo's Close reads what its heartbeat writes, without a lock (gateway_impl.go), so that the race detector would stop here.

package discordsim_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/disgoorg/disgo"
	"github.com/disgoorg/disgo/bot"
	"github.com/disgoorg/disgo/cache"
	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/events"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

// TestDisgoAnswers runs a program written with disgo: it answers messages, and presses of a button that it showed.
func TestDisgoAnswers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	quiet := slog.New(slog.DiscardHandler)
	client := must(disgo.New(w.Token(),
		bot.WithLogger(quiet),
		bot.WithRestClientConfigOpts(rest.WithURL(w.URL()+"/api/v10")),
		bot.WithGatewayConfigOpts(gateway.WithIntents(gateway.IntentsAll)),
		bot.WithCacheConfigOpts(cache.WithCaches(cache.FlagsAll)),
		bot.WithEventListenerFunc(func(e *events.MessageCreate) {
			if e.Message.Author.Bot {
				return
			}
			card := discord.NewMessageCreateBuilder().SetContent("pong").AddActionRow(discord.NewPrimaryButton("Again", "again"))
			_, _ = e.Client().Rest().CreateMessage(e.ChannelID, card.SetMessageReferenceByID(e.MessageID).Build())
		}),
		bot.WithEventListenerFunc(func(e *events.ComponentInteractionCreate) {
			_ = e.UpdateMessage(discord.NewMessageUpdateBuilder().SetContent("pressed by " + e.User().Username).ClearContainerComponents().Build())
		}),
		bot.WithEventListenerFunc(func(e *events.ThreadCreate) {
			_, _ = e.Client().Rest().CreateMessage(e.ThreadID, discord.NewMessageCreateBuilder().SetContent("in "+e.Thread.Name()).Build())
		}),
	))(t)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	if err := client.OpenGateway(ctx); err != nil {
		t.Fatalf("OpenGateway: %v", err)
	}
	t.Cleanup(func() { client.Close(context.Background()) })
	w.until(t, "the session", func(v *discordsim.View) bool { return v.Sessions() == 1 })
	id := w.Say(ada, general, discordsim.Draft{Text: "ping"})
	answer := ""
	w.until(t, "the answer", func(v *discordsim.View) bool {
		for _, m := range v.Messages(general) {
			if m.Content == "pong" && m.ReplyTo == id {
				answer = m.ID
			}
		}
		return answer != ""
	})
	if err := w.Press(bob, general, answer, "again"); err != nil {
		t.Fatal(err)
	}
	w.until(t, "the update", func(v *discordsim.View) bool {
		m, _ := v.Message(general, answer)
		return m.Content == "pressed by bob" && m.Components == nil
	})
	post := w.ForumPost(ada, support, "Help", discordsim.Draft{Text: "me"})
	w.until(t, "both answers in the post", func(v *discordsim.View) bool {
		said := map[string]bool{}
		for _, m := range v.Messages(post) {
			said[m.Content] = true
		}
		return said["in Help"] && said["pong"]
	})
	channels := must(client.Rest().GetGuildChannels(snowflake.MustParse(home)))(t)
	threads := must(client.Rest().GetActiveGuildThreads(snowflake.MustParse(home)))(t)
	hooks := must(client.Rest().CreateWebhook(snowflake.MustParse(general), discord.WebhookCreate{Name: "Relay"}))(t)
	said := must(client.Rest().CreateWebhookMessage(hooks.ID(), hooks.Token, discord.NewWebhookMessageCreateBuilder().SetContent("by hook").Build(),
		true, 0))(t)
	if len(channels) != 3 || len(threads.Threads) != 1 || said.Content != "by hook" {
		t.Errorf("%d channels, %d threads, %q", len(channels), len(threads.Threads), said.Content)
	}
}
