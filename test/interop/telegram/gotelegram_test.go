package interop_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

// speaker is a bot written with go-telegram/bot that says of every update what it understood.
type speaker struct {
	t *testing.T
}

func (s speaker) say(ctx context.Context, b *bot.Bot, p *bot.SendMessageParams) {
	if _, err := b.SendMessage(ctx, p); err != nil && ctx.Err() == nil {
		s.t.Errorf("SendMessage(%q): %v", p.Text, err)
	}
}

func (s speaker) hear(ctx context.Context, b *bot.Bot, u *models.Update) {
	switch {
	case u.Message != nil:
		s.message(ctx, b, u.Message)
	case u.EditedMessage != nil:
		s.say(ctx, b, &bot.SendMessageParams{ChatID: u.EditedMessage.Chat.ID, Text: "edited " + u.EditedMessage.Text})
	case u.ChannelPost != nil:
		s.say(ctx, b, &bot.SendMessageParams{ChatID: u.ChannelPost.Chat.ID, Text: u.ChannelPost.Chat.Title + ": " + u.ChannelPost.Text})
	case u.MessageReaction != nil:
		r := u.MessageReaction
		s.say(ctx, b, &bot.SendMessageParams{ChatID: r.Chat.ID, Text: "reaction " + emoji(r.OldReaction) + ">" + emoji(r.NewReaction)})
	case u.PollAnswer != nil:
		s.say(ctx, b, &bot.SendMessageParams{ChatID: u.PollAnswer.User.ID, Text: "voted " + strings.Trim(fmt.Sprint(u.PollAnswer.OptionIDs), "[]")})
	case u.CallbackQuery != nil:
		s.pressed(ctx, b, u.CallbackQuery)
	}
}

func emoji(list []models.ReactionType) string {
	var out []string
	for _, r := range list {
		out = append(out, r.ReactionTypeEmoji.Emoji)
	}
	return strings.Join(out, ",")
}

func (s speaker) pressed(ctx context.Context, b *bot.Bot, q *models.CallbackQuery) {
	if _, err := b.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: q.ID, Text: "done"}); err != nil {
		s.t.Errorf("AnswerCallbackQuery: %v", err)
	}
	m := q.Message.Message
	if _, err := b.EditMessageText(ctx, &bot.EditMessageTextParams{ChatID: m.Chat.ID, MessageID: m.ID, Text: "pressed " + q.Data}); err != nil {
		s.t.Errorf("EditMessageText: %v", err)
	}
}

func (s speaker) message(ctx context.Context, b *bot.Bot, m *models.Message) {
	p := &bot.SendMessageParams{ChatID: m.Chat.ID, MessageThreadID: m.MessageThreadID}
	switch {
	case m.Document != nil:
		p.Text = "file " + m.Document.FileName + ": " + s.fetch(ctx, b, m.Document.FileID)
	case len(m.Photo) > 0:
		largest := m.Photo[len(m.Photo)-1]
		p.Text = strings.TrimSpace(fmt.Sprintf("photo %dx%d %s", largest.Width, largest.Height, m.Caption))
	case strings.HasPrefix(m.Text, "/start"):
		_, rest, _ := strings.Cut(m.Text, " ")
		p.Text = "start " + rest
	case m.Text == "keyboard":
		p.Text = "press"
		p.ReplyMarkup = models.InlineKeyboardMarkup{InlineKeyboard: [][]models.InlineKeyboardButton{{
			{Text: "Go", CallbackData: "go:1"}, {Text: "Docs", URL: "https://example.com/"},
		}}}
	case m.Text == "poll":
		_, err := b.SendPoll(ctx, &bot.SendPollParams{
			ChatID: m.Chat.ID, Question: "Tea?", Options: []models.InputPollOption{{Text: "yes"}, {Text: "no"}}, IsAnonymous: bot.False(),
		})
		if err != nil {
			s.t.Errorf("SendPoll: %v", err)
		}
		return
	case m.MigrateFromChatID != 0:
		p.ChatID, p.Text = ada, "migrated "+strconv.FormatInt(m.MigrateFromChatID, 10)
	case m.Text != "":
		p.Text = understood(m)
		p.ReplyParameters = &models.ReplyParameters{MessageID: m.ID}
	default:
		p.Text = service(m)
	}
	if p.Text != "" {
		s.say(ctx, b, p)
	}
}

