package script_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/script"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func command(as string) []string { return []string{os.Args[0], as} }

func worker(tb testing.TB, source string, opt script.Options) *script.Worker {
	tb.Helper()
	w, err := script.NewWorker(command(asWorker), "bot.star", []byte(source), opt)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = w.Close() })
	return w
}

const all = `
def everything(n, who):
    m = say("one %s" % t("hi", name=who.name), choices=[button("A", id="vote", value="x")], only=True)
    edit(m, "two")
    delete(m)
    react("👍")
    typing()
    log("logged")
    state.person["n"] = state.person.get("n", 0) + n
    state.bot["when"] = str(now())
    state.bot.pop("when")
    later("1h", due, {"n": n}, name="one")
    cancel("none")
    rolled = [random(1000000), choice([1, 2, 3])]
    size = ask("Which?", choices=["S", "M"])
    more = ask("More?", type="number", timeout="1h")
    if not confirm("Sure?"):
        return "No."
    say("%s %s %s" % (config["x"], size, more))
    state.bot["rolled"] = rolled
    return "%s %s %s %d" % (user.name, here, event.kind, state.person["n"])
def due(x): return "due %s %s" % (x, user.id)
def press(value): return "pressed " + value
def joined(): hand_off("x")
def migrate(old): return old.answers + ["new"] if old.answers else None
texts({"en": {"hi": "Hi {name}"}})
command("all <n:number> <who:user>", everything)
command("due", lambda: None)
on("press", "vote", press)
on("joined", joined)
every("@daily", due, name="daily") if False else None
`

// TestWorkerIsTheSame has one script do everything in this process and in a worker's.
func TestWorkerIsTheSame(t *testing.T) {
	t.Parallel()
	opt := script.Options{Config: map[string]any{"x": 3}}
	here, err := script.Load("bot.star", []byte(all), opt)
	if err != nil {
		t.Fatal(err)
	}
	there := worker(t, all, opt)
	if a, b := here.Spec(), there.Spec(); len(a.Triggers) != len(b.Triggers) || a.Migrate != b.Migrate || a.Texts["en"]["hi"] != b.Texts["en"]["hi"] {
		t.Errorf("the specs are %+v and %+v", a, b)
	}
	a, b := setupBot(t, here, all), setupBot(t, there, all)
	for _, w := range []*world{a, b} {
		w.talk(
			"/all 2 @bob", "one Hi bob [A]\nWhich? [S] [M]", "s", "More?", "5", "Sure? [Yes] [No]", "yes", "3 S 5\nAda slack/team#C1 message 2",
		)
		w.hear(chat.Pressed{Button: "vote", Value: "x"})
		if got := w.said(); got != "pressed x" {
			t.Errorf("the bot said %q", got)
		}
		w.wake(time.Hour)
		if got := w.said(); got != `due {"n": 2} U1` {
			t.Errorf("the bot said %q", got)
		}
		w.hear(chat.Joined{})
		if got := w.failed(); got != "bot.star:24:23: nobody's desk is here to hand off to" {
			t.Errorf("it failed with %q", got)
		}
		if !strings.Contains(w.log.String(), "line=logged") {
			t.Error("it was not logged")
		}
	}
	for key := range a.kept {
		if _, ok := b.kept[key]; !ok {
			t.Errorf("%s is not kept", key)
		}
	}
	for _, m := range []bots.Migrator{here, there} {
		answers, ok, err := m.Migrate(t.Context(), bots.Past{Answers: []string{"a"}})
		if err != nil || !ok || strings.Join(answers, " ") != "a new" {
			t.Error(answers, ok, err)
		}
		if _, ok, err := m.Migrate(t.Context(), bots.Past{}); ok || err != nil {
			t.Error(ok, err)
		}
	}
}

