package telegramsim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	w := setup(t)
	hello := args{"chat_id": ada, "text": "x"}
	for name, tc := range map[string]struct {
		fault telegramsim.Fault
		code  int
		text  string
	}{
		"status":   {telegramsim.Fault{Times: 1, Status: 500}, 500, "Internal Server Error"},
		"error":    {telegramsim.Fault{Times: 1, Error: "Forbidden: bot was blocked by the user"}, 403, "Forbidden: bot was blocked by the user"},
		"own code": {telegramsim.Fault{Times: 1, Status: 400, Error: "Bad Request: PEER_ID_INVALID"}, 400, "Bad Request: PEER_ID_INVALID"},
		"throttle": {telegramsim.Fault{Times: 1, Throttle: 7 * time.Second}, 429, "Too Many Requests: retry after 7"},
	} {
		w.Fail("SENDMESSAGE", tc.fault)
		got := w.call(t, "sendMessage", hello)
		if got.OK || got.ErrorCode != tc.code || got.Description != tc.text || (name == "throttle") != (got.Parameters.RetryAfter == 7) {
			t.Errorf("%s: %+v", name, got)
		}
		ok[id](t, w, "sendMessage", hello)
	}
	before := len(w.Messages(ada))
	w.Fail("sendMessage", telegramsim.Fault{Times: 1, AcceptThenDrop: true, Late: time.Millisecond})
	if _, err := w.try(t.Context(), "sendMessage", hello); err == nil {
		t.Error("an answer came")
	}
	if got := len(w.Messages(ada)); got != before+1 {
		t.Errorf("%d messages, want %d: the call was to be done", got, before+1)
	}
	w.Fail("", telegramsim.Fault{HTML: true})
	if got := w.status(t, "/bot"+w.Token()+"/getMe"); got != http.StatusBadGateway {
		t.Errorf("a page = %d", got)
	}
	w.Mend()
	ctx, cancel := context.WithCancel(t.Context())
	w.Fail("getMe", telegramsim.Fault{Hang: true, Times: 1})
	ended := make(chan error, 1)
	go func() {
		_, err := w.try(ctx, "getMe", nil)
		ended <- err
	}()
	w.until(t, "the call that hangs", func(v *telegramsim.View) bool { return len(v.Calls("getMe")) == 2 })
	cancel()
	if err := <-ended; err == nil {
		t.Error("a call that hangs was answered")
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, func(cfg *telegramsim.Config) { cfg.Now, cfg.Limits = c.now, true })
	send := func(chat int64) answer { return w.call(t, "sendMessage", args{"chat_id": chat, "text": "x"}) }
	for i := range 3 {
		if got := send(ada); !got.OK {
			t.Fatalf("message %d: %+v", i, got)
		}
	}
	if got := send(ada); got.ErrorCode != 429 || got.Parameters.RetryAfter != 1 {
		t.Errorf("the fourth within a second: %+v", got)
	}
	c.pass(time.Second)
	if got := send(ada); !got.OK {
		t.Errorf("a second later: %+v", got)
	}
	for range 20 {
		send(small)
	}
	if got := send(small); got.ErrorCode != 429 || got.Parameters.RetryAfter < 2 {
		t.Errorf("the 21st in a group within a minute: %+v", got)
	}
	w.Limit(false)
	if got := send(small); !got.OK {
		t.Errorf("without limits: %+v", got)
	}
}

func TestUploads(t *testing.T) {
	t.Parallel()
	w := setup(t, func(cfg *telegramsim.Config) { cfg.MaxUpload = 1000 })
	send := func(size int) int {
		var body bytes.Buffer
		mw := multipart.NewWriter(&body)
		_ = mw.WriteField("chat_id", strconv.FormatInt(ada, 10))
		part, _ := mw.CreateFormFile("document", "a.bin")
		_, _ = part.Write(make([]byte, size))
		_ = mw.Close()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/bot"+w.Token()+"/sendDocument", io.MultiReader(&body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", mw.FormDataContentType())
		resp, err := w.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		return resp.StatusCode
	}
	if got := send(1000); got != 200 {
		t.Errorf("1000 bytes = %d", got)
	}
	if got := send(1001); got != http.StatusRequestEntityTooLarge {
		t.Errorf("1001 bytes = %d, want 413", got)
	}
}

