package configs_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/schedule"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The settings of platforms that are stand-ins: between them they use everything that settings may be made of.
type (
	xSettings struct {
		ClientID     string         `yaml:"client_id"`
		ClientSecret bridges.Secret `yaml:"client_secret"`
	}
	slackSettings struct {
		BotToken bridges.Secret `yaml:"bot_token"`
		AppToken bridges.Secret `yaml:"app_token"`
		APIURL   string         `yaml:"api_url"`
	}
	discordSettings struct {
		Token bridges.Secret
	}
	webhookSettings struct {
		Secret bridges.Secret
		URL    string `yaml:"url"`
	}
	common struct {
		Token bridges.Secret `yaml:"token"`
	}
	telegramSettings struct {
		common
		Workers uint8             `yaml:"workers"`
		Count   uint              `yaml:"count"`
		Offset  int               `yaml:"offset"`
		Ratio   float64           `yaml:"ratio"`
		Timeout time.Duration     `yaml:"timeout"`
		Threads bool              `yaml:"threads,omitempty"`
		Style   style             `yaml:"style"`
		Limits  map[string]int    `yaml:"limits"`
		Proxy   *proxy            `yaml:"proxy"`
		Names   []string          `yaml:"names"`
		Home    chat.Conversation `yaml:"home"`
		Ignored func()            `yaml:"-"`
	}
	proxy struct {
		Host string
		Port uint16
	}
	style string
)

func (style) Choices() []string { return []string{"dense", "wide"} }

func (s slackSettings) Validate() error {
	var errs []error
	if !strings.HasPrefix(s.BotToken.Reveal(), "xoxb-") {
		errs = append(errs, errors.New("bot_token: does not begin with xoxb-"))
	}
	if s.AppToken.IsZero() {
		errs = append(errs, errors.New("app_token is missing"))
	}
	if s.APIURL != "" {
		errs = append(errs, fmt.Errorf("api_url: %q is no address, %s", s.APIURL, s.APIURL))
	}
	return errors.Join(errs...)
}

func platform[T any](name string, defaults T) configs.Platform {
	return configs.Platform{Name: name, Decode: func(decode func(any) error) (any, error) {
		s := defaults
		err := decode(&s)
		return s, err
	}}
}

func platforms() []configs.Platform {
	telegram := platform("telegram", telegramSettings{Timeout: time.Minute})
	telegram.Direct = func(id chat.ConversationID) bool { return !strings.HasPrefix(string(id), "-") }
	return []configs.Platform{
		platform("x", xSettings{}),
		platform("slack", slackSettings{}),
		platform("discord", discordSettings{}),
		telegram,
		platform("webhook", webhookSettings{}),
		{Name: "broken", Decode: func(func(any) error) (any, error) { return nil, errors.New("nothing works") }},
	}
}

func environment(key string) (string, bool) {
	v, ok := map[string]string{
		"X_CLIENT_ID": "client", "SLACK_BOT_TOKEN": "xoxb-bot-secret", "SLACK_APP_TOKEN": "xapp-app-secret",
		"FANS_BOT_TOKEN": "xoxb-fans-secret", "FANS_APP_TOKEN": "xapp-fans-secret", "DISCORD_TOKEN": "discord-secret", "TELEGRAM_TOKEN": "telegram-secret", "CRM_SECRET": "crm-secret", "SECRET": "very-secret", "EMPTY": "",
		"TRICKY": "a: {b, ${X_CLIENT_ID}} # \"c\"\nd", "EIGHT": "8",
	}[key]
	return v, ok
}

func parse(t *testing.T, src string) *configs.File {
	t.Helper()
	f, err := configs.Parse("roost.yaml", []byte(src), environment, platforms())
	if err != nil {
		t.Fatalf("Parse(%q): %v", src, err)
	}
	return f
}