func TestWorkerLoadFaults(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"def f(:":                    "bot.star:1:8: got ':', want ')'",
		"a1()\nb1()":                 "bot.star:1:1: undefined: a1\nbot.star:2:1: undefined: b1",
		"x = 1":                      "bot.star:1: the script answers to nothing",
		strings.Repeat("(", 400_000): "bot.star:1: the script has 400000 bytes, and 65536 at most are read",
		"while True: pass":           "bot.star:1:1: it did more than 1000000 steps; is there a loop without an end?",
	} {
		_, err := script.NewWorker(command(asWorker), "bot.star", []byte(source), script.Options{})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.20q: %v", source, err)
			continue
		}
		if _, ok := errors.AsType[*script.Fault](err); !ok {
			t.Errorf("%v is %T", err, err)
		}
	}
	for as, want := range map[string]string{
		asNoise: "the bot ran away: bot.star wrote what is no line of a worker",
		asFlood: "the bot ran away: bot.star wrote a line that is too long",
		"-x":    "the bot ran away: bot.star ended: exit status 2 flag provided but not defined: -x",
	} {
		if _, err := script.NewWorker(command(as), "bot.star", []byte("x = 1"), script.Options{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", as, err)
		}
	}
	if _, err := script.NewWorker([]string{"/nowhere"}, "bot.star", []byte("x = 1"), script.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	_, err := script.NewWorker(command(asWorker), "bot.star", []byte(`x = "x" * (1 << 29)`), script.Options{})
	if !errors.Is(err, bots.ErrRunaway) || !strings.HasSuffix(err.Error(), "used more than 256 MiB") {
		t.Error(err)
	}
}

// TestWorkersHaveTheirMemory holds that a script gets the memory that it may have, and not much more, wherever the heap of its process
// begins, which is another place each time.
func TestWorkersHaveTheirMemory(t *testing.T) {
	t.Parallel()
	worker := func(source string) error {
		source += "\non(\"message\", lambda: \"x\")"
		w, err := script.NewWorker(command(asWorker), "bot.star", []byte(source), script.Options{Memory: 64 << 20, Steps: 1 << 40})
		if err == nil {
			err = w.Close()
		}
		return err
	}
	for range 40 {
		if err := worker("x = \"x\" * (20 << 20)"); err != nil {
			t.Fatal(err)
		}
		err := worker("x = \"x\" * (80 << 20)\nwhile True: pass")
		if !errors.Is(err, bots.ErrRunaway) || !strings.HasSuffix(err.Error(), "used more than 64 MiB") {
			t.Fatal(err)
		}
	}
}

const bombs = `
def memory(): return str(len("x" * (1 << 29)))
def grow():
    x = ["x"]
    while True: x = x + x
def sort(): return str(len(sorted([(i * 7919) %% 1000003 for i in range(100000)] * 40)))
def nest():
    x = []
    for i in range(300000): x = [x]
    return str(x)
def loop():
    while True: pass
def echo(text): return text
def slow():
    a = state.bot.get("slow", 0)
    say("first")
    http.get("http://slow.example/")
    return "slow %d %d" % (a, random(5) * 0)
command("memory", memory)
command("grow", grow)
command("sort", sort)
command("nest", nest)
command("loop", loop)
command("slow", slow)
command("echo <text...>", echo)
`

func source() string { return strings.ReplaceAll(bombs, "%%", "%") }

func TestWorkerBombs(t *testing.T) {
	t.Parallel()
	steps := map[string]uint64{"/sort": 1 << 30, "/nest": 1 << 30}
	for words, want := range map[string][]string{ // any of them
		"/memory": {"used more than 256 MiB"},
		"/grow":   {"used more than 256 MiB"},
		"/sort":   {"did not answer", "did not end in time", "used more than 256 MiB"},
		"/nest":   {"did not answer", "used more than 256 MiB", "did not end in time"},
		"/loop":   {"it did more than 1000000 steps; is there a loop without an end?"},
	} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			h := workerHearing{worker(t, source(), script.Options{Steps: steps[words]}), make(chan error, 10)}
			w := setupBot(t, h, source(), func(c *bots.Config) { c.Time = 300 * time.Millisecond })
			if words == "/memory" || words == "/grow" {
				w = setupBot(t, h, source(), func(c *bots.Config) { c.Time = 20 * time.Second })
			}
			w.say(words)
			err := <-h.err
			if !errors.Is(err, bots.ErrRunaway) {
				t.Fatal(err)
			}
			found := false
			for _, reason := range want {
				found = found || strings.HasSuffix(err.Error(), reason)
			}
			if !found {
				t.Errorf("it ended with %q", err)
			}
			w2 := setupBot(t, h, source(), func(c *bots.Config) { c.Time = 20 * time.Second })
			w2.talk("/echo it lives again", "it lives again")
		})
	}
}

type workerHearing struct {
	*script.Worker
	err chan error
}

func (h workerHearing) Hear(ctx context.Context, t *bots.Turn) error {
	err := h.Worker.Hear(ctx, t)
	h.err <- err
	return err
}

// TestWorkerSparesOthers ends the process in the middle of an event that is not to blame: it is done all the same, and once.
func TestWorkerSparesOthers(t *testing.T) {
	t.Parallel()
	b := worker(t, source(), script.Options{})
	in, out := make(chan struct{}), make(chan struct{})
	fetch := roundTrip(func() {
		close(in)
		<-out
	})
	slow := setupBot(t, b, source(), may("http:slow.example"), client(clientOf(fetch)), func(c *bots.Config) { c.Time = 20 * time.Second })
	bomb := setupBot(t, b, source(), func(c *bots.Config) { c.Time = 20 * time.Second })
	var wg sync.WaitGroup
	wg.Go(func() { slow.say("/slow") })
	<-in
	bomb.say("/memory")
	if got := bomb.failed(); !strings.HasPrefix(got, "the bot ran away: bot.star used more than 256 MiB") {
		t.Errorf("the bomb ended with %q", got)
	}
	close(out)
	wg.Wait()
	if got := slow.said(); got != "first\nslow 0 0" {
		t.Errorf("the other said %q: %s", got, slow.failed())
	}
}

