//go:build !race

// disgo's Close reads what its heartbeat writes, without a lock (gateway_impl.go), so that the race detector would stop here.

package interop_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

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

// crow is a bot written with disgo that says of every event what it understood.
type crow struct {
	t *testing.T
}

func (c crow) check(err error) {
	if err != nil {
		c.t.Errorf("the bot failed: %v", err)
	}
}

func (c crow) say(e bot.Event, channel snowflake.ID, text string) {
	_, err := e.Client().Rest().CreateMessage(channel, discord.MessageCreate{Content: text})
	c.check(err)
}

// listeners take the events that the bot understands.
func (c crow) listeners() []bot.EventListener {
	hall := snowflake.MustParse(general)
	return []bot.EventListener{
		bot.NewListenerFunc(c.heard),
		bot.NewListenerFunc(func(e *events.MessageUpdate) {
			if !e.Message.Author.Bot && e.Message.EditedTimestamp != nil {
				c.say(e, e.ChannelID, "edited "+e.Message.Content)
			}
		}),
		bot.NewListenerFunc(func(e *events.MessageDelete) { c.say(e, e.ChannelID, "deleted "+e.MessageID.String()) }),
		bot.NewListenerFunc(func(e *events.MessageReactionAdd) { c.say(e, e.ChannelID, "reacted "+*e.Emoji.Name) }),
		bot.NewListenerFunc(func(e *events.MessageReactionRemove) { c.say(e, e.ChannelID, "unreacted "+*e.Emoji.Name) }),
		bot.NewListenerFunc(func(e *events.ThreadCreate) {
			if e.NewlyCreated {
				c.say(e, e.ThreadID, "thread "+e.Thread.Name())
			}
		}),
		bot.NewListenerFunc(func(e *events.ThreadUpdate) {
			if e.Thread.ThreadMetadata.Archived {
				c.say(e, hall, "archived "+e.Thread.Name())
			}
		}),
		bot.NewListenerFunc(func(e *events.GuildMemberJoin) { c.say(e, hall, "joined "+e.Member.User.Username) }),
		bot.NewListenerFunc(func(e *events.GuildMemberLeave) { c.say(e, hall, "left "+e.User.Username) }),
		bot.NewListenerFunc(c.pressed),
		bot.NewListenerFunc(func(e *events.ModalSubmitInteractionCreate) {
			c.check(e.CreateMessage(discord.MessageCreate{Content: "reason: " + e.Data.Text("reason")}))
		}),
		bot.NewListenerFunc(func(e *events.AutocompleteInteractionCreate) {
			typed := e.Data.String("text") + "lo"
			c.check(e.AutocompleteResult([]discord.AutocompleteChoice{discord.AutocompleteChoiceString{Name: typed, Value: typed}}))
		}),
		bot.NewListenerFunc(c.command),
	}
}

func (c crow) heard(e *events.MessageCreate) {
	m := e.Message
	if m.Author.Bot || m.Type.System() {
		return
	}
	if m.Content == "card" {
		_, err := e.Client().Rest().CreateMessage(e.ChannelID, disgoCard())
		c.check(err)
		return
	}
	parts := []string{"heard " + m.Content}
	for _, a := range m.Attachments {
		parts = append(parts, "["+a.Filename+"="+fetch(c.t, a.URL)+"]")
	}
	if m.ReferencedMessage != nil {
		parts = append(parts, "re:"+m.ReferencedMessage.Content)
	} else {
		for _, u := range m.Mentions {
			parts = append(parts, "@"+u.Username)
		}
	}
	_, err := e.Client().Rest().CreateMessage(e.ChannelID, discord.MessageCreate{
		Content: strings.Join(parts, " "), MessageReference: &discord.MessageReference{MessageID: &e.MessageID},
	})
	c.check(err)
}

func disgoCard() discord.MessageCreate {
	return discord.NewMessageCreateBuilder().SetContent("card").
		AddEmbeds(discord.NewEmbedBuilder().SetTitle("Case").AddField("Who", "Ada", true).SetFooterText("foot").Build()).
		AddActionRow(discord.NewPrimaryButton("Go", "go"), discord.NewSecondaryButton("Ask", "ask")).
		AddActionRow(discord.NewStringSelectMenu("pick", "", discord.NewStringSelectMenuOption("A", "a"), discord.NewStringSelectMenuOption("B", "b"))).
		Build()
}

