package slacksim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

// FuzzCall: whatever is posted to whatever method, the answer is 200 and a JSON object that says ok or an error.
func FuzzCall(f *testing.F) {
	const form, js, multi = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x"
	f.Add("chat.postMessage", form, "channel=C0GENERAL01&text=a%26b&blocks=[{\"type\":\"section\"}]")
	f.Add("chat.postMessage", js, `{"channel":"C0GENERAL01","text":"x","metadata":{"event_type":"e","event_payload":{}},"attachments":[{}]}`)
	f.Add("chat.postMessage", multi, "--x\r\nContent-Disposition: form-data; name=\"channel\"\r\n\r\nC0GENERAL01\r\n--x--\r\n")
	f.Add("chat.update", js, `{"channel":"C0GENERAL01","ts":"1.000000","blocks":[1]}`)
	f.Add("views.publish", js, `{"user_id":"U0SIMBOT001","view":{"type":"home","blocks":[{"type":"input","element":{"type":"button"}}]}}`)
	f.Add("conversations.history", form, "channel=C0GENERAL01&cursor=bmV4dF90czoxLjA%3D&limit=-1&oldest=9e9")
	f.Add("conversations.open", js, `{"users":["U0SIMBOT001","U1"]}`)
	f.Add("files.completeUploadExternal", js, `{"files":[{"id":"F1"}]}`)
	f.Add("reactions.add", "text/plain", "x")
	f.Fuzz(func(t *testing.T, method, kind, body string) {
		if method == "auth.revoke" || strings.ContainsAny(method, "/?#% ") || method == "" || method == "." || method == ".." {
			return
		}
		w := newWorld(Config{})
		defer w.shut()
		w.addUser(User{ID: "U1"})
		w.addChannel(Channel{ID: "C0GENERAL01", Name: "general"}, "U1")
		mux := newMux(w)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/x", strings.NewReader(body))
		r.URL.Path = "/api/" + method
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer "+w.cfg.BotToken)
		rw := httptest.NewRecorder()
		mux.ServeHTTP(rw, r)
		var answer struct {
			OK    *bool  `json:"ok"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal(rw.Body.Bytes(), &answer); rw.Code != http.StatusOK || err != nil || answer.OK == nil || *answer.OK != (answer.Error == "") {
			t.Errorf("%s %s %q: %d %s (%v)", method, kind, body, rw.Code, rw.Body, err)
		}
	})
}

// FuzzAcknowledge: whatever a socket sends, only the right envelope id confirms an event.
func FuzzAcknowledge(f *testing.F) {
	f.Add([]byte(`{"envelope_id":"e1"}`))
	f.Add([]byte(`{"envelope_id":"e1","payload":{"response_action":"clear"}}`))
	f.Add([]byte(`{"envelope_id":1}`))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		w := newWorld(Config{})
		defer w.shut()
		d := &delivery{kind: kindInteractive, ids: []string{"e1"}, inter: &Interaction{Kind: "view_submission"}}
		w.courier.pending["e1"] = d
		w.acknowledge(frame)
		if d.done && !strings.Contains(string(frame), "e1") && !strings.Contains(string(frame), `\u`) {
			t.Errorf("%q confirmed e1", frame)
		}
		if _, waits := w.courier.pending["e1"]; waits == d.done {
			t.Errorf("after %q the event waits: %v, is settled: %v", frame, waits, d.done)
		}
	})
}

// FuzzSign: every body's signature verifies with the right secret and with no other.
func FuzzSign(f *testing.F) {
	f.Add("secret", []byte(`{"type":"event_callback"}`))
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, secret string, body []byte) {
		w := newWorld(Config{SigningSecret: secret})
		defer w.shut()
		req, err := w.signed(t.Context(), "http://127.0.0.1/", "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		check := func(secret string) error {
			v, err := slack.NewSecretsVerifier(req.Header, secret)
			if err != nil {
				return err
			}
			_, _ = v.Write(body)
			return v.Ensure()
		}
		if err := check(w.cfg.SigningSecret); err != nil {
			t.Errorf("right secret: %v", err)
		}
		if check(w.cfg.SigningSecret+"x") == nil {
			t.Error("a wrong secret verifies")
		}
	})
}
