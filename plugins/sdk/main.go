package sdk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/plugins"
)

// Main is the main function of a bot's program: see the package. It does not return.
func (b *Bot) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := b.Run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "%s: %v\n", b.name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Run is Main without the end of the process: what to do its arguments say, and whether in is a terminal.
func (b *Bot) Run(ctx context.Context, args []string, in *os.File, out io.Writer) error {
	switch {
	case len(args) > 0 && args[0] == "test":
		return b.Test(ctx, args[1:], out)
	case len(args) > 0:
		return fmt.Errorf("there is no %q; it is run without arguments, or with test FILES…", args[0])
	case terminal(in):
		return b.Shell(ctx, in, out)
	}
	return b.Serve(ctx, in, out)
}

// terminal says whether somebody sits in front of f.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}

// open makes the bot for a chat: the protocol is spoken within this process.
func (b *Bot) open(ctx context.Context, with bottest.Bot) (bots.Config, error) {
	m, err := b.manifest()
	if err != nil {
		return bots.Config{}, err
	}
	settings := map[string]any{}
	for k, v := range with.Config {
		settings[k] = v
	}
	p, err := plugins.New(ctx, plugins.Config{Manifest: m, Settings: settings, Name: b.name, Locale: with.Locale, Serve: b.Serve})
	if err != nil {
		return bots.Config{}, err
	}
	return bots.Config{Name: b.name, Bot: p, Time: p.Time(), Rate: m.Limits.Sends, Env: bots.Env{May: m.May, Folder: m.Folder}}, nil
}

// manifest is that of the folder in which the program is run, or one that allows nothing when there is none.
func (b *Bot) manifest() (*plugins.Manifest, error) {
	if _, err := os.Stat(plugins.ManifestName); err == nil {
		return plugins.Open(".")
	}
	return plugins.Parse(plugins.ManifestName, []byte("api: 1\nname: "+b.name+"\nrun: {exec: [./"+b.name+"]}\n"))
}

// Test runs transcripts and says how they ended. Its error says how many failed.
func (b *Bot) Test(ctx context.Context, paths []string, out io.Writer) error {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	files, err := bottest.Files(paths...)
	if err != nil {
		return err
	}
	report, err := bottest.Run(ctx, bottest.Options{Files: files, Open: b.open, Each: func(r bottest.Result) {
		if r.Failure == "" {
			_, _ = fmt.Fprintf(out, "ok    %s\n", r.Name)
			return
		}
		_, _ = fmt.Fprintf(out, "FAIL  %s\n%s\n", r.Name, strings.TrimRight(r.Failure, "\n"))
	}})
	if err != nil {
		return err
	}
	if report.Failed > 0 {
		return fmt.Errorf("%d of %d transcripts failed", report.Failed, len(report.Results))
	}
	return nil
}

// Shell has somebody talk to the bot, a line each, until in or ctx ends.
func (b *Bot) Shell(ctx context.Context, in io.Reader, out io.Writer) error {
	c, did, err := bottest.NewChat(ctx, bottest.ChatOptions{Open: b.open})
	if err != nil {
		return err
	}
	defer c.Close()
	_, _ = fmt.Fprintf(out, "You talk to %s. Lines that begin with @ are directives of transcripts (@ +1h, @restart); end with ^D.\n", b.name)
	show(out, did)
	lines := make(chan string)
	go func() { // it ends with the process when nobody writes: a read of a terminal can't be ended
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		_, _ = io.WriteString(out, "> ")
		select {
		case line, ok := <-lines:
			if !ok {
				return nil
			}
			did, err := c.Line(ctx, spoken(line))
			if err != nil && !errors.Is(err, context.Canceled) {
				_, _ = fmt.Fprintln(out, err)
			}
			show(out, did)
		case <-ctx.Done():
			return nil
		}
	}
}

// spoken is a line as a transcript has it: you say it, unless it is a directive or already says who does what.
func spoken(line string) string {
	if line == "" || strings.HasPrefix(line, "@") || strings.HasPrefix(line, "you ") {
		return line
	}
	return "you: " + line
}

func show(out io.Writer, did []bottest.Did) {
	for _, d := range did {
		_, _ = io.WriteString(out, d.Line)
		for _, label := range d.Choices {
			_, _ = fmt.Fprintf(out, "  [%s]", label)
		}
		_, _ = io.WriteString(out, "\n")
	}
}