func (c crow) pressed(e *events.ComponentInteractionCreate) {
	calls := e.Client().Rest()
	switch e.Data.CustomID() {
	case "go":
		c.check(e.UpdateMessage(discord.NewMessageUpdateBuilder().SetContent("pressed go").ClearContainerComponents().Build()))
		_, err := calls.CreateFollowupMessage(e.ApplicationID(), e.Token(), discord.MessageCreate{Content: "only for you", Flags: discord.MessageFlagEphemeral})
		c.check(err)
	case "pick":
		c.check(e.DeferUpdateMessage())
		_, err := calls.UpdateInteractionResponse(e.ApplicationID(), e.Token(),
			discord.MessageUpdate{Content: new("picked " + e.StringSelectMenuInteractionData().Values[0])})
		c.check(err)
	case "ask":
		c.check(e.Modal(discord.NewModalCreateBuilder().SetCustomID("form").SetTitle("Why?").
			AddActionRow(discord.NewParagraphTextInput("reason", "Reason")).Build()))
	}
}

func (c crow) command(e *events.ApplicationCommandInteractionCreate) {
	data := e.SlashCommandInteractionData()
	if data.CommandName() == "echo" {
		c.check(e.CreateMessage(discord.MessageCreate{Content: "echo " + data.String("text")}))
		return
	}
	c.check(e.DeferCreateMessage(false))
	_, err := e.Client().Rest().UpdateInteractionResponse(e.ApplicationID(), e.Token(), discord.MessageUpdate{Content: new("slow done")})
	c.check(err)
}

func disgoClient(t *testing.T, sim *discordsim.Sim, listeners ...bot.EventListener) bot.Client {
	t.Helper()
	client, err := disgo.New(sim.Token(),
		bot.WithLogger(slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))),
		bot.WithRestClientConfigOpts(rest.WithURL(sim.URL()+"/api/v10")),
		bot.WithGatewayConfigOpts(gateway.WithIntents(gateway.IntentsAll), gateway.WithCompress(true)),
		bot.WithCacheConfigOpts(cache.WithCaches(cache.FlagsAll)),
		bot.WithEventListeners(listeners...),
	)
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		client.Close(ctx)
	})
	return client
}

func TestDisgo(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	client := disgoClient(t, sim, crow{t}.listeners()...)
	must(t, client.OpenGateway(t.Context()))
	_, err := client.Rest().SetGlobalCommands(client.ApplicationID(), []discord.ApplicationCommandCreate{
		discord.SlashCommandCreate{Name: "echo", Description: "Say it again", Options: []discord.ApplicationCommandOption{
			discord.ApplicationCommandOptionString{Name: "text", Description: "What", Required: true, Autocomplete: true},
		}},
		discord.SlashCommandCreate{Name: "slow", Description: "Take your time"},
	})
	must(t, err)
	until(t, sim, "the session", func(v *discordsim.View) bool { return v.Sessions() == 1 })
	converse(t, sim)
	resumes(t, sim)
}

