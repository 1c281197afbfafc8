package telegramsim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"testing"
	"time"
	"unicode/utf16"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

const (
	ada   int64 = 5_100_000_001
	bob   int64 = 5_100_000_002
	eve   int64 = 5_100_000_003 // in no chat
	forum int64 = -1_002_100_000_001
	small int64 = -4_100_000_001
	news  int64 = -1_002_100_000_002
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// world is one simulated Telegram: Ada and Bob, Ada's private chat, a forum where the bot is an administrator, a group where it is
// a plain member, and a channel.
type world struct {
	*telegramsim.Sim
	http *http.Client
}

func setup(t *testing.T, change ...func(*telegramsim.Config)) world {
	t.Helper()
	cfg := telegramsim.Config{}
	for _, c := range change {
		c(&cfg)
	}
	sim := telegramsim.New(cfg)
	sim.AddUser(telegramsim.User{ID: ada, First: "Ada", Last: "Lovelace", Username: "ada_l", Language: "en"})
	sim.AddUser(telegramsim.User{ID: bob, First: "Bob", Premium: true})
	sim.AddUser(telegramsim.User{ID: eve, First: "Eve"})
	sim.Private(ada)
	sim.AddGroup(telegramsim.Group{ID: forum, Title: "Forum", Forum: true, Admins: []int64{ada}, Members: []int64{bob}, BotAdmin: true})
	sim.AddGroup(telegramsim.Group{ID: small, Title: "Small", Admins: []int64{ada}, Members: []int64{bob}})
	sim.AddGroup(telegramsim.Group{ID: news, Title: "News", Type: telegramsim.Channel, Username: "sim_news", Admins: []int64{ada}, Members: []int64{bob}})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatalf("Start: %v", err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		sim.Close()
	})
	return world{Sim: sim, http: client}
}

// answer is what a method gives back.
type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	ErrorCode   int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		Migrate    int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

type args = map[string]any

// call calls a method with a JSON body.
func (w world) call(t *testing.T, method string, a args) answer {
	t.Helper()
	out, err := w.try(t.Context(), method, a)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return out
}

func (w world) try(ctx context.Context, method string, a args) (out answer, err error) {
	body, err := json.Marshal(a)
	if err != nil {
		return out, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL()+"/bot"+w.Token()+"/"+method, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.http.Do(req)
	if err != nil {
		return out, err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return out, err
	}
	if out.OK != (resp.StatusCode == http.StatusOK) || !out.OK && out.ErrorCode != resp.StatusCode {
		return out, fmt.Errorf("status %d with %+v", resp.StatusCode, out)
	}
	return out, nil
}

// ok calls a method that must succeed and decodes its result.
func ok[T any](t *testing.T, w world, method string, a args) T {
	t.Helper()
	got := w.call(t, method, a)
	var v T
	if !got.OK {
		t.Fatalf("%s(%v): %d %s", method, a, got.ErrorCode, got.Description)
	}
	if err := json.Unmarshal(got.Result, &v); err != nil {
		t.Fatalf("%s: %v in %s", method, err, got.Result)
	}
	return v
}

// id is a message as far as most tests look at it.
type id struct {
	ID int `json:"message_id"`
}

// updates fetches what waits and confirms it.
func (w world) updates(t *testing.T) []map[string]any {
	t.Helper()
	got := ok[[]map[string]any](t, w, "getUpdates", nil)
	if len(got) > 0 {
		ok[[]any](t, w, "getUpdates", args{"offset": got[len(got)-1]["update_id"].(float64) + 1})
	}
	return got
}

// only is the one update that waits, of that kind.
func (w world) only(t *testing.T, kind string) map[string]any {
	t.Helper()
	got := w.updates(t)
	if len(got) != 1 || got[0][kind] == nil {
		t.Fatalf("updates = %v, want one %s", got, kind)
	}
	return got[0][kind].(map[string]any)
}

// until waits for a state, ten seconds at most.
func (w world) until(t *testing.T, what string, ok func(*telegramsim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := w.Wait(ctx, ok); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}

// clock is a time that tests move.
type clock struct{ at chan time.Time }

func newClock() clock {
	c := clock{at: make(chan time.Time, 1)}
	c.at <- time.Unix(1_800_000_000, 0)
	return c
}

func (c clock) now() time.Time {
	t := <-c.at
	c.at <- t
	return t
}

func (c clock) pass(d time.Duration) { c.at <- (<-c.at).Add(d) }

func asError[T error](err error, target *T) bool { return errors.As(err, target) }

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// allKinds are the updates that bots here may ask for.
func allKinds() []string {
	return []string{
		"message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message", "edited_business_message",
		"deleted_business_messages", "message_reaction", "message_reaction_count", "callback_query", "poll", "poll_answer", "my_chat_member", "chat_member",
	}
}

// picture is a PNG of 640 by 400.
func picture() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 640, 400)))
	return b.Bytes()
}

// picture is the file_id of a photo.
func (w world) picture(t *testing.T) string {
	t.Helper()
	id := w.Say(ada, ada, telegramsim.Draft{Files: []telegramsim.Upload{{Name: "p.png", Data: picture()}}})
	m, found := w.Message(ada, id)
	if !found {
		t.Fatal("the photo was refused")
	}
	return m.Files[0].ID
}

// cut is a part of a text, in UTF-16 code units.
func cut(s string, offset, length int) string {
	return string(utf16.Decode(utf16.Encode([]rune(s))[offset : offset+length]))
}
