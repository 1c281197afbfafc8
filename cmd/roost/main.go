// Command roost relays direct messages between microblogs, team chats and messengers.
//
// It is the one place that knows every platform: it reads the configuration, opens the store, makes the connectors and
// hands all of it to the router. "roost help" lists what it can do.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/roost-im/roost/configs"
)

// The exit codes; the help of the root command lists them.
const (
	exitFine     = 0
	exitFailed   = 1 // something went wrong while working
	exitUsage    = 2 // the command line or the configuration is wrong; nothing was done
	exitFindings = 3 // doctor found something broken, or replay did not find a delivery
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals) // before anything ends, so that a second signal kills at once
		cancel()
	}()
	code := execute(ctx, world{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv}, os.Args[1:])
	cancel()
	os.Exit(code)
}

// world is what a command may touch besides files and sockets.
type world struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) (string, bool)
}

// execute runs one command line and gives its exit code.
func execute(ctx context.Context, w world, args []string) int {
	root := newRoot(w) //nolint:contextcheck // commands get theirs from ExecuteContext
	root.SetArgs(args)
	root.SetIn(w.in)
	root.SetOut(w.out)
	root.SetErr(w.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitFine
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if e, ok := errors.AsType[*exit](err); ok {
		if e.err != nil {
			printError(w.err, e.err)
		}
		return e.code
	}
	printError(w.err, err)
	return exitFailed
}

// exit is an error with an exit code of its own. A nil err has been shown already.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func usage(err error) error { return &exit{exitUsage, err} }

// printError shows each fault of a configuration on a line of its own.
func printError(w io.Writer, err error) {
	faults := configs.Faults(err)
	if len(faults) == 0 {
		_, _ = fmt.Fprintln(w, "roost:", err)
		return
	}
	for _, f := range faults {
		_, _ = fmt.Fprintln(w, f)
	}
}
