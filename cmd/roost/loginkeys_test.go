package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// piped runs one command line with something on its standard input.
func piped(t *testing.T, in io.Reader, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	code := execute(t.Context(), world{in: in, out: &out, err: &errs, env: os.LookupEnv}, args)
	return ran{code, out.String(), errs.String()}
}

// backedUp reads a backup.
func backedUp(t *testing.T, text string) *xchat.Keys {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(text, "\n"))
	if err != nil || !strings.HasSuffix(text, "\n") {
		t.Fatalf("the backup is no line of base64 (%v)", err)
	}
	keys, err := xchat.ParseBlob(raw)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// hides checks that nothing that was said shows keys.
func (r ran) hides(t *testing.T, keys *xchat.Keys) {
	t.Helper()
	raw := string(keys.Blob())
	for _, part := range []string{raw, raw[:32], raw[32:]} {
		if slices.ContainsFunc(bridgetest.Spellings(part), func(one string) bool { return strings.Contains(r.out+r.err, one) }) {
			t.Error("what was said shows a private key")
		}
	}
}

var keyLine = regexp.MustCompile(`^x/acme: @acme has (.*) for encrypted messages: version (\d+), fingerprint ([\w-]{43})(; make a backup with --export FILE)?\.\n$`)

// told reads the line at the end.
func told(t *testing.T, line string) (did, version, fingerprint string, hint bool) {
	t.Helper()
	m := keyLine.FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("it ends with %q", line)
	}
	return m[1], m[2], m[3], m[4] != ""
}

func TestLoginKeys(t *testing.T) {
	t.Parallel()
	config, _, _ := simulated(t)
	first := roost(t, "login", "x/acme", "--chat", "-c", config)
	first.want(t, 0)
	did, version, mark, hint := told(t, first.out)
	if did != "new keys" || !hint || first.err != "" {
		t.Errorf("first: %q %q", first.out, first.err)
	}
	again := roost(t, "login", "x/acme", "--chat", "-c", config)
	again.want(t, 0)
	if did, v, m, hint := told(t, again.out); did != "its keys" || v != version || m != mark || !hint {
		t.Errorf("again: %q, want version %s, fingerprint %s", again.out, version, mark)
	}
	var shown map[string]string
	inJSON := roost(t, "login", "x/acme", "--chat", "--json", "-c", config)
	if err := json.Unmarshal([]byte(inJSON.out), &shown); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"account": "x/acme", "as": "@acme", "outcome": "found", "version": version, "fingerprint": mark}
	if fmt.Sprint(shown) != fmt.Sprint(want) {
		t.Errorf("--json says %v, want %v", shown, want)
	}
	other := roost(t, "login", "x/acme", "--chat", "--replace", "-c", config)
	if did, v, m, _ := told(t, other.out); did != "new keys" || v <= version || m == mark {
		t.Errorf("--replace: %q, want other keys than %s", other.out, mark)
	}
}

func TestLoginKeysNeedALogin(t *testing.T) {
	t.Parallel()
	config, sim, _ := simulated(t)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	oauth2 := regexp.MustCompile(`(?s)consumer_key.*?api_url`).ReplaceAllString(string(text), "client_id: sim-client-id\n    api_url")
	config = write(t, oauth2)
	backup := filepath.Join(t.TempDir(), "acme.key")
	got := roost(t, "login", "x/acme", "--chat", "--export", backup, "-c", config)
	if got.code != exitFailed || got.err != "roost: nobody is logged in; run roost login x/acme\n" {
		t.Errorf("= %d %q", got.code, got.err)
	}
	if _, err := os.Stat(backup); err == nil {
		t.Error("there is a backup of no keys")
	}
	for _, r := range sim.Requests() {
		t.Errorf("X was asked %s %s", r.Method, r.Path)
	}
}

