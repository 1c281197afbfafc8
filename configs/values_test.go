package configs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
)

func TestVariablesAreFilledIn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, written, want string }{
		{"plain", `${X_CLIENT_ID}`, "client"},
		{"inside", `a-${X_CLIENT_ID}-b`, "a-client-b"},
		{"twice", `${X_CLIENT_ID}${EIGHT}`, "client8"},
		{"quoted", `"${X_CLIENT_ID}"`, "client"},
		{"single quoted", `'${X_CLIENT_ID}'`, "client"},
		{"set to nothing", `"${EMPTY}"`, ""},
		{"default unused", `${X_CLIENT_ID:-other}`, "client"},
		{"default", `${NOT_SET:-other}`, "other"},
		{"default when empty", `${EMPTY:-other}`, "other"},
		{"default of nothing", `${NOT_SET:-}`, ""},
		{"default with signs", `${NOT_SET:-a, b: [c] # "d"}`, `a, b: [c] # "d"`},
		{"not looked at again", `${TRICKY}`, "a: {b, ${X_CLIENT_ID}} # \"c\"\nd"},
		{"escaped", `"$${X_CLIENT_ID}"`, "${X_CLIENT_ID}"},
		{"a dollar", `a$b$`, "a$b$"},
		{"a dollar before", `"$$ ${EIGHT}"`, "$$ 8"},
		{"other scripts", `é${EIGHT}日本`, "é8日本"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for form, src := range map[string]string{
				"flow":  "accounts: {x/acme: {client_id: " + tc.written + ", client_secret: s}}",
				"block": "accounts:\n  x/acme:\n    client_id: " + tc.written + "\n    client_secret: s\n",
			} {
				got := parse(t, src).Accounts["x/acme"].Settings.(xSettings)
				if got.ClientID != tc.want || got.ClientSecret.Reveal() != "s" {
					t.Errorf("%s: %s = %q, want %q", form, tc.written, got.ClientID, tc.want)
				}
			}
		})
	}
}

func TestVariablesInOtherForms(t *testing.T) {
	t.Parallel()
	f := parse(t, "\ufeffaccounts:\r\n  x/acme:\r\n    client_id: |\r\n      a ${EIGHT}\r\n"+
		"    uncertain: ${NOT_SET:-repeat}\r\nfiles: {max: ${EIGHT}MiB} # ${NOT_SET}\r\n")
	got := f.Accounts["x/acme"]
	if id := got.Settings.(xSettings).ClientID; strings.TrimSpace(id) != "a 8" || got.Uncertain != configs.Repeat {
		t.Errorf("client_id %q, uncertain %q, want a 8 and repeat", id, got.Uncertain)
	}
	if f.Files.Max != 8<<20 {
		t.Errorf("max = %d, want 8 MiB", f.Files.Max)
	}
}

// Whatever a variable holds, it ends up in its own value and nowhere else.
func TestVariablesAddNoKeys(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Filter(func(s string) bool { return !strings.ContainsRune(s, 0) }).Draw(t, "value")
		env := func(string) (string, bool) { return value, true }
		f, err := configs.Parse("roost.yaml", []byte("accounts: {x/acme: {client_id: <${A}>}, x/beta: {}}"), env, platforms())
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Accounts["x/acme"].Settings.(xSettings).ClientID; got != "<"+value+">" || len(f.Accounts) != 2 {
			t.Fatalf("client_id = %q among %d accounts, want <%q> among 2", got, len(f.Accounts), value)
		}
	})
}

