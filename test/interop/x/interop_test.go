// Package interop_test runs independent clients of X's API against the simulator.
package interop_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/bridges/x/xsim/xspec"
)

const (
	bot     = "1111111111"
	alice   = "22"
	carol   = "333333333333"
	said    = 7 // messages that alice wrote before a script begins
	patient = time.Minute
)

// install installs the packages once for all tests.
var install = sync.OnceValue(func() error {
	if _, err := os.Stat(filepath.Join("node_modules", "twitter-api-v2")); err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "npm", "ci").CombinedOutput()
	if err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
})

// need skips a test where Node.js or the clients are missing; on CI that is a failure.
func need(t *testing.T) {
	t.Helper()
	missing := func(format string, args ...any) {
		t.Helper()
		if os.Getenv("CI") == "true" {
			t.Fatalf(format, args...)
		}
		t.Skipf(format, args...)
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing("%s is not installed, so no independent client of X is tried: %v", tool, err)
		}
	}
	if err := install(); err != nil {
		missing("the clients of X could not be installed: %v", err)
	}
}

// world is a simulator and the bot's credentials.
type world struct {
	*testing.T
	*xsim.Sim
	tokens xsim.Tokens
}

// setup starts a simulator in which alice has written to the bot. Every call of a client is held against X's description
// where that is at hand.
func setup(t *testing.T) *world {
	t.Helper()
	need(t)
	check, why := xspec.Check(t, xspec.AllowRefused())
	if check == nil {
		t.Log(why)
	}
	sim := xsim.New(xsim.Config{Wrap: check, ProcessingPolls: 1})
	sim.AddUser(xsim.User{ID: bot, Name: "Acme", Username: "acme"})
	sim.AddUser(xsim.User{ID: alice, Username: "alice"})
	sim.AddUser(xsim.User{ID: carol, Username: "carol"})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	for i := range said {
		sim.Say(alice, bot, xsim.Draft{Text: "said " + strconv.Itoa(i)})
	}
	return &world{T: t, Sim: sim, tokens: sim.Tokens(bot)}
}

// run runs a script to its end and gives its lines; told is called with each as it comes.
func (w *world) run(script string, told func(line string), env ...string) []string {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patient)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", script)
	cmd.Env = append(os.Environ(),
		"XSIM_URL="+w.URL(), "CONSUMER_KEY=sim-consumer-key", "CONSUMER_SECRET=sim-consumer-secret",
		"CLIENT_ID=sim-client-id", "CLIENT_SECRET=sim-client-secret", "BEARER_TOKEN=sim-app-bearer",
		"OAUTH1_TOKEN="+w.tokens.OAuth1Token, "OAUTH1_SECRET="+w.tokens.OAuth1Secret, "ACCESS_TOKEN="+w.tokens.Access,
		"BOT="+bot, "ALICE="+alice, "CAROL="+carol, "SAID="+strconv.Itoa(said),
		"IMAGE="+base64.StdEncoding.EncodeToString(picture(w.T)))
	cmd.Env = append(cmd.Env, env...)
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	var lines []string
	for scan := bufio.NewScanner(out); scan.Scan(); {
		lines = append(lines, scan.Text())
		if told != nil {
			told(scan.Text())
		}
	}
	if err := cmd.Wait(); err != nil || !slices.Contains(lines, "DONE") {
		w.Fatalf("%s: %v\n%s\n%s\nlast calls: %+v", script, err, strings.Join(lines, "\n"), faults.String(), last(w.Sim))
	}
	return lines
}

// last are the last calls, for the message of a failure.
func last(sim *xsim.Sim) []xsim.Request {
	all := sim.Requests()
	return all[max(0, len(all)-5):]
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// word is what follows a word at the beginning of a line.
func word(lines []string, name string) string {
	for _, l := range lines {
		if rest, found := strings.CutPrefix(l, name+" "); found {
			return rest
		}
	}
	return ""
}

// TestMessages holds both clients, with both ways of signing in, to what alice and the group find afterwards.
func TestMessages(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"twitter-api-v2.mjs", "xdk.mjs"} {
		for auth, kind := range map[string]xsim.AuthKind{"oauth1": xsim.OAuth1, "oauth2": xsim.OAuth2User} {
			t.Run(script+"/"+auth, func(t *testing.T) {
				t.Parallel()
				w := setup(t)
				lines := w.run(script, nil, "AUTH="+auth)
				checkMessages(t, w.Sim, word(lines, "GROUP"))
				for _, r := range w.Requests() {
					if r.Status < 300 && r.Auth != kind {
						t.Errorf("%s %s was called with %v, want %v", r.Method, r.Path, r.Auth, kind)
					}
				}
				if want := base64.StdEncoding.EncodeToString(picture(t)); script == "xdk.mjs" && auth == "oauth2" && word(lines, "DOWNLOAD") != want {
					t.Errorf("downloaded %q, want the image", word(lines, "DOWNLOAD"))
				}
			})
		}
	}
}

func checkMessages(t *testing.T, sim *xsim.Sim, group string) {
	t.Helper()
	var texts []string
	var files [][]byte
	talk := sim.Conversation(alice, bot)[said:]
	for _, d := range talk {
		texts = append(texts, d.Text)
		for _, m := range d.Media {
			files = append(files, m.Data)
		}
	}
	if want := []string{"to a participant: ü & <b> = ~", "to a conversation", "an image", ""}; !slices.Equal(texts, want) {
		t.Errorf("alice got %q, want %q", texts, want)
	}
	film := bytes.Repeat([]byte("film"), 2500/4)
	if len(files) != 2 || !bytes.Equal(files[0], picture(t)) || !bytes.Equal(files[1], film) {
		t.Errorf("alice got %d files, want the image and the film", len(files))
	}
	if len(talk) > 0 && !slices.Equal(talk[0].DeletedFor, []string{bot}) {
		t.Errorf("the first message is deleted for %v, want the bot", talk[0].DeletedFor)
	}
	in := sim.Group(group)
	if len(in) != 2 || in[0].Text != "to a new group" || in[1].Text != "again to the group" {
		t.Errorf("the group %q got %+v", group, in)
	}
	if m := sim.Members(group); !slices.Equal(m, []string{bot, alice, carol}) {
		t.Errorf("in the group are %v", m)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AutoAuthorize(bot)
	w.run("login.mjs", nil)
}

func TestActivity(t *testing.T) {
	t.Parallel()
	w := setup(t)
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mac := hmac.New(sha256.New, []byte("sim-consumer-secret"))
		mac.Write([]byte(r.URL.Query().Get("crc_token")))
		_ = json.NewEncoder(rw).Encode(map[string]string{"response_token": "sha256=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))})
	}))
	defer hook.Close()
	w.run("activity.mjs", func(line string) {
		if line == "STREAMING" {
			w.Say(alice, bot, xsim.Draft{Text: "over the stream"})
			w.Typing(alice, bot)
		}
	}, "HOOK_URL="+hook.URL+"/x")
	if w.Streams() != 0 || w.Subscriptions() != 0 {
		t.Errorf("%d streams and %d subscriptions are left", w.Streams(), w.Subscriptions())
	}
}
