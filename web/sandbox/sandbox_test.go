package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/web/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	onX        = "x"
	onSlack    = "slack"
	onDiscord  = "discord"
	onTelegram = "telegram"
)

func everywhere() []string { return []string{onX, onSlack, onDiscord, onTelegram} }

// spot is a person and where they are.
type spot struct{ person, place string }

// world is a page over four simulators.
type world struct {
	t        *testing.T
	x        *xsim.Sim
	slack    *slacksim.Sim
	discord  *discordsim.Sim
	telegram *telegramsim.Sim
	page     *sandbox.Page
	srv      *httptest.Server
	client   *http.Client

	brand  string
	first  map[string]spot   // the first person of each platform, in the channel
	second map[string]string // another person
	desks  map[string]string
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, x: xsim.New(xsim.Config{}), slack: slacksim.New(slacksim.Config{}), discord: discordsim.New(discordsim.Config{BotName: "Acme Tea"}),
		telegram: telegramsim.New(telegramsim.Config{Bot: telegramsim.User{First: "Acme Tea", Username: "acmetea_bot"}}),
		client:   &http.Client{Transport: &http.Transport{}}, first: map[string]spot{}, second: map[string]string{}, desks: map[string]string{},
	}
	for _, sim := range []interface {
		Start(addr string) error
		Close()
	}{w.x, w.slack, w.discord, w.telegram} {
		t.Cleanup(sim.Close)
		must(t, sim.Start("127.0.0.1:0"))
	}
	t.Cleanup(w.client.CloseIdleConnections)
	w.people()
	w.page = sandbox.New(sandbox.X(w.x, w.brand, w.first[onX].place), sandbox.Slack(w.slack, w.desks[onSlack]), sandbox.Discord(w.discord), sandbox.Telegram(w.telegram))
	w.srv = httptest.NewServer(w.page)
	t.Cleanup(w.srv.Close)
	return w
}

func (w *world) people() {
	w.brand = w.x.AddUser(xsim.User{Name: "Acme Tea", Username: "acmetea"}).ID
	alice, bruno := w.x.AddUser(xsim.User{Name: "Alice Moreau", Username: "alice"}).ID, w.x.AddUser(xsim.User{Name: "Bruno Silva", Username: "bruno"}).ID
	w.first[onX], w.second[onX] = spot{alice, w.x.NewGroup(alice, w.brand, bruno)}, bruno

	dana, eli := w.slack.AddUser(slacksim.User{Name: "dana", RealName: "Dana Weiss"}), w.slack.AddUser(slacksim.User{Name: "eli", RealName: "Eli Novak"})
	w.desks[onSlack] = w.slack.AddChannel(slacksim.Channel{Name: "support", Members: []string{dana, eli}})
	w.first[onSlack], w.second[onSlack] = spot{dana, w.slack.AddChannel(slacksim.Channel{Name: "lounge", Members: []string{dana, eli}})}, eli

	guild := w.discord.AddGuild(discordsim.Guild{Name: "Acme Tea"})
	carol, femi := w.discord.AddUser(discordsim.User{Name: "carol", GlobalName: "Carol Jensen"}), w.discord.AddUser(discordsim.User{Name: "femi", GlobalName: "Femi Adeyemi"})
	w.desks[onDiscord] = w.discord.AddChannel(discordsim.Channel{Guild: guild, Name: "support", Type: discordsim.ChannelForum, Tags: []string{"open", "closed"}})
	w.first[onDiscord], w.second[onDiscord] = spot{carol, w.discord.AddChannel(discordsim.Channel{Guild: guild, Name: "lounge"})}, femi

	grace, hugo := w.telegram.AddUser(telegramsim.User{First: "Grace", Last: "Okafor", Username: "grace"}), w.telegram.AddUser(telegramsim.User{First: "Hugo"})
	w.telegram.Private(grace)
	members := []int64{grace, hugo}
	w.desks[onTelegram] = written(w.telegram.AddGroup(telegramsim.Group{Title: "Support", Forum: true, Members: members, Admins: members[:1], BotAdmin: true}))
	lounge := w.telegram.AddGroup(telegramsim.Group{Title: "Lounge", Type: telegramsim.Supergroup, Members: members, Admins: members[:1], BotAdmin: true})
	w.first[onTelegram], w.second[onTelegram] = spot{written(grace), written(lounge)}, written(hugo)
}

func written(id int64) string { return strconv.FormatInt(id, 10) }

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	must(t, err)
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type fields = map[string]any

// act does something as the first person of a pane, in its channel, and gives the status and the body.
func (w *world) act(pane, do string, more fields) (int, string) {
	w.t.Helper()
	body := fields{"pane": pane, "do": do, "person": w.first[pane].person, "place": w.first[pane].place}
	maps.Copy(body, more)
	return w.post("/act", body)
}

// does is an act that must succeed; it gives the id.
func (w *world) does(pane, do string, more fields) string {
	w.t.Helper()
	status, body := w.act(pane, do, more)
	if status != http.StatusOK {
		w.t.Fatalf("%s on %s = %d %s", do, pane, status, body)
	}
	var out struct{ ID string }
	must(w.t, json.Unmarshal([]byte(body), &out))
	return out.ID
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
	status, _, answer := w.do(r)
	return status, answer
}

func (w *world) get(path string) (int, http.Header, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.srv.URL+path, http.NoBody)
	must(w.t, err)
	return w.do(r)
}

func (w *world) do(r *http.Request) (int, http.Header, string) {
	w.t.Helper()
	res, err := w.client.Do(r)
	must(w.t, err)
	defer func() { must(w.t, res.Body.Close()) }()
	b, err := io.ReadAll(res.Body)
	must(w.t, err)
	return res.StatusCode, res.Header, string(b)
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

// slackApp posts to the simulated Slack as Roost does.
func (w *world) slackApp() *slack.Client {
	return slack.New(w.slack.BotToken(), slack.OptionAPIURL(w.slack.URL()+"/api/"), slack.OptionHTTPClient(w.client))
}

// call asks a simulated platform as a bot would; it gives what was answered.
func (w *world) call(url, token string, v any) (status int, body string) {
	w.t.Helper()
	data, err := json.Marshal(v)
	must(w.t, err)
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url, bytes.NewReader(data))
	must(w.t, err)
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	status, _, body = w.do(r)
	return status, body
}

func (w *world) discordBot(path string, v any) (int, string) {
	w.t.Helper()
	return w.call(w.discord.URL()+"/api/v10"+path, "Bot "+w.discord.Token(), v)
}

func (w *world) telegramBot(method string, v any) (int, string) {
	w.t.Helper()
	return w.call(w.telegram.URL()+"/bot"+w.telegram.Token()+"/"+method, "", v)
}

// soon bounds what a test waits for.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
