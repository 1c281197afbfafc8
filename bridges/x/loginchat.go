package x

import (
	"context"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/encrypted"
	"github.com/roost-im/roost/router/chat"
)

// ChatLoginOptions is where an account's keys for encrypted messages come from. The zero value uses those that are there,
// and makes new ones when the account has none anywhere.
type ChatLoginOptions struct {
	// Keys are keys that the account has already: the 64 bytes that X's own SDK exports, or base64 of them. Empty: none.
	Keys bridges.Secret
	// Replace registers new keys although the account has some.
	Replace bool
}

// ChatOutcome is what became of an account's keys for encrypted messages.
type ChatOutcome string

// The outcomes.
const (
	ChatFound      ChatOutcome = "found"      // they were there, and X lists them
	ChatImported   ChatOutcome = "imported"   // they were given, and X lists them
	ChatRegistered ChatOutcome = "registered" // X has registered them now
)

// ChatLogin is the keys for encrypted messages with which an account works from now on.
type ChatLogin struct {
	Who         chat.Author
	Outcome     ChatOutcome
	Version     string         // X's, of the registered keys
	Fingerprint string         // of the public side, for people to compare
	Newer       string         // the version of other keys that X lists, for which people write now; empty: these are the newest
	Notes       []string       // in sentences, why messages are not read all the same, and what to do about it
	Keys        bridges.Secret // the blob in base64, for a backup: whoever has it reads and writes as the account
}

// LoginChat finds, imports or makes the account's keys for encrypted messages, and has X register new ones. They are kept in
// Deps.Keep, unless the settings have them, before X hears of them; whenever it ends early, the next call goes on from there
// and registers nothing twice. The account must be logged in. Calls must not overlap.
//
// It returns an error of Kind Refused when X lists other keys than those that are there, with what to do about it, and
// one of Kind Throttled when X registers no more keys today.
func (c *Connector) LoginChat(ctx context.Context, opt ChatLoginOptions) (ChatLogin, error) {
	r, err := encrypted.LogIn(ctx, c.home(), opt.Keys, opt.Replace)
	if err != nil {
		return ChatLogin{}, err
	}
	return ChatLogin{
		Who: r.Who, Outcome: ChatOutcome(r.Outcome), Version: r.Version, Fingerprint: r.Fingerprint, Newer: r.Newer, Notes: r.Notes, Keys: r.Keys,
	}, nil
}
