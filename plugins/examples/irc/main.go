// Command irc is a connector for IRC: a plugin that speaks for one account on one network. See README.md.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/roost-im/roost/plugins/examples/irc/relay"
)

func main() {
	if err := relay.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "irc:", err)
		os.Exit(1)
	}
}
