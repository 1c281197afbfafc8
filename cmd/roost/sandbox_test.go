package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// played is the part of the page's /state that is looked at here.
type played struct {
	Panes []struct {
		ID     string
		People []struct{ ID, Name string }
		Places []struct {
			ID, Kind string
			Messages []struct{ Text, Name string }
		}
	}
}

// place is the first place of a kind in a pane.
func (p played) place(pane, kind string) (person, place string, said []string) {
	for _, one := range p.Panes {
		for _, at := range one.Places {
			if one.ID != pane || at.Kind != kind || place != "" {
				continue
			}
			person, place = one.People[0].ID, at.ID
			for _, m := range at.Messages {
				said = append(said, m.Name+": "+m.Text)
			}
		}
	}
	return person, place, said
}

// sandboxed runs a sandbox until the end of the test, and gives its address.
func sandboxed(t *testing.T, dir string) (ctx context.Context, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	out, printed := io.Pipe()
	var errs bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- execute(ctx, world{in: strings.NewReader(""), out: printed, err: &errs, env: os.LookupEnv}, []string{"sandbox", "--listen", "127.0.0.1:0", "--dir", dir})
		_ = printed.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if got := <-code; got != 0 {
			t.Errorf("the sandbox ended with %d:\n%s", got, &errs)
		}
		if strings.Contains(errs.String(), "ERROR") {
			t.Errorf("the sandbox complained:\n%s", &errs)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(line)
	if address == "" {
		t.Fatalf("it printed %q (%v) and no address", line, err)
	}
	return ctx, address
}

// browsed asks the page; the answer is open until the test ends.
func browsed(ctx context.Context, t *testing.T, method, url, body string) io.Reader {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s", method, url, resp.Status)
	}
	return resp.Body
}

func stateOf(ctx context.Context, t *testing.T, address string) (p played) {
	t.Helper()
	if err := json.NewDecoder(browsed(ctx, t, http.MethodGet, address+"/state", "")).Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

// What is said on any of the simulated platforms goes through a whole Roost to the other three.
func TestSandboxCarriesWords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, address := sandboxed(t, dir)
	begun := stateOf(ctx, t, address)
	news := bufio.NewScanner(browsed(ctx, t, http.MethodGet, address+"/events", ""))
	platforms := []string{"x", "slack", "discord", "telegram"}
	for _, from := range platforms {
		person, place, _ := begun.place(from, "channel")
		act, err := json.Marshal(map[string]string{"pane": from, "do": "say", "person": person, "place": place, "text": "words from " + from})
		if err != nil {
			t.Fatal(err)
		}
		browsed(ctx, t, http.MethodPost, address+"/act", string(act))
	}
	everywhere := func(p played) bool {
		return !slices.ContainsFunc(platforms, func(to string) bool {
			_, _, said := p.place(to, "channel")
			return slices.ContainsFunc(platforms, func(from string) bool {
				return !slices.ContainsFunc(said, func(s string) bool { return strings.HasSuffix(s, "words from "+from) })
			})
		})
	}
	var last played
	for last = stateOf(ctx, t, address); !everywhere(last); last = stateOf(ctx, t, address) {
		if !news.Scan() {
			t.Fatalf("the news ended: %v; the last state is %+v", news.Err(), last)
		}
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) == 0 {
		t.Errorf("the folder holds %v (%v), want Roost's files", names, err)
	}
}

func TestSandboxsOwnConfiguration(t *testing.T) {
	t.Parallel()
	st, err := newSandboxStage()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	f, err := st.file(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, account := range []chat.Account{sandboxX, "slack/team", "discord/club", "telegram/bot"} {
		if _, ok := f.Accounts[account]; !ok {
			t.Errorf("there is no account %s", account)
		}
	}
	if f.Routes["support"].Desk == nil || f.Routes["lounge"].Mirror == nil {
		t.Errorf("routes = %+v, want a desk and a mirror", f.Routes)
	}
}

func TestListenNear(t *testing.T) {
	t.Parallel()
	first, err := listenNear(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	second, err := listenNear(t.Context(), first.Addr().String())
	if err != nil {
		t.Fatalf("where another listens: %v", err)
	}
	if second.Addr().String() == first.Addr().String() {
		t.Error("two listen at one address")
	}
	for _, l := range []net.Listener{first, second} {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if l, err := listenNear(t.Context(), "nowhere"); err == nil {
		_ = l.Close()
		t.Error("it listens nowhere")
	}
}
