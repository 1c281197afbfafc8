package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
)

// TestMain lets this program be a sandbox, and the Roost that a sandbox runs as a process of its own.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "run" || os.Args[1] == "sandbox") {
		main()
	}
	os.Exit(m.Run())
}

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
	Roost struct {
		State string
		PID   int
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
	if resp.StatusCode >= http.StatusBadRequest {
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

// says has the first person of a platform say something in its channel.
func says(ctx context.Context, t *testing.T, address, from, words string) {
	t.Helper()
	person, place, _ := stateOf(ctx, t, address).place(from, "channel")
	act, err := json.Marshal(map[string]string{"pane": from, "do": "say", "person": person, "place": place, "text": words})
	if err != nil {
		t.Fatal(err)
	}
	browsed(ctx, t, http.MethodPost, address+"/act", string(act))
}

// comesTo waits until the state is as wanted; it is looked at whenever there are news.
func comesTo(ctx context.Context, t *testing.T, address string, news *bufio.Scanner, wanted func(played) bool) played {
	t.Helper()
	last := stateOf(ctx, t, address)
	for ; !wanted(last); last = stateOf(ctx, t, address) {
		if !news.Scan() {
			t.Fatalf("the news ended: %v; the last state is %+v", news.Err(), last)
		}
	}
	return last
}

// What is said on any of the simulated platforms goes through a whole Roost to the other three.
func TestSandboxCarriesWords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, address := sandboxed(t, dir)
	news := bufio.NewScanner(browsed(ctx, t, http.MethodGet, address+"/events", ""))
	platforms := []string{"x", "slack", "discord", "telegram"}
	for _, from := range platforms {
		says(ctx, t, address, from, "words from "+from)
	}
	everywhere := func(p played) bool {
		return !slices.ContainsFunc(platforms, func(to string) bool {
			_, _, said := p.place(to, "channel")
			return slices.ContainsFunc(platforms, func(from string) bool {
				return !slices.ContainsFunc(said, func(s string) bool { return strings.HasSuffix(s, "words from "+from) })
			})
		})
	}
	comesTo(ctx, t, address, news, everywhere)
	if names, err := os.ReadDir(dir); err != nil || len(names) == 0 {
		t.Errorf("the folder holds %v (%v), want Roost's files", names, err)
	}
}

// A Roost that is killed comes again as another process, and carries what was said meanwhile, once.
func TestSandboxKillsRoost(t *testing.T) {
	t.Parallel()
	ctx, address := sandboxed(t, t.TempDir())
	news := bufio.NewScanner(browsed(ctx, t, http.MethodGet, address+"/events", ""))
	first := comesTo(ctx, t, address, news, func(p played) bool { return p.Roost.State == "running" })
	for _, end := range []string{"kill", "start"} {
		browsed(ctx, t, http.MethodPost, address+"/roost", `{"do":"`+end+`"}`)
		if end == "kill" {
			comesTo(ctx, t, address, news, func(p played) bool { return p.Roost.State == "killed" })
			says(ctx, t, address, "telegram", "is anybody there?")
		}
	}
	heard := func(p played, in, words string) int {
		_, _, said := p.place(in, "channel")
		return len(slices.DeleteFunc(said, func(s string) bool { return !strings.HasSuffix(s, words) }))
	}
	last := comesTo(ctx, t, address, news, func(p played) bool {
		return p.Roost.State == "running" && heard(p, "slack", "is anybody there?") > 0
	})
	if last.Roost.PID == first.Roost.PID {
		t.Errorf("it is process %d as before", first.Roost.PID)
	}
	says(ctx, t, address, "slack", "yes")
	last = comesTo(ctx, t, address, news, func(p played) bool { return heard(p, "telegram", "yes") > 0 })
	if n := heard(last, "slack", "is anybody there?"); n != 1 {
		t.Errorf("what was said meanwhile is there %d times", n)
	}
}

// A sandbox that is killed takes its Roost with it.
func TestRoostDiesWithItsSandbox(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	errs, theirs, err := os.Pipe() // held open by both, and by nobody else
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, os.Args[0], "sandbox", "--listen", "127.0.0.1:0", "--dir", t.TempDir())
	cmd.Stderr = theirs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(cmd.Start(), theirs.Close()); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("it printed %q: %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if err := errs.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(errs); err != nil {
		t.Errorf("its Roost is still there: %v\n%s", err, said)
	}
}

// A sandbox whose Roost does not come up says so, and ends.
func TestSandboxEndsWithoutRoost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "roost.db"), []byte("this is no database, however long one looks at it"), 0o600); err != nil {
		t.Fatal(err)
	}
	roost(t, "sandbox", "--listen", "127.0.0.1:0", "--dir", dir).want(t, exitFailed, "roost.db")
}

func TestSandboxsOwnConfiguration(t *testing.T) {
	t.Parallel()
	st, err := newSandboxStage()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	dir := t.TempDir()
	mine := filepath.Join(dir, "bots", "order.star")
	if err := errors.Join(os.Mkdir(filepath.Dir(mine), 0o700), os.WriteFile(mine, []byte("# mine\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	path, err := st.write(dir, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	f, err := configs.Load(path, os.LookupEnv, knownPlatforms())
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
	for _, name := range []string{"order", "faq", "remind", "poll"} {
		if text, err := os.ReadFile(f.Bots[name].Path); err != nil || len(text) == 0 {
			t.Errorf("the bot %s is made of %q: %v", name, text, err)
		}
	}
	if text, err := os.ReadFile(mine); err != nil || string(text) != "# mine\n" {
		t.Errorf("a bot that was there is now %q (%v)", text, err)
	}
}

// A folder that is played in again has keys of an X that is gone. What people on the next one write is for keys of its own.
func TestSandboxGetsNewKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, nth := range []string{"first", "second"} {
		st, err := newSandboxStage()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(st.close)
		path, err := st.write(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		f, err := configs.Load(path, os.LookupEnv, knownPlatforms())
		if err != nil {
			t.Fatal(err)
		}
		phone := st.x.Phone(st.sealed)
		if _, err := phone.Say(st.brand, "hello"); err == nil {
			t.Errorf("the %s time: somebody writes encrypted to an account without keys", nth)
		}
		c := common{world: world{out: io.Discard, err: io.Discard}}
		if err := c.sandboxLogin(t.Context(), st, f); err != nil {
			t.Fatalf("the %s time: %v", nth, err)
		}
		if _, err := phone.Say(st.brand, "hello"); err != nil {
			t.Errorf("the %s time: %v", nth, err)
		}
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