func TestWorkerCancelled(t *testing.T) {
	t.Parallel()
	h := workerHearing{worker(t, source(), script.Options{Steps: 1 << 40}), make(chan error, 1)}
	w := setupBot(t, h, source())
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := w.host.Hear(ctx, chat.Hear{Event: chat.Event{
		Conversation: place, Author: ada(), What: chat.Posted{Text: text.Plain("/loop")},
	}})
	if !errors.Is(err, context.Canceled) || !errors.Is(<-h.err, context.Canceled) {
		t.Error(err)
	}
	w.talk("/echo x", "x")
}

func TestWorkerSilent(t *testing.T) {
	t.Parallel()
	b, err := script.NewWorker(command(asDeaf), "bot.star", []byte("x = 1"), script.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	h := workerHearing{b, make(chan error, 1)}
	w := setupBot(t, h, "x", func(c *bots.Config) { c.Time = 50 * time.Millisecond })
	w.say("/f")
	if err := <-h.err; !errors.Is(err, bots.ErrRunaway) || err.Error() != "the bot ran away: bot.star did not answer" {
		t.Error(err)
	}
}

func TestWorkerClosed(t *testing.T) {
	t.Parallel()
	b := worker(t, source(), script.Options{})
	w := setupBot(t, b, source())
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	w.say("/echo x")
	if got := w.failed(); got != "the bot was closed" {
		t.Errorf("it failed with %q", got)
	}
}

// TestWorkerDiesWithItsHost kills a host, and its worker ends.
func TestWorkerDiesWithItsHost(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("there is no /proc")
	}
	host := exec.CommandContext(t.Context(), os.Args[0], asHost)
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, err := out.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		t.Fatalf("%q: %v", buf[:n], err)
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if gone(pid) {
			return
		}
		<-tick.C
	}
	t.Errorf("process %d lives on", pid)
}

// gone says whether a process has ended, though perhaps nobody has noticed yet.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(b), ") Z ")
}

func TestWorkerEnvironment(t *testing.T) {
	t.Setenv("ROOST_TOKEN", "s3cret")
	worker(t, source(), script.Options{})
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip("there is no /proc")
	}
	seen := 0
	for _, task := range tasks {
		children, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		for pid := range strings.FieldsSeq(string(children)) {
			env, err := os.ReadFile("/proc/" + pid + "/environ")
			if err != nil || len(env) == 0 {
				continue
			}
			seen++
			for v := range strings.SplitSeq(strings.Trim(string(env), "\x00"), "\x00") {
				if !strings.HasPrefix(v, "PATH=") {
					t.Errorf("the worker has %s", v)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no worker was seen")
	}
}

// FuzzWorker has a process that was taken over say anything.
func FuzzWorker(f *testing.F) {
	for _, s := range []string{
		"", "x\n", "{}\n", `{"n":0,"done":true}`, `{"n":0,"fault":{"line":-1}}`, `{"n":0,"call":{"op":"say","message":{"Text":"x"}}}`,
		`{"n":0,"call":{"op":"say"}}`, `{"n":0,"call":{"op":"ask"}}`, `{"n":0,"call":{"op":"ask","question":{"Text":"x","Type":"y"}}}`,
		`{"n":0,"call":{"op":"edit","ref":{"conversation":"slack/team#C1","message":"bot:bot:1"}}}`, `{"n":0,"call":{"op":"http"}}`,
		`{"n":0,"call":{"op":"http","request":{"URL":"http://x"}}}`, `{"n":0,"call":{"op":"get","scope":"person","text":"x"}}`,
		`{"n":0,"call":{"op":"set","scope":"x","text":"x"}}`, `{"n":0,"call":{"op":"wake","text":"x","at":"2026-01-01T00:00:00Z"}}`,
		`{"n":0,"call":{"op":"words","text":"x","vars":{"a":"b"}}}`, `{"n":0,"call":{"op":"secret","text":"x"}}`, `{"n":9,"done":true}`,
		`{"n":0,"loaded":{"decls":[{"kind":"every","id":"x","of":"@daily"},{"kind":"on"}]}}`,
		`{"n":0,"loaded":{"decls":[{"kind":"command","of":"f <x>"},{"kind":"press","of":"*"}],"texts":{"en":{"a":"b"}},"prefixes":[" "]}}`,
	} {
		f.Add([]byte(s + "\n"))
	}
	f.Fuzz(func(t *testing.T, lines []byte) {
		if spec, err := script.Build(lines); err == nil && spec != nil && len(spec.Triggers) < 2 {
			t.Fatalf("it declares %+v", spec)
		}
		b := &bots.Func{
			Says: bots.Spec{Triggers: []bots.Trigger{{ID: "any", Any: true}}},
			Hears: func(ctx context.Context, turn *bots.Turn) error {
				script.Perform(ctx, turn, lines)
				return nil
			},
		}
		w := setupBot(t, b, "x")
		w.say("hello")
		if got := w.failed(); strings.Contains(got, "panic") {
			t.Fatal(got)
		}
	})
}
