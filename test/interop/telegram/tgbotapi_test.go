package interop_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

// veteran is a bot written with telegram-bot-api/v5, which knows no topics, reactions or quotes.
type veteran struct {
	t    *testing.T
	api  *tgbotapi.BotAPI
	base string // where the simulator listens
}

func newVeteran(t *testing.T, sim *telegramsim.Sim) veteran {
	t.Helper()
	api, err := tgbotapi.NewBotAPIWithAPIEndpoint(sim.Token(), sim.URL()+"/bot%s/%s")
	must(t, err)
	return veteran{t: t, api: api, base: sim.URL()}
}

func (v veteran) send(c tgbotapi.Chattable) {
	if _, err := v.api.Request(c); err != nil {
		v.t.Errorf("%T: %v", c, err)
	}
}

func (v veteran) hear(ctx context.Context, u *tgbotapi.Update) {
	switch {
	case u.Message != nil:
		v.message(ctx, u.Message)
	case u.EditedMessage != nil:
		v.send(tgbotapi.NewMessage(u.EditedMessage.Chat.ID, "edited "+u.EditedMessage.Text))
	case u.ChannelPost != nil:
		v.send(tgbotapi.NewMessage(u.ChannelPost.Chat.ID, u.ChannelPost.Chat.Title+": "+u.ChannelPost.Text))
	case u.PollAnswer != nil:
		v.send(tgbotapi.NewMessage(u.PollAnswer.User.ID, "voted "+strings.Trim(fmt.Sprint(u.PollAnswer.OptionIDs), "[]")))
	case u.CallbackQuery != nil:
		v.send(tgbotapi.NewCallback(u.CallbackQuery.ID, "done"))
		m := u.CallbackQuery.Message
		v.send(tgbotapi.NewEditMessageText(m.Chat.ID, m.MessageID, "pressed "+u.CallbackQuery.Data))
	}
}

func (v veteran) message(ctx context.Context, m *tgbotapi.Message) {
	out := tgbotapi.NewMessage(m.Chat.ID, "")
	switch {
	case m.Document != nil:
		link, err := v.api.GetFileDirectURL(m.Document.FileID)
		if err != nil {
			v.t.Errorf("GetFileDirectURL: %v", err)
		}
		// The library's own address of files is fixed to Telegram's.
		path := strings.TrimPrefix(link, "https://api.telegram.org")
		out.Text = "file " + m.Document.FileName + ": " + download(ctx, v.t, v.base+path)
	case len(m.Photo) > 0:
		largest := m.Photo[len(m.Photo)-1]
		out.Text = strings.TrimSpace(fmt.Sprintf("photo %dx%d %s", largest.Width, largest.Height, m.Caption))
	case m.IsCommand():
		out.Text = m.Command() + " " + m.CommandArguments()
	case m.Text == "keyboard":
		out.Text = "press"
		out.ReplyMarkup = tgbotapi.NewInlineKeyboardMarkup(tgbotapi.NewInlineKeyboardRow(
			tgbotapi.NewInlineKeyboardButtonData("Go", "go:1"), tgbotapi.NewInlineKeyboardButtonURL("Docs", "https://example.com/")))
	case m.Text == "poll":
		poll := tgbotapi.NewPoll(m.Chat.ID, "Tea?", "yes", "no")
		poll.IsAnonymous = false
		v.send(poll)
		return
	case m.MigrateFromChatID != 0:
		out.ChatID, out.Text = ada, fmt.Sprintf("migrated %d", m.MigrateFromChatID)
	case m.Text != "":
		out.Text, out.ReplyToMessageID = v.understood(m), m.MessageID
	default:
		out.Text = v.service(m)
	}
	if out.Text != "" {
		v.send(out)
	}
}

func (v veteran) understood(m *tgbotapi.Message) string {
	var marks []string
	for _, e := range m.Entities {
		marks = append(marks, fmt.Sprintf("%s@%d+%d", e.Type, e.Offset, e.Length))
	}
	parts := []string{m.Text, strings.Join(marks, " ")}
	if r := m.ReplyToMessage; r != nil && r.Text != "" {
		parts = append(parts, r.Text)
	}
	return strings.Join(parts, "|")
}

func (v veteran) service(m *tgbotapi.Message) string {
	switch {
	case len(m.NewChatMembers) > 0:
		return "joined " + m.NewChatMembers[0].FirstName
	case m.LeftChatMember != nil:
		return "left " + m.LeftChatMember.FirstName
	case m.PinnedMessage != nil:
		return "pinned " + m.PinnedMessage.Text
	default:
		return ""
	}
}

