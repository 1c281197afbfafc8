package script_test

import (
	"testing"

	"github.com/roost-im/roost/router/chat"
)

const order = `
def order():
    size = ask("Which size?", choices=["S", "M", "L"])
    n = ask("How many?", type="number")
    if not confirm("Order %d %s?" % (n, size)):
        return "Cancelled."
    state.person["orders"] = state.person.get("orders", 0) + 1
    return "Ordered, number %d." % state.person["orders"]

command("order", order, help="order a shirt")
`

func TestEcho(t *testing.T) {
	t.Parallel()
	w := setup(t, `
def echo(text):
    return text
command("echo <text...>", echo, help="repeat the text")
`)
	w.talk("/echo one two", "one two", "!echo x", "x", "hello", "")
	w.talk("/help", "What I can do:\n• /echo <text…> repeat the text")
}

func TestDialogOverRestarts(t *testing.T) {
	t.Parallel()
	w := setup(t, order)
	restart := func() { w.start(load(t, order), order) }
	w.talk("/order", "Which size? [S] [M] [L]")
	restart()
	w.talk("XXL", "Please answer with one of: S, M, L")
	w.talk("m", "How many?")
	restart()
	w.talk("two", `"two" is no number. Please try again.`, "2", "Order 2 M? [Yes] [No]")
	restart()
	w.hear(chat.Pressed{Button: "ask", Value: "yes"})
	if got := w.said(); got != "Ordered, number 1." {
		t.Fatalf("the bot said %q", got)
	}
	w.talk("/order", "Which size? [S] [M] [L]", "3", "How many?", "1,5", "Order 1 L? [Yes] [No]", "no", "Cancelled.")
}
