package telegramsim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

// TestBotAPIv5 runs a program written with telegram-bot-api/v5, changed in nothing but its base URL.
func TestBotAPIv5(t *testing.T) {
	t.Parallel()
	w := setup(t)
	api, err := tgbotapi.NewBotAPIWithClient(w.Token(), w.URL()+"/bot%s/%s", w.http)
	if err != nil {
		t.Fatal(err)
	}
	if api.Self.ID != w.Bot().ID || api.Self.UserName != "sim_bot" {
		t.Errorf("Self = %+v", api.Self)
	}
	said := w.Say(ada, ada, telegramsim.Draft{Text: "/start hello 🙂 there"})
	got, err := api.GetUpdates(tgbotapi.UpdateConfig{Timeout: 5})
	if err != nil || len(got) != 1 || got[0].Message.MessageID != said || !got[0].Message.IsCommand() || got[0].Message.CommandArguments() != "hello 🙂 there" {
		t.Fatalf("updates = %+v, %v", got, err)
	}
	answer := tgbotapi.NewMessage(ada, "*bold* _it_")
	answer.ParseMode = tgbotapi.ModeMarkdownV2
	answer.ReplyToMessageID = said
	answer.ReplyMarkup = tgbotapi.NewInlineKeyboardMarkup(tgbotapi.NewInlineKeyboardRow(tgbotapi.NewInlineKeyboardButtonData("Go", "go:1")))
	sent, err := api.Send(answer)
	if err != nil || sent.Text != "bold it" || sent.ReplyToMessage.MessageID != said || len(sent.Entities) != 2 {
		t.Fatalf("sent %+v, %v", sent, err)
	}
	if err := w.Press(ada, ada, sent.MessageID, "go:1"); err != nil {
		t.Fatal(err)
	}
	got, err = api.GetUpdates(tgbotapi.UpdateConfig{Offset: got[0].UpdateID + 1, Timeout: 5})
	if err != nil || len(got) != 1 || got[0].CallbackQuery.Data != "go:1" {
		t.Fatalf("updates = %+v, %v", got, err)
	}
	if _, err := api.Request(tgbotapi.NewCallback(got[0].CallbackQuery.ID, "done")); err != nil {
		t.Fatal(err)
	}
	if a := w.Answers(); len(a) != 1 || !a[0].Done || a[0].Text != "done" {
		t.Errorf("Answers = %+v", a)
	}
	doc, err := api.Send(tgbotapi.NewDocument(ada, tgbotapi.FileBytes{Name: "a.txt", Bytes: []byte("letter")}))
	if err != nil || doc.Document.FileName != "a.txt" || doc.Document.FileSize != 6 {
		t.Fatalf("document %+v, %v", doc, err)
	}
	f, err := api.GetFile(tgbotapi.FileConfig{FileID: doc.Document.FileID})
	if err != nil {
		t.Fatal(err)
	}
	if data := w.download(t, f.FilePath); string(data) != "letter" {
		t.Errorf("downloaded %q", data)
	}
	_, err = api.Send(tgbotapi.NewMessage(eve, "x"))
	if e := (*tgbotapi.Error)(nil); !asError(err, &e) || e.Message != "Bad Request: chat not found" {
		t.Errorf("Send to a stranger = %v", err)
	}
}

// download fetches a file by its path.
func (w world) download(t *testing.T, path string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL()+"/file/bot"+w.Token()+"/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := w.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("download %s: %s %v", path, resp.Status, err)
	}
	return data
}