func TestTgbotapiPolls(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	v := newVeteran(t, sim)
	updates := v.api.GetUpdatesChan(tgbotapi.UpdateConfig{Timeout: 30, AllowedUpdates: kinds()})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for u := range updates {
			v.hear(t.Context(), &u)
		}
	}()
	converse(t, sim, knows{})
	v.api.StopReceivingUpdates()
	sim.Say(ada, ada, telegramsim.Draft{Text: "ends the last poll"})
	<-done
}

func TestTgbotapiBehindWebhook(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	v := newVeteran(t, sim)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		u, err := v.api.HandleUpdate(r)
		if err != nil {
			t.Errorf("HandleUpdate: %v", err)
			return
		}
		v.hear(r.Context(), u)
	}))
	defer srv.Close()
	hook, err := tgbotapi.NewWebhook(srv.URL)
	must(t, err)
	hook.AllowedUpdates = kinds()
	v.send(hook)
	converse(t, sim, knows{})
	info, err := v.api.GetWebhookInfo()
	if err != nil || !info.IsSet() || info.PendingUpdateCount != 0 || info.LastErrorMessage != "" {
		t.Errorf("the webhook is %+v, %v", info, err)
	}
}

func TestTgbotapiCalls(t *testing.T) {
	t.Parallel()
	sim := setup(t)
	v := newVeteran(t, sim)
	file := func(name, text string) tgbotapi.FileReader {
		return tgbotapi.FileReader{Name: name, Reader: strings.NewReader(text)} // sent in chunks, without a length
	}
	caption := tgbotapi.NewInputMediaDocument(file("a.txt", "alpha"))
	caption.Caption = "two"
	album, err := v.api.SendMediaGroup(tgbotapi.NewMediaGroup(ada, []any{caption, tgbotapi.NewInputMediaDocument(file("b.txt", "beta"))}))
	if err != nil || len(album) != 2 || album[0].MediaGroupID == "" || album[0].MediaGroupID != album[1].MediaGroupID {
		t.Fatalf("the album is %+v, %v", album, err)
	}
	if m, _ := sim.Message(ada, album[1].MessageID); len(m.Files) != 1 || string(m.Files[0].Data) != "beta" || m.Album != album[0].MediaGroupID {
		t.Errorf("the second of the album is %+v", m)
	}
	text := tgbotapi.NewMessage(ada, "*b* _i_")
	text.ParseMode, text.ReplyToMessageID = tgbotapi.ModeMarkdown, album[0].MessageID
	sent, err := v.api.Send(text)
	if err != nil || sent.Text != "b i" || len(sent.Entities) != 2 || sent.ReplyToMessage.MessageID != album[0].MessageID {
		t.Fatalf("sent %+v, %v", sent, err)
	}
	edited, err := v.api.Send(tgbotapi.NewEditMessageText(ada, sent.MessageID, "changed"))
	if err != nil || edited.Text != "changed" || edited.EditDate == 0 {
		t.Errorf("edited %+v, %v", edited, err)
	}
	v.send(tgbotapi.PinChatMessageConfig{ChatID: ada, MessageID: sent.MessageID})
	chat, err := v.api.GetChat(tgbotapi.ChatInfoConfig{ChatConfig: tgbotapi.ChatConfig{ChatID: ada}})
	if err != nil || chat.PinnedMessage == nil || chat.PinnedMessage.MessageID != sent.MessageID || chat.UserName != "ada_l" {
		t.Errorf("the chat is %+v, %v", chat, err)
	}
	v.send(tgbotapi.NewDeleteMessage(ada, sent.MessageID))
	if m, _ := sim.Message(ada, sent.MessageID); !m.Deleted {
		t.Errorf("the message still stands: %+v", m)
	}
	sim.Fail("sendMessage", telegramsim.Fault{Times: 1, Throttle: 7 * time.Second})
	_, err = v.api.Send(tgbotapi.NewMessage(ada, "x"))
	if e := (*tgbotapi.Error)(nil); !errors.As(err, &e) || e.Code != http.StatusTooManyRequests || e.RetryAfter != 7 {
		t.Errorf("429 = %v", err)
	}
	group := sim.Migrate(small)
	_, err = v.api.Send(tgbotapi.NewMessage(small, "x"))
	if e := (*tgbotapi.Error)(nil); !errors.As(err, &e) || e.MigrateToChatID != group {
		t.Errorf("to the group that is no more = %v, want to be sent to %d", err, group)
	}
}
