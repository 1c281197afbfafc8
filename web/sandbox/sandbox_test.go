package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/web/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a page over two simulators, and an app that posts to the simulated Slack as Roost does.
type world struct {
	t                   *testing.T
	x                   *xsim.Sim
	slack               *slacksim.Sim
	app                 *slack.Client
	page                *sandbox.Page
	srv                 *httptest.Server
	brand, alice, bruno string
	dana, eli, channel  string
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, x: xsim.New(xsim.Config{}), slack: slacksim.New(slacksim.Config{})}
	t.Cleanup(w.x.Close)
	t.Cleanup(w.slack.Close)
	must(t, w.slack.Start("127.0.0.1:0"))
	w.brand = w.x.AddUser(xsim.User{Name: "Acme Tea", Username: "acmetea"}).ID
	w.alice = w.x.AddUser(xsim.User{Name: "Alice Moreau", Username: "alice"}).ID
	w.bruno = w.x.AddUser(xsim.User{Name: "Bruno Silva", Username: "bruno"}).ID
	w.dana = w.slack.AddUser(slacksim.User{Name: "dana", RealName: "Dana Weiss"})
	w.eli = w.slack.AddUser(slacksim.User{Name: "eli", RealName: "Eli Novak"})
	w.channel = w.slack.AddChannel(slacksim.Channel{Name: "support", Members: []string{w.dana, w.eli}})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	w.app = slack.New(w.slack.BotToken(), slack.OptionAPIURL(w.slack.URL()+"/api/"), slack.OptionHTTPClient(&http.Client{Transport: transport}))
	w.page = sandbox.New(sandbox.Config{X: w.x, Brand: w.brand, Slack: w.slack, Channel: w.channel})
	w.srv = httptest.NewServer(w.page)
	t.Cleanup(w.srv.Close)
	return w
}

// card posts a card with two buttons, and gives its ts.
func (w *world) card() string {
	w.t.Helper()
	claim := slack.NewButtonBlockElement("0:claim", "case-1", slack.NewTextBlockObject("plain_text", "Claim", false, false))
	_, ts, err := w.app.PostMessageContext(w.t.Context(), w.channel, slack.MsgOptionText("Alice Moreau", false), slack.MsgOptionBlocks(
		slack.NewHeaderBlock(slack.NewTextBlockObject("plain_text", "Alice Moreau", false, false)),
		slack.NewActionBlock("row", claim),
	))
	must(w.t, err)
	return ts
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// post sends v as JSON and gives the status and the body.
func (w *world) post(path string, v any) (int, string) {
	w.t.Helper()
	body, err := json.Marshal(v)
	must(w.t, err)
	return w.send(path, "application/json", bytes.NewReader(body))
}

func (w *world) send(path, kind string, body io.Reader, edit ...func(*http.Request)) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.srv.URL+path, body)
	must(w.t, err)
	r.Header.Set("Content-Type", kind)
	for _, e := range edit {
		e(r)
	}
	return w.do(r)
}

func (w *world) do(r *http.Request) (int, string) {
	w.t.Helper()
	res, err := w.srv.Client().Do(r)
	must(w.t, err)
	defer func() { must(w.t, res.Body.Close()) }()
	b, err := io.ReadAll(res.Body)
	must(w.t, err)
	return res.StatusCode, string(b)
}

func (w *world) get(path string) (int, http.Header, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.srv.URL+path, http.NoBody)
	must(w.t, err)
	res, err := w.srv.Client().Do(r)
	must(w.t, err)
	defer func() { must(w.t, res.Body.Close()) }()
	b, err := io.ReadAll(res.Body)
	must(w.t, err)
	return res.StatusCode, res.Header, string(b)
}

// shown is the part of /state that the tests look at.
type shown struct {
	Seq    string `json:"seq"`
	People []struct{ ID, Name, Handle string }
	DMs    map[string][]struct {
		Text  string
		Brand bool
		Files []shownFile
	} `json:"dms"`
	Members  []struct{ ID, Name string }
	Messages []shownMessage
	Private  map[string][]shownMessage
	Views    []struct {
		ID, User, Title string
		Errors          map[string]string
	}
	Faults map[string]bool
	Trips  []shownTrip
}

type shownFile struct {
	Name, URL string
	Image     bool
}

type shownMessage struct {
	TS, Thread, User, Name, Text, Typed string
	App, Gone, Edited                   bool
	Files                               []shownFile
	Reactions                           []struct {
		Name  string
		Users []string
	}
}

type shownTrip struct {
	ID, Seq                            int64
	Platform, Who, What, Text, Outcome string
	Steps                              []struct {
		MS, Pause           int64
		Mark, Title, Detail string
	}
}

func (w *world) state() shown {
	w.t.Helper()
	status, _, body := w.get("/state")
	if status != http.StatusOK {
		w.t.Fatalf("GET /state = %d %s", status, body)
	}
	var s shown
	must(w.t, json.Unmarshal([]byte(body), &s))
	return s
}

// form is a multipart body; a file is given as its name and content.
func form(t *testing.T, fields map[string]string, files ...[2]string) (kind string, body io.Reader) {
	t.Helper()
	var buf bytes.Buffer
	mw := multipart.NewWriter(&buf)
	for k, v := range fields {
		must(t, mw.WriteField(k, v))
	}
	for _, f := range files {
		part, err := mw.CreateFormFile("file", f[0])
		must(t, err)
		_, err = io.Copy(part, strings.NewReader(f[1]))
		must(t, err)
	}
	must(t, mw.Close())
	return mw.FormDataContentType(), &buf
}

// soon bounds what a test waits for.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
