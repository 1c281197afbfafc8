package x_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// finding is the finding of a name; its Grade is empty when there is none.
func finding(all []chat.Finding, name string) chat.Finding {
	if i := slices.IndexFunc(all, func(f chat.Finding) bool { return f.Name == name }); i >= 0 {
		return all[i]
	}
	return chat.Finding{}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := setup(t, xsim.Config{})
	s.cfg.BearerToken = bridges.NewSecret("sim-app-bearer")
	s.cfg.Budget.Sends = 1
	check := func() []chat.Finding {
		t.Helper()
		all, err := s.open(t).Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	expect := func(all []chat.Finding, name string, grade chat.Grade, words string) {
		t.Helper()
		if f := finding(all, name); f.Grade != grade || !strings.Contains(f.Text+" "+f.Mend, words) {
			t.Errorf("%s: %+v, want %s with %q", name, f, grade, words)
		}
	}
	all := check()
	for name, words := range map[string]string{
		"account": "@acmetea", "login": "OAuth 2.0", "messages": "more times", "encrypted messages": "no keys",
		"receive": "polling", "usage": "2000000", "budget": "1 messages left",
	} {
		expect(all, name, chat.Fine, words)
	}

	s.sim.Phone(s.brand) // the account's own telephone, which has keys
	if _, err := s.open(t).Post(t.Context(), s.post("k", "hi")); err != nil {
		t.Fatal(err)
	}
	s.cfg.Receive = x.Stream
	all = check()
	expect(all, "encrypted messages", chat.Warning, "those are missed")
	expect(all, "budget", chat.Warning, "0 messages left")
	expect(all, "subscriptions", chat.Warning, "dm.received")

	s.cfg.Receive, s.deps.Mount = x.Webhook, func(string, http.Handler) (func(), error) { return func() {}, nil }
	expect(check(), "webhook", chat.Warning, "no webhook")

	b := []byte(`{"access":"` + s.tokens.Access + `","refresh":"r","expires":"2100-01-01T00:00:00Z","scope":"dm.read users.read tweet.read"}`)
	if err := s.keep.Keep(t.Context(), "token", b); err != nil {
		t.Fatal(err)
	}
	expect(check(), "login", chat.Broken, "dm.write, media.write, offline.access")

	s.cfg.Receive = x.Poll
	s.signing()
	all = check()
	expect(all, "login", chat.Fine, "OAuth 1.0a")
	expect(all, "attachments", chat.Warning, "roost login x/acme")

	s.sim.Fail(xsim.UsersMe, xsim.Fault{Throttle: true, Reset: time.Minute})
	expect(check(), "account", chat.Warning, "try again later")

	s.sim.SetCredit(0)
	expect(check(), "account", chat.Broken, "buy credit")
	s.sim.Revoke(s.brand)
	expect(check(), "account", chat.Broken, "access_token")
}
