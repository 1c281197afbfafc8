package script_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHTTP(t *testing.T) {
	t.Parallel()
	hits := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits++
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"method": r.Method, "path": r.URL.Path, "auth": r.Header.Get("Authorization"), "type": r.Header.Get("Content-Type"),
			"body": string(body), "n": 3,
		})
	}))
	t.Cleanup(srv.Close)
	w := setup(t, `
def show(r):
    d = r.json()
    return "%d %s %s %s %s %s %s" % (r.status, r.ok, d["method"], d["path"], d["auth"], d["type"], escape(d["body"]))
base = "`+srv.URL+`"
def get(): return show(http.get(base + "/x", headers={"Authorization": "Bearer " + secret("TOKEN")}))
def missing(): return show(http.get(base + "/missing"))
def post(): return show(http.post(base + "/p", json={"a": [1, None, "é"], "s": "<" + secret("TOKEN") + "\">", "t": secret("OTHER")}))
def put(): return show(http.request("put", base + "/p", body="x=" + secret("TOKEN")))
def dialog():
    r = http.get(base + "/x")
    a = ask("Q?")
    return "%s %d %s" % (a, r.status, r.type)
def show_secret():
    s = "x" + secret("TOKEN")
    return "%s %r %s" % (s, s, str(secret("TOKEN") + secret("OTHER")))
def keep(): state.bot["s"] = secret("TOKEN")
def say_it(): say(secret("TOKEN"))
def encode(): return json.encode(secret("TOKEN"))
def other(): http.get("http://127.0.0.1:1/x")
command("get", get)
command("missing", missing)
command("post", post)
command("put", put)
command("dialog", dialog)
command("show", show_secret)
command("keep", keep)
command("say", say_it)
command("encode", encode)
command("other", other)
`, may("http:"+strings.TrimPrefix(srv.URL, "http://"), "secret:TOKEN", "secret:OTHER"), client(srv.Client()),
		secrets(map[string]string{"TOKEN": "s3cret", "OTHER": "0ther"}))
	w.talk(
		"/get", "200 True GET /x Bearer s3cret", "/missing", "404 False GET /missing",
		"/post", `200 True POST /p  application/json {"a":[1,null,"é"],"s":"\u003cs3cret\"\u003e","t":"0ther"}`,
		"/put", "200 True PUT /p   x=s3cret", "/show", "xsecret(TOKEN) xsecret(TOKEN) secret(TOKEN)secret(OTHER)",
	)
	hits = 0
	w.talk("/dialog", "Q?", "x", "x 200 application/json")
	if hits != 1 {
		t.Errorf("the page was fetched %d times", hits)
	}
	for words, want := range map[string]string{
		"/keep":   `state.bot["s"]: a secret can only stand in a web request`,
		"/say":    "say: for parameter text: it is a secret and must be a text; str() makes one",
		"/encode": "json.encode: cannot encode secret as JSON",
		"/other":  "fetch from 127.0.0.1:1; grant it with http:127.0.0.1:1",
	} {
		w.log.Reset()
		w.say(words)
		if got := w.failed(); !strings.Contains(got, want) {
			t.Errorf("%s failed with %q, want %q", words, got, want)
		}
	}
	if all := w.log.String(); strings.Contains(all, "s3cret") || strings.Contains(all, "0ther") {
		t.Errorf("the log has a secret: %s", all)
	}
	for key, value := range w.kept {
		if strings.Contains(string(value), "s3cret") {
			t.Errorf("%s has a secret", key)
		}
	}
}
