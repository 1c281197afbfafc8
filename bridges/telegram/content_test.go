package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// hear has a connector that reaches nobody take a message with these fields.
func hear(t *testing.T, fields string) []chat.Event {
	t.Helper()
	s := &bridgetest.Sink{}
	u := `{"update_id":1,"message":{"message_id":7,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"Ada"},` + fields + `}}`
	must(t, telegram.Take(t.Context(), alone(t), s, []byte(u)))
	return s.Events()
}

func TestEveryKindOfContentIsTold(t *testing.T) {
	t.Parallel()
	for _, tc := range [][2]string{
		{`"checklist":{"title":"Todo","tasks":[{"id":1,"text":"a"},{"id":2,"text":"b","completion_date":5}]}`, "☑️ Todo\n☐ a\n☑ b"},
		{`"story":{"chat":{"id":9,"type":"private","first_name":"Zoe"},"id":1}`, "(a story of Zoe, which bots can't see)"},
		{`"game":{"title":"Chess","description":"old"}`, "🎮 Chess\nold"},
		{`"invoice":{"title":"Tea","description":"hot","currency":"EUR"}`, "🧾 Tea\nhot"},
		{`"paid_media":{"star_count":1,"paid_media":[]}`, "(media that must be paid for)"},
		{`"giveaway":{"chats":[]}`, "(a giveaway)"},
		{`"location":{"latitude":52.5,"longitude":13.4}`, "📍 52.50000, 13.40000 https://www.openstreetmap.org/?mlat=52.50000&mlon=13.40000"},
		{`"forward_origin":{"type":"channel","date":1,"chat":{"id":-7,"type":"channel","title":"News"},"message_id":3},"text":"x"`, "Forwarded from News\nx"},
		{`"forward_origin":{"type":"chat","date":1,"sender_chat":{"id":-7,"type":"supergroup","title":"Club"}},"text":"x"`, "Forwarded from Club\nx"},
		{`"forward_origin":{"type":"user","date":1,"sender_user":{"id":8,"first_name":"Z","last_name":"Y"}},"text":"x"`, "Forwarded from Z Y\nx"},
		{`"rich_message":{"blocks":[{"type":"blockquote","blocks":[{"type":"paragraph","text":"wise"}],"credit":"Zoe"},{"type":"details","summary":"more","blocks":[{"type":"paragraph","text":"inside"}]},{"type":"divider"},{"type":"mathematical_expression","expression":"x^2"},{"type":"pre","text":"code","language":"go"}]}`, "wise\n— Zoe\nmore\ninside\n———\nx^2\ncode"},
	} {
		fields, want := tc[0], tc[1]
		events := hear(t, fields)
		if len(events) != 1 {
			t.Errorf("%s gave %d events", fields, len(events))
			continue
		}
		if got := strings.TrimSpace(events[0].What.(chat.Posted).Text.Body); got != want {
			t.Errorf("%s says %q, want %q", fields, got, want)
		}
	}
	for fields, want := range map[string]string{
		`"sticker":{"file_id":"s","is_animated":true}`:                                        "sticker_7.tgs application/x-tgsticker",
		`"sticker":{"file_id":"s","is_video":true}`:                                           "sticker_7.webm video/webm",
		`"video_note":{"file_id":"v"}`:                                                        "video_note_7.mp4 video/mp4",
		`"animation":{"file_id":"a"},"document":{"file_id":"a"}`:                              "animation_7.mp4 video/mp4",
		`"photo":[{"file_id":"s","width":1,"height":1},{"file_id":"l","width":9,"height":9}]`: "photo_7.jpg image/jpeg",
		`"document":{"file_id":"d","file_name":"a.pdf","mime_type":"application/pdf"}`:        "a.pdf application/pdf",
	} {
		files := hear(t, fields)[0].What.(chat.Posted).Files
		if len(files) != 1 || files[0].Name+" "+files[0].Type != want {
			t.Errorf("%s has the files %+v, want %q", fields, files, want)
		}
	}
	for _, fields := range []string{`"new_chat_title":"T"`, `"forum_topic_closed":{}`, `"novelty":1`} {
		if events := hear(t, fields); len(events) != 0 {
			t.Errorf("%s gave %+v, want nothing", fields, events)
		}
	}
}

