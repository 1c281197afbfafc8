package bots_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// trying is a bot whose word is the error that f gives.
func trying(f func(ctx context.Context, t *bots.Turn) error) *bots.Func {
	return doing(func(ctx context.Context, t *bots.Turn) error {
		err := f(ctx, t)
		if err == nil {
			return sayAll(t, "done")
		}
		return sayAll(t, bots.Escape(fmt.Sprintf("%v %v", errors.Is(err, bots.ErrMayNot), err)))
	}, command("try"), bots.Trigger{ID: "joined", Kind: bots.Joined})
}

const mayNot = "true the bot may not do that: "

func TestSendingElsewhere(t *testing.T) {
	t.Parallel()
	thread := lounge
	thread.Thread = "9"
	other := chat.Conversation{Account: "slack/team", ID: "C2"}
	threaded := other
	threaded.Thread = "9"
	refused := mayNot + "send to " + other.String() + "; grant it with send:" + other.String()
	for _, tc := range []struct {
		to    chat.Conversation
		grant []string
		want  string
	}{
		{to: lounge, want: "x\ndone"},
		{to: thread, want: thread.String() + ": x\ndone"},
		{to: other, want: refused},
		{to: other, grant: []string{"send:slack/team#C3"}, want: refused},
		{to: other, grant: []string{"send:" + threaded.String()}, want: refused},
		{to: other, grant: []string{"send:slack/team#C2"}, want: other.String() + ": x\ndone"},
		{to: threaded, grant: []string{"send:slack/team#C2"}, want: threaded.String() + ": x\ndone"},
		{to: other, grant: []string{"send:anywhere"}, want: other.String() + ": x\ndone"},
	} {
		w := newWorld(t, trying(func(_ context.Context, t *bots.Turn) error {
			_, err := t.Say(bots.Message{Text: "x", To: tc.to})
			return err
		}), grants(tc.grant...))
		w.talk("/try", tc.want)
	}
}

// TestSayingToNobody has no place to say it.
func TestSayingToNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, doing(func(_ context.Context, t *bots.Turn) error { return sayAll(t, "x") }, bots.Trigger{ID: "own", Kind: bots.Sent}))
	in := w.told(chat.Called{Name: "own:"})
	in.Event.Conversation, in.To, in.Event.Author = chat.Conversation{}, w.host.Talk(chat.Conversation{}), chat.Author{}
	w.deliver(in)
	if got := w.said(); got != unwell+"the bot may not do that: it does not say where" {
		t.Errorf("the bot said %q", got)
	}
}

func TestWhatNeedsNoOrMoreLeave(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		do    func(ctx context.Context, t *bots.Turn) error
		grant []string
		want  string
	}{
		"remove":          {func(_ context.Context, t *bots.Turn) error { return t.Remove() }, nil, mayNot + "remove what others wrote; grant it with moderate"},
		"remove, granted": {func(_ context.Context, t *bots.Turn) error { return t.Remove() }, []string{"moderate"}, "done"},
		"edit another's": {func(_ context.Context, t *bots.Turn) error {
			return t.Edit(chat.Ref{Conversation: lounge, Message: "m1"}, bots.Message{Text: "x"})
		}, []string{"moderate"}, mayNot + "edit a message of somebody else"},
		"edit its own, elsewhere": {func(_ context.Context, t *bots.Turn) error {
			elsewhere := chat.Conversation{Account: "discord/club", ID: "9"}
			return t.Edit(chat.Key("k").Said(chat.BotAccount("order"), elsewhere, 0), bots.Message{Text: "x"})
		}, nil, "done"},
		"delete another's": {func(_ context.Context, t *bots.Turn) error {
			return t.Delete(chat.Key("k").Said(chat.BotAccount("orders"), lounge, 0))
		}, []string{"moderate"}, mayNot + "delete a message of somebody else"},
		"say nothing": {func(_ context.Context, t *bots.Turn) error {
			_, err := t.Say(bots.Message{Text: "   "})
			return err
		}, nil, mayNot + "the message is empty"},
		"a long key": {func(ctx context.Context, t *bots.Turn) error {
			return t.Set(ctx, bots.OfBot, strings.Repeat("x", 101), nil)
		}, nil, mayNot + "a key of state has 1 to 100 bytes"},
		"a long value": {func(ctx context.Context, t *bots.Turn) error {
			return t.Set(ctx, bots.OfBot, "x", make([]byte, 65<<10))
		}, nil, mayNot + "a value of state has 65536 bytes at most"},
		"no scope": {func(ctx context.Context, t *bots.Turn) error {
			_, err := t.Get(ctx, "world", "x")
			return err
		}, nil, mayNot + `"world" is no scope: person, talk or bot`},
		"no desk": {func(_ context.Context, t *bots.Turn) error { return t.HandOff("x") }, nil, "false nobody's desk is here to hand off to"},
	} {
		w := newWorld(t, trying(tc.do), grants(tc.grant...))
		if got := w.say("/try"); got != tc.want {
			t.Errorf("%s: the bot said %q, want %q", name, got, tc.want)
		}
	}
}

func TestAskingAfterHandingOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, trying(func(_ context.Context, t *bots.Turn) error {
		if err := t.HandOff("wants to talk"); err != nil {
			return err
		}
		_, err := t.Ask(bots.Question{Message: bots.Message{Text: "Name?"}})
		return err
	}))
	w.desk = "support"
	w.talk("/try", mayNot+"ask after handing off")
	if h, ok := w.acts[0].(chat.HandOff); !ok || h.Reason != "wants to talk" {
		t.Errorf("it did %+v", w.acts)
	}
}

// TestFiles sends files from the bot's folder, and nothing from elsewhere.
func TestFiles(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	for path, words := range map[string]string{
		filepath.Join(outside, "key.pem"): "secret", filepath.Join(dir, "price.txt"): "2 €", filepath.Join(dir, "in", "a.png"): "png",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(words), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{
		"out": filepath.Join(outside, "key.pem"), "dirout": outside, "fine": "price.txt", "relative": filepath.Join("..", filepath.Base(outside), "key.pem"),
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	var name string
	b := trying(func(_ context.Context, t *bots.Turn) error {
		_, err := t.Say(bots.Message{Files: []string{name}})
		return err
	})
	w := newWorld(t, b, func(c *bots.Config) { c.Env.Folder = dir })
	for path, want := range map[string]string{
		"price.txt": "2 €", "./in/../price.txt": "2 €", "in/a.png": "png", "fine": "2 €",
		"out": "", "dirout/key.pem": "", "relative": "", "in": "", "none.txt": "", // these fail when they are opened
		"../key.pem": "refused", filepath.Join(outside, "key.pem"): "refused", "in/../../key.pem": "refused", "": "",
	} {
		name = path
		got := w.say("/try")
		if want == "refused" {
			if !strings.HasPrefix(got, mayNot+"the file ") {
				t.Errorf("%q: the bot said %q", path, got)
			}
			continue
		}
		say, ok := w.acts[0].(chat.Say)
		if !ok || len(say.Post.Files) != 1 {
			t.Fatalf("%q: the bot did %+v", path, w.acts)
		}
		if f := say.Post.Files[0]; f.Account != "bot/order" {
			t.Errorf("%q is a file of %s", path, f.Account)
		}
		if text, err := fetched(t, w, say.Post.Files[0]); text != want || (err != nil) != (want == "") {
			t.Errorf("%q reads %q, %v, want %q", path, text, err, want)
		}
	}
	w.start(b)
	name = "price.txt"
	w.talk("/try", mayNot+`the file "price.txt" is not in the bot's folder`)
}

func fetched(t *testing.T, w *world, f chat.File) (string, error) {
	t.Helper()
	r, err := w.host.Fetch(t.Context(), f)
	if err != nil {
		if e, ok := errors.AsType[*chat.Error](err); !ok || e.Kind != chat.Gone {
			t.Errorf("Fetch = %v, want that it is gone", err)
		}
		return "", err
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(r)
	return string(b), err
}

// TestHTTP asks a server, with secrets, and does so once in a dialog.
func TestHTTP(t *testing.T) {
	t.Parallel()
	var seen []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, fmt.Sprintf("%s %s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Authorization"), body, r.Header.Get("Idempotency-Key")))
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/long":
			_, _ = w.Write(make([]byte, 256<<10+1))
		default:
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte("tea\xff"))
		}
	}))
	t.Cleanup(srv.Close)
	host := strings.TrimPrefix(srv.URL, "http://")
	settle := func(list ...string) func(*bots.Config) {
		return func(c *bots.Config) {
			grants(list...)(c)
			c.Env.Client = srv.Client()
			c.Env.Secret = func(name string) (string, bool) { return "s3cret", name == "TOKEN" }
		}
	}
	get := func(url string) func(context.Context, *bots.Turn) error {
		return func(ctx context.Context, t *bots.Turn) error {
			r, err := t.HTTP(ctx, bots.Request{URL: url})
			if err != nil {
				return err
			}
			return sayAll(t, fmt.Sprint(r.Status, r.Type))
		}
	}
	for url, want := range map[string]string{
		srv.URL + "/x":                          "418text/plain\ndone",
		srv.URL + "/away":                       "302text/html; charset=utf-8\ndone",
		srv.URL + "/long":                       "false fetch from " + host + ": the answer is longer than 262144 bytes",
		"http://127.0.0.1:1/":                   mayNot + "fetch from 127.0.0.1:1; grant it with http:127.0.0.1:1",
		"ftp://" + host:                         mayNot + `fetch "ftp://` + host + `", which is no web address`,
		"http://" + host + "@evil.example/":     mayNot + "fetch from evil.example; grant it with http:evil.example",
		"http://evil.example#" + host:           mayNot + "fetch from evil.example; grant it with http:evil.example",
		"http://api.example.org.evil.example/x": mayNot + "fetch from api.example.org.evil.example; grant it with http:api.example.org.evil.example",
	} {
		newWorld(t, trying(get(url)), settle("http:"+host, "http:*.example.org")).talk("/try", want)
	}
	if slices.ContainsFunc(seen, func(s string) bool { return strings.Contains(s, "/there") }) {
		t.Error("a redirect was followed")
	}
	newWorld(t, trying(get(srv.URL)), grants("http:"+host)).talk("/try", mayNot+"fetch from "+host+"; grant it with http:"+host)

	seen = nil
	dialog := doing(func(ctx context.Context, t *bots.Turn) error {
		token, err := t.Secret("TOKEN")
		if err != nil {
			return err
		}
		r, err := t.HTTP(ctx, bots.Request{
			Method: http.MethodPost, URL: srv.URL + "/y", Body: "a=" + token + "&b=" + token, Header: map[string]string{"Authorization": "Bearer " + token},
		})
		if err != nil {
			return err
		}
		a, err := t.Ask(bots.Question{Message: bots.Message{Text: "Name? " + bots.Escape(token)}})
		if err != nil {
			return err
		}
		return sayAll(t, fmt.Sprint(a.Text, r.Status, r.Body))
	}, command("try"))
	w := newWorld(t, dialog, settle("http:"+host, "secret:TOKEN"))
	if got := w.say("/try"); strings.Contains(got, "s3cret") {
		t.Errorf("the bot said %q", got)
	}
	w.start(dialog, settle("http:"+host, "secret:TOKEN"))
	w.talk("Ada", "Ada418tea�")
	if want := []string{"POST /y Bearer s3cret a=s3cret&b=s3cret k1-0"}; !slices.Equal(seen, want) {
		t.Errorf("the server saw %q, want %q", seen, want)
	}
	for key, value := range w.kept {
		if strings.Contains(string(value), "s3cret") {
			t.Errorf("%s has the secret", key)
		}
	}
	if strings.Contains(w.log.String(), "s3cret") {
		t.Error("the log has the secret")
	}
}

