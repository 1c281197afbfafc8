package interop_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bwmarrin/discordgo"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

// turned leads requests for discord.com to the simulator: discordgo's addresses are variables of its package.
type turned struct{ to *url.URL }

func (t turned) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = t.to.Scheme, t.to.Host, t.to.Host
	return http.DefaultTransport.RoundTrip(r)
}

func discordgoSession(t *testing.T, sim *discordsim.Sim) *discordgo.Session {
	t.Helper()
	s, err := discordgo.New("Bot " + sim.Token())
	must(t, err)
	base, err := url.Parse(sim.URL())
	must(t, err)
	s.Client = &http.Client{Transport: turned{base}}
	s.Identify.Intents = discordgo.IntentsAll
	return s
}

// gopher is a bot written with discordgo that says of every event what it understood.
type gopher struct {
	t *testing.T
	s *discordgo.Session
}

func (g gopher) check(err error) {
	if err != nil {
		g.t.Errorf("the bot failed: %v", err)
	}
}

func (g gopher) say(channel, text string) {
	_, err := g.s.ChannelMessageSend(channel, text)
	g.check(err)
}

// listen takes the events that the bot understands.
func (g gopher) listen() {
	g.s.AddHandler(func(_ *discordgo.Session, m *discordgo.MessageCreate) { g.heard(m.Message) })
	g.s.AddHandler(func(_ *discordgo.Session, m *discordgo.MessageUpdate) {
		if !m.Author.Bot && m.EditedTimestamp != nil {
			g.say(m.ChannelID, "edited "+m.Content)
		}
	})
	g.s.AddHandler(func(_ *discordgo.Session, m *discordgo.MessageDelete) { g.say(m.ChannelID, "deleted "+m.ID) })
	g.s.AddHandler(func(_ *discordgo.Session, r *discordgo.MessageReactionAdd) {
		g.say(r.ChannelID, "reacted "+r.Emoji.Name)
	})
	g.s.AddHandler(func(_ *discordgo.Session, r *discordgo.MessageReactionRemove) {
		g.say(r.ChannelID, "unreacted "+r.Emoji.Name)
	})
	g.s.AddHandler(func(_ *discordgo.Session, c *discordgo.ThreadCreate) {
		if c.NewlyCreated {
			g.say(c.ID, "thread "+c.Name)
		}
	})
	g.s.AddHandler(func(_ *discordgo.Session, c *discordgo.ThreadUpdate) {
		if c.ThreadMetadata.Archived {
			g.say(general, "archived "+c.Name)
		}
	})
	g.s.AddHandler(func(_ *discordgo.Session, m *discordgo.GuildMemberAdd) { g.say(general, "joined "+m.User.Username) })
	g.s.AddHandler(func(_ *discordgo.Session, m *discordgo.GuildMemberRemove) { g.say(general, "left "+m.User.Username) })
	g.s.AddHandler(func(_ *discordgo.Session, i *discordgo.InteractionCreate) { g.interact(i.Interaction) })
}

func (g gopher) heard(m *discordgo.Message) {
	if m.Author.Bot || m.Type != discordgo.MessageTypeDefault && m.Type != discordgo.MessageTypeReply {
		return
	}
	if m.Content == "card" {
		_, err := g.s.ChannelMessageSendComplex(m.ChannelID, goCard())
		g.check(err)
		return
	}
	parts := []string{"heard " + m.Content}
	for _, a := range m.Attachments {
		parts = append(parts, "["+a.Filename+"="+fetch(g.t, a.URL)+"]")
	}
	if m.ReferencedMessage != nil {
		parts = append(parts, "re:"+m.ReferencedMessage.Content)
	} else {
		for _, u := range m.Mentions {
			parts = append(parts, "@"+u.Username)
		}
	}
	_, err := g.s.ChannelMessageSendReply(m.ChannelID, strings.Join(parts, " "), m.Reference())
	g.check(err)
}

func goCard() *discordgo.MessageSend {
	return &discordgo.MessageSend{
		Content: "card",
		Embeds:  []*discordgo.MessageEmbed{{Title: "Case", Color: 0xff00, Fields: []*discordgo.MessageEmbedField{{Name: "Who", Value: "Ada", Inline: true}}}},
		Components: []discordgo.MessageComponent{
			discordgo.ActionsRow{Components: []discordgo.MessageComponent{
				discordgo.Button{CustomID: "go", Label: "Go", Style: discordgo.PrimaryButton},
				discordgo.Button{CustomID: "ask", Label: "Ask", Style: discordgo.SecondaryButton},
			}},
			discordgo.ActionsRow{Components: []discordgo.MessageComponent{
				discordgo.SelectMenu{CustomID: "pick", Options: []discordgo.SelectMenuOption{{Label: "A", Value: "a"}, {Label: "B", Value: "b"}}},
			}},
		},
	}
}

