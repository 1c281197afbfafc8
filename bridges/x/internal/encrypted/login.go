package encrypted

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
)

const opLogin = "x: log in to encrypted messages"

// The outcomes of a login.
const (
	found      = "found"
	imported   = "imported"
	registered = "registered"
)

// Login is the keys with which an account works from now on.
type Login struct {
	Who         chat.Author
	Outcome     string
	Version     string
	Fingerprint string
	Newer       string
	Notes       []string
	Keys        bridges.Secret
}

// LogIn finds, imports or makes the account's keys; see x.Connector.LoginChat. given is a key blob; empty: none.
func LogIn(ctx context.Context, a Account, given bridges.Secret, replace bool) (Login, error) {
	l := &login{a: a, replace: replace}
	if err := l.take(given); err != nil {
		return Login{}, err
	}
	if err := l.look(ctx); err != nil {
		return Login{}, err
	}
	own, outcome, err := l.settle(ctx)
	if err != nil {
		return Login{}, err
	}
	return Login{
		Who: api.AuthorOf(l.me), Outcome: outcome, Version: own.version, Fingerprint: own.fingerprint(),
		Newer: newerThan(own.version, l.listed), Notes: l.notes(own),
		Keys: bridges.NewSecret(base64.StdEncoding.EncodeToString(own.keys.Blob())),
	}, nil
}

// login is an account on its way to its keys.
type login struct {
	a       Account
	given   *xchat.Keys // nil: none
	replace bool

	me     api.User
	listed []xchat.PublicKeys
	held   heldKeys
}

// fixed says whether the keys stand in the settings, so that nothing is kept.
func (l *login) fixed() bool { return !l.a.Fixed.IsZero() }

// take reads the keys that are given, and refuses wishes that contradict each other.
func (l *login) take(blob bridges.Secret) error {
	if !blob.IsZero() {
		keys, err := parseKeys(blob.Reveal())
		if err != nil {
			return cant("what is given is no key blob: " + err.Error() + "; it must be the 64 bytes that X's Chat XDK exports, " +
				"identity key and signing key, or base64 of them")
		}
		l.given = keys
	}
	switch {
	case l.given != nil && l.replace:
		return cant("keys are given and new ones are asked for; it can only be one of both")
	case l.given != nil && l.fixed():
		return cant("chat_keys in the settings are the account's keys; put the given ones there, or take chat_keys out first")
	case l.replace && l.fixed():
		return cant("chat_keys in the settings are the account's keys; take them out before new ones are made")
	}
	return nil
}

// look finds out who is logged in, what X lists of them, and what is here.
func (l *login) look(ctx context.Context) (err error) {
	if l.me, err = api.Whoami(ctx, l.a.API); err != nil {
		return err
	}
	l.a.Purse.Shown(ctx, nil, []string{l.me.ID})
	if l.listed, err = listedKeys(ctx, l.a.API, l.me.ID); err != nil {
		return err
	}
	l.held, err = l.a.held(ctx)
	return err
}

// settle says which keys it shall be, and sees to it that they are kept and registered.
func (l *login) settle(ctx context.Context) (ownKeys, string, error) {
	own, listed := l.held.among(l.listed, l.me.ID)
	begun := listed && l.held.next != nil && l.held.next.keys == own.keys // registered, and that was not noted any more
	switch {
	case l.given != nil:
		return l.bring(ctx, own)
	case begun:
		return own, registered, l.note(ctx, own)
	case l.replace:
		return l.renew(ctx)
	case listed:
		return own, found, l.note(ctx, own)
	case len(l.listed) > 0 && l.held.any() == nil:
		return ownKeys{}, "", l.taken()
	case len(l.listed) > 0, l.held.now != nil && l.held.now.version != "":
		return ownKeys{}, "", l.strange()
	case l.fixed():
		return l.register(ctx, *l.held.now)
	}
	return l.renew(ctx)
}

