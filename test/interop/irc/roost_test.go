// Package interop_test has the IRC plugin relay between a real IRC server and the simulated Slack, through a real Roost. The
// people on IRC use plain sockets.
package interop_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/test/binary"
	"github.com/roost-im/roost/test/interop/clienttest"
	"github.com/roost-im/roost/test/lifetest"
)

// program is the path of roost, and plugin the folder of the IRC plugin with its program built.
var program, plugin string

func TestMain(m *testing.M) {
	os.Exit(binary.With(func(path string) int {
		program, plugin = path, filepath.Join(filepath.Dir(path), "irc")
		if err := buildPlugin(plugin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}))
}

// buildPlugin does what the plugin's README says.
func buildPlugin(folder string) error {
	const source = "../../../plugins/examples/irc"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"plugin.yaml", "schema.json"} {
		raw, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), raw, 0o600); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", filepath.Join(folder, "roost-irc"), ".")
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// world is an IRC server, a Slack and a Roost that mirrors a channel of each.
type world struct {
	irc     *server
	slack   *slacksim.Sim
	dana    string
	channel string
	dir     string
	log     *lifetest.Logbook
	cmd     *exec.Cmd
	done    chan struct{}
}

// lounge is the channel on IRC.
const lounge = "#lounge"

// setup starts Slack and writes a configuration.
func setup(t *testing.T, irc *server) *world {
	t.Helper()
	w := &world{irc: irc, slack: slacksim.New(slacksim.Config{Timing: slacksim.Timing{Retries: make([]time.Duration, 20)}}), dir: t.TempDir()}
	if err := w.slack.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.slack.Close)
	w.dana = w.slack.AddUser(slacksim.User{Name: "dana", RealName: "Dana Weiss"})
	w.channel = w.slack.AddChannel(slacksim.Channel{Name: "lounge", Members: []string{w.dana}})
	secure := "tls: false"
	if irc.ca != "" {
		secure = fmt.Sprintf("ca: %q", irc.ca)
	}
	conf := fmt.Sprintf(`accounts:
  slack/team:
    bot_token: %s
    app_token: %s
    api_url: %s/api/
    pace: {conversation: {every: 1ms, burst: 1000}}
  irc/here:
    plugin: %s
    config: {server: %q, nick: roost, channels: [%q], flood: {every: 0.01, burst: 100}, %s}
routes:
  lounge: {mirror: ["slack/team#%s", "irc/here#%s"]}
  private: {desk: {from: [irc/here], on: ["slack/team#%s"], reply: send, hold: 0s}}
web: {listen: "127.0.0.1:0"}
`, w.slack.BotToken(), w.slack.AppToken(), w.slack.URL(), plugin, irc.addr, lounge, secure, w.channel, lounge,
		w.slack.AddChannel(slacksim.Channel{Name: "support", Members: []string{w.dana}}))
	if err := os.WriteFile(filepath.Join(w.dir, "roost.yaml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

// start runs Roost and waits until it is on both platforms.
func (w *world) start(t *testing.T, seen *person) {
	t.Helper()
	w.log, w.done = lifetest.NewLogbook(), make(chan struct{})
	w.cmd = exec.Command(program, "run", "-c", filepath.Join(w.dir, "roost.yaml")) //nolint:noctx // it is ended by signals
	w.cmd.Dir, w.cmd.Stdout, w.cmd.Stderr = w.dir, w.log, w.log
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd, done, log := w.cmd, w.done, w.log
	go func() {
		_ = cmd.Wait() // the exit code tells
		close(done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		if t.Failed() {
			t.Logf("Roost's log ends:\n%s", tail(log.String()))
		}
	})
	w.inSlack(t, "socket", func(v *slacksim.View) bool { return v.Sockets() > 0 })
	if seen != nil {
		seen.sees(t, "Roost in the channel", isJoin("roost"))
	}
}

// isJoin is whether a line says that somebody comes into the lounge.
func isJoin(nick string) func(string) bool {
	return func(line string) bool {
		return strings.HasPrefix(line, ":"+nick+"!") && strings.HasSuffix(strings.ReplaceAll(line, ":", ""), " JOIN "+lounge)
	}
}

// stop ends Roost as an operator does.
func (w *world) stop(t *testing.T) {
	t.Helper()
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.done:
	case <-time.After(clienttest.Patient):
		t.Fatal("Roost does not end")
	}
	if code := w.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("after SIGTERM: exit code %d, want 0", code)
	}
}

// inSlack waits until the workspace is as ok wants it.
func (w *world) inSlack(t *testing.T, what string, ok func(*slacksim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clienttest.Patient)
	defer cancel()
	if err := w.slack.Wait(ctx, ok); err != nil {
		for _, m := range w.slack.Messages(w.channel) {
			t.Logf("slack: %q: %q", m.User+m.Username, m.Text)
		}
		t.Fatalf("in Slack: no %s", what)
	}
}

// says has Dana say something in Slack.
func (w *world) says(words string) {
	w.slack.Say(w.dana, w.channel, slacksim.Draft{Text: words})
}

// copies are what Roost has written into Slack's lounge, in order.
func (w *world) copies() []slacksim.Message {
	var all []slacksim.Message
	for _, m := range w.slack.Messages(w.channel) {
		if m.BotID != "" {
			all = append(all, m)
		}
	}
	return all
}

// arrives waits for a copy in Slack, and gives it.
func (w *world) arrives(t *testing.T, words string) slacksim.Message {
	t.Helper()
	var found slacksim.Message
	w.inSlack(t, fmt.Sprintf("copy %q", words), func(v *slacksim.View) bool {
		for _, m := range v.Messages(w.channel) {
			if m.BotID != "" && m.Text == words {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// tokens are the last words of what was said.
func tokens[T any](all []T, words func(T) string) []string {
	var out []string
	for _, one := range all {
		if fields := strings.Fields(words(one)); len(fields) > 0 {
			out = append(out, fields[len(fields)-1])
		}
	}
	return out
}

// relays makes sure that both ways work.
func (w *world) relays(t *testing.T, alice *person, token string) {
	t.Helper()
	alice.says(t, lounge, "from irc "+token)
	w.arrives(t, "from irc "+token)
	w.says("from slack " + token)
	alice.reads(t, lounge, "\x02Dana Weiss\x02: from slack "+token)
}