func TestHiddenValuesStayHidden(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := "S" + rapid.StringMatching(`[a-zA-Z0-9:/#,-]{6,30}`).Draw(t, "secret") + "T"
		key := rapid.SampledFrom([]string{
			"log: {level: %s}", "web: {public: %s}", "web: {listen: %s}", "files: {max: %s}", "store: {keep: {cases: %s}}",
			"routes: {a: {desk: {from: [%s], on: [%[1]s], reply: %[1]s, hold: %[1]s, members: ['%[1]s ']}}}",
			"accounts: {slack/team: {bot_token: xoxb-1, app_token: xapp-1, api_url: %s}}",
			"accounts: {slack/team: {bot_token: %s, app_token: %[1]s, api_url: %[1]s}}",
			"routes: {a: {mirror: [%s, {at: %[1]s, direction: %[1]s}]}}",
			"accounts: {x/a: {}, x/b: {}}\nroutes: {a: {mirror: {between: ['x/a#%s', 'x/b#%[1]s'], name: '{%[1]s}', skip: {text: ['(%[1]s'], kinds: [%[1]s]}}}}",
			"accounts: {telegram/bot: {home: %s, style: %[1]s, count: %[1]s, threads: %[1]s, uncertain: %[1]s}}",
		}).Draw(t, "key")
		env := func(string) (string, bool) { return secret, true }
		_, err := configs.Parse("roost.yaml", fmt.Appendf(nil, key, "${V}"), env, platforms())
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Fatalf("Parse = %v, want faults that don't show %s", err, secret)
		}
	})
}

func TestDiffNamesWhatChanged(t *testing.T) {
	t.Parallel()
	src := full(t)
	old := parse(t, src)
	for _, tc := range []struct {
		name, from, to string
		want           configs.Changes
	}{
		{"nothing", "", "", configs.Changes{}},
		{"only places", "accounts:", "\n\naccounts:", configs.Changes{}},
		{"a secret", "${SLACK_BOT_TOKEN}", "xoxb-new", configs.Changes{
			Accounts: configs.Delta[chat.Account]{Changed: []chat.Account{"slack/team"}},
		}},
		{"what is done with uncertain posts", "uncertain: hold", "uncertain: repeat", configs.Changes{
			Accounts: configs.Delta[chat.Account]{Changed: []chat.Account{"x/acme"}},
		}},
		{"an account more", "routes:", "  x/b: {}\n  x/a: {}\nroutes:", configs.Changes{
			Accounts: configs.Delta[chat.Account]{Added: []chat.Account{"x/a", "x/b"}},
		}},
		{"a route renamed", "press:", "media:", configs.Changes{
			Routes: configs.Delta[string]{Added: []string{"media"}, Removed: []string{"press"}},
		}},
		{"routes", "alerts}", "ask}", configs.Changes{Routes: configs.Delta[string]{Changed: []string{"press"}}}},
		{"a leg", "direction: out", "direction: both", configs.Changes{Routes: configs.Delta[string]{Changed: []string{"lounge"}}}},
		{"a pattern", "'^!'", "'^!!'", configs.Changes{Routes: configs.Delta[string]{Changed: []string{"lounge"}}}},
		{"a switch", "joins: false", "joins: true", configs.Changes{Routes: configs.Delta[string]{Changed: []string{"lounge"}}}},
		{"sections", "8080", "8081", configs.Changes{Sections: []string{"web"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := configs.Diff(old, parse(t, strings.Replace(src, tc.from, tc.to, 1)))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("changes differ (-want +got):\n%s", diff)
			}
			if got.IsZero() != (tc.name == "nothing" || tc.name == "only places") {
				t.Errorf("IsZero = %v", got.IsZero())
			}
		})
	}
}

func TestDiffFromNothing(t *testing.T) {
	t.Parallel()
	f := parse(t, full(t))
	got := configs.Diff(nil, f)
	if len(got.Accounts.Added) != len(f.Accounts) || len(got.Routes.Added) != len(f.Routes) || len(got.Sections) != 5 {
		t.Errorf("Diff(nil) = %+v, want everything added", got)
	}
}

func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/conf.*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(names, "roost.example.yaml", "roost.full.yaml") {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := configs.Parse("roost.yaml", src, environment, platforms())
		if (file == nil) == (err == nil) {
			t.Fatalf("Parse = %v, %v, want a file or an error", file, err)
		}
		for _, fault := range configs.Faults(err) {
			if fault.Text == "" || fault.Line < 0 || fault.Line > 1+strings.Count(string(src), "\n")+strings.Count(string(src), "\r") {
				t.Errorf("fault without its place or text: %+v", fault)
			}
		}
		if err != nil {
			return
		}
		again, err := configs.Parse("roost.yaml", src, environment, platforms())
		if err != nil || !configs.Diff(file, again).IsZero() {
			t.Errorf("the same bytes give another file: %v, %+v", err, configs.Diff(file, again))
		}
	})
}
