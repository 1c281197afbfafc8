package bottest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
)

// open opens the bots of this package's transcripts.
func open(_ context.Context, _ bottest.Bot) (bots.Config, error) {
	return bots.Config{Name: "order", Bot: order(), Source: []byte("1")}, nil
}

func order() bots.Bot {
	cmd, err := bots.ParseUsage("order")
	if err != nil {
		panic(err)
	}
	return &bots.Func{
		Says: bots.Spec{Help: "Takes orders.", Triggers: []bots.Trigger{{ID: "order", Command: cmd}}},
		Hears: func(_ context.Context, t *bots.Turn) error {
			size, err := t.Ask(bots.Question{
				Message: bots.Message{Text: "Which size?", Choices: []bots.Choice{{Label: "S"}, {Label: "M"}, {Label: "L"}}},
				Timeout: 24 * time.Hour,
			})
			if err != nil {
				return err
			}
			if size.Late {
				_, err := t.Say(bots.Message{Text: "Another time, then."})
				return err
			}
			n, err := t.Ask(bots.Question{Message: bots.Message{Text: "How many?"}, Type: bots.NumberParam})
			if err != nil {
				return err
			}
			_, err = t.Say(bots.Message{Text: fmt.Sprintf("Ordered %v × **%s** for %s.", n.Value.Number, size.Text, t.Person().Name)})
			return err
		},
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	bottest.Test(t, "testdata/order*.chat", open)
}