func (g gopher) interact(i *discordgo.Interaction) {
	switch i.Type {
	case discordgo.InteractionMessageComponent:
		g.pressed(i, i.MessageComponentData())
	case discordgo.InteractionModalSubmit:
		row := i.ModalSubmitData().Components[0].(*discordgo.ActionsRow)
		g.answer(i, discordgo.InteractionResponseChannelMessageWithSource, "reason: "+row.Components[0].(*discordgo.TextInput).Value)
	case discordgo.InteractionApplicationCommandAutocomplete:
		typed := i.ApplicationCommandData().Options[0].StringValue() + "lo"
		g.check(g.s.InteractionRespond(i, &discordgo.InteractionResponse{
			Type: discordgo.InteractionApplicationCommandAutocompleteResult,
			Data: &discordgo.InteractionResponseData{Choices: []*discordgo.ApplicationCommandOptionChoice{{Name: typed, Value: typed}}},
		}))
	case discordgo.InteractionApplicationCommand:
		if data := i.ApplicationCommandData(); data.Name == "echo" {
			g.answer(i, discordgo.InteractionResponseChannelMessageWithSource, "echo "+data.Options[0].StringValue())
			return
		}
		g.check(g.s.InteractionRespond(i, &discordgo.InteractionResponse{Type: discordgo.InteractionResponseDeferredChannelMessageWithSource}))
		_, err := g.s.InteractionResponseEdit(i, &discordgo.WebhookEdit{Content: new("slow done")})
		g.check(err)
	case discordgo.InteractionPing: // comes over HTTP only
	}
}

func (g gopher) answer(i *discordgo.Interaction, kind discordgo.InteractionResponseType, text string) {
	g.check(g.s.InteractionRespond(i, &discordgo.InteractionResponse{
		Type: kind, Data: &discordgo.InteractionResponseData{Content: text, Components: []discordgo.MessageComponent{}},
	}))
}

func (g gopher) pressed(i *discordgo.Interaction, data discordgo.MessageComponentInteractionData) {
	switch data.CustomID {
	case "go":
		g.answer(i, discordgo.InteractionResponseUpdateMessage, "pressed go")
		_, err := g.s.FollowupMessageCreate(i, true, &discordgo.WebhookParams{Content: "only for you", Flags: discordgo.MessageFlagsEphemeral})
		g.check(err)
	case "pick":
		g.check(g.s.InteractionRespond(i, &discordgo.InteractionResponse{Type: discordgo.InteractionResponseDeferredMessageUpdate}))
		_, err := g.s.InteractionResponseEdit(i, &discordgo.WebhookEdit{Content: new("picked " + data.Values[0])})
		g.check(err)
	case "ask":
		reason := discordgo.TextInput{CustomID: "reason", Label: "Reason", Style: discordgo.TextInputParagraph}
		g.check(g.s.InteractionRespond(i, &discordgo.InteractionResponse{
			Type: discordgo.InteractionResponseModal,
			Data: &discordgo.InteractionResponseData{CustomID: "form", Title: "Why?", Components: []discordgo.MessageComponent{
				discordgo.ActionsRow{Components: []discordgo.MessageComponent{reason}},
			}},
		}))
	}
}

func TestDiscordgo(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	g := gopher{t: t, s: discordgoSession(t, sim)}
	g.listen()
	must(t, g.s.Open())
	defer func() { must(t, g.s.Close()) }()
	_, err := g.s.ApplicationCommandBulkOverwrite(sim.ApplicationID(), "", []*discordgo.ApplicationCommand{
		{Name: "echo", Description: "Say it again", Options: []*discordgo.ApplicationCommandOption{
			{Type: discordgo.ApplicationCommandOptionString, Name: "text", Description: "What", Required: true, Autocomplete: true},
		}},
		{Name: "slow", Description: "Take your time"},
	})
	must(t, err)
	converse(t, sim)
	resumes(t, sim)
}

