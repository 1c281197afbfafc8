package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/web/sandbox"
)

// FuzzSay: whatever is posted, the answer is JSON, and it is 201 only when something was said.
func FuzzSay(f *testing.F) {
	const multi = "multipart/form-data; boundary=x"
	f.Add("application/json", `{"person":"1","text":"x"}`)
	f.Add("application/json; charset=utf-8", `{"person":"1","text":"\ud800"}`)
	f.Add(multi, "--x\r\nContent-Disposition: form-data; name=\"person\"\r\n\r\n1\r\n--x\r\n"+
		"Content-Disposition: form-data; name=\"file\"; filename=\"../a\\b\"\r\n\r\n\x89PNG\r\n\x1a\n\r\n--x--\r\n")
	f.Add(multi, "--x--")
	f.Add("text/plain", "")
	f.Fuzz(func(t *testing.T, kind, body string) {
		x, slack := xsim.New(xsim.Config{}), slacksim.New(slacksim.Config{})
		defer x.Close()
		defer slack.Close()
		brand := x.AddUser(xsim.User{ID: "2"}).ID
		x.AddUser(xsim.User{ID: "1"})
		page := sandbox.New(sandbox.Config{X: x, Brand: brand, Slack: slack})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/x/say", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		res := httptest.NewRecorder()
		page.ServeHTTP(res, r)
		if !json.Valid(res.Body.Bytes()) {
			t.Errorf("answer = %q, want JSON", res.Body)
		}
		if said := len(x.Events()) == 1; said != (res.Code == http.StatusCreated) {
			t.Errorf("%d, but said: %v", res.Code, said)
		}
	})
}