// bring takes the keys that are given. own is those that are kept and listed, if there are such.
func (l *login) bring(ctx context.Context, own ownKeys) (ownKeys, string, error) {
	given := ownKeys{keys: l.given, user: l.me.ID}
	version, ok := registeredAs(l.given, l.listed)
	switch {
	case ok && newerThan(version, []xchat.PublicKeys{{Version: own.version}}) != "":
		return ownKeys{}, "", cant(fmt.Sprintf("newer keys are kept here already (version %s); the given ones (version %s) open "+
			"nothing that people write now", own.version, version))
	case ok:
		given.version = version
		return given, imported, l.note(ctx, given)
	case len(l.listed) > 0:
		return ownKeys{}, "", cant(fmt.Sprintf("X does not list the given keys (fingerprint %s) for @%s, but others (%s); they may "+
			"be of another account, or were replaced since; bring the newest, or register new ones with --replace", given.fingerprint(), l.me.Username, versionsOf(l.listed)))
	}
	l.held.next = &given
	return l.begin(ctx)
}

// renew registers new keys: those of a call that ended early, if there was one.
func (l *login) renew(ctx context.Context) (ownKeys, string, error) {
	if next := l.held.next; next == nil || next.user != "" && next.user != l.me.ID {
		keys, err := xchat.NewKeys()
		if err != nil {
			return ownKeys{}, "", err
		}
		l.held.next = &ownKeys{keys: keys, user: l.me.ID}
	}
	return l.begin(ctx)
}

// begin keeps the next keys beside those that work now, and has them registered. Keys that X knows and nobody has would
// be lost for good, and the account's encrypted messages with them.
func (l *login) begin(ctx context.Context) (ownKeys, string, error) {
	if err := l.open(); err != nil {
		return ownKeys{}, "", err
	}
	if err := l.held.keep(ctx, l.a.Keep); err != nil {
		return ownKeys{}, "", &chat.Error{Op: opLogin, Kind: chat.Transient, Reason: "the keys can't be kept here, so they were not registered", Err: err}
	}
	return l.register(ctx, *l.held.next)
}

// open refuses to register keys for messages that nobody would read.
func (l *login) open() error {
	if l.a.Off {
		return cant("chat: off stands in the settings; with keys, people would write encrypted messages that Roost does not read")
	}
	return nil
}

// register has X register keys, and notes under which version it did.
func (l *login) register(ctx context.Context, k ownKeys) (ownKeys, string, error) {
	if err := l.open(); err != nil {
		return ownKeys{}, "", err
	}
	version, err := l.submit(ctx, k)
	if err != nil || version == "" { // it may be registered all the same
		version = l.again(ctx, k)
	}
	if version == "" {
		return ownKeys{}, "", l.unregistered(err)
	}
	k.user, k.version = l.me.ID, version
	return k, registered, l.note(ctx, k)
}

// submit is the call that registers keys. The version is empty when X names none.
// https://docs.x.com/x-api/chat/add-user-public-key
func (l *login) submit(ctx context.Context, k ownKeys) (version string, err error) {
	body, err := k.keys.Registration(strconv.FormatInt(l.a.Now().UnixMilli(), 10))
	if err != nil {
		return "", err
	}
	var got struct {
		Data struct {
			Version string `json:"public_key_version"`
		} `json:"data"`
	}
	r := api.Request{Op: "x: register chat keys", Method: http.MethodPost, JSON: body, Writes: true}
	r.Path = "/2/users/" + l.me.ID + "/public_keys"
	if _, err := l.a.API.Call(ctx, r, &got); err != nil {
		return "", err
	}
	if _, ok := api.ParseSnowflake(got.Data.Version); !ok {
		return "", nil
	}
	return got.Data.Version, nil
}

// again looks whether X lists keys now; the version is empty when it does not, or when nobody knows.
func (l *login) again(ctx context.Context, k ownKeys) (version string) {
	listed, err := listedKeys(ctx, l.a.API, l.me.ID)
	if err != nil {
		return ""
	}
	l.listed = listed
	version, _ = registeredAs(k.keys, listed)
	return version
}

