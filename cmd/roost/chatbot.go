package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/configs"
)

// chatFlags are the flags of "roost chat".
type chatFlags struct {
	on     string
	as     string
	keep   string
	kept   []byte // what is in it
	locale string
	set    []string
}

func (c *common) chatCmd() *cobra.Command {
	var f chatFlags
	cmd := &cobra.Command{
		Use:        "chat BOT",
		SuggestFor: []string{"talk", "shell", "repl"},
		Short:      "Talk to a bot here, without any platform",
		Long: `Chat lets you talk to a bot: BOT is the path of a script, of rules or of a plugin's folder, or the name of a bot of
the configuration. What you write is said to it directly; a number picks one of its choices. Lines that begin with @
are for the chat itself, and @help lists them. The clock stands still: "@ +2h" moves it, and what is due happens.

What the bot remembers is gone at the end, unless --keep says where it stays.`,
		Example: `  roost chat bots/order.star
  roost chat --on x shop
  echo "/help" | roost chat bots/faq.yaml`,
		Args: wants("BOT"),
		RunE: func(cmd *cobra.Command, args []string) error { return c.chat(cmd.Context(), args[0], f) },
	}
	cmd.Flags().StringVar(&f.on, "on", "", "as on `PLATFORM`: "+strings.Join(bottest.Platforms(), ", "))
	cmd.Flags().StringVar(&f.as, "as", "alice", "your `NAME`")
	cmd.Flags().StringVar(&f.keep, "keep", "", "remember the chat in `FILE`, and go on with the one that is there")
	cmd.Flags().StringVar(&f.locale, "locale", "", "the `LANGUAGE` of the bot's texts")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "a setting of the bot, as `NAME=VALUE`")
	_ = cmd.RegisterFlagCompletionFunc("on", cobra.FixedCompletions(bottest.Platforms(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// botNamed is the bot at a path, or of the configuration.
func (c *common) botNamed(arg string) (name string, b configs.Bot, err error) {
	if _, err := os.Stat(arg); err == nil {
		b, err := botAt(arg)
		if err != nil {
			err = usage(err)
		}
		return nameOf(arg), b, err
	}
	f, err := c.load()
	if errors.Is(err, fs.ErrNotExist) {
		_, err := botAt(arg)
		return "", b, usage(err)
	}
	if err != nil {
		return "", b, err
	}
	b, ok := f.Bots[arg]
	if !ok {
		_, err := botAt(arg)
		names := "none"
		if len(f.Bots) > 0 {
			names = strings.Join(slices.Sorted(maps.Keys(f.Bots)), ", ")
		}
		return "", b, usage(fmt.Errorf("%w; the configuration has these: %s", err, names))
	}
	return arg, b, nil
}

func (c *common) chat(ctx context.Context, arg string, f chatFlags) error {
	name, b, err := c.botNamed(arg)
	if err != nil {
		return err
	}
	if f.keep != "" {
		if f.kept, err = os.ReadFile(f.keep); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return usage(fmt.Errorf("--keep: %w", err))
		}
	}
	if _, ok := bottest.Traits(f.on); f.on != "" && !ok {
		return usage(fmt.Errorf("--on %s: there are %s", f.on, strings.Join(bottest.Platforms(), ", ")))
	}
	ch, did, err := bottest.NewChat(ctx, f.options(name, b))
	if err != nil {
		return usage(err)
	}
	defer ch.Close()
	s := &shell{c: c, chat: ch, as: f.as, prompt: isTerminal(c.in) && isTerminal(c.out)}
	s.show(did)
	err = s.run(ctx)
	if f.keep == "" {
		return err
	}
	kept, fault := ch.Keep()
	if fault == nil {
		fault = os.WriteFile(f.keep, kept, 0o600)
	}
	return errors.Join(err, fault)
}

// options are those of a chat with b.
func (f *chatFlags) options(name string, b configs.Bot) bottest.ChatOptions {
	o := bottest.ChatOptions{
		Bot: bottest.Bot{Path: b.Path, Locale: f.locale}, Platform: f.on, At: time.Now().Truncate(time.Second),
		Web: http.DefaultTransport, Kept: f.kept,
		Open: func(ctx context.Context, want bottest.Bot) (bots.Config, error) {
			if want.Path != b.Path { // it was replaced by another one
				return openBotAt(ctx, want)
			}
			return openBot(ctx, name, b, want)
		},
	}
	for _, s := range f.set {
		o.Set = append(o.Set, "@config "+s)
	}
	return o
}

// shell is a person at a terminal, or a program, that talks to a bot.
type shell struct {
	c       *common
	chat    *bottest.Chat
	as      string
	prompt  bool
	choices []string // that can be answered by their number
}

const shellHelp = `  what you write is said to the bot; a number picks one of its choices
  @ +2h                 the clock goes on, and what is due happens; also @ 09:00
  @as bob@#lounge       you are somebody else, somewhere else
  @do alice reacts 👍    any line of a transcript; docs/testing-bots.md lists them
  @restart              the process ends, and another one begins with what was stored
  @save FILE            writes this chat as a transcript, which "roost test" plays
  @quit                 the end; so is the end of the input
`

// run says line by line what is written, until there is no more.
func (s *shell) run(ctx context.Context) error {
	if s.prompt {
		_, _ = fmt.Fprintf(s.c.out, "You talk to the bot now; @help says what else you can do.\n")
	}
	in := bufio.NewScanner(s.c.in)
	in.Buffer(nil, 1<<20)
	for ctx.Err() == nil {
		if s.prompt {
			_, _ = fmt.Fprintf(s.c.out, "%s: ", s.as)
		}
		if !in.Scan() {
			break
		}
		words := strings.TrimSpace(in.Text())
		if words == "@quit" {
			return nil
		}
		if err := s.line(ctx, words); err != nil {
			_, _ = fmt.Fprintln(s.c.out, "!", err)
		}
	}
	if s.prompt {
		_, _ = fmt.Fprintln(s.c.out)
	}
	return errors.Join(in.Err(), ctx.Err())
}

// line does what one line wants.
func (s *shell) line(ctx context.Context, words string) error {
	verb, arg, _ := strings.Cut(words, " ")
	arg = strings.TrimSpace(arg)
	switch {
	case words == "":
		return nil
	case verb == "@help":
		_, err := io.WriteString(s.c.out, shellHelp)
		return err
	case verb == "@as":
		if arg == "" || strings.ContainsAny(arg, " :") {
			return errors.New("@as wants a name, and maybe a place: @as bob@#lounge")
		}
		s.as, s.choices = arg, nil
		return nil
	case verb == "@save":
		if arg == "" {
			return errors.New("@save wants a file")
		}
		return os.WriteFile(arg, []byte(s.chat.Transcript()), 0o600)
	case verb == "@do":
		words = arg
	case !strings.HasPrefix(words, "@") || strings.HasPrefix(words, "@bot"):
		words = s.said(words)
	}
	did, err := s.chat.Line(ctx, words)
	s.show(did)
	return err
}

// said is what the person says, or presses: the number of a choice that is a button.
func (s *shell) said(words string) string {
	n, err := strconv.Atoi(words)
	if err == nil && n >= 1 && n <= len(s.choices) && s.chat.Buttons() {
		return s.as + " presses [" + s.choices[n-1] + "]"
	}
	return s.as + ": " + words
}

// show shows what the bot did.
func (s *shell) show(did []bottest.Did) {
	for _, d := range did {
		_, _ = fmt.Fprintln(s.c.out, d.Line)
		for i, l := range d.Choices {
			_, _ = fmt.Fprintf(s.c.out, "  %d. %s\n", i+1, l)
		}
		s.choices = d.Choices
	}
}
