package bottest_test

import (
	"context"
	"fmt"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
)

// echo is a bot that repeats what it is told.
func echo(context.Context, bottest.Bot) (bots.Config, error) {
	command, err := bots.ParseUsage("echo <text...>")
	if err != nil {
		return bots.Config{}, err
	}
	return bots.Config{Name: "echo", Bot: &bots.Func{
		Says: bots.Spec{Triggers: []bots.Trigger{{ID: "echo", Command: command}}},
		Hears: func(_ context.Context, t *bots.Turn) error {
			_, err := t.Say(bots.Message{Text: t.Args()["text"].Text})
			return err
		},
	}}, nil
}

func ExamplePlay() {
	t, err := bottest.Parse("echo.chat", []byte(`
alice: /echo one two
bot: one two
alice: /echo three
bot: four
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bottest.Play(context.Background(), t, "telegram", echo))
	// Output:
	// echo.chat:5: the bot does something else than is written
	//       1 |
	//       2 | alice: /echo one two
	//       3 | bot: one two
	//       4 | alice: /echo three
	// -     5 | bot: four
	// +       | bot: three
}

func ExampleChat() {
	ctx := context.Background()
	c, _, err := bottest.NewChat(ctx, bottest.ChatOptions{Open: echo})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	did, err := c.Line(ctx, "alice: /echo hello")
	fmt.Println(did[0].Line, err)
	// Output: bot: hello <nil>
}

func ExampleParse() {
	_, err := bottest.Parse("echo.chat", []byte("alice: hi\nbot edts: hello\n"))
	fmt.Println(err)
	// Output: echo.chat:2:5: bot can't do "edts"; did you mean "edits"?
}
