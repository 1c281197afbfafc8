package webhook_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
)

func TestEveryFaultOfTheSettingsIsNamed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		yaml string
		want []string
	}{
		{"secret: " + secret, nil},
		{"{secret: " + secret + ", url: 'https://shop.example.org/roost?x=1', journal: true, read_token: " + token + ", former_secrets: [" + token + "]}", nil},
		{"{}", []string{"secret: is missing"}},
		{"{secret: short, url: 'shop', former_secrets: [a, '']}", []string{
			"secret: is shorter than 16", "url: is no http", "former_secrets[0]: is shorter", "former_secrets[1]: is missing",
		}},
		{"{secret: " + secret + ", url: 'ftp://shop/x'}", []string{"url: is no http"}},
		{"{secret: " + secret + ", url: 'https://u:hush@shop/x'}", []string{"url: holds a password"}},
		{"{secret: " + secret + ", url: 'https://shop/x', read_token: " + token + "}", []string{"read_token: there is nothing to read"}},
		{"{secret: " + secret + ", read_token: short}", []string{"read_token: is shorter"}},
		{"{secret: " + secret + ", former_secrets: [" + strings.Repeat(token+",", 3) + token + "]}", []string{"former_secrets: has 4, and at most 3"}},
	} {
		var cfg webhook.Config
		if err := yaml.UnmarshalWithOptions([]byte(tc.yaml), &cfg, yaml.Strict()); err != nil {
			t.Fatalf("%s: %v", tc.yaml, err)
		}
		err := cfg.Validate()
		if (err == nil) != (tc.want == nil) {
			t.Errorf("%s = %v, want %q", tc.yaml, err, tc.want)
		}
		for _, w := range tc.want {
			if err != nil && !strings.Contains(err.Error(), w) {
				t.Errorf("%s = %v, want %q", tc.yaml, err, w)
			}
		}
		if err != nil && (strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), secret)) {
			t.Errorf("%s: %v tells a secret", tc.yaml, err)
		}
	}
}

func TestReadersNeedAWebAddress(t *testing.T) {
	t.Parallel()
	if _, err := webhook.New(pulled(), still()); err == nil || !strings.Contains(err.Error(), "url: is missing") {
		t.Errorf("New = %v, want that nobody could read", err)
	}
}

func TestTraitsFollowTheSettings(t *testing.T) {
	t.Parallel()
	cfg := webhook.Config{Secret: bridges.NewSecret(secret), URL: "https://shop.example.org"}
	c, err := webhook.New(cfg, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	if tr := c.Traits(); !tr.Persona || tr.Repeat != chat.Keyed || tr.Files.Size != 100<<20 {
		t.Errorf("Traits = %+v", tr)
	}
	off := false
	cfg.Persona = &off
	plain, err := webhook.New(cfg, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(plain)
	if plain.Traits().Persona {
		t.Error("persona: false leaves names to the program")
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	status, body := http.StatusOK, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	cfg := webhook.Config{Secret: bridges.NewSecret(secret), URL: server.URL + "/?ticket=hush", Journal: true, ReadToken: bridges.NewSecret(token)}
	r := run(t, cfg, still())
	check := func(c *webhook.Connector) map[string]chat.Finding {
		t.Helper()
		found, err := c.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]chat.Finding{}
		for _, f := range found {
			if by[f.Name] = f; strings.Contains(f.Text+f.Mend, "hush") {
				t.Errorf("%+v tells a secret", f)
			}
		}
		return by
	}
	at := r.web.at("")
	found := check(r.Connector)
	if f := found["hook"]; f.Grade != chat.Fine || f.Text != "events are taken at "+at {
		t.Errorf("hook = %+v", f)
	}
	if f := found["journal"]; f.Grade != chat.Fine || !strings.HasSuffix(f.Text, at+"/events") {
		t.Errorf("journal = %+v", f)
	}
	if f := found["url"]; f.Grade != chat.Fine || !strings.Contains(f.Text, "took a signed ping") {
		t.Errorf("url = %+v", f)
	}
	bare, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: server.URL}, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(bare)
	status, body = http.StatusTeapot, `{"error":"I make tea"}`
	if f := check(bare); f["hook"].Grade != chat.Warning || f["url"].Grade != chat.Broken || !strings.HasSuffix(f["url"].Text, "I make tea") {
		t.Errorf("a program that takes nothing = %+v", f)
	}
	status, body = http.StatusUnauthorized, ""
	if f := check(bare)["url"]; f.Grade != chat.Broken || !strings.Contains(f.Mend, "secret") {
		t.Errorf("a program with another secret = %+v", f)
	}
	server.Close()
	if f := check(bare)["url"]; f.Grade != chat.Broken {
		t.Errorf("nobody there = %+v", f)
	}
}

func TestAnotherSecretEndsTheRun(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.logged = true
	c, err := webhook.New(p.config(), bridges.Deps{Account: account, Mount: p.web.mount})
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	ended := make(chan error, 1)
	go func() { ended <- c.Run(t.Context(), &bridgetest.Sink{}) }()
	<-p.web.changed
	_, posted := c.Post(t.Context(), chat.Post{Key: "k-1", To: room()})
	if err := <-ended; chat.KindOf(err) != chat.LoggedOut || !errors.Is(err, posted) {
		t.Errorf("Run = %v, want what Post said: %v", err, posted)
	}
}