func TestLoginKeysBackup(t *testing.T) {
	t.Parallel()
	config, _, _ := simulated(t)
	backup := filepath.Join(t.TempDir(), "acme.key")
	got := roost(t, "login", "x/acme", "--chat", "--export", backup, "-c", config)
	got.want(t, 0, backup+" is like a root password")
	_, version, mark, hint := told(t, got.out)
	text, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	keys := backedUp(t, string(text))
	got.hides(t, keys)
	if hint || keys.Public().Fingerprint() != mark {
		t.Errorf("it ends with %q, and the backup has the fingerprint %s", got.out, keys.Public().Fingerprint())
	}
	if info, err := os.Stat(backup); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v (%v), want mode 0600", info, err)
	}
	twice := roost(t, "login", "x/acme", "--chat", "--export", backup, "-c", config)
	twice.want(t, exitUsage, "it is there already")
	if b, err := os.ReadFile(backup); err != nil || !bytes.Equal(b, text) {
		t.Errorf("the backup was written over (%v)", err)
	}
	piece := roost(t, "login", "x/acme", "--chat", "--export", "-", "-c", config)
	if piece.out != string(text) {
		t.Error("what is piped on is not the keys alone")
	}
	if i := strings.Index(piece.err, "x/acme: "); i < 0 || !strings.HasPrefix(piece.err, "What was written is like a root password") {
		t.Errorf("beside the keys it says %q", piece.err)
	} else if _, v, _, hint := told(t, piece.err[i:]); v != version || hint {
		t.Errorf("beside the keys it says %q", piece.err)
	}
	ran{err: piece.err}.hides(t, keys)
	inJSON := roost(t, "login", "x/acme", "--chat", "--json", "--export", backup+".2", "-c", config)
	inJSON.want(t, 0, `"export": `)
	inJSON.hides(t, keys)
}

// TestLoginKeysOfAnotherRoost moves an account to another machine.
func TestLoginKeysOfAnotherRoost(t *testing.T) {
	t.Parallel()
	config, _, _ := simulated(t)
	first := roost(t, "login", "x/acme", "--chat", "--export", "-", "-c", config)
	first.want(t, 0)
	keys := backedUp(t, first.out)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	there := func() string { return write(t, string(text)) }
	refused := roost(t, "login", "x/acme", "--chat", "-c", there())
	refused.want(t, exitFailed, "roost: @acme has keys for encrypted messages already", "--keys", "--replace", "export_keys")
	raw := filepath.Join(t.TempDir(), "raw")
	if err := os.WriteFile(raw, keys.Blob(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, got := range []ran{
		piped(t, strings.NewReader(first.out), "login", "x/acme", "--chat", "--keys", "-", "-c", there()),
		roost(t, "login", "x/acme", "--chat", "--keys", raw, "-c", there()),
	} {
		got.want(t, 0)
		got.hides(t, keys)
		if did, _, mark, _ := told(t, got.out); did != "the given keys" || mark != keys.Public().Fingerprint() {
			t.Errorf("it ends with %q", got.out)
		}
	}
	if got := roost(t, "login", "x/acme", "--chat", "--replace", "-c", config); got.code != 0 {
		t.Fatal(got.err)
	}
	old := roost(t, "login", "x/acme", "--chat", "--keys", raw, "-c", there())
	old.want(t, 0, "X lists newer keys of the account (version ", "Bring them with --keys, or register new ones with --replace.\n", "x/acme: @acme has the given keys")
}

func TestLoginKeysRefused(t *testing.T) {
	t.Parallel()
	config, _, _ := simulated(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	backup := filepath.Join(dir, "backup")
	for _, tc := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "slack/team: --chat is about the encrypted messages of X alone", []string{"slack/team"}},
		{exitUsage, "the configuration has no account x/acne", []string{"x/acne"}},
		{exitUsage, "--keys: open ", []string{"x/acme", "--keys", filepath.Join(dir, "none")}},
		{exitUsage, "it is empty", []string{"x/acme", "--keys", file("empty", "")}},
		{exitUsage, "--keys -: it is empty", []string{"x/acme", "--keys", "-"}},
		{exitUsage, "--keys: the name of the file is empty", []string{"x/acme", "--keys", ""}}, // $KEYS is not set
		{exitUsage, "--export: the name of the file is empty", []string{"x/acme", "--export", ""}},
		{exitUsage, "--export " + dir + ": it is a folder; name a new file in it", []string{"x/acme", "--export", dir}},
		{exitUsage, "it is too long to be a key blob", []string{"x/acme", "--keys", file("long", strings.Repeat("a", 5000))}},
		{exitUsage, "--export: open ", []string{"x/acme", "--export", filepath.Join(dir, "none", "backup")}},
		{exitFailed, "roost: what is given is no key blob", []string{"x/acme", "--keys", file("short", "hush-hush"), "--export", backup}},
	} {
		got := roost(t, append([]string{"login", "--chat", "-c", config}, tc.args...)...)
		got.want(t, tc.code, tc.want)
		if strings.Contains(got.out+got.err, "hush") {
			t.Errorf("%q shows what it was given: %s", tc.args, got.err)
		}
	}
	if _, err := os.Stat(backup); err == nil {
		t.Error("a refused login made a backup")
	}
}

// TestLoginKeysInterrupted ends although nobody ends the pipe that the keys come through.
func TestLoginKeysInterrupted(t *testing.T) {
	t.Parallel()
	config, _, _ := simulated(t)
	in, far := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		_, _ = far.Write([]byte("AAAA")) // returns when it is read
		cancel()
	}()
	defer func() { _ = far.Close() }()
	var out, errs bytes.Buffer
	code := execute(ctx, world{in: in, out: &out, err: &errs, env: os.LookupEnv}, []string{"login", "x/acme", "--chat", "--keys", "-", "-c", config})
	if code != exitFailed || errs.String() != "roost: interrupted\n" {
		t.Errorf("= %d %q", code, &errs)
	}
}

