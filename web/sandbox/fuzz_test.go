package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/web/sandbox"
)

// FuzzAct: whatever is posted, the answer is JSON, and it is 200 when something was said.
func FuzzAct(f *testing.F) {
	const multi = "multipart/form-data; boundary=x"
	f.Add("application/json", `{"pane":"x","do":"say","person":"1","place":"1","text":"x"}`)
	f.Add("application/json; charset=utf-8", `{"pane":"x","do":"say","person":"1","place":"1","text":"\ud800"}`)
	f.Add(multi, "--x\r\nContent-Disposition: form-data; name=\"pane\"\r\n\r\nx\r\n--x\r\n"+
		"Content-Disposition: form-data; name=\"file\"; filename=\"../a\\b\"\r\n\r\n\x89PNG\r\n\x1a\n\r\n--x--\r\n")
	f.Add("application/json", `{"pane":"x","do":"join","text":"Zoe"}`)
	f.Add(multi, "--x--")
	f.Add("text/plain", "")
	f.Fuzz(func(t *testing.T, kind, body string) {
		x := xsim.New(xsim.Config{})
		defer x.Close()
		brand := x.AddUser(xsim.User{ID: "2"}).ID
		x.AddUser(xsim.User{ID: "1"})
		page := sandbox.New(sandbox.X(x, brand, ""))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/act", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		res := httptest.NewRecorder()
		page.ServeHTTP(res, r)
		if !json.Valid(res.Body.Bytes()) {
			t.Errorf("answer = %q, want JSON", res.Body)
		}
		if said := len(x.Events()) == 1; said && res.Code != http.StatusOK {
			t.Errorf("%d, but said: %v", res.Code, said)
		}
	})
}