// TestGoTelegramBot runs a program written with go-telegram/bot, changed in nothing but its base URL.
func TestGoTelegramBot(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var seen []string
	echo := func(ctx context.Context, b *bot.Bot, u *models.Update) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case u.Message != nil:
			seen = append(seen, u.Message.Text)
			_, err := b.SendMessage(ctx, &bot.SendMessageParams{
				ChatID: u.Message.Chat.ID, MessageThreadID: u.Message.MessageThreadID, Text: "<b>you</b> said " + bot.EscapeMarkdown(u.Message.Text),
				ParseMode: models.ParseModeHTML, ReplyParameters: &models.ReplyParameters{MessageID: u.Message.ID},
			})
			if err != nil {
				t.Errorf("SendMessage: %v", err)
			}
		case u.MessageReaction != nil:
			seen = append(seen, u.MessageReaction.NewReaction[0].ReactionTypeEmoji.Emoji)
		}
	}
	b, err := bot.New(w.Token(), bot.WithServerURL(w.URL()), bot.WithDefaultHandler(echo), bot.WithHTTPClient(10*time.Second, w.http), bot.WithNotAsyncHandlers(),
		bot.WithAllowedUpdates(bot.AllowedUpdates{"message", "message_reaction"}),
		bot.WithErrorsHandler(func(error) {})) // the poll that ends with the test
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Start(ctx)
	}()
	defer func() { cancel(); <-done }()
	w.until(t, "a poll", (*telegramsim.View).Polling)
	topic := w.CreateTopic(ada, forum, "Help")
	said := w.Say(bob, forum, telegramsim.Draft{Text: "hi", Thread: topic})
	w.until(t, "the echo", func(v *telegramsim.View) bool {
		all := v.Messages(forum)
		last := all[len(all)-1]
		return last.Text == "you said hi" && last.Thread == topic && last.ReplyTo == said && len(last.Entities) == 1
	})
	if err := w.React(bob, forum, said, "👍"); err != nil {
		t.Fatal(err)
	}
	w.until(t, "the reaction", func(*telegramsim.View) bool {
		mu.Lock()
		defer mu.Unlock()
		return len(seen) > 0 && seen[len(seen)-1] == "👍"
	})
	album, err := b.SendMediaGroup(ctx, &bot.SendMediaGroupParams{ChatID: ada, Media: []models.InputMedia{
		&models.InputMediaDocument{Media: "attach://a.txt", Caption: "two", MediaAttachment: bytes.NewReader([]byte("A"))},
		&models.InputMediaDocument{Media: "attach://b.txt", MediaAttachment: bytes.NewReader([]byte("B"))},
	}})
	if err != nil || len(album) != 2 || album[0].MediaGroupID == "" || album[0].MediaGroupID != album[1].MediaGroupID {
		t.Fatalf("album %+v, %v", album, err)
	}
	if m, _ := w.Message(ada, album[1].ID); string(m.Files[0].Data) != "B" || m.Album != album[0].MediaGroupID {
		t.Errorf("the second of the album = %+v", m)
	}
}

// TestEveryWayToCall sends one call in each form that Telegram takes.
func TestEveryWayToCall(t *testing.T) {
	t.Parallel()
	w := setup(t)
	base := w.URL() + "/bot" + w.Token()
	chat := strconv.FormatInt(ada, 10)
	for name, r := range map[string]func() (*http.Request, error){
		"query": func() (*http.Request, error) {
			return http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/sendMessage?chat_id="+chat+"&text=query", nil)
		},
		"form": func() (*http.Request, error) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/SENDMESSAGE", bytes.NewBufferString("chat_id="+chat+"&text=form"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			return r, err
		},
		"json": func() (*http.Request, error) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/sendmessage", bytes.NewBufferString(`{"chat_id":`+chat+`,"text":"json","entities":[]}`))
			r.Header.Set("Content-Type", "application/json")
			return r, err
		},
		"chunked": func() (*http.Request, error) {
			body := "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nchunked\r\n--x\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n" + chat + "\r\n--x--\r\n"
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/sendMessage", io.MultiReader(bytes.NewBufferString(body)))
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
			return r, err
		},
	} {
		req, err := r()
		if err != nil {
			t.Fatal(err)
		}
		resp, err := w.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Result struct{ Text string }
		}
		err = json.NewDecoder(resp.Body).Decode(&got)
		_ = resp.Body.Close()
		if err != nil || got.Result.Text != name {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
