package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/pflag"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/router/chat"
)

// keyFlags are what roost login is told about keys for encrypted messages.
type keyFlags struct {
	chat    bool
	keys    string // a file; "-": the standard input
	replace bool
	export  string // a file; "-": the standard output
}

func (k *keyFlags) define(f *pflag.FlagSet) {
	f.BoolVar(&k.chat, "chat", false, "get the account's keys for X's encrypted messages")
	f.StringVar(&k.keys, "keys", "", "with --chat: bring keys that the account has, from a `FILE`; - is the standard input")
	f.BoolVar(&k.replace, "replace", false, "with --chat: register new keys although the account has some")
	f.StringVar(&k.export, "export", "", "with --chat: write a backup of the keys into a new `FILE`; - is the standard output")
}

// wanted says whether it is about keys.
func (k *keyFlags) wanted(f *pflag.FlagSet) bool {
	return k.chat || k.replace || f.Changed("keys") || f.Changed("export")
}

// check finds what is wrong with the flags. An empty name of a file is that of a variable that is not set: with --keys,
// new keys would be registered although somebody brings some.
func (k *keyFlags) check(f *pflag.FlagSet, asJSON bool) error {
	switch {
	case f.Changed("keys") && k.keys == "":
		return usage(errors.New("--keys: the name of the file is empty"))
	case f.Changed("export") && k.export == "":
		return usage(errors.New("--export: the name of the file is empty"))
	case !k.chat:
		return usage(errors.New("--keys, --replace and --export are about encrypted messages; say --chat, too"))
	case k.keys != "" && k.replace:
		return usage(errors.New("--keys and --replace exclude each other"))
	case k.export == stdio && asJSON:
		return usage(errors.New("--json and --export - exclude each other"))
	}
	return nil
}

// stdio is the name of no file: the standard input or output.
const stdio = "-"

// keyQuestion is what a Roost is asked for to get keys for encrypted messages. It holds secrets.
type keyQuestion struct {
	Account chat.Account `json:"account"`
	Keys    []byte       `json:"keys,omitempty"` // as the file has them
	Replace bool         `json:"replace,omitempty"`
	Export  bool         `json:"export,omitempty"` // the answer shall have the keys
}

// keyAnswer is what became of the keys. Its Keys are a secret, and are in it only when they were asked for.
type keyAnswer struct {
	As          string        `json:"as"`
	Outcome     x.ChatOutcome `json:"outcome"`
	Version     string        `json:"version"`
	Fingerprint string        `json:"fingerprint"`
	Newer       string        `json:"newer,omitempty"`
	Notes       []string      `json:"notes,omitempty"`
	Keys        []byte        `json:"keys,omitempty"`
}

// askKeys gets an account its keys for encrypted messages, and keeps them where the Roost that runs, or the next one,
// finds them. A Roost that runs does it itself, because an account's login is renewed in one place at a time.
func (c *common) askKeys(ctx context.Context, name chat.Account, k keyFlags) error {
	f, _, err := c.accountOf(name)
	if err != nil {
		return err
	}
	if p, _ := platformOf(name); p.loginKeys == nil {
		return usage(fmt.Errorf("%s: --chat is about the encrypted messages of X alone", name))
	}
	q := keyQuestion{Account: name, Replace: k.replace, Export: k.export != ""}
	if q.Keys, err = c.readKeys(ctx, k.keys); err != nil {
		return err
	}
	backup, err := c.newBackup(k.export)
	if err != nil {
		return err
	}
	o, err := c.officeOf(ctx, f)
	if err != nil {
		return errors.Join(err, backup.drop())
	}
	defer func() { _ = o.Close() }()
	done, err := o.loginKeys(ctx, q)
	if err != nil {
		return errors.Join(err, backup.drop())
	}
	kept := backup.write(done.Keys)
	done.Keys = nil
	if _, err := o.reopen(ctx, name); err != nil {
		return errors.Join(fmt.Errorf("the keys are kept, but the account does not run again: %w", err), kept)
	}
	return errors.Join(c.tellKeys(name, done, k.export), kept)
}

// mostKeys is how much of a file with keys is read.
const mostKeys = 4 << 10

// readKeys reads keys as a file has them; nil when no file is named. From a terminal they are not taken: they would stand there
// for everybody to see. It ends when ctx does, although what it reads from may never end: then the program ends, too.
func (c *common) readKeys(ctx context.Context, name string) ([]byte, error) {
	switch {
	case name == "":
		return nil, nil
	case name == stdio && terminal(c.in):
		return nil, usage(errors.New("--keys -: the keys would be seen on the terminal; name a file, or pipe them in"))
	}
	var b []byte
	read := make(chan error, 1)
	go func() {
		var err error
		b, err = c.readFew(name)
		read <- err
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case err := <-read:
		switch {
		case err != nil:
			return nil, usage(err)
		case len(b) == 0:
			return nil, usage(fmt.Errorf("--keys %s: it is empty", name))
		case len(b) > mostKeys:
			return nil, usage(fmt.Errorf("--keys %s: it is too long to be a key blob, which has 64 bytes, or 88 in base64", name))
		}
		return b, nil
	}
}

