package x

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
)

// keepChatKeys is where the account's own keys for encrypted messages are kept.
const keepChatKeys = "chat/keys"

// chatKeys is the account's own keys for encrypted messages, and where they are registered.
type chatKeys struct {
	keys    *xchat.Keys
	user    string // whose they are; empty: not known yet
	version string // X's, of the public side; empty: not registered yet
}

// keptKeys is how chatKeys are kept. Keeper encrypts it.
type keptKeys struct {
	Blob    string `json:"blob"`
	User    string `json:"user,omitempty"`
	Version string `json:"version,omitempty"`
}

// keep keeps the keys.
func (k chatKeys) keep(ctx context.Context, to bridges.Keeper) error {
	blob := base64.StdEncoding.EncodeToString(k.keys.Blob())
	return keepJSON(ctx, to, keepChatKeys, keptKeys{Blob: blob, User: k.user, Version: k.version})
}

// keptChatKeys is the keys that are kept; nil when there are none.
func keptChatKeys(ctx context.Context, from bridges.Keeper) (*chatKeys, error) {
	b, err := from.Kept(ctx, keepChatKeys)
	if err != nil {
		return nil, fmt.Errorf("x: load chat keys: %w", err)
	}
	if b == nil {
		return nil, nil //nolint:nilnil // having none is no fault
	}
	var kept keptKeys
	if json.Unmarshal(b, &kept) != nil {
		return nil, errors.New("x: load chat keys: what is kept is none")
	}
	keys, err := xchat.ParseBlobText(kept.Blob)
	if err != nil {
		return nil, fmt.Errorf("x: load chat keys: %w", err)
	}
	return &chatKeys{keys: keys, user: kept.User, version: kept.Version}, nil
}

// publicKey is a person's public keys of one version, as X lists them. Older answers call the version "version".
type publicKey struct {
	Identity string          `json:"public_key"`
	Signing  string          `json:"signing_public_key"`
	Binding  string          `json:"identity_public_key_signature"`
	Version  string          `json:"public_key_version"`
	Former   json.RawMessage `json:"version"`
}

// decode reads a listed key. What can't be read becomes keys that are not bound, which nobody uses.
func (p publicKey) decode(user string) xchat.PublicKeys {
	bytes := func(s string) []byte {
		b, _ := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "=")) // what is no base64 is no key
		return b
	}
	version := p.Version
	if version == "" {
		version = strings.Trim(string(p.Former), `"`)
	}
	return xchat.PublicKeys{User: user, Version: version, Identity: bytes(p.Identity), Signing: bytes(p.Signing), Binding: bytes(p.Binding)}
}

// listedKeys is the public keys of a user that X lists, none when the user has none.
// https://docs.x.com/x-api/chat/get-user-public-keys
func listedKeys(ctx context.Context, a *api, user string) ([]xchat.PublicKeys, error) {
	var got struct {
		Data []publicKey `json:"data"`
	}
	q := url.Values{"public_key.fields": {"public_key_version,public_key,signing_public_key,identity_public_key_signature"}}
	r := request{op: "x: look up chat keys", method: http.MethodGet, path: "/2/users/" + user + "/public_keys", query: q}
	if _, err := a.call(ctx, r, &got); err != nil {
		if chat.KindOf(err) == chat.Gone { // X says of some who have none that it does not know them
			return nil, nil
		}
		return nil, err
	}
	all := make([]xchat.PublicKeys, len(got.Data))
	for i, p := range got.Data {
		all[i] = p.decode(user)
	}
	return all, nil
}

// registeredAs is the version under which X lists the account's keys. ok is false when it lists others or none.
func registeredAs(keys *xchat.Keys, listed []xchat.PublicKeys) (version string, ok bool) {
	own := keys.Public()
	for _, p := range listed {
		if own.Same(p) && (!ok || len(p.Version) > len(version) || len(p.Version) == len(version) && p.Version > version) {
			version, ok = p.Version, true
		}
	}
	return version, ok
}