func TestDiscordgoCalls(t *testing.T) {
	t.Parallel()
	sim := forCalls(t)
	s := discordgoSession(t, sim)
	posted, err := s.ChannelMessageSendComplex(general, &discordgo.MessageSend{Content: "posted @everyone", AllowedMentions: &discordgo.MessageAllowedMentions{}})
	must(t, err)
	_, err = s.ChannelMessageEdit(general, posted.ID, "changed")
	must(t, err, s.MessageReactionAdd(general, posted.ID, "👀"), s.MessageReactionAdd(general, posted.ID, "🎉"),
		s.MessageReactionRemove(general, posted.ID, "🎉", "@me"), s.ChannelMessagePin(general, posted.ID))
	_, err = s.ChannelMessageSendComplex(general, &discordgo.MessageSend{
		Content: "reply", Reference: posted.Reference(), AllowedMentions: &discordgo.MessageAllowedMentions{RepliedUser: false},
	})
	must(t, err)
	files, err := s.ChannelMessageSendComplex(general, &discordgo.MessageSend{Content: "files", Files: []*discordgo.File{
		{Name: "a.txt", Reader: strings.NewReader("alpha")}, {Name: "SPOILER_b.txt", Reader: strings.NewReader("beta")},
	}})
	if err != nil || len(files.Attachments) != 2 || files.Attachments[0].Size != 5 {
		t.Errorf("the files are %+v, %v", files, err)
	}
	_, err = s.ChannelMessageSendEmbed(general, &discordgo.MessageEmbed{Title: "Case", Author: &discordgo.MessageEmbedAuthor{Name: "Ada"}})
	must(t, err)
	gone, err := s.ChannelMessageSend(general, "gone")
	must(t, err, s.ChannelMessageDelete(general, gone.ID))
	_, err = s.ChannelMessage(general, gone.ID)
	refused(t, err, http.StatusNotFound, 10008)
	aside, err := s.MessageThreadStart(general, posted.ID, "Aside", 60)
	must(t, err)
	hook, err := s.WebhookCreate(general, "Relay", "")
	must(t, err)
	named, err := s.WebhookExecute(hook.ID, hook.Token, true, &discordgo.WebhookParams{Content: "hooked", Username: "Ada on X", AvatarURL: "https://example.com/a.png"})
	must(t, err)
	_, err = s.WebhookMessageEdit(hook.ID, hook.Token, named.ID, &discordgo.WebhookEdit{Content: new("hooked again")})
	must(t, err)
	inside, err := s.WebhookThreadExecute(hook.ID, hook.Token, true, aside.ID, &discordgo.WebhookParams{Content: "inside"})
	must(t, err, s.ChannelMessageDelete(aside.ID, inside.ID)) // the library has no way to name the thread when the webhook deletes
	_, err = s.WebhookThreadExecute(hook.ID, hook.Token, true, aside.ID, &discordgo.WebhookParams{
		Content: "stays inside", Files: []*discordgo.File{{Name: "c.txt", Reader: strings.NewReader("c")}},
	})
	must(t, err)
	post := discordgoPost(t, s)
	dm, err := s.UserChannelCreate(ada)
	must(t, err)
	_, err = s.ChannelMessageSend(dm.ID, "private")
	must(t, err)
	closed, err := s.UserChannelCreate(shy)
	if err == nil {
		_, err = s.ChannelMessageSend(closed.ID, "x")
	}
	refused(t, err, http.StatusForbidden, 50007)
	must(t, s.ChannelTyping(general))
	called(t, sim, []string{posted.ID, post, aside.ID}, "")
}

// discordgoPost opens a post in the forum, and closes it.
func discordgoPost(t *testing.T, s *discordgo.Session) string {
	t.Helper()
	forum, err := s.Channel(support)
	if err != nil || len(forum.AvailableTags) != 2 {
		t.Fatalf("the forum is %+v, %v", forum, err)
	}
	tag := func(i int) []string { return []string{forum.AvailableTags[i].ID} }
	post, err := s.ForumThreadStartComplex(support, &discordgo.ThreadStart{Name: "Case 1", AutoArchiveDuration: 60, AppliedTags: tag(0)},
		&discordgo.MessageSend{Content: "first"})
	must(t, err)
	_, err = s.ChannelMessageSend(post.ID, "second")
	must(t, err)
	_, err = s.ChannelMessageSend(post.ID, strings.Repeat("x", 2001))
	refused(t, err, http.StatusBadRequest, 50035)
	changed, err := s.ChannelEdit(post.ID, &discordgo.ChannelEdit{Name: "Case 1 ✔", AppliedTags: new(tag(1)), Archived: new(true), Locked: new(true)})
	if err != nil || !changed.ThreadMetadata.Archived || !changed.ThreadMetadata.Locked {
		t.Errorf("the closed post is %+v, %v", changed, err)
	}
	return post.ID
}

func refused(t *testing.T, err error, status, code int) {
	t.Helper()
	e := (*discordgo.RESTError)(nil)
	if !errors.As(err, &e) || e.Response.StatusCode != status || e.Message == nil || e.Message.Code != code {
		t.Errorf("the error is %v, want %s", err, fmt.Sprint(status, " ", code))
	}
}
