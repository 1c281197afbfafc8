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

	"github.com/spf13/cobra"

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
	// A second signal kills at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	code := execute(ctx, world{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv}, os.Args[1:])
	stop()
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
	root := newRoot(w)
	root.SetArgs(args)
	root.SetIn(w.in)
	root.SetOut(w.out)
	root.SetErr(w.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitFine
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

// common are the flags that most commands share.
type common struct {
	world
	config string
	json   bool
}

func newRoot(w world) *cobra.Command {
	c := &common{world: w}
	root := &cobra.Command{
		Use:   "roost",
		Short: "Relay direct messages between microblogs, team chats and messengers",
		Long: `Roost takes the direct messages of your public accounts to where your team works, and brings the answers back.

Try it without any account:   roost sandbox
Run it:                       roost check && roost run

Exit codes: 0 all is well; 1 something went wrong; 2 the command line or the configuration is wrong and nothing was
done; 3 doctor found something broken, or nothing matched what was asked for.`,
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.PersistentFlags().StringVarP(&c.config, "config", "c", "roost.yaml", "the configuration file")
	root.PersistentFlags().BoolVar(&c.json, "json", false, "print JSON, for programs")
	root.AddCommand(
		c.sandboxCmd(), c.runCmd(), c.checkCmd(), c.loginCmd(), c.doctorCmd(),
		c.deliveriesCmd(), c.replayCmd(), c.whyCmd(), c.versionCmd(),
	)
	for _, sub := range root.Commands() {
		sub.Args = usageArgs(sub.Args)
	}
	return root
}

// usageArgs makes a wrong number of arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		if err := check(cmd, args); err != nil {
			return usage(fmt.Errorf("%w\n\n%s", err, cmd.UsageString()))
		}
		return nil
	}
}