func TestFileLinksExpire(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, func(cfg *telegramsim.Config) { cfg.Now = c.now })
	file := ok[struct {
		Path string `json:"file_path"`
	}](t, w, "getFile", args{"file_id": w.picture(t)})
	link := "/file/bot" + w.Token() + "/" + file.Path
	w.Fail("download", telegramsim.Fault{Times: 1, Status: 500})
	if got := w.status(t, link); got != 500 {
		t.Errorf("with a fault = %d", got)
	}
	c.pass(59 * time.Minute)
	if got := w.status(t, link); got != 200 {
		t.Errorf("after 59 minutes = %d", got)
	}
	c.pass(2 * time.Minute)
	if got := w.status(t, link); got != 404 {
		t.Errorf("after 61 minutes = %d", got)
	}
}

// receiver is a bot's webhook.
type receiver struct {
	*httptest.Server
	got    chan map[string]any
	answer chan func(http.ResponseWriter)
}

func newReceiver(t *testing.T, secret string) receiver {
	t.Helper()
	r := receiver{got: make(chan map[string]any, 100), answer: make(chan func(http.ResponseWriter), 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		var u map[string]any
		if err := json.NewDecoder(req.Body).Decode(&u); err != nil || req.Header.Get("X-Telegram-Bot-Api-Secret-Token") != secret {
			t.Errorf("posted %v with %v: %v", u, req.Header, err)
		}
		r.got <- u
		select {
		case do := <-r.answer:
			do(rw)
		default:
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r receiver) text(t *testing.T) string {
	t.Helper()
	select {
	case u := <-r.got:
		s, _ := u["message"].(map[string]any)["text"].(string)
		return s
	case <-t.Context().Done():
		return "nothing"
	}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *telegramsim.Config) { c.Timing.Retry = time.Millisecond })
	r := newReceiver(t, "s3cret")
	poll := w.waiting(t)
	say(w, "first")
	<-poll // it goes on waiting in the queue: nobody confirmed it
	ok[bool](t, w, "setWebhook", args{"url": r.URL + "/tg", "secret_token": "s3cret", "allowed_updates": []string{"message"}, "max_connections": 3})
	d := ok[map[string]any](t, w, "getWebhookInfo", nil)
	if d["url"] != r.URL+"/tg" || d["max_connections"] != 3.0 || d["ip_address"] != "127.0.0.1" {
		t.Errorf("getWebhookInfo = %v", d)
	}
	if got := r.text(t); got != "first" {
		t.Errorf("posted %q", got)
	}
	if got := w.call(t, "getUpdates", nil); got.ErrorCode != 409 {
		t.Errorf("getUpdates beside a webhook = %+v", got)
	}
	r.answer <- func(rw http.ResponseWriter) { http.Error(rw, "no", http.StatusInternalServerError) }
	r.answer <- func(rw http.ResponseWriter) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write([]byte(`{"method":"sendMessage","chat_id":` + strconv.FormatInt(ada, 10) + `,"text":"inline"}`))
	}
	say(w, "second", "third")
	got := []string{r.text(t), r.text(t), r.text(t)}
	if !slices.Equal(got, []string{"second", "second", "third"}) {
		t.Errorf("posted %v, want the second again, and then the third", got)
	}
	w.until(t, "the inline answer", func(v *telegramsim.View) bool {
		all := v.Messages(ada)
		return all[len(all)-1].Text == "inline"
	})
	w.until(t, "the end of the queue", func(v *telegramsim.View) bool { return v.Pending() == 0 })
	if h := w.Webhook(); h.URL != r.URL+"/tg" || h.Secret != "s3cret" || h.MaxConnections != 3 || h.LastError != "Wrong response from the webhook: 500 Internal Server Error" {
		t.Errorf("Webhook = %+v", h)
	}
	w.Redeliver(1)
	if got := r.text(t); got != "third" {
		t.Errorf("posted again %q", got)
	}
	ok[bool](t, w, "deleteWebhook", nil)
	say(w, "kept")
	if texts, _ := w.poll(t, nil); !slices.Contains(texts, "kept") {
		t.Errorf("after deleteWebhook = %v", texts)
	}
	if len(r.got) != 0 {
		t.Errorf("posted after deleteWebhook: %v", <-r.got)
	}
}

func TestSetWebhookEndsPolls(t *testing.T) {
	t.Parallel()
	w := setup(t)
	r := newReceiver(t, "")
	poll := w.waiting(t)
	ok[bool](t, w, "setWebhook", args{"url": r.URL})
	if s := <-poll; s != "409 Conflict: terminated by setWebhook request" {
		t.Errorf("poll = %s", s)
	}
}