func TestExampleIsADesk(t *testing.T) {
	t.Parallel()
	f, err := configs.Load("roost.example.yaml", environment, platforms())
	if err != nil {
		t.Fatal(err)
	}
	got, want := f.Routes["support"].Desk, &configs.Desk{
		From: []chat.Account{"x/acme"},
		Desk: desk.Desk{
			Name: "support", NoteMark: "//", SendMark: "!", Hold: 5 * time.Second, Revive: 72 * time.Hour,
			Surfaces: []desk.Surface{{At: chat.Conversation{Account: "slack/team", ID: "C0SUPPORT"}, Reply: desk.Send}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("support differs (-want +got):\n%s", diff)
	}
	slack, ok := f.Accounts["slack/team"].Settings.(slackSettings)
	if !ok || slack.BotToken.Reveal() != "xoxb-bot-secret" || slack.AppToken.Reveal() != "xapp-app-secret" {
		t.Errorf("slack/team has %T with other tokens than the environment's", f.Accounts["slack/team"].Settings)
	}
	if got := f.Accounts["x/acme"]; got.Uncertain != configs.Hold || got.Platform != "x" || got.Line != 3 {
		t.Errorf("x/acme = %+v, want hold, x and line 3", got)
	}
}

// full puts the secret that roost.full.yaml reads from a file where a test can have it.
func full(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("roost.full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(src), "/run/secrets/x_client_secret", secret, 1)
}

func TestFullExampleShowsTheDefaults(t *testing.T) {
	t.Parallel()
	f, bare := parse(t, full(t)), parse(t, "accounts:\n")
	f.Web.Public = ""
	if f.Delivery != bare.Delivery || f.Store != bare.Store || f.Web != bare.Web || f.Files != bare.Files || f.Log != bare.Log {
		t.Errorf("the full example has %+v %+v %+v %+v %+v,\nthe defaults are %+v %+v %+v %+v %+v",
			f.Delivery, f.Store, f.Web, f.Files, f.Log, bare.Delivery, bare.Store, bare.Web, bare.Files, bare.Log)
	}
	if x := f.Accounts["x/acme"].Settings.(xSettings); x.ClientSecret.Reveal() != "from-a-file" {
		t.Error("the secret is not the file's without its line end")
	}
	if got := f.Accounts["x/shop"].Uncertain; got != configs.Repeat {
		t.Errorf("x/shop uncertain = %q, want repeat", got)
	}
	small := parse(t, `
accounts: {x/acme: {}, slack/team: {bot_token: xoxb-1, app_token: xapp-1}}
routes: {support: {desk: {from: [x/acme], on: [slack/team#C0SUPPORT]}}}`).Routes["support"].Desk
	got := f.Routes["support"].Desk
	got.Surfaces[0].Members = nil
	small.From, small.Surfaces = got.From, got.Surfaces
	if r := got.Remind; r.After != 30*time.Minute || r.Every.Next(time.Unix(0, 0)).IsZero() || r.To != got.Surfaces[0].At {
		t.Errorf("the full desk reminds %+v, want every quarter of an hour of whoever waits for 30m", r)
	}
	got.Remind = small.Remind // an example
	if diff := cmp.Diff(small, got); diff != "" {
		t.Errorf("the full desk differs from the defaults:\n%s", diff)
	}
}

// A desk that shall remind, and says no more, looks every five minutes for who has waited for half an hour.
func TestRemindHasDefaults(t *testing.T) {
	t.Parallel()
	f := parse(t, `
accounts: {x/acme: {}, slack/team: {bot_token: xoxb-1, app_token: xapp-1}}
routes:
  a: {desk: {from: [x/acme], on: [slack/team#C0], remind: {}}}`)
	every, err := schedule.Parse("*/5 * * * *", "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(desk.Remind{After: 30 * time.Minute, Every: every}, f.Routes["a"].Desk.Remind); diff != "" {
		t.Errorf("remind differs (-want +got):\n%s", diff)
	}
}

func TestSurfacesTakeFromTheDesk(t *testing.T) {
	t.Parallel()
	f := parse(t, full(t))
	want := []desk.Surface{
		{At: chat.Conversation{Account: "slack/team", ID: "C0PRESS"}, Reply: desk.Ask, Members: []chat.PersonID{"U0ALICE"}},
		{At: chat.Conversation{Account: "slack/fans", ID: "C0STAFF"}, Reply: desk.Alerts},
	}
	if diff := cmp.Diff(want, f.Routes["press"].Desk.Surfaces); diff != "" {
		t.Errorf("surfaces differ (-want +got):\n%s", diff)
	}
}

// everything is a mirror that carries what mirrors carry by default.
func everything(legs ...configs.Leg) *configs.Mirror {
	return &configs.Mirror{Legs: legs, Edits: true, Deletes: true, Reactions: true, Threads: true, Pins: true}
}

func TestMirrors(t *testing.T) {
	t.Parallel()
	lounge := everything(
		configs.Leg{At: chat.Conversation{Account: "slack/team", ID: "C0LOUNGE"}, Direction: configs.Both},
		configs.Leg{At: chat.Conversation{Account: "slack/fans", ID: "C0LOUNGE"}, Direction: configs.Both, Bots: []string{"GitHub"}},
		configs.Leg{At: chat.Conversation{Account: "slack/fans", ID: "C0NEWS"}, Direction: configs.Out},
	)
	lounge.Name, lounge.Prefix = "{name}", "{name}: "
	lounge.Skip = configs.Filter{Authors: []string{"U0SPAM"}, Text: []*regexp.Regexp{regexp.MustCompile("^!")}}
	f := parse(t, full(t))
	for name, want := range map[string]*configs.Mirror{
		"lounge": lounge,
		"archive": everything(
			configs.Leg{At: chat.Conversation{Account: "slack/team", ID: "C0PLANS"}, Direction: configs.In},
			configs.Leg{At: chat.Conversation{Account: "slack/fans", ID: "C0ARCHIVE"}, Direction: configs.Both},
		),
		"club": everything(
			configs.Leg{At: chat.Conversation{Account: "slack/team", ID: "C0CLUB"}, Direction: configs.Both},
			configs.Leg{At: chat.Conversation{Account: "discord/club", ID: "112233445566778899"}, Direction: configs.Both},
			configs.Leg{At: chat.Conversation{Account: "telegram/bot", ID: "-1001234567890"}, Direction: configs.Both},
			configs.Leg{At: chat.Conversation{Account: "webhook/crm", ID: "club"}, Direction: configs.Both},
		),
	} {
		if diff := cmp.Diff(want, f.Routes[name].Mirror, cmp.Comparer(samePattern)); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", name, diff)
		}
	}
}

func samePattern(a, b *regexp.Regexp) bool { return a.String() == b.String() }

func TestWhatAMirrorIsTold(t *testing.T) {
	t.Parallel()
	f := parse(t, `
accounts: {discord/fans: {token: t}, telegram/bot: {token: t}}
routes:
  lounge:
    mirror:
      between: [discord/fans#1, {at: telegram/bot#-100, bots: []}]
      bots: [all]
      skip: {authors: [42]}
      only: {text: ['(?i)news', 7], kinds: [text, reply]}
      edits: false
      deletes: false
      reactions: false
      threads: false
      pins: false
      joins: true
`)
	want := &configs.Mirror{
		Bots: []string{"all"}, Joins: true,
		Legs: []configs.Leg{
			{At: chat.Conversation{Account: "discord/fans", ID: "1"}, Direction: configs.Both},
			{At: chat.Conversation{Account: "telegram/bot", ID: "-100"}, Direction: configs.Both, Bots: []string{}},
		},
		Skip: configs.Filter{Authors: []string{"42"}},
		Only: configs.Filter{Text: []*regexp.Regexp{regexp.MustCompile("(?i)news"), regexp.MustCompile("7")}, Kinds: []configs.Kind{"text", "reply"}},
	}
	if diff := cmp.Diff(want, f.Routes["lounge"].Mirror, cmp.Comparer(samePattern)); diff != "" {
		t.Errorf("lounge differs (-want +got):\n%s", diff)
	}
}

func TestALinkHoldsNoLongerThanItsAttachment(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for src, want := range map[string]time.Duration{
		"accounts:": 30 * day, "files: {link: 0s}": 0, "files: {link: 366d}\nstore: {keep: {deliveries: 0s}}": 366 * day,
		"store: {keep: {deliveries: 7d}}": 7 * day, "store: {keep: {deliveries: 0s}}": 30 * day, "files: {link: 12h}": 12 * time.Hour,
	} {
		if got := parse(t, src).Files.Link; got != want {
			t.Errorf("%s: link = %v, want %v", src, got, want)
		}
	}
}

// A desk takes the direct messages of its accounts. Where the ID of a conversation does not tell what it is, a mirror of
// such an account is only warned of.
func TestAMirrorOfADesksAccountIsAWarning(t *testing.T) {
	t.Parallel()
	f := parse(t, `
accounts: {x/acme: {}, discord/fans: {token: t}}
routes:
  lounge: {mirror: [x/acme#42, discord/fans#1]}
  support: {desk: {from: [x/acme], on: [discord/fans#2]}}
`)
	if len(f.Warnings) != 1 || f.Warnings[0].Line != 4 || f.Warnings[0].Path != "routes.lounge.mirror[0]" || !strings.Contains(f.Warnings[0].Text, "support") {
		t.Errorf("warnings = %v, want one that names the leg and the desk", f.Warnings)
	}
}

func TestSettingsOfEveryKind(t *testing.T) {
	t.Parallel()
	f := parse(t, `
accounts:
  telegram/bot:
    token: 0123
    workers: ${EIGHT}
    count: 7
    offset: -3
    ratio: 0.5
    threads: true
    style: wide
    limits: {a: 1, b: 2}
    proxy: {host: localhost, port: "${EIGHT}0"}
    names: [alice, 42]
    home: slack/team#C0/17.1
`)
	got := f.Accounts["telegram/bot"].Settings.(telegramSettings)
	if got.Token.Reveal() != "0123" {
		t.Error("a number as a token is not taken as it is written")
	}
	want := telegramSettings{
		common: got.common, Workers: 8, Count: 7, Offset: -3, Ratio: 0.5, Timeout: time.Minute, Threads: true, Style: "wide",
		Limits: map[string]int{"a": 1, "b": 2}, Proxy: &proxy{Host: "localhost", Port: 80}, Names: []string{"alice", "42"},
		Home: chat.Conversation{Account: "slack/team", ID: "C0", Thread: "17.1"},
	}
	if g, w := fmt.Sprintf("%+v %+v", got, *got.Proxy), fmt.Sprintf("%+v %+v", want, *want.Proxy); strings.ReplaceAll(g, fmt.Sprintf("%p", got.Proxy), "") != strings.ReplaceAll(w, fmt.Sprintf("%p", want.Proxy), "") {
		t.Errorf("settings = %s\nwant       %s", g, w)
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	_, err := configs.Load("no/such.yaml", environment, platforms())
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "no/such.yaml: there is no such file" {
		t.Errorf("Load = %v, want fs.ErrNotExist in plain words", err)
	}
}

func TestFolderIsNoFile(t *testing.T) {
	t.Parallel()
	_, err := configs.Load("testdata", environment, platforms())
	if err == nil || !strings.Contains(err.Error(), "is no regular file") {
		t.Errorf("Load = %v, want a fault that says what it is", err)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	big := filepath.Join(t.TempDir(), "big.yaml")
	if err := os.WriteFile(big, make([]byte, configs.MaxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func() error{
		"load": func() error { _, err := configs.Load(big, environment, nil); return err },
		"parse": func() error {
			_, err := configs.Parse(big, make([]byte, configs.MaxSize+1), environment, nil)
			return err
		},
		"words": func() error {
			_, err := configs.Parse(big, []byte(strings.Repeat("a: b\n", 20_000)), environment, nil)
			return err
		},
		"levels": func() error {
			_, err := configs.Parse(big, []byte(strings.Repeat("[", 500_000)), environment, nil)
			return err
		},
		"dashes": func() error {
			_, err := configs.Parse(big, []byte(strings.Repeat("- ", 500_000)), environment, nil)
			return err
		},
	} {
		if err := read(); err == nil || !strings.Contains(err.Error(), "too ") {
			t.Errorf("%s: %v, want that it is too large", name, err)
		}
	}
}

func TestRelativePathsStartAtTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "roost.yaml")
	f, err := configs.Parse(name, []byte("store: {path: data/a.db, key_file: /keys/k}\nfiles: {path: blobs}\n"), environment, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{f.Store.Path, f.Store.KeyFile, f.Files.Path}
	want := []string{filepath.Join(dir, "data", "a.db"), filepath.FromSlash("/keys/k"), filepath.Join(dir, "blobs")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths differ (-want +got):\n%s", diff)
	}
}

func TestSecretThatAllCanReadIsAWarning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(dir, "token")
	if err := os.WriteFile(secret, []byte("the-token\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	src := []byte("accounts:\n  discord/fans:\n    token: file:token\n")
	for mode, want := range map[fs.FileMode]int{0o600: 0, 0o640: 0, 0o644: 1} {
		if err := os.Chmod(secret, mode); err != nil {
			t.Fatal(err)
		}
		f, err := configs.Parse(filepath.Join(dir, "roost.yaml"), src, environment, platforms())
		if err != nil {
			t.Fatal(err)
		}
		if s := f.Accounts["discord/fans"].Settings.(discordSettings); s.Token.Reveal() != "the-token" {
			t.Errorf("%v: the token is not the file's without its line end", mode)
		}
		if len(f.Warnings) != want || (want == 1 && f.Warnings[0].Line != 3) {
			t.Errorf("%v: warnings = %v, want %d", mode, f.Warnings, want)
		}
	}
}