// readFew reads a file, or the standard input, as far as it can be keys, and one byte more.
func (c *common) readFew(name string) ([]byte, error) {
	in := c.in
	if name != stdio {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("--keys: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, mostKeys+1))
	if err != nil {
		return nil, fmt.Errorf("--keys %s: %w", name, err)
	}
	return b, nil
}

// terminal says whether somebody sees what is written there, or types what is read.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// backup is where a backup of the keys goes.
type backup struct {
	to   io.Writer // nil: nowhere
	file *os.File  // nil: to is the standard output
}

// newBackup makes the file before anything else happens, so that keys are not registered whose backup then fails. The
// standard output is for pipes: on a terminal the keys would stay in its scrollback and in recordings of it.
func (c *common) newBackup(name string) (backup, error) {
	switch {
	case name == "":
		return backup{}, nil
	case name == stdio && terminal(c.out):
		return backup{}, usage(errors.New("--export -: the keys would be seen on the terminal; name a file, or pipe them into a program"))
	case name == stdio:
		return backup{to: c.out}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		if info, _ := os.Stat(name); info != nil && info.IsDir() {
			return backup{}, usage(fmt.Errorf("--export %s: it is a folder; name a new file in it", name))
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return backup{}, usage(fmt.Errorf("--export %s: it is there already, and nothing is written over", name))
	}
	if err != nil {
		return backup{}, usage(fmt.Errorf("--export: %w", err))
	}
	return backup{to: f, file: f}, nil
}

// drop removes the file that newBackup made.
func (b backup) drop() error {
	if b.file == nil {
		return nil
	}
	return errors.Join(b.file.Close(), os.Remove(b.file.Name()))
}

// write writes the keys, and returns when they are on disk.
func (b backup) write(keys []byte) error {
	if b.to == nil {
		return nil
	}
	_, err := fmt.Fprintf(b.to, "%s\n", keys)
	if b.file != nil {
		err = errors.Join(err, b.file.Sync(), b.file.Close())
	}
	if err != nil {
		return fmt.Errorf("the keys are kept, but the backup is not written; run it again with --export: %w", err)
	}
	return nil
}

// tellKeys says how the keys stand.
func (c *common) tellKeys(name chat.Account, done keyAnswer, export string) error {
	if c.json {
		return c.print(struct {
			Account chat.Account `json:"account"`
			keyAnswer

			Export string `json:"export,omitempty"`
		}{name, done, export})
	}
	out := c.out
	if export == stdio { // there are the keys
		out = c.err
	}
	if export != "" {
		where := export
		if export == stdio {
			where = "What was written"
		}
		if _, err := fmt.Fprintf(c.err, "%s is like a root password: whoever has it reads all encrypted messages of %s, old and new, and writes as\n"+
			"the account. Keep it offline, and in no repository, ticket or chat.\n", where, done.As); err != nil {
			return err
		}
	}
	for _, note := range done.Notes {
		if _, err := fmt.Fprintln(c.err, note); err != nil {
			return err
		}
	}
	did := map[x.ChatOutcome]string{
		x.ChatFound: "has its keys", x.ChatImported: "has the given keys", x.ChatRegistered: "has new keys",
	}[done.Outcome]
	hint := "; make a backup with --export FILE"
	if export != "" {
		hint = ""
	}
	_, err := fmt.Fprintf(out, "%s: %s %s for encrypted messages: version %s, fingerprint %s%s.\n", name, done.As, did, done.Version, done.Fingerprint, hint)
	return err
}

// loginKeys has the connector that the router has do it, because an account's login is renewed in one place at a time.
func (h *house) loginKeys(ctx context.Context, q keyQuestion) (keyAnswer, error) {
	p, _ := platformOf(q.Account)
	h.mu.RLock()
	conn := h.open[q.Account]
	h.mu.RUnlock()
	if conn == nil || p.loginKeys == nil {
		return keyAnswer{}, usage(fmt.Errorf("the Roost that runs does not have %s; send it SIGHUP when its configuration changed", q.Account))
	}
	h.keying.Lock()
	defer h.keying.Unlock()
	a, err := p.loginKeys(ctx, conn, q)
	return a, plainly(err)
}

// loginKeysX gets an account of X its keys.
func loginKeysX(ctx context.Context, conn chat.Connector, q keyQuestion) (keyAnswer, error) {
	of, ok := conn.(*x.Connector)
	if !ok {
		return keyAnswer{}, fmt.Errorf("%s: its connector is %T", q.Account, conn)
	}
	done, err := of.LoginChat(ctx, x.ChatLoginOptions{Keys: bridges.NewSecret(string(q.Keys)), Replace: q.Replace})
	if err != nil {
		return keyAnswer{}, err
	}
	a := keyAnswer{As: "@" + done.Who.Handle, Outcome: done.Outcome, Version: done.Version, Fingerprint: done.Fingerprint, Newer: done.Newer, Notes: done.Notes}
	if q.Export {
		a.Keys = []byte(done.Keys.Reveal())
	}
	return a, nil
}

// plainly is an error as a person is told of it: its reason, with the platform's own words behind it.
func plainly(err error) error {
	e, ok := errors.AsType[*chat.Error](err)
	switch {
	case !ok:
		return err
	case e.Err == nil:
		return errors.New(chat.Reason(e))
	}
	return fmt.Errorf("%s (%w)", chat.Reason(e), e.Err)
}
