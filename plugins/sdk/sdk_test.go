package sdk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/plugins/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func echo(c *sdk.Ctx) error { return c.Reply(c.Arg("text")) }

// order is a dialog as straight-line code.
func order(c *sdk.Ctx) error {
	size, err := c.Ask("Which size?", "S", "M", "L")
	if err != nil {
		return err
	}
	began, err := c.Now()
	if err != nil {
		return err
	}
	count, err := c.AskFor(sdk.Question{Message: sdk.Message{Text: "How many?"}, Type: "number"})
	if err != nil {
		return err
	}
	if now, err := c.Now(); err != nil || now.Before(began) {
		return errors.New("time goes back")
	}
	var orders int
	if _, err := c.Get(sdk.OfPerson, "orders", &orders); err != nil {
		return err
	}
	if err := c.Set(sdk.OfPerson, "orders", orders+1); err != nil {
		return err
	}
	sure, err := c.Confirm(fmt.Sprintf("%s × %s?", count.Text, size))
	if err != nil {
		return err
	}
	if !sure {
		return c.Reply("Never mind.")
	}
	return c.Reply(fmt.Sprintf("Ordered %s × %s, your order number %d.", count.Text, size, orders+1))
}

func everything() *sdk.Bot {
	b := sdk.New("bot")
	b.Help("does everything")
	b.Command("echo <text...>", "repeat the text", echo)
	b.Command("order", "order shirts", order, sdk.Cooldown("2/1h"))
	b.Command("admin", "", echo, sdk.Roles("admin"))
	b.Command("sum <a:number> [<b:number>]", "", func(c *sdk.Ctx) error {
		return c.Reply(fmt.Sprint(c.Number("a")+c.Number("b"), c.Has("b")))
	})
	b.Command("tea <in:duration>", "", func(c *sdk.Ctx) error { return c.Wake("tea", c.Duration("in"), "Tea!") })
	b.Woken("tea", func(c *sdk.Ctx) error {
		var words string
		return errors.Join(c.Data(&words), c.Reply(words))
	})
	b.Command("thank <who:user>", "", func(c *sdk.Ctx) error { return c.Reply("Thanks, " + c.Mentioned("who").Name) })
	b.Command("panic", "", func(*sdk.Ctx) error { panic("coffee") })
	b.Command("edit", "", func(c *sdk.Ctx) error {
		name, err := c.Send(sdk.Message{Text: "one", Choices: []sdk.Choice{{Label: "Yes", ID: "size-y", Value: "y"}}})
		if err != nil {
			return err
		}
		return c.Edit(name, sdk.Message{Text: "two"})
	})
	b.Command("elsewhere", "", func(c *sdk.Ctx) error {
		_, err := c.Send(sdk.Message{Text: "x", To: "slack/team#C9"})
		if d, ok := errors.AsType[*sdk.Denied](err); ok {
			return c.Reply("denied: " + d.Kind)
		}
		return err
	})
	b.Pattern(`(?i)^good (\w+)`, func(c *sdk.Ctx) error { return c.Reply("a good " + c.Match()[1] + " to you, " + c.User().Name) })
	b.Button("size-*", func(c *sdk.Ctx) error {
		id, value, _ := c.Button()
		return c.Reply(id + "=" + value)
	})
	b.Hook("paid", func(c *sdk.Ctx) error { return c.Reply("paid: " + c.Text()) })
	b.Every("0 9 * * *", "", "", func(c *sdk.Ctx) error { return c.Reply("Good morning!") })
	b.On("reacted", func(c *sdk.Ctx) error {
		emoji, _ := c.Reaction()
		return c.React(emoji)
	})
	return b
}

const transcript = `@at 2026-03-27 08:00
@in #lounge
@home #lounge

alice: /echo one two
bot: one two
alice: /sum 2 3
bot: 5 true
alice: /sum x
bot: /"x" is no number/
alice: /order
bot: Which size?  [S] [M] [L]
alice picks M
bot: How many?
@restart
alice: some
bot: /no number/
alice: 3
bot: 3 × M?  [Yes] [No]
@restart
alice picks Yes
bot: Ordered 3 × M, your order number 1.
alice: /order
bot: Which size?  [S] [M] [L]
alice picks S
bot: How many?
alice: 1
bot: 1 × S?  [Yes] [No]
alice picks No
bot: Never mind.
alice: /order
bot: /a bit fast/
alice: good evening
bot: a good evening to you, alice
alice: /thank @bob
bot: Thanks, bob
alice: /edit
bot: one  [Yes]
bot edits: two
alice: /elsewhere
bot: denied: may_not
alice: /admin
bot: /may not/
alice: /tea 1h
@ 2026-03-27 09:30
bot: Good morning!
bot: Tea!
hook paid: 7
bot: paid: 7
`