// understood is a text with its entities, what it answers and what it quotes of that.
func understood(m *models.Message) string {
	var marks []string
	for _, e := range m.Entities {
		marks = append(marks, fmt.Sprintf("%s@%d+%d", e.Type, e.Offset, e.Length))
	}
	parts := []string{m.Text, strings.Join(marks, " ")}
	if r := m.ReplyToMessage; r != nil && r.Text != "" {
		parts = append(parts, r.Text)
	}
	if m.Quote != nil {
		parts = append(parts, m.Quote.Text)
	}
	return strings.Join(parts, "|")
}

// service tells what a message without text says.
func service(m *models.Message) string {
	switch {
	case len(m.NewChatMembers) > 0:
		return "joined " + m.NewChatMembers[0].FirstName
	case m.LeftChatMember != nil:
		return "left " + m.LeftChatMember.FirstName
	case m.PinnedMessage != nil:
		return "pinned " + m.PinnedMessage.Message.Text
	case m.ForumTopicCreated != nil:
		return "topic " + m.ForumTopicCreated.Name
	case m.ForumTopicEdited != nil:
		return "topic now " + m.ForumTopicEdited.Name
	case m.ForumTopicClosed != nil:
		return "topic closed"
	case m.ForumTopicReopened != nil:
		return "topic reopened"
	default:
		return ""
	}
}

func (s speaker) fetch(ctx context.Context, b *bot.Bot, id string) string {
	f, err := b.GetFile(ctx, &bot.GetFileParams{FileID: id})
	if err != nil {
		s.t.Errorf("GetFile: %v", err)
		return ""
	}
	return download(ctx, s.t, b.FileDownloadLink(f))
}

func download(ctx context.Context, t *testing.T, link string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return string(data)
}

func goTelegram(t *testing.T, sim *telegramsim.Sim) *bot.Bot {
	t.Helper()
	b, err := bot.New(sim.Token(), bot.WithServerURL(sim.URL()), bot.WithDefaultHandler(speaker{t}.hear), bot.WithNotAsyncHandlers(),
		bot.WithHTTPClient(30*time.Second, &http.Client{}), bot.WithAllowedUpdates(kinds()), bot.WithWebhookSecretToken(secret),
		bot.WithErrorsHandler(func(error) {})) // of polls that are cut and forged updates
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoTelegramPolls(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	b := goTelegram(t, sim)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Start(ctx)
	}()
	defer func() { cancel(); <-done }()
	until(t, sim, "a poll", (*telegramsim.View).Polling)
	converse(t, sim, knows{topics: true, reactions: true, quotes: true})
	until(t, sim, "a poll", (*telegramsim.View).Polling)
	sim.DropPolls()
	sim.Say(ada, ada, telegramsim.Draft{Text: "after the cut"})
	hears(t, sim, ada, "after the cut|")
}

func TestGoTelegramBehindWebhook(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	b := goTelegram(t, sim)
	srv := httptest.NewServer(b.WebhookHandler())
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.StartWebhook(ctx)
	}()
	defer func() { cancel(); <-done }()
	_, err := b.SetWebhook(ctx, &bot.SetWebhookParams{URL: srv.URL, SecretToken: secret, AllowedUpdates: kinds()})
	must(t, err)
	converse(t, sim, knows{topics: true, reactions: true, quotes: true})
	info, err := b.GetWebhookInfo(ctx)
	if err != nil || info.URL != srv.URL || info.PendingUpdateCount != 0 || info.LastErrorMessage != "" || !slices.Equal(slices.Sorted(slices.Values(info.AllowedUpdates)), slices.Sorted(slices.Values(kinds()))) {
		t.Errorf("the webhook is %+v, %v", info, err)
	}
}

