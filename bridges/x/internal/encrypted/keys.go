package encrypted

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
)

// keepKeys is where the account's own keys for encrypted messages are kept.
const keepKeys = "chat/keys"

// ownKeys is the account's own keys for encrypted messages, and where they are registered.
type ownKeys struct {
	keys    *xchat.Keys
	user    string // whose they are; empty: not known yet
	version string // X's, of the public side; empty: not registered yet
}

// fingerprint is what people compare.
func (k ownKeys) fingerprint() string { return k.keys.Public().Fingerprint() }

// heldKeys is the keys for encrypted messages that the account has here.
type heldKeys struct {
	now  *ownKeys // those that X registered; nil: none
	next *ownKeys // kept so that they can be registered, and X may have done that; nil: none
}

// among finds the keys that X lists. Those that wait to be registered come first: when X lists them it did register them,
// after the others.
func (h heldKeys) among(listed []xchat.PublicKeys, user string) (own ownKeys, ok bool) {
	for _, k := range []*ownKeys{h.next, h.now} {
		if k == nil {
			continue
		}
		if version, ok := registeredAs(k.keys, listed); ok {
			return ownKeys{keys: k.keys, user: user, version: version}, true
		}
	}
	return ownKeys{}, false
}

// any is the keys that are told of when X lists none of them; nil when there are none.
func (h heldKeys) any() *ownKeys {
	if h.now != nil {
		return h.now
	}
	return h.next
}

// keptKeys is how ownKeys are kept. Keeper encrypts it.
type keptKeys struct {
	Blob    string    `json:"blob,omitempty"`
	User    string    `json:"user,omitempty"`
	Version string    `json:"version,omitempty"`
	Next    *keptKeys `json:"next,omitempty"`
}

// kept is how the keys are kept.
func (k ownKeys) kept() keptKeys {
	return keptKeys{Blob: base64.StdEncoding.EncodeToString(k.keys.Blob()), User: k.user, Version: k.version}
}

// held undoes kept.
func (k keptKeys) held() (*ownKeys, error) {
	keys, err := xchat.ParseBlobText(k.Blob)
	if err != nil {
		return nil, fmt.Errorf("x: load chat keys: %w", err)
	}
	return &ownKeys{keys: keys, user: k.User, version: k.Version}, nil
}

// keep keeps the keys, all in one piece: there is no moment at which neither the old ones nor the new ones are on disk.
func (h heldKeys) keep(ctx context.Context, to bridges.Keeper) error {
	var all keptKeys
	if h.now != nil {
		all = h.now.kept()
	}
	if h.next != nil {
		all.Next = new(h.next.kept())
	}
	return dm.KeepJSON(ctx, to, keepKeys, all)
}

// loadKeys is the keys that are kept.
func loadKeys(ctx context.Context, from bridges.Keeper) (h heldKeys, err error) {
	b, err := from.Kept(ctx, keepKeys)
	if err != nil {
		return heldKeys{}, fmt.Errorf("x: load chat keys: %w", err)
	}
	if b == nil {
		return heldKeys{}, nil
	}
	var all keptKeys
	if json.Unmarshal(b, &all) != nil { // the cause may show a part of it
		return heldKeys{}, errors.New("x: load chat keys: what is kept is none")
	}
	if all.Blob != "" {
		if h.now, err = all.held(); err != nil {
			return heldKeys{}, err
		}
	}
	if all.Next != nil {
		if h.next, err = all.Next.held(); err != nil {
			return heldKeys{}, err
		}
	}
	if h.now != nil && h.now.version == "" {
		h.now, h.next = nil, h.now
	}
	return h, nil
}

// blobSize is the bytes of a key blob.
const blobSize = 64

// parseKeys reads a blob as a file has it. Sixty-four readable characters are no blob but a text of another length. Its error
// says what the blob is instead, and shows nothing of it.
func parseKeys(s string) (*xchat.Keys, error) {
	unreadable := func(r rune) bool { return r >= unicode.MaxASCII || r < ' ' }
	if len(s) != blobSize || !strings.ContainsFunc(s, unreadable) {
		return TextKeys(s)
	}
	keys, err := xchat.ParseBlob([]byte(s))
	if err != nil {
		return nil, errNoScalars
	}
	return keys, nil
}

// errNoScalars says that a blob is as long as it must be. Numbers can be too large for a key, and zero is none.
var errNoScalars = errors.New("it has 64 bytes, but those are no two private keys")

// TextKeys reads a blob in base64 of either alphabet. Its error says what the text is instead, and shows nothing of it.
func TextKeys(s string) (*xchat.Keys, error) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSpace(s))
	keys, err := xchat.ParseBlobText(s)
	if err == nil {
		return keys, nil
	}
	raw, wrong := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	_, other := hex.DecodeString(s)
	switch {
	case other == nil && len(s) == 2*blobSize:
		return nil, errors.New("it is hexadecimal, and not base64")
	case wrong != nil:
		return nil, fmt.Errorf("it has %d bytes, which are no base64", len(s))
	case len(raw) == blobSize/2:
		return nil, errors.New("it is base64 of 32 bytes, the identity key alone, with which nothing can be signed")
	case len(raw) == blobSize:
		return nil, errNoScalars
	}
	return nil, fmt.Errorf("it has %d bytes, which are base64 of %d", len(s), len(raw))
}