func TestTranscript(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bot.chat")
	if err := os.WriteFile(file, []byte(transcript), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := everything().Test(t.Context(), []string{file}, &out); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestTranscriptsThatFailAreTold(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bot.chat")
	if err := os.WriteFile(file, []byte("alice: /echo one\nbot: two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := everything().Test(t.Context(), []string{file}, &out)
	if err == nil || !strings.Contains(err.Error(), "1 of 1 transcripts failed") || !strings.Contains(out.String(), "FAIL") {
		t.Errorf("Test says %v and %s", err, out.String())
	}
}

func TestShell(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	in := strings.NewReader("/echo hello\n/order\nM\n@restart\n2\n/panic\n")
	if err := everything().Shell(t.Context(), in, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"hello", "Which size?", "[M]", "How many?", "2 × M?", "panic: coffee"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it says %s, want %s in it", out.String(), want)
		}
	}
}

func TestRunKnowsItsArguments(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if err := everything().Run(t.Context(), []string{"tset"}, r, io.Discard); err == nil || !strings.Contains(err.Error(), `there is no "tset"`) {
		t.Errorf("Run says %v", err)
	}
	if _, err := io.WriteString(w, `{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}`+"\n"); err != nil {
		t.Fatal(err)
	}
	var out answers
	ended := make(chan error, 1)
	out.got = make(chan struct{}, 1)
	go func() { ended <- everything().Run(t.Context(), nil, r, &out) }()
	<-out.got
	_ = w.Close()
	if err := <-ended; err != nil {
		t.Errorf("Run ended with %v", err)
	}
	if got, want := out.b.String(), `{"jsonrpc":"2.0","id":1,"result":{}}`+"\n"; got != want {
		t.Errorf("it wrote %s, want %s", got, want)
	}
}

// answers is written to by one goroutine, and read when Run has ended.
type answers struct {
	b   bytes.Buffer
	got chan struct{}
}

func (a *answers) Write(b []byte) (int, error) {
	n, err := a.b.Write(b)
	a.got <- struct{}{}
	return n, err
}

// A handler that does something else when it is run again is told so, and says nothing twice.
func TestAHandlerThatChangesItsMindIsAnError(t *testing.T) {
	t.Parallel()
	b := sdk.New("bot")
	runs := 0
	b.Command("x", "", func(c *sdk.Ctx) error {
		if runs++; runs == 1 {
			if err := c.Reply("first"); err != nil {
				return err
			}
		}
		_, err := c.Ask("and?")
		return err
	})
	file := filepath.Join(t.TempDir(), "bot.chat")
	if err := os.WriteFile(file, []byte("alice: /x\nbot: first\nbot: and?\nalice: so\nbot fails: /did something else than before/\nbot: /did not work/\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := b.Test(t.Context(), []string{file}, &out); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func Example() {
	b := sdk.New("echo")
	b.Command("echo <text...>", "repeat the text", func(c *sdk.Ctx) error { return c.Reply(c.Arg("text")) })

	in := strings.NewReader("/echo one two\n")
	if err := b.Shell(context.Background(), in, os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// You talk to echo. Lines that begin with @ are directives of transcripts (@ +1h, @restart); end with ^D.
	// > bot: one two
	// >
}

func FuzzServe(f *testing.F) {
	f.Add([]byte(`{"id":1,"method":"initialize","params":{"config":{}}}` + "\n" + `{"id":2,"method":"event","params":{"kind":"command","trigger":"echo","args":{"text":1}}}`))
	f.Add([]byte(`{"id":2,"method":"event","params":{"kind":"answered","answer":{},"data":{"event":{},"journal":[]}}}`))
	f.Add([]byte(`{"id":2,"method":"event","params":{"kind":"pressed","trigger":"size-9"}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := everything().Serve(ctx, bytes.NewReader(in), io.Discard); err != nil && json.Valid(in) && len(in) < 1000 {
			t.Errorf("%q: %v", in, err)
		}
	})
}