// TestSecretsThatMayNotBeUsed: a handle is good for nothing unless the host made it, whoever wrote it.
func TestSecretsThatMayNotBeUsed(t *testing.T) {
	t.Parallel()
	var body string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	}))
	t.Cleanup(srv.Close)
	host := strings.TrimPrefix(srv.URL, "http://")
	handle := ""
	b := trying(func(ctx context.Context, t *bots.Turn) error {
		if handle == "" {
			_, err := t.Secret("TOKEN")
			return err
		}
		_, err := t.HTTP(ctx, bots.Request{URL: srv.URL, Method: http.MethodPost, Body: handle})
		return err
	})
	set := func(may ...string) func(*bots.Config) {
		return func(c *bots.Config) {
			grants(append(may, "http:"+host)...)(c)
			c.Env.Client = srv.Client()
			c.Env.Secret = func(name string) (string, bool) { return "s3cret", name == "TOKEN" }
		}
	}
	newWorld(t, b, set("secret:OTHER")).talk("/try", mayNot+"use the secret TOKEN; grant it with secret:TOKEN")
	handle = "\x00secret:TOKEN\x00"
	w := newWorld(t, b, set("secret:TOKEN"))
	if w.talk("/try", "done"); body != handle {
		t.Errorf("the server was sent %q", body)
	}
	handle = "\x00secret:TOKEN:00000000000000000000000000000000\x00"
	if w.talk("/try", "done"); body != handle {
		t.Errorf("the server was sent %q", body)
	}
	unset := doing(func(ctx context.Context, t *bots.Turn) error {
		h, err := t.Secret("OTHER")
		if err != nil {
			return err
		}
		_, err = t.HTTP(ctx, bots.Request{URL: srv.URL, Body: h})
		return sayAll(t, fmt.Sprint(err))
	}, command("try"))
	newWorld(t, unset, set("secret:OTHER")).talk("/try", "the secret OTHER is not set")
}

func TestParseMay(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "send", "send:", "send:lounge", "http:", "http:https://example.org", "http:a b", "secret:", "root", "moderate:x"} {
		if may, err := bots.ParseMay([]string{"moderate", bad}); err == nil {
			t.Errorf("ParseMay(%q) = %+v", bad, may)
		}
	}
	may, err := bots.ParseMay([]string{"http:*.Example.org", "http:127.0.0.1:80"})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"api.example.org": true, "API.EXAMPLE.ORG": true, "a.b.example.org": true, "example.org": false, "badexample.org": false,
		"127.0.0.1:80": true, "127.0.0.1": false, "": false,
	} {
		if may.Host(host) != want {
			t.Errorf("Host(%q) = %v", host, !want)
		}
	}
}
