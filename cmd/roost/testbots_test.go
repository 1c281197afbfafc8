package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/discord"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/router/chat"
)

// botDir is a folder with a bot and a transcript of it.
func botDir(t *testing.T, transcript string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"echo.star": `def echo(text):
    return text + config.get("mark", "")
command("echo <text...>", echo, help="repeat the text")

def order():
    size = ask("Which size?", choices=["S", "M"])
    n = ask("How many?", type="number")
    say("Ordered %d × %s" % (n, size))
command("order", order)
`,
		"echo.chat": transcript,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const goodChat = "@on telegram x\n@config mark=+\nalice: /echo hi\nbot: hi+\n@restart\nalice: /order\nbot: Which size? [S] [M]\n"

func TestTest(t *testing.T) {
	t.Parallel()
	good, bad := botDir(t, goodChat), botDir(t, "alice: /echo hi\nbot: ho\n")
	roost(t, "test", good).want(t, 0, "2 passed, 0 failed")
	roost(t, "test", "-v", filepath.Join(good, "echo.chat")).want(t, 0, "ok   "+good, "on telegram (3 steps")
	roost(t, "test", good, bad).want(t, exitFailed, "2 passed, 1 failed", "FAIL "+bad, "-     2 | bot: ho", "+       | bot: hi")
	roost(t, "test", good, bad, "--run", "on x$").want(t, 0, "1 passed, 0 failed")
	roost(t, "test", good, "--run", "(").want(t, exitUsage, "--run: ")
	roost(t, "test", t.TempDir()).want(t, exitUsage, "holds no transcripts")
	roost(t, "test", "-c", filepath.Join(good, "none.yaml")).want(t, exitUsage, "name transcripts or their folders")

	var report tested
	out := roost(t, "test", "--json", bad)
	if err := json.Unmarshal([]byte(out.out), &report); err != nil || out.code != exitFailed || report.Failed != 1 {
		t.Errorf("--json gives %v, %+v, exit code %d", err, report, out.code)
	}
	junit := filepath.Join(t.TempDir(), "report.xml")
	roost(t, "test", good, "--junit", junit).want(t, 0)
	if b, err := os.ReadFile(junit); err != nil || !bytes.Contains(b, []byte(`tests="2" failures="0"`)) {
		t.Errorf("the report is %s, %v", b, err)
	}
	roost(t, "test", bad, "--update").want(t, 0, "new  "+bad)
	roost(t, "test", bad).want(t, 0, "1 passed")
}

// The bots that come with Roost do what their transcripts say, and can be talked to without any settings.
func TestShippedBots(t *testing.T) {
	t.Parallel()
	const folder = "../../configs/bots"
	roost(t, "test", folder).want(t, 0, " 0 failed")
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	bots := 0
	for _, f := range files {
		path := filepath.Join(folder, f.Name())
		if strings.HasSuffix(path, ".chat") || strings.HasSuffix(path, ".md") {
			continue
		}
		bots++
		if got := talk(t, "hello\n/help\n", path); got.code != 0 || strings.Contains(got.out, "bot fails") {
			t.Errorf("talking to %s gives %d:\n%s%s", f.Name(), got.code, got.out, got.err)
		}
		chats, err := filepath.Glob(strings.TrimSuffix(path, filepath.Ext(path)) + "*.chat")
		if err != nil || len(chats) == 0 {
			t.Errorf("%s has no transcript: %v", f.Name(), err)
		}
	}
	if bots < 7 {
		t.Errorf("%d bots are there, want 7", bots)
	}
}

// Without paths the bots of the configuration are tested.
func TestTestOfConfiguration(t *testing.T) {
	t.Parallel()
	dir := botDir(t, goodChat)
	config := write(t, offline+"bots: {echo: {script: "+filepath.Join(dir, "echo.star")+", in: [support]}}\n")
	roost(t, "test", "-c", config).want(t, 0, "2 passed")
	roost(t, "test", "-c", write(t, offline)).want(t, exitUsage, "no bot of the configuration has a transcript")
}

// talk says lines to a bot.
func talk(t *testing.T, lines string, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	code := execute(t.Context(), world{
		in: strings.NewReader(lines), out: &out, err: &errs, env: func(string) (string, bool) { return "", false },
	}, append([]string{"chat"}, args...))
	return ran{code, out.String(), errs.String()}
}

func TestChat(t *testing.T) {
	t.Parallel()
	dir := botDir(t, "")
	bot := filepath.Join(dir, "echo.star")
	saved := filepath.Join(dir, "echo-2.chat")
	talk(t, "/order\n2\n3\n/order\n@as bob\n2\n@as alice\n/cancel\n/echo a\n@as bob\n/echo b\n@ +2h\n@bad\n@do bob reacts 👍\n@save "+saved+"\n@help\n@quit\n/echo never", bot, "--set", "mark=+").
		want(t, 0, "bot: Which size?\n  1. S\n  2. M\nbot: How many?\nbot: Ordered 3 × M\nbot: Which size?\n  1. S\n  2. M\nbot: All right, I have put that away.\nbot: a+\nbot: b+\n! there is no @bad", "@quit  ")
	roost(t, "test", saved).want(t, 0, "1 passed")
	b, err := os.ReadFile(saved)
	if err != nil || !strings.Contains(string(b), "alice presses [M]\nbot: How many?\nalice: 3\n") {
		t.Errorf("saved\n%s\n%v", b, err)
	}
	keep := filepath.Join(dir, "keep.json")
	talk(t, "/order\nM", bot, "--on", "x", "--keep", keep).want(t, 0, "bot: Which size?\n  1. S\n  2. M\nbot: How many?")
	talk(t, "7", bot, "--on", "x", "--keep", keep).want(t, 0, "bot: Ordered 7 × M")

	config := write(t, offline+"bots: {shop: {script: "+bot+", in: [support], config: {mark: '+'}}}\n")
	talk(t, "/echo a", "shop", "-c", config).want(t, 0, "bot: a+")
	talk(t, "", "shpo", "-c", config).want(t, exitUsage, "there is no bot at shpo", "the configuration has these: shop")
	talk(t, "", "shop", "-c", filepath.Join(dir, "none.yaml")).want(t, exitUsage, "there is no bot at shop: a bot is a .star, a .yaml")
	talk(t, "", bot, "--on", "icq").want(t, exitUsage, "--on icq: there are chat, discord")
	talk(t, "", saved).want(t, exitUsage, "is no bot")
}

// What transcripts say of platforms is what their connectors say; of X's two kinds of message, what is said of the one that
// can do less.
func TestTranscriptPlatforms(t *testing.T) {
	t.Parallel()
	classic, err := x.New(x.Config{ClientID: "id", Chat: x.ChatOff}, bridges.Deps{Account: "x/acme"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]chat.Traits{
		"x": classic.Traits(), "slack": new(slack.Connector).Traits(),
		"discord": new(discord.Connector).Traits(), "telegram": new(telegram.Connector).Traits(),
	} {
		got, ok := bottest.Traits(name)
		if !ok || chat.CanOf(got) != chat.CanOf(want) || got.Text != want.Text || got.Whisper != want.Whisper || got.Platform != want.Platform {
			t.Errorf("transcripts on %s can %+v of %v, want %+v of %v", name, chat.CanOf(got), got.Text, chat.CanOf(want), want.Text)
		}
	}
}

// BenchmarkShippedBots plays a transcript of each bot that comes with Roost, from reading it to its end.
func BenchmarkShippedBots(b *testing.B) {
	for _, name := range []string{"order", "greeter", "faq", "standup", "poll", "remind", "moderate"} {
		b.Run(name, func(b *testing.B) {
			path := "../../configs/bots/" + name + ".chat"
			for b.Loop() {
				src, err := os.ReadFile(path)
				if err != nil {
					b.Fatal(err)
				}
				t, err := bottest.Parse(path, src)
				if err == nil {
					err = bottest.Play(b.Context(), t, t.On()[0], openBotAt)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
