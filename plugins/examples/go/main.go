// Command orders is a bot that takes orders for shirts: a dialog as straight-line code, which survives restarts, a choice, a
// number, state, and a schedule. Run it in a terminal to talk to it, or with test to run its transcripts.
package main

import (
	"fmt"

	"github.com/roost-im/roost/plugins/sdk"
)

func main() { orders().Main() }

func orders() *sdk.Bot {
	b := sdk.New("orders")
	b.Help("I take orders for shirts.")
	b.Command("order [<size:S|M|L>]", "order a shirt", order)
	b.Command("mine", "how many shirts you have ordered", mine)
	b.Every("0 9 * * 1", "", "", func(c *sdk.Ctx) error { return c.Reply("New shirts every Monday: /order") })
	return b
}

// order asks for what it does not know yet. Between a question and its answer days may pass, and restarts.
func order(c *sdk.Ctx) error {
	size := c.Arg("size")
	if size == "" {
		var err error
		if size, err = c.Ask("Which size?", "S", "M", "L"); err != nil {
			return err
		}
	}
	count, err := c.AskFor(sdk.Question{Message: sdk.Message{Text: "How many?"}, Type: "number"})
	if err != nil {
		return err
	}
	sure, err := c.Confirm(fmt.Sprintf("%s × %s, is that right?", count.Text, size))
	if err != nil {
		return err
	}
	if !sure {
		return c.Reply("Never mind.")
	}
	var before int
	if _, err := c.Get(sdk.OfPerson, "orders", &before); err != nil {
		return err
	}
	if err := c.Set(sdk.OfPerson, "orders", before+1); err != nil {
		return err
	}
	return c.Reply(fmt.Sprintf("Ordered %s × %s.", count.Text, size))
}

func mine(c *sdk.Ctx) error {
	var n int
	if _, err := c.Get(sdk.OfPerson, "orders", &n); err != nil {
		return err
	}
	return c.Reply(fmt.Sprintf("You have ordered %d times.", n))
}
