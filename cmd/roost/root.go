package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/router/chat"
)

// common are the flags that most commands share.
type common struct {
	world
	config string
	json   bool
}

const (
	groupStart = "start"
	groupLook  = "look"
	groupBots  = "bots"
	groupOther = "other"
)

func newRoot(w world) *cobra.Command {
	c := &common{world: w}
	root := &cobra.Command{
		Use:   "roost",
		Short: "Relay direct messages between microblogs, team chats and messengers",
		Long: `Roost takes the direct messages of your public accounts to where your team works, and brings the answers back.

Try it without any account:   roost sandbox
Run it:                       roost check && roost run

Exit codes: 0 all is well; 1 something went wrong; 2 the command line or the configuration is wrong and nothing was
done; 3 doctor found something broken, or replay did not find what was asked for.`,
		SilenceUsage: true, SilenceErrors: true,
		SuggestionsMinimumDistance: 2,
		Args:                       unknownCommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
	})
	root.PersistentFlags().StringVarP(&c.config, "config", "c", "roost.yaml", "the configuration `FILE`")
	root.PersistentFlags().BoolVar(&c.json, "json", false, "print JSON, for programs")
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: groupStart, Title: "Set it up and run it:"},
		&cobra.Group{ID: groupLook, Title: "Look after it:"},
		&cobra.Group{ID: groupBots, Title: "Write bots:"},
		&cobra.Group{ID: groupOther, Title: "Besides:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, sub := range commands {
			sub.GroupID, sub.Args = group, usageArgs(sub.Args)
			sub.DisableFlagsInUseLine = true
			root.AddCommand(sub)
		}
	}
	add(groupStart, c.sandboxCmd(), c.checkCmd(), c.loginCmd(), c.runCmd())
	add(groupLook, c.doctorCmd(), c.deliveriesCmd(), c.replayCmd(), c.whyCmd(), c.botsCmd())
	add(groupBots, c.chatCmd(), c.testCmd(), c.recordCmd())
	help := helpCmd()
	add(groupOther, c.versionCmd(), c.completionCmd(), help)
	root.AddCommand(workerCmd())
	root.SetHelpCommand(help)
	return root
}

// unknownCommand names the commands that may have been meant.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "roost help lists them"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usage(fmt.Errorf("there is no command %q; %s", args[0], hint))
}

// usageArgs makes a wrong number of arguments a usage error that shows how the command is used.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		if err := check(cmd, args); err != nil {
			return usage(fmt.Errorf("%w\n\nUsage:\n  %s\n\n%s --help says more", err, cmd.UseLine(), cmd.CommandPath()))
		}
		return nil
	}
}

// wants takes exactly the named arguments.
func wants(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			verb := "is"
			if len(names)-len(args) > 1 {
				verb = "are"
			}
			return fmt.Errorf("%s: %s %s missing", cmd.CommandPath(), strings.Join(names[len(args):], " and "), verb)
		case len(args) > len(names):
			return fmt.Errorf("%s: %q is too much", cmd.CommandPath(), args[len(names)])
		}
		return nil
	}
}

func helpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Say what a command does",
		Long:  "Help shows what a command does and its flags.",
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			for _, sub := range cmd.Root().Commands() {
				names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			about, _, err := cmd.Root().Find(args)
			if err != nil || (len(args) > 0 && about == cmd.Root()) {
				return unknownCommand(cmd.Root(), args)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

func (c *common) completionCmd() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes roost's command lines in your shell",
		Long: `Completion prints a script for bash, zsh, fish or powershell. To load it in every session:

  bash:  roost completion bash > /etc/bash_completion.d/roost     (needs the package bash-completion)
  zsh:   roost completion zsh > "${fpath[1]}/_roost"
  fish:  roost completion fish > ~/.config/fish/completions/roost.fish
  powershell:  roost completion powershell | Out-String | Invoke-Expression`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := wants("SHELL")(cmd, args); err != nil {
				return err
			}
			if !slices.Contains(shells, args[0]) {
				return fmt.Errorf("there is no completion for %q; SHELL is bash, zsh, fish or powershell", args[0])
			}
			return nil
		},
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(c.out, true)
			case "zsh":
				return root.GenZshCompletion(c.out)
			case "fish":
				return root.GenFishCompletion(c.out, true)
			}
			return root.GenPowerShellCompletionWithDesc(c.out)
		},
	}
}

// accountNames completes the names of the configuration's accounts.
func (c *common) accountNames(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	f, err := c.load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for _, name := range slices.Sorted(maps.Keys(f.Accounts)) {
		names = append(names, string(name))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func parseAccount(s string) (chat.Account, error) {
	name, err := chat.ParseAccount(s)
	if errors.Is(err, chat.ErrBadAccount) {
		err = fmt.Errorf("%q is no account; one is written like x/acme", s)
	}
	if err != nil {
		return "", usage(err)
	}
	return name, nil
}

// print writes v as JSON.
func (c *common) print(v any) error {
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// count is a number of things in words.
func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