func TestDisgoCalls(t *testing.T) {
	t.Parallel()
	sim := forCalls(t)
	calls := disgoClient(t, sim).Rest()
	hall := snowflake.MustParse(general)
	nobody := &discord.AllowedMentions{}
	posted, err := calls.CreateMessage(hall, discord.MessageCreate{Content: "posted @everyone", AllowedMentions: nobody})
	must(t, err)
	_, err = calls.UpdateMessage(hall, posted.ID, discord.MessageUpdate{Content: new("changed")})
	must(t, err, calls.AddReaction(hall, posted.ID, "👀"), calls.AddReaction(hall, posted.ID, "🎉"),
		calls.RemoveOwnReaction(hall, posted.ID, "🎉"), calls.PinMessage(hall, posted.ID))
	_, err = calls.CreateMessage(hall, discord.MessageCreate{
		Content: "reply", AllowedMentions: nobody, MessageReference: &discord.MessageReference{MessageID: &posted.ID},
	})
	must(t, err)
	files, err := calls.CreateMessage(hall, discord.MessageCreate{Content: "files", Files: []*discord.File{
		discord.NewFile("a.txt", "the first", strings.NewReader("alpha")), discord.NewFile("b.txt", "", strings.NewReader("beta"), discord.FileFlagSpoiler),
	}})
	if err != nil || len(files.Attachments) != 2 || files.Attachments[0].Size != 5 {
		t.Errorf("the files are %+v, %v", files, err)
	}
	_, err = calls.CreateMessage(hall, discord.MessageCreate{Embeds: []discord.Embed{{Title: "Case", Timestamp: new(time.Now())}}})
	must(t, err)
	gone, err := calls.CreateMessage(hall, discord.MessageCreate{Content: "gone"})
	must(t, err, calls.DeleteMessage(hall, gone.ID))
	_, err = calls.GetMessage(hall, gone.ID)
	disgoRefused(t, err, http.StatusNotFound, 10008)
	aside, err := calls.CreateThreadFromMessage(hall, posted.ID, discord.ThreadCreateFromMessage{Name: "Aside", AutoArchiveDuration: 60})
	must(t, err)
	disgoHook(t, calls, aside.ID())
	post := disgoPost(t, calls)
	dm, err := calls.CreateDMChannel(snowflake.MustParse(ada))
	must(t, err)
	_, err = calls.CreateMessage(dm.ID(), discord.MessageCreate{Content: "private"})
	must(t, err)
	closed, err := calls.CreateDMChannel(snowflake.MustParse(shy))
	if err == nil {
		_, err = calls.CreateMessage(closed.ID(), discord.MessageCreate{Content: "x"})
	}
	disgoRefused(t, err, http.StatusForbidden, 50007)
	must(t, calls.SendTyping(hall))
	called(t, sim, []string{posted.ID.String(), post, aside.ID().String()}, "the first")
}

// disgoHook posts under another name, and into a thread.
func disgoHook(t *testing.T, calls rest.Rest, thread snowflake.ID) {
	t.Helper()
	hook, err := calls.CreateWebhook(snowflake.MustParse(general), discord.WebhookCreate{Name: "Relay"})
	must(t, err)
	named, err := calls.CreateWebhookMessage(hook.ID(), hook.Token,
		discord.WebhookMessageCreate{Content: "hooked", Username: "Ada on X", AvatarURL: "https://example.com/a.png"}, true, 0)
	must(t, err)
	_, err = calls.UpdateWebhookMessage(hook.ID(), hook.Token, named.ID, discord.WebhookMessageUpdate{Content: new("hooked again")}, 0)
	must(t, err)
	inside, err := calls.CreateWebhookMessage(hook.ID(), hook.Token, discord.WebhookMessageCreate{Content: "inside"}, true, thread)
	must(t, err, calls.DeleteWebhookMessage(hook.ID(), hook.Token, inside.ID, thread))
	_, err = calls.CreateWebhookMessage(hook.ID(), hook.Token,
		discord.WebhookMessageCreate{Content: "stays inside", Files: []*discord.File{discord.NewFile("c.txt", "", strings.NewReader("c"))}}, true, thread)
	must(t, err)
}

// disgoPost opens a post in the forum, and closes it.
func disgoPost(t *testing.T, calls rest.Rest) string {
	t.Helper()
	channel, err := calls.GetChannel(snowflake.MustParse(support))
	must(t, err)
	tags := channel.(discord.GuildForumChannel).AvailableTags
	post, err := calls.CreatePostInThreadChannel(snowflake.MustParse(support), discord.ThreadChannelPostCreate{
		Name: "Case 1", AppliedTags: []snowflake.ID{tags[0].ID}, Message: discord.MessageCreate{Content: "first"},
	})
	must(t, err)
	_, err = calls.CreateMessage(post.ID(), discord.MessageCreate{Content: "second"})
	must(t, err)
	_, err = calls.CreateMessage(post.ID(), discord.MessageCreate{Content: strings.Repeat("x", 2001)})
	disgoRefused(t, err, http.StatusBadRequest, 50035)
	_, err = calls.UpdateChannel(post.ID(), discord.GuildPostUpdate{
		Name: new("Case 1 ✔"), AppliedTags: new([]snowflake.ID{tags[1].ID}), Archived: new(true), Locked: new(true),
	})
	must(t, err)
	return post.ID().String()
}

func disgoRefused(t *testing.T, err error, status int, code rest.JSONErrorCode) {
	t.Helper()
	e := (*rest.Error)(nil)
	if !errors.As(err, &e) {
		if v := (rest.Error{}); errors.As(err, &v) {
			e = &v
		}
	}
	if e == nil || e.Response.StatusCode != status || e.Code != code {
		t.Errorf("the error is %v, want %d %d", err, status, code)
	}
}
