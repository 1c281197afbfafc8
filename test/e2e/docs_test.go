package e2e_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named matches a file in a document: its name between backticks in the last words before a block of code.
var named = regexp.MustCompile("(?s)`([a-z_/]+\\.(?:yaml|star|py|chat))`[^`\n]*(?:`[^`\n]*`[^`\n]*)*:\n\n```[a-z]*\n(.*?)```")

// unpack writes the files that a document shows into a folder.
func unpack(t *testing.T, doc, dir string, into func(name string) string) map[string]string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "..", doc))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, m := range named.FindAllStringSubmatch(string(src), -1) {
		name := into(m[1])
		if files[name] != "" {
			continue
		}
		files[name] = m[2]
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(m[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// inEcho puts the files of the program into its folder.
func inEcho(name string) string {
	if name == "plugin.yaml" || name == "bot.py" {
		return "echo/" + name
	}
	return name
}

// command runs roost in a folder, with words on its input.
func command(t *testing.T, dir, input string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(input)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// says fails unless a command went well and said all of words in this order.
func (r result) says(t *testing.T, words ...string) {
	t.Helper()
	rest := r.out
	for _, w := range words {
		_, after, ok := strings.Cut(rest, w)
		if !ok || r.code != 0 {
			t.Fatalf("exit code %d, want 0 and %q, in its place, in\n%s%s", r.code, w, r.out, r.err)
		}
		rest = after
	}
}

func needsPython(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no python3")
		}
		t.Skip("there is no python3, which the document's program is written in")
	}
}

// TestTheWayToTheFirstBot does what docs/bots.md says, word by word.
func TestTheWayToTheFirstBot(t *testing.T) {
	t.Parallel()
	needsPython(t)
	dir := t.TempDir()
	files := unpack(t, "docs/bots.md", dir, inEcho)
	for _, name := range []string{"hello.yaml", "order.star", "order.chat", "echo/plugin.yaml", "echo/bot.py"} {
		if files[name] == "" {
			t.Fatalf("docs/bots.md shows no %s", name)
		}
	}
	command(t, dir, "hi\n/echo one two\n/help\n", "chat", "hello.yaml").says(t, "Hello ", "one two", "/echo")
	command(t, dir, "/order\n2\n3\n1\n", "chat", "order.star").says(t, "Which size?", "How many?", "Ordered 3 × M. Thank you!")
	command(t, dir, "!echo one two\n", "chat", "echo").says(t, "one two")
	command(t, dir, "", "test", "order.chat").says(t, "2 passed, 0 failed")
	conf := "accounts:\n  telegram/bot: {token: \"1:a\"}\n" + regexp.MustCompile("(?s)In `roost.yaml`:\n\n```yaml\n(.*?)```").FindStringSubmatch(read(t, "docs/bots.md"))[1]
	if err := os.WriteFile(filepath.Join(dir, "roost.yaml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, dir, "", "check").says(t, "1 bot")
}

// TestTheRulesOfTheReference loads the example of docs/bots.md that shows what rules can be.
func TestTheRulesOfTheReference(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := regexp.MustCompile("(?s)## Rules\n\n```yaml\n(.*?)```").FindStringSubmatch(read(t, "docs/bots.md"))
	if err := os.WriteFile(filepath.Join(dir, "shop.yaml"), []byte(m[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	conf := "accounts:\n  telegram/bot: {token: \"1:a\"}\nbots:\n  shop: {rules: shop.yaml, in: [telegram/bot], config: {delivery: Friday}}\n"
	if err := os.WriteFile(filepath.Join(dir, "roost.yaml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, dir, "", "check").says(t, "1 bot")
}

// TestTheFirstBots are those of bots/README.md: of three lines, of nine and of six.
func TestTheFirstBots(t *testing.T) {
	t.Parallel()
	needsPython(t)
	dir := t.TempDir()
	files := unpack(t, "bots/README.md", dir, inEcho)
	for name, most := range map[string]int{"echo.star": 3, "hello.yaml": 9, "echo/bot.py": 6} {
		if n := strings.Count(files[name], "\n"); n == 0 || n > most {
			t.Errorf("%s has %d lines, want 1 to %d", name, n, most)
		}
	}
	command(t, dir, "!echo one two\n", "chat", "echo.star").says(t, "one two")
	command(t, dir, "hello there\nwhat?\n", "chat", "hello.yaml").says(t, "Hello ", "What can I do for you?", "Talk to a person")
	command(t, dir, "!echo one two\n", "chat", "echo").says(t, "one two")
	_, chat, _ := strings.Cut(read(t, "bots/README.md"), "`roost test echo.chat`:\n\n```\n")
	chat, _, _ = strings.Cut(chat, "```")
	if err := os.WriteFile(filepath.Join(dir, "echo.chat"), []byte("@bot echo.star\n"+chat), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, dir, "", "test", "echo.chat").says(t, "1 passed, 0 failed")
}

// TestTheShippedBots runs the transcripts of configs/bots, and talks to each bot.
func TestTheShippedBots(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	r := command(t, root, "", "test", "./configs/bots")
	r.says(t, " passed, 0 failed")
	bots, err := filepath.Glob(filepath.Join(root, "configs", "bots", "*.[sy][ta]*"))
	if err != nil || len(bots) < 7 {
		t.Fatalf("configs/bots has %d bots, want 7 at least: %v", len(bots), err)
	}
	for _, b := range bots {
		command(t, root, "/help\nhello\n", "chat", filepath.Join("configs", "bots", filepath.Base(b))).says(t)
	}
}

func read(t *testing.T, doc string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", doc))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