func TestAFileIsReadFromTheDiskOfAServerOfOnesOwn(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	path := filepath.Join(t.TempDir(), "file_1.jpg")
	must(t, os.WriteFile(path, []byte("on disk"), 0o600))
	c := connect(t, r.cfg, bridges.Deps{Account: account, Client: answering(fmt.Sprintf(`{"ok":true,"result":{"file_id":"a","file_path":%q}}`, path))})
	f := chat.File{Name: "a", Account: account, Source: "a"}
	body, err := chat.Fetch(t.Context(), c, f)
	must(t, err)
	got, err := io.ReadAll(body)
	must(t, errors.Join(err, body.Close()))
	if string(got) != "on disk" {
		t.Errorf("read %q", got)
	}
	must(t, os.Remove(path))
	if _, err := chat.Fetch(t.Context(), c, f); chat.KindOf(err) != chat.Refused {
		t.Errorf("fetch of what is not on our disk = %v, want Refused", err)
	}
	official := connect(t, telegram.Config{Token: r.cfg.Token}, bridges.Deps{Account: account, Client: answering(`{"ok":true,"result":{"file_path":"/etc/passwd"}}`)})
	if _, err := chat.Fetch(t.Context(), official, f); chat.KindOf(err) != chat.Refused {
		t.Errorf("Telegram's own server names a path on our disk: %v, want Refused", err)
	}
	sly := connect(t, r.cfg, bridges.Deps{Account: account, Client: answering(`{"ok":true,"result":{"file_path":"photos/../../bot/getMe"}}`)})
	if _, err := chat.Fetch(t.Context(), sly, f); chat.KindOf(err) != chat.Refused {
		t.Errorf("a path that climbs = %v, want Refused", err)
	}
}

func TestADownloadThatFailsHasAKind(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "see", Files: []telegramsim.Upload{{Name: "a.txt", Data: []byte("hi"), Kind: "document"}}})
	_, p := r.Hears(t, "see")
	for status, want := range map[int]chat.Kind{404: chat.Gone, 429: chat.Throttled, 401: chat.Refused, 500: chat.Transient} {
		r.Sim.Fail("download", telegramsim.Fault{Times: 1, Status: status})
		_, err := chat.Fetch(t.Context(), r.conn, p.Files[0])
		if chat.KindOf(err) != want || strings.Contains(err.Error(), r.Token()) {
			t.Errorf("a download with %d = %v, want %v", status, err, want)
		}
	}
	r.Sim.Fail("download", telegramsim.Fault{Times: 1, Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := chat.Fetch(ctx, r.conn, p.Files[0]); chat.KindOf(err) != chat.Transient || strings.Contains(err.Error(), r.Token()) {
		t.Errorf("a download without an answer = %v, want Transient", err)
	}
}

func TestWhatCantBeKeptIsNotConfirmed(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	r.keep.Refuse(func(_ string, write bool) error {
		if write {
			return bridgetest.ErrFull
		}
		return nil
	})
	r.says(t, r.ada, r.ada, album("pictures", 2))
	if _, err := r.conn.Post(t.Context(), chat.Post{To: r.Talk(), Card: new(card())}); err == nil {
		t.Error("a card went out whose buttons can't be remembered")
	}
	if n := r.Pending(); n != 2 {
		t.Errorf("%d updates wait, want the album's two", n)
	}
	r.keep.Refuse(nil)
	r.Hears(t, "pictures")
}

func TestALongCardIsClipped(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	m := r.message(t, r.ada, r.posts(t, chat.Post{To: r.Talk(), Card: &chat.Card{Title: "x", Body: strings.Repeat("@ada 👍 ", 2000)}}))
	if n := text.UTF16.Len(m.Text); n > 4096 || n < 3000 {
		t.Errorf("the card takes %d units", n)
	}
}