// TestLoginKeysSaysWhy tells in plain words what stands in the way, and what of it is not seen otherwise.
func TestLoginKeysSaysWhy(t *testing.T) {
	t.Parallel()
	config, sim, _ := simulated(t)
	sim.Fail(xsim.AnyRoute, xsim.Fault{Times: 1, Status: http.StatusServiceUnavailable})
	down := roost(t, "login", "x/acme", "--chat", "-c", config)
	if down.code != exitFailed || !strings.HasPrefix(down.err, "roost: the platform could not be reached (status 503") {
		t.Errorf("while X is down: %d %q", down.code, down.err)
	}
	roost(t, "login", "x/acme", "--chat", "-c", config).want(t, 0)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	off := strings.Replace(string(text), "    api_url:", "    chat: off\n    api_url:", 1)
	if err := os.WriteFile(config, []byte(off), 0o600); err != nil {
		t.Fatal(err)
	}
	got := roost(t, "login", "x/acme", "--chat", "-c", config)
	got.want(t, 0, "x/acme: @acme has its keys")
	if got.err != "chat: off stands in the settings, so Roost reads no encrypted messages. Take it out.\n" {
		t.Errorf("with chat: off it says %q", got.err)
	}
}

// TestLoginKeysAndTerminals takes no keys from a terminal and writes none to one.
func TestLoginKeysAndTerminals(t *testing.T) {
	t.Parallel()
	config, sim, _ := simulated(t)
	device, err := os.OpenFile(os.DevNull, os.O_RDWR, 0) // what is known of a terminal is that it is a device
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = device.Close() }()
	piped(t, device, "login", "x/acme", "--chat", "--keys", "-", "-c", config).want(t, exitUsage, "--keys -: the keys would be seen on the terminal")
	var errs bytes.Buffer
	w := world{in: strings.NewReader(""), out: device, err: &errs, env: os.LookupEnv}
	if code := execute(t.Context(), w, []string{"login", "x/acme", "--chat", "--export", "-", "-c", config}); code != exitUsage {
		t.Errorf("= %d %s", code, &errs)
	}
	if !strings.Contains(errs.String(), "--export -: the keys would be seen on the terminal") {
		t.Errorf("it says %q", &errs)
	}
	for _, r := range sim.Requests() {
		t.Errorf("X was asked %s %s", r.Method, r.Path)
	}
}
