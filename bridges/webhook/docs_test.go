package webhook_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// fenced are the blocks of the documents in a language.
func fenced(t *testing.T, language string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "webhook.md"))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, part := range strings.Split(string(b), "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		blocks = append(blocks, block)
	}
	if len(blocks) == 0 {
		t.Fatalf("the documents have no %s", language)
	}
	return blocks
}

// documented is an account with the secrets of the documents, on which a file was posted.
func documented(t *testing.T) *running {
	t.Helper()
	cfg := pulled()
	cfg.ReadToken = bridges.NewSecret(token)
	r := run(t, cfg, bridges.Deps{})
	p := chat.Post{Key: "q7f-1a2", To: room(), Text: text.Plain("It left today."), Files: []chat.File{{Name: "a.txt", Content: data("the file")}}}
	if _, err := r.Post(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return r
}

// needs gives the path of a program. Where it is not installed it skips the test, and fails it in CI.
func needs(t *testing.T, tool string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("the documents need %s: %v", tool, err)
	default:
		t.Skipf("%s is not installed, so what the documents do with it is not tried: %v", tool, err)
	}
	return path
}

func TestDocumentedCommandsWork(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "openssl"} {
		needs(t, tool)
	}
	r := documented(t)
	said := `"type":"post","at":`
	answers := [][]string{{`{"accepted":1}`}, {`{"events":[{"seq":1,"id":"q7f-1a2",` + said, `"next":1}`}, {"id: 1\ndata: {\"seq\":1,", said}, {"the file"}, {`{"events":[{"seq":1,`}}
	blocks := fenced(t, "sh")
	if len(blocks) != len(answers) {
		t.Fatalf("the documents have %d commands, and %d answers are known", len(blocks), len(answers))
	}
	here := strings.NewReplacer("ROOST=https://roost.example.org/hooks/webhook/shop", "ROOST="+r.web.at(""), "--max-time 60", "--max-time 1")
	setup := ""
	for i, block := range blocks {
		block = here.Replace(block)
		out, err := exec.CommandContext(t.Context(), "bash", "-c", setup+block).CombinedOutput()
		if streams := strings.Contains(block, "--max-time"); err != nil && !streams { // curl says that the time was over
			t.Errorf("%s\n%v: %s", block, err, out)
		}
		for _, want := range answers[i] {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s\nsays %s\nwant %s", block, out, want)
			}
		}
		for line := range strings.Lines(block) {
			if strings.HasPrefix(line, "ROOST=") || strings.HasPrefix(line, "SECRET=") || strings.HasPrefix(line, "TOKEN=") {
				setup += line
			}
		}
	}
	if len(r.sink.Accepted()) != 1 || r.sink.Accepted()[0].ID != "order-1001-question-1" {
		t.Errorf("accepted %+v, want the documented event", r.sink.Accepted())
	}
}

// TestDocumentedRequests makes the requests of the documents without their tools.
func TestDocumentedRequests(t *testing.T) {
	t.Parallel()
	r := documented(t)
	commands := strings.Join(fenced(t, "sh"), "\n")
	_, body, _ := strings.Cut(commands, "\nsend '")
	body, _, found := strings.Cut(body, "'")
	if !found {
		t.Fatal("the documents send nothing")
	}
	if status, said, _ := ask(t, "POST", r.web.at(""), body, "Roost-Signature", signed(secret, time.Now(), body)); status != 200 || said != `{"accepted":1}` {
		t.Errorf("the event = %d %s, want 200", status, said)
	}
	for _, want := range []string{"SECRET=" + secret, "TOKEN=" + token, "/events?after=0&limit=100&wait=30", "/files?seq=1&n=0"} {
		if !strings.Contains(commands, want) {
			t.Errorf("the documents don't say %s", want)
		}
	}
	for _, at := range []string{"/events?after=0&limit=100&wait=30", "/files?seq=1&n=0"} {
		if status, said, _ := ask(t, "GET", r.web.at(at), "", "Authorization", "Bearer "+token); status != 200 {
			t.Errorf("%s = %d %s, want 200", at, status, said)
		}
	}
	const at = "/events?after=0"
	if status, said, _ := ask(t, "GET", r.web.at(at), "", "Roost-Signature", signed(secret, time.Now(), "GET /hooks/webhook/shop"+at)); status != 200 {
		t.Errorf("signed = %d %s, want 200", status, said)
	}
}

func TestDocumentedJSON(t *testing.T) {
	t.Parallel()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: "http://127.0.0.1:1"}, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	for _, block := range fenced(t, "json") {
		var one struct{ Type string }
		if err := json.Unmarshal([]byte(block), &one); err != nil {
			t.Errorf("%s: %v", block, err)
		}
		if one.Type == "post" {
			if err := webhook.IsAction([]byte(block)); err != nil {
				t.Errorf("%s: %v", block, err)
			}
			continue
		}
		if events, said, at := c.Events("", []byte(block)); len(events) != 10 {
			t.Errorf("%s\n%s at %s; want ten events", block, said, at)
		}
	}
}

func TestDocumentedReceiverWorks(t *testing.T) {
	t.Parallel()
	python := needs(t, "python3")
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is only asked for a free port
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	must(t, l.Close())
	_, port, _ := net.SplitHostPort(address)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, python, "-c", fenced(t, "python")[0], port)
	cmd.Env = append(os.Environ(), "SECRET="+secret)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	defer func() { cancel(); _ = cmd.Wait() }()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: "http://" + address}, bridges.Deps{Account: account})
	must(t, err)
	defer chat.Close(c)
	p := chat.Post{Key: "k-1", To: room(), Text: text.Plain("It left today. 👋")}
	again := bridges.Backoff{First: 10 * time.Millisecond, Most: 200 * time.Millisecond}
	waiting, stop := context.WithTimeout(ctx, soon)
	defer stop()
	for {
		if _, err = c.Post(waiting, p); err == nil {
			break
		}
		if err := again.Wait(waiting, err); err != nil { // it is still starting
			t.Fatal(err)
		}
	}
	if _, err := c.Post(waiting, p); err != nil {
		t.Errorf("the same again = %v", err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "post It left today. 👋" {
		t.Errorf("the receiver printed %q", lines.Text())
	}
}