// held is the keys of the settings, or else those that are kept.
func (a Account) held(ctx context.Context) (heldKeys, error) {
	if a.Fixed.IsZero() {
		return loadKeys(ctx, a.Keep)
	}
	keys, err := TextKeys(a.Fixed.Reveal())
	if err != nil {
		return heldKeys{}, fmt.Errorf("chat_keys: %w", err)
	}
	return heldKeys{now: &ownKeys{keys: keys}}, nil
}

// own is the keys with which the account reads and writes encrypted messages, as X lists them now; nil when it has
// none, or when chat is off. It returns an error of Kind Refused when X lists none of ours: what is sealed for others
// can't be opened, and what is signed with ours is believed by nobody.
func (a Account) own(ctx context.Context) (*ownKeys, error) {
	if a.Off {
		return nil, nil //nolint:nilnil // having none is no fault
	}
	held, err := a.held(ctx)
	if err != nil || held.any() == nil {
		return nil, err
	}
	me, err := a.Me(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := listedKeys(ctx, a.API, me.ID)
	if err != nil {
		return nil, err
	}
	own, ok := held.among(listed, me.ID)
	switch {
	case ok:
		a.remark(ctx, held, own, listed)
		return &own, nil
	case held.now == nil:
		return nil, nil //nolint:nilnil // they were never registered, as far as anybody knows
	}
	return nil, &chat.Error{Op: "x: look up chat keys", Kind: chat.Refused, Reason: fmt.Sprintf(
		"the account's keys for encrypted messages are not those that X lists (ours: fingerprint %s; X's: %s); run roost login %s --chat",
		held.now.fingerprint(), versionsOf(listed), a.Name,
	)}
}

// remark logs what is odd about the keys that are used.
func (a Account) remark(ctx context.Context, held heldKeys, own ownKeys, listed []xchat.PublicKeys) {
	mark := slog.String("fingerprint", own.fingerprint())
	if now := held.now; now != nil && now.version != "" && now.version != own.version {
		a.Log.LogAttrs(ctx, slog.LevelWarn, "keys for encrypted messages registered anew", mark,
			slog.String("version", own.version), slog.String("before", now.version))
	}
	if newer := newerThan(own.version, listed); newer != "" {
		a.Log.LogAttrs(ctx, slog.LevelWarn, "newer keys for encrypted messages registered elsewhere; run roost login --chat", mark,
			slog.String("version", own.version), slog.String("newer", newer))
	}
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
func listedKeys(ctx context.Context, calls *api.Client, user string) ([]xchat.PublicKeys, error) {
	var got struct {
		Data []publicKey `json:"data"`
	}
	q := url.Values{"public_key.fields": {"public_key_version,public_key,signing_public_key,identity_public_key_signature"}}
	r := api.Request{Op: "x: look up chat keys", Method: http.MethodGet, Path: "/2/users/" + user + "/public_keys", Query: q}
	if _, err := calls.Call(ctx, r, &got); err != nil {
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

// registeredAs is the newest version under which X lists the account's keys. ok is false when it lists others or none.
func registeredAs(keys *xchat.Keys, listed []xchat.PublicKeys) (version string, ok bool) {
	own := keys.Public()
	var newest api.Snowflake
	for _, p := range listed {
		n, sound := api.ParseSnowflake(p.Version)
		if sound && own.Same(p) && (!ok || n > newest) {
			version, newest, ok = p.Version, n, true
		}
	}
	return version, ok
}

// newerThan is the newest version that X lists when it is newer than version; otherwise empty.
func newerThan(version string, listed []xchat.PublicKeys) (newer string) {
	for _, p := range listed {
		if isNewer(p.Version, cmp.Or(newer, version)) {
			newer = p.Version
		}
	}
	return newer
}

// isNewer says whether a version is a larger number than another, which may be none.
func isNewer(version, than string) bool {
	a, ok := api.ParseSnowflake(version)
	b, _ := api.ParseSnowflake(than)
	return ok && a > b
}

// versionsOf tells what X lists, newest first, for a person: versions, and the fingerprints that people compare.
func versionsOf(listed []xchat.PublicKeys) string {
	const most = 3
	all := slices.DeleteFunc(slices.Clone(listed), func(p xchat.PublicKeys) bool {
		_, ok := api.ParseSnowflake(p.Version)
		return !ok
	})
	slices.SortStableFunc(all, func(a, b xchat.PublicKeys) int {
		newer, _ := api.ParseSnowflake(a.Version)
		older, _ := api.ParseSnowflake(b.Version)
		return cmp.Compare(older, newer)
	})
	switch {
	case len(listed) == 0:
		return "none"
	case len(all) == 0:
		return "without a version"
	}
	told := make([]string, 0, most)
	for _, p := range all[:min(len(all), most)] {
		one := "version " + p.Version
		if mark := p.Fingerprint(); mark != "" {
			one += " with fingerprint " + mark
		}
		told = append(told, one)
	}
	if len(all) > most {
		told = append(told, "…")
	}
	return strings.Join(told, ", ")
}
