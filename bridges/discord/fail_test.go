package discord_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/discord"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
)

func TestWhatDiscordSaysHasAKindAndAReason(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		fault discordsim.Fault
		kind  chat.Kind
		words string
	}{
		{"another API", discordsim.Fault{Status: 404}, chat.Transient, "api_url"},
		{"unknown channel", discordsim.Fault{Status: 404, Code: 10003}, chat.Gone, "does not exist any more"},
		{"blocked", discordsim.Fault{Status: 403, Code: 50007}, chat.Refused, "does not accept direct messages"},
		{"no shared server", discordsim.Fault{Status: 403, Code: 50278}, chat.Refused, "shares no server"},
		{"no access", discordsim.Fault{Status: 403, Code: 50001}, chat.Refused, "can't see this channel"},
		{"no permission", discordsim.Fault{Status: 403, Code: 50013}, chat.Refused, "lacks a permission"},
		{"too large", discordsim.Fault{Status: 413, Code: 40005}, chat.Refused, "larger than Discord takes"},
		{"locked", discordsim.Fault{Status: 403, Code: 160005}, chat.Refused, "locked"},
		{"automod", discordsim.Fault{Status: 400, Code: 200000}, chat.Refused, "AutoMod"},
		{"opening too fast", discordsim.Fault{Status: 400, Code: 40003}, chat.Throttled, "no more direct messages"},
		{"old edits", discordsim.Fault{Status: 400, Code: 30046}, chat.Throttled, "older than an hour"},
		{"overloaded", discordsim.Fault{Status: 503, Code: 130000}, chat.Transient, "could not be reached"},
		{"bad gateway", discordsim.Fault{Status: 502}, chat.Uncertain, "may or may not"},
		{"unheard of", discordsim.Fault{Status: 400, Code: 999999}, chat.Refused, "Discord says"},
		{"cloudflare", discordsim.Fault{Throttle: 9 * time.Second, HTML: true}, chat.Throttled, "slow down"},
		{"global", discordsim.Fault{Throttle: 9 * time.Second, Global: true}, chat.Throttled, "slow down"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := prepare(t, discordsim.Config{})
			c := r.connect(t, r.cfg, r.deps)
			r.post(tc.fault)
			_, err := c.Post(t.Context(), chat.Post{Key: "k-1", To: r.Room(), Text: plain("hello")})
			if chat.KindOf(err) != tc.kind || !strings.Contains(chat.Reason(err), tc.words) {
				t.Errorf("post = %v (%v, %q), want %v with %q", err, chat.KindOf(err), chat.Reason(err), tc.kind, tc.words)
			}
			if tc.fault.Throttle > 0 {
				limited(t, err)
			}
			if tc.kind == chat.Refused || tc.kind == chat.Gone {
				r.Mend()
				if _, err := c.Post(t.Context(), chat.Post{Key: "k-1", To: r.Room(), Text: plain("hello")}); err != nil || r.count(r.room, "hello") != 1 {
					t.Errorf("the next try = %v", err)
				}
			}
		})
	}
}

func limited(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*chat.Error](err)
	if !ok || e.Scope != chat.ThisAccount || e.Wait < 8*time.Second || e.Wait > 10*time.Second {
		t.Errorf("the limit is %+v, want about 9 s for the whole account", e)
	}
}

func TestManyRefusalsMakeThePauseOurOwn(t *testing.T) {
	t.Parallel()
	var asked int
	client := &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		asked++
		return &http.Response{
			StatusCode: http.StatusForbidden, Status: "403 Forbidden", Header: http.Header{"Content-Type": {"application/json"}},
			Body: data(`{"code":50013,"message":"Missing Permissions"}`).body(), Request: req,
		}, nil
	})}
	c, err := discord.New(discord.Config{Token: bridges.NewSecret("t")}, bridges.Deps{Account: account, Client: client})
	must(t, err)
	p := chat.Post{To: chat.Conversation{Account: account, ID: "1"}, Text: plain("hello")}
	for range 2000 {
		if _, err := c.Post(t.Context(), p); chat.KindOf(err) != chat.Refused {
			t.Fatalf("post = %v, want Refused", err)
		}
	}
	if _, err := c.Post(t.Context(), p); chat.KindOf(err) != chat.Throttled || asked != 2000 {
		t.Errorf("post = %v after %d calls, want Throttled without another call", err, asked)
	}
}

func TestFaultsOfAForm(t *testing.T) {
	t.Parallel()
	got := discord.Faults([]byte(`{"content":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 2000 or fewer in length."}]}}`))
	if len(got) != 1 || got[0] != "Must be 2000 or fewer in length." {
		t.Errorf("faults = %q", got)
	}
}

func TestConfigTellsEveryFault(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		cfg  discord.Config
		want []string
	}{
		{"good", discord.Config{Token: bridges.NewSecret("a.b.c"), Webhooks: "off", MaxFile: 50, CatchUp: "3d", APIURL: "http://127.0.0.1:1/api/"}, nil},
		{"empty", discord.Config{}, []string{"token: is missing"}},
		{"prefix", discord.Config{Token: bridges.NewSecret("Bot x")}, []string{`begins with "Bot "`}},
		{"space", discord.Config{Token: bridges.NewSecret("x y")}, []string{"white space"}},
		{
			"all",
			discord.Config{Webhooks: "maybe", MaxFile: 900, CatchUp: "3 days", APIURL: "ftp://x"},
			[]string{"token:", "webhooks:", "max_file:", "catch_up:", "api_url:"},
		},
	} {
		err := tc.cfg.Validate()
		if (err == nil) != (tc.want == nil) {
			t.Errorf("%s: %v", tc.name, err)
		}
		for _, words := range tc.want {
			if err != nil && !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v, want %q in it", tc.name, err, words)
			}
		}
	}
}

func TestCheckNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := prepare(t, discordsim.Config{})
	c := r.connect(t, r.cfg, r.deps)
	findings, err := c.Check(t.Context())
	must(t, err)
	for _, f := range findings {
		if f.Grade != chat.Fine {
			t.Errorf("a healthy account has %+v", f)
		}
	}
	r.RemoveBot(r.guild)
	findings, err = c.Check(t.Context())
	must(t, err)
	if last := findings[len(findings)-1]; last.Name != "servers" || last.Grade != chat.Warning {
		t.Errorf("without a server it finds %+v", findings)
	}
	r.Revoke(t)
	findings, err = c.Check(t.Context())
	must(t, err)
	if len(findings) != 1 || findings[0].Grade != chat.Broken {
		t.Errorf("with a revoked token it finds %+v", findings)
	}
}
