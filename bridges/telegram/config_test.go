package telegram_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

func TestSettingsAreReadAndFaultsNamed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, yaml string
		want       []string // of the faults; none: it is right
	}{
		{"least", "token: 123:abc-DEF", nil},
		{"all", "{token: '123:abc', receive: webhook, secret: s-1, api_url: 'http://localhost:8081', max_upload: 2GB, max_download: 52428800, chat_members: true, group_minute: 60, moved: ['-1001']}", nil},
		{"nothing", "{}", []string{"token: is missing"}},
		{"everything", "{token: nonsense, receive: push, secret: 'a b', api_url: 'ftp://x', group_minute: -1, moved: [lounge]}", []string{"token: is none", "receive:", "secret:", "api_url:", "group_minute:", "moved[0]:"}},
	} {
		var cfg telegram.Config
		if err := yaml.UnmarshalWithOptions([]byte(tc.yaml), &cfg, yaml.Strict()); err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		err := cfg.Validate()
		if (err == nil) != (tc.want == nil) {
			t.Errorf("%s: Validate = %v", tc.name, err)
		}
		for _, w := range tc.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: Validate = %v, want %q in it", tc.name, err, w)
			}
		}
		if tc.name == "all" && (cfg.MaxUpload != 2_000_000_000 || cfg.MaxDownload != 50<<20) {
			t.Errorf("sizes are read as %d and %d", cfg.MaxUpload, cfg.MaxDownload)
		}
	}
	var cfg telegram.Config
	if err := yaml.Unmarshal([]byte("max_upload: much"), &cfg); err == nil {
		t.Error("max_upload: much is no size")
	}
}

func TestChatMembersAreAskedForWhenTheyShallBe(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{false, true} {
		c := connect(t, telegram.Config{Token: bridges.NewSecret("1:a"), ChatMembers: on}, bridges.Deps{Account: account})
		if got := slices.Contains(c.Kinds(), "chat_member"); got != on {
			t.Errorf("chat_members: %v asks for them: %v", on, got)
		}
	}
}

func TestCheckSaysWhatIsMissedAndHowToMendIt(t *testing.T) {
	t.Parallel()
	private := true
	r := start(t, telegramsim.Config{Privacy: &private})
	for _, where := range []int64{r.room, r.forum} {
		r.says(t, r.bob, where, telegramsim.Draft{Text: "hello " + decimal(where)})
		r.Hears(t, "hello "+decimal(where))
	}
	must(t, r.Demote(r.Bot().ID, r.forum))
	lost := r.AddGroup(telegramsim.Group{Title: "Lost", Members: []int64{r.bob}, BotAdmin: true})
	r.says(t, r.bob, lost, telegramsim.Draft{Text: "lost"})
	r.Hears(t, "lost")
	must(t, r.DeleteChat(lost))
	found, err := chat.Check(t.Context(), r.conn)
	must(t, err)
	by := findings(found)
	for name, want := range map[string]struct {
		grade chat.Grade
		words string
	}{
		"token":                                 {chat.Fine, "@sim_bot"},
		"privacy mode":                          {chat.Warning, "is on"},
		"receive":                               {chat.Fine, "polling"},
		"chat " + decimal(r.room) + " (Lounge)": {chat.Fine, "all rights"},
		"chat " + decimal(r.forum) + " (Support)": {chat.Warning, "topics"},
	} {
		f, ok := by[name]
		if !ok || f.Grade != want.grade || !strings.Contains(f.Text, want.words) || (f.Grade != chat.Fine && f.Mend == "") {
			t.Errorf("%s: found %+v, want %s with %q", name, f, want.grade, want.words)
		}
	}
	for _, f := range found {
		if strings.Contains(f.Text+f.Mend, r.Token()) {
			t.Errorf("%+v shows the token", f)
		}
	}
}

func TestCheckLooksAtTheWebhook(t *testing.T) {
	t.Parallel()
	r, w := hooked(t)
	found, err := chat.Check(t.Context(), r.conn)
	must(t, err)
	if f := findings(found)["receive"]; f.Grade != chat.Fine || !strings.Contains(f.Text, w.URL) {
		t.Errorf("found %+v", f)
	}
	must(t, r.Stop())
	r.call(t, "deleteWebhook", "{}")
	found, err = chat.Check(t.Context(), r.conn)
	must(t, err)
	if f := findings(found)["receive"]; f.Grade != chat.Warning {
		t.Errorf("without the webhook found %+v", f)
	}
}