func TestGoTelegramCalls(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	b := goTelegram(t, sim)
	ctx := t.Context()
	album, err := b.SendMediaGroup(ctx, &bot.SendMediaGroupParams{ChatID: ada, Media: []models.InputMedia{
		&models.InputMediaPhoto{Media: "attach://p.png", Caption: "two", MediaAttachment: bytes.NewReader(picture())},
		&models.InputMediaPhoto{Media: "attach://q.png", MediaAttachment: bytes.NewReader(picture())},
	}})
	if err != nil || len(album) != 2 || album[0].MediaGroupID == "" || album[1].Photo[0].Width == 0 {
		t.Fatalf("the album is %+v, %v", album, err)
	}
	sim.Fail("sendMessage", telegramsim.Fault{Times: 1, Throttle: 7 * time.Second})
	_, err = b.SendMessage(ctx, &bot.SendMessageParams{ChatID: ada, Text: "x"})
	if !bot.IsTooManyRequestsError(err) || err.(*bot.TooManyRequestsError).RetryAfter != 7 { //nolint:errorlint // the library gives it as it is
		t.Errorf("429 = %v", err)
	}
	sim.Fail("sendMessage", telegramsim.Fault{Times: 1, HTML: true})
	if _, err = b.SendMessage(ctx, &bot.SendMessageParams{ChatID: ada, Text: "x"}); err == nil {
		t.Error("a page instead of an answer is no error")
	}
	topic, err := b.CreateForumTopic(ctx, &bot.CreateForumTopicParams{ChatID: forum, Name: "Case 1", IconColor: 0x6FB9F0})
	must(t, err)
	sent, err := b.SendMessage(ctx, &bot.SendMessageParams{ChatID: forum, MessageThreadID: topic.MessageThreadID, Text: "*b*", ParseMode: models.ParseModeMarkdown})
	if err != nil || sent.MessageThreadID != topic.MessageThreadID || sent.Entities[0].Type != models.MessageEntityTypeBold {
		t.Errorf("in the topic came %+v, %v", sent, err)
	}
	_, err = b.SetMessageReaction(ctx, &bot.SetMessageReactionParams{ChatID: forum, MessageID: sent.ID, Reaction: []models.ReactionType{
		{Type: models.ReactionTypeTypeEmoji, ReactionTypeEmoji: &models.ReactionTypeEmoji{Type: models.ReactionTypeTypeEmoji, Emoji: "👍"}},
	}})
	must(t, err)
	_, err = b.PinChatMessage(ctx, &bot.PinChatMessageParams{ChatID: forum, MessageID: sent.ID})
	must(t, err)
	_, err = b.CloseForumTopic(ctx, &bot.CloseForumTopicParams{ChatID: forum, MessageThreadID: topic.MessageThreadID})
	must(t, err)
	if m, _ := sim.Message(forum, sent.ID); len(m.Reactions) != 1 || !m.Pinned || !sim.Topics(forum)[0].Closed {
		t.Errorf("the message is %+v in %+v", m, sim.Topics(forum))
	}
	chat, err := b.GetChat(ctx, &bot.GetChatParams{ChatID: forum})
	if err != nil || !chat.IsForum || chat.PinnedMessage.ID != sent.ID {
		t.Errorf("the chat is %+v, %v", chat, err)
	}
	member, err := b.GetChatMember(ctx, &bot.GetChatMemberParams{ChatID: forum, UserID: ada})
	if err != nil || member.Type != models.ChatMemberTypeOwner {
		t.Errorf("the member is %+v, %v", member, err)
	}
}
