package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
)

func (c *common) loginCmd() *cobra.Command {
	var listen string
	var noBrowser bool
	var keys keyFlags
	cmd := &cobra.Command{
		Use:   "login ACCOUNT",
		Short: "Log an account in at its platform, where that takes more than a token",
		Long: `Login opens the platform's page in your browser, waits until you said yes there, and keeps the tokens, encrypted,
in the database. A Roost that runs with this configuration uses them at once.

X comes back to http://LISTEN/callback, which must be one of the callback addresses of your app. On a machine without a
browser, open the printed address elsewhere and forward that port.

With --chat it gets an account of X that is logged in its keys for encrypted messages. It makes and registers new keys
if the account has none; from then on people's apps may encrypt what they write to it. If the account has keys, because
somebody uses X's app with it, bring them with --keys: on your own machine, unlock them once with the account's PIN by
X's xurl (xurl chat keys restore) or X's Chat XDK (Python, Go, .NET or JVM: unlock, then export_keys), and write them
into a file, as they are or in base64; docs/x.md shows how. Roost itself does not take the PIN.

With --replace people's apps show that the account's key has changed, older messages can't be read by Roost, and the
account's other devices can't read newer ones until they have taken the new keys over.`,
		Example: `  roost login x/acme
  roost login x/acme --chat
  roost login x/acme --chat --export acme.key
  roost login x/acme --chat --keys acme.key`,
		Args:              wants("ACCOUNT"),
		ValidArgsFunction: c.accountNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			if _, _, err := net.SplitHostPort(listen); listen != "" && err != nil {
				return usage(fmt.Errorf("--listen %s: wants host:port, as in 127.0.0.1:8737", listen))
			}
			if keys.wanted(cmd.Flags()) {
				if listen != "" || noBrowser {
					return usage(errors.New("--chat opens no page, so --listen and --no-browser mean nothing with it"))
				}
				if err := keys.check(cmd.Flags(), c.json); err != nil {
					return err
				}
				return c.askKeys(cmd.Context(), name, keys)
			}
			return c.login(cmd.Context(), name, loginOptions{listen: listen, show: c.shower(cmd.Context(), noBrowser)})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "where the browser comes back to, as `HOST:PORT`; default 127.0.0.1:8737")
	cmd.Flags().BoolVar(&noBrowser, "no-browser", false, "print the address only")
	keys.define(cmd.Flags())
	return cmd
}

// loginOptions is how a person is shown a page and comes back.
type loginOptions struct {
	listen string
	show   func(url string) error
}

// login logs one account in, and keeps its tokens where the Roost that runs, or the next one, finds them.
func (c *common) login(ctx context.Context, name chat.Account, opt loginOptions) error {
	f, a, err := c.accountOf(name)
	if err != nil {
		return err
	}
	p, _ := platformOf(name)
	if p.login == nil || p.fixed != nil && p.fixed(a.Settings) {
		return usage(fmt.Errorf("%s needs no login: its tokens stand in %s", name, c.config))
	}
	o, err := c.officeOf(ctx, f)
	if err != nil {
		return err
	}
	defer func() { _ = o.Close() }()
	who, err := p.login(ctx, a.Settings, bridges.Deps{
		Account: name, Keep: o.keeper(name), Log: slog.New(slog.DiscardHandler),
	}, opt)
	if err != nil {
		return err
	}
	if _, err := o.reopen(ctx, name); err != nil {
		return fmt.Errorf("the login is kept, but the account does not run again: %w", err)
	}
	if c.json {
		return c.print(map[string]string{"account": string(name), "as": who})
	}
	_, err = fmt.Fprintf(c.out, "%s is logged in as %s.\n", name, who)
	return err
}

// accountOf is an account of the configuration.
func (c *common) accountOf(name chat.Account) (*configs.File, configs.Account, error) {
	f, err := c.load()
	if err != nil {
		return nil, configs.Account{}, err
	}
	a, ok := f.Accounts[name]
	if !ok {
		return nil, configs.Account{}, noAccount(f, name)
	}
	return f, a, nil
}

// fixedX says whether an X account's tokens stand in the configuration, where no login changes them.
func fixedX(settings any) bool {
	cfg, ok := settings.(x.Config)
	return ok && (!cfg.AccessToken.IsZero() || cfg.ClientID == "")
}

func loginX(ctx context.Context, settings any, deps bridges.Deps, opt loginOptions) (string, error) {
	cfg, ok := settings.(x.Config)
	if !ok {
		return "", fmt.Errorf("%s: settings are %T", deps.Account, settings)
	}
	var who chat.Author
	err := x.Login(ctx, cfg, deps, x.LoginOptions{
		Open: opt.show, Listen: opt.listen, Done: func(a chat.Author) { who = a },
	})
	return "@" + who.Handle, err
}

// shower prints an address, and opens it in the person's browser where there is one.
func (c *common) shower(ctx context.Context, printOnly bool) func(url string) error {
	return func(url string) error {
		_, err := fmt.Fprintf(c.err, "Open this page, if your browser doesn't:\n\n  %s\n\nWaiting until you said yes there, for ten minutes at most. Ctrl-C gives up.\n", url)
		if err != nil || printOnly {
			return err
		}
		open := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
		if open == "" {
			open = "xdg-open"
		}
		// The address is printed, so nothing is lost where no browser can be started.
		cmd := exec.CommandContext(ctx, open, url) //nolint:gosec // a fixed program and an address that we made
		if cmd.Start() == nil {
			go func() { _ = cmd.Wait() }()
		}
		return nil
	}
}
