package slack_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

func TestSettingsReportEveryFault(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		cfg  string
		want []string
	}{
		{"socket mode", "{bot_token: xoxb-1, app_token: xapp-1}", nil},
		{"http", "{bot_token: xoxb-1, signing_secret: s}", nil},
		{"nothing", "{}", []string{"bot_token", "app_token"}},
		{"mixed up", "{bot_token: xapp-1, app_token: xoxb-1, api_url: 'ftp://x'}", []string{"bot_token", "app_token", "api_url"}},
	} {
		var cfg slack.Config
		must(t, yaml.Unmarshal([]byte(tc.cfg), &cfg))
		err := cfg.Validate()
		if (err == nil) != (tc.want == nil) {
			t.Errorf("%s: Validate = %v, want faults of %q", tc.name, err, tc.want)
		}
		for _, key := range tc.want {
			if err != nil && !strings.Contains(err.Error(), key+":") {
				t.Errorf("%s: Validate = %v, which does not name %s", tc.name, err, key)
			}
		}
		if err != nil && strings.Contains(err.Error(), "xapp-1") {
			t.Errorf("%s: Validate = %v, which shows a token", tc.name, err)
		}
	}
}

func TestHTTPNeedsAWebAddress(t *testing.T) {
	t.Parallel()
	cfg := slack.Config{BotToken: bridges.NewSecret("xoxb-1"), SigningSecret: bridges.NewSecret("s")}
	if _, err := slack.New(cfg, bridges.Deps{Account: account}); err == nil || !strings.Contains(err.Error(), "signing_secret") {
		t.Errorf("New = %v, want a fault of signing_secret", err)
	}
}

func TestTheManifestAsksForWhatIsUsed(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../configs/slack-manifest.yaml")
	must(t, err)
	var m struct {
		OAuth struct {
			Scopes struct{ Bot []string } `yaml:"scopes"`
		} `yaml:"oauth_config"`
		Settings struct {
			Events struct {
				Bot []string `yaml:"bot_events"`
			} `yaml:"event_subscriptions"`
			Interactivity struct {
				On bool `yaml:"is_enabled"`
			}
			Sockets bool `yaml:"socket_mode_enabled"`
		}
		Features struct {
			Home struct {
				Messages bool `yaml:"messages_tab_enabled"`
				ReadOnly bool `yaml:"messages_tab_read_only_enabled"`
			} `yaml:"app_home"`
		}
	}
	must(t, yaml.Unmarshal(raw, &m))
	used := slices.Sorted(slices.Values(slack.Scopes()))
	if !slices.Equal(used, slices.Sorted(slices.Values(m.OAuth.Scopes.Bot))) {
		t.Errorf("the manifest asks for %q, the code uses %q", m.OAuth.Scopes.Bot, used)
	}
	for _, e := range []string{
		"message.channels", "message.groups", "message.im", "message.mpim", "reaction_added", "reaction_removed",
		"pin_added", "pin_removed", "member_joined_channel", "member_left_channel", "emoji_changed",
	} {
		if !slices.Contains(m.Settings.Events.Bot, e) {
			t.Errorf("the manifest does not ask for %s", e)
		}
	}
	if !m.Settings.Interactivity.On || !m.Settings.Sockets || !m.Features.Home.Messages || m.Features.Home.ReadOnly {
		t.Errorf("the manifest is %+v, want interactivity, socket mode and direct messages on", m)
	}
}

func TestTheCheckSaysWhatWouldBeMissed(t *testing.T) {
	t.Parallel()
	s := newStage(t, slacksim.Config{})
	s.SetScopes(slack.Scopes()...)
	c := s.connect(t, s.config(), depsOf())
	found, err := c.Check(t.Context())
	must(t, err)
	for _, f := range found {
		if f.Grade != chat.Fine {
			t.Errorf("with everything granted there is %+v", f)
		}
	}
	if !grades(found, "app_token", chat.Fine) || !grades(found, "history of im", chat.Fine) {
		t.Errorf("findings are %+v, want the app token and the history to be fine", found)
	}

	s.SetScopes("channels:read", "im:read", "im:history")
	found, err = c.Check(t.Context())
	must(t, err)
	for _, want := range []struct {
		name  string
		grade chat.Grade
	}{
		{"scope chat:write", chat.Broken},
		{"scope files:read", chat.Warning},
		{"scope reactions:write", chat.Warning},
		{"scope pins:read", chat.Warning},
		{"scope pins:write", chat.Warning},
		{"scope emoji:read", chat.Warning},
		{"history of public channel", chat.Warning},
		{"history of im", chat.Fine},
	} {
		if !grades(found, want.name, want.grade) {
			t.Errorf("findings are %+v, want %s to be %s", found, want.name, want.grade)
		}
	}

	s.Sim.Revoke()
	found, err = c.Check(t.Context())
	if err != nil || !grades(found, "bot_token", chat.Broken) {
		t.Errorf("Check = %+v, %v; want a broken token", found, err)
	}
}

func TestTheCheckTriesTheAppToken(t *testing.T) {
	t.Parallel()
	s := newStage(t, slacksim.Config{})
	cfg := s.config()
	cfg.AppToken = bridges.NewSecret("xapp-another")
	c := s.connect(t, cfg, depsOf())
	found, err := c.Check(t.Context())
	if err != nil || !grades(found, "app_token", chat.Broken) {
		t.Errorf("Check = %+v, %v; want a broken app token", found, err)
	}
}

func grades(found []chat.Finding, name string, g chat.Grade) bool {
	return slices.ContainsFunc(found, func(f chat.Finding) bool { return f.Name == name && f.Grade == g && f.Text != "" })
}

func TestNothingShowsATokenWhenItIsPrinted(t *testing.T) {
	t.Parallel()
	s := newStage(t, slacksim.Config{})
	cfg := s.config()
	c := s.connect(t, cfg, depsOf())
	s.Close()
	_, err := c.Post(t.Context(), chat.Post{To: s.Talk(), Text: plainText("x")})
	_, fetched := c.Fetch(t.Context(), chat.File{Source: s.URL() + "/files/x?t=" + s.BotToken()})
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), fmt.Sprintf("%v %+v %#v", err, err, err), fmt.Sprintf("%v %+v %#v", fetched, fetched, fetched)} {
		for _, secret := range s.Secrets() {
			if strings.Contains(shown, secret) {
				t.Errorf("%q shows a secret", shown)
			}
		}
	}
}