// unregistered is the error of a registration.
func (l *login) unregistered(err error) error {
	e, ok := errors.AsType[*chat.Error](err)
	switch {
	case err == nil:
		return &chat.Error{Op: opLogin, Kind: chat.Uncertain, Reason: "X does not say yet under which version it registered the " +
			"keys; run this again in a minute"}
	case !ok:
		return err
	case e.Kind == chat.Throttled:
		at := l.a.Now().Add(e.Wait + time.Minute - 1).UTC().Truncate(time.Minute)
		told := *e
		told.Reason = "X allows only a few new keys a day; try again at " + at.Format("2006-01-02 15:04 MST")
		return &told
	case e.Kind == chat.Refused:
		told := *e
		told.Reason = "X registers no keys for the account: " + chat.Reason(e) + "; roost doctor says whether the login lacks something"
		return &told
	case e.Kind == chat.Uncertain:
		told := *e
		told.Reason = "X did not answer, so the keys may or may not be registered; run this again in a minute, which finds out"
		return &told
	}
	return err
}

// note keeps the keys that the account uses from now on. It does so even when nobody waits for it any more, because X has
// them registered.
func (l *login) note(ctx context.Context, own ownKeys) error {
	now, h := l.held.now, heldKeys{now: &own}
	if now != nil && now.keys == own.keys {
		if *now == own {
			return nil
		}
		h.next = l.held.next // they wait on
	}
	if l.fixed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), api.RefreshTime)
	defer cancel()
	if err := h.keep(ctx, l.a.Keep); err != nil {
		return unkept("X has the keys, but that can't be kept here; run this again", err)
	}
	return nil
}

// notes are why messages are not read although there are keys.
func (l *login) notes(own ownKeys) (all []string) {
	if newer := newerThan(own.version, l.listed); newer != "" {
		mend := "Bring them with --keys, or register new ones with --replace."
		if l.fixed() {
			mend = "Put those into chat_keys of the settings."
		}
		all = append(all, "X lists newer keys of the account (version "+newer+"): what people write now is for those, and can't be "+
			"read with these. "+mend)
	}
	if l.a.Off {
		all = append(all, "chat: off stands in the settings, so Roost reads no encrypted messages. Take it out.")
	}
	return all
}

// taken is the refusal of an account that has keys elsewhere.
func (l *login) taken() error {
	return cant(fmt.Sprintf("@%s has keys for encrypted messages already (X's: %s). Import them with --keys: to get them out once, "+
		"unlock them with the account's PIN on your own machine, by X's xurl (xurl chat keys restore) or X's Chat XDK (Python, Go, .NET "+
		"or JVM: unlock, then export_keys), and write them into a file, as they are or in base64; docs/x.md shows how. Or register new "+
		"ones with --replace: people's apps then show that the account's key has changed, older messages can't be read by Roost, and "+
		"the account's other devices can't read newer ones until they have taken the new keys over", l.me.Username, versionsOf(l.listed)))
}

// strange is the refusal of keys that X does not list.
func (l *login) strange() error {
	held := l.held.any()
	ours := "fingerprint " + held.fingerprint()
	if held.version != "" {
		ours += ", version " + held.version
	}
	where, mend := "kept here", "import the account's own with --keys, or register new ones with --replace"
	if l.fixed() {
		where, mend = "in chat_keys of the settings", "put the account's own there, or take chat_keys out"
	}
	why := "they were replaced since, or never registered"
	switch {
	case held.user != "" && held.user != l.me.ID:
		why, mend = "they are of another account, whose ID is "+held.user, "log in as that one, or "+mend
	case len(l.listed) == 0:
		why = "they were registered, and somebody has taken that back"
	}
	return cant(fmt.Sprintf("X does not list the keys for encrypted messages that are %s (%s) for @%s (X's: %s): %s; %s",
		where, ours, l.me.Username, versionsOf(l.listed), why, mend))
}

// cant is a refusal of ours, for a person.
func cant(reason string) error {
	return &chat.Error{Op: opLogin, Kind: chat.Refused, Reason: reason}
}

// unkept is the error of keys that could not be kept.
func unkept(reason string, err error) error {
	return &chat.Error{Op: opLogin, Kind: chat.Transient, Reason: reason, Err: err}
}
