package encrypted

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

const (
	mostRemembered = 16 << 10 // bytes of a message that is remembered, or proves what a reply answers
	mostBrought    = 4        // signers of key changes that are looked up because a reply brings them
)

// meet sees that the public keys of somebody are known; again looks them up although they are. listed is how many X lists,
// when it was asked; -1 when it was not.
func (t *Transport) meet(ctx context.Context, user string, again bool) (listed int, err error) {
	if _, fresh := t.asked.Get(user); fresh && !again && t.reader.Directory.Knows(user) {
		return -1, nil
	}
	if _, ok := api.ParseSnowflake(user); !ok {
		return 0, nil // nobody's ID: there is nobody to ask for
	}
	if err := t.a.Purse.Read(ctx); err != nil {
		return -1, err
	}
	all, err := listedKeys(ctx, t.a.API, user)
	if err != nil && chat.KindOf(err) != chat.Refused { // what X does not show to us it does not list
		return -1, err
	}
	// Somebody who is gone has no keys any more, and what they signed before holds all the same.
	if len(all) > 0 || !t.reader.Directory.Knows(user) {
		if n := t.reader.Directory.Learn(user, all); n > 0 {
			t.a.Log.LogAttrs(ctx, slog.LevelWarn, "public keys that don't belong together", slog.String("person", user), slog.Int("keys", n))
		}
	}
	t.asked.Put(user, struct{}{})
	return len(all), nil
}

// members is everybody's newest public keys, looked up anew: something is about to be sealed for them.
func (t *Transport) members(ctx context.Context, users ...string) (all []xchat.PublicKeys, missing string, err error) {
	for _, u := range users {
		listed, err := t.meet(ctx, u, true)
		if err != nil {
			return nil, "", err
		}
		p, ok := t.reader.Directory.Latest(u)
		if !ok || listed == 0 {
			return nil, u, nil
		}
		all = append(all, p)
	}
	return all, "", nil
}

// adopt takes a key in. The signer's keys are looked up where they are not known.
func (t *Transport) adopt(ctx context.Context, one *talk, ev wire.Event) (added bool, err error) {
	if !t.within(ev, one.id) {
		return false, errOther // whoever has set that key would read what is written here
	}
	if err := t.signer(ctx, one.id, ev); err != nil {
		return false, err
	}
	added, err = t.reader.Adopt(ev, one.ring)
	if errors.Is(err, xchat.ErrNotForUs) { // of before we were there, or of other keys of ours
		t.recheck(ctx, ev)
		return false, nil
	}
	if k, is := ev.Detail.(wire.KeyChange); is && err == nil && len(ev.Encode()) <= mostRemembered {
		t.raw.Put(changeKey(one.id, k.Version), ev)
	}
	return added, err
}

// recheck sees whether X lists newer keys of the account than those here, because somebody has given a key to such. What was seen
// just now is not asked for again.
func (t *Transport) recheck(ctx context.Context, ev wire.Event) {
	user := t.own.user
	change, _ := ev.Detail.(wire.KeyChange)
	elsewhere := func(w wire.WrappedKey) bool { return w.User == user && isNewer(w.PublicKeyVersion, t.own.version) }
	if _, fresh := t.again.Get(user); fresh || t.outdated() || !slices.ContainsFunc(change.Keys, elsewhere) {
		return
	}
	t.again.Put(user, struct{}{})
	if _, err := t.meet(ctx, user, true); err == nil && t.outdated() {
		t.a.Log.LogAttrs(ctx, slog.LevelWarn, "X lists newer keys of the account; what people write for those can't be read", slog.String("here", t.own.version))
	}
}

// outdated says whether X lists newer keys of the account than those here, as far as it was asked.
func (t *Transport) outdated() bool {
	p, ok := t.reader.Directory.Latest(t.own.user)
	return ok && isNewer(p.Version, t.own.version)
}

// signer sees that the keys are known that events of a conversation are signed with, as far as X lists them. Who can't have
// written there is not looked up.
func (t *Transport) signer(ctx context.Context, conversation string, evs ...wire.Event) error {
	for _, ev := range evs {
		if !belongs(ev.Sender, conversation) {
			continue
		}
		listed, err := t.meet(ctx, ev.Sender, false)
		if err != nil {
			return err
		}
		if _, ok := t.reader.Directory.Keys(ev.Sender, ev.Signature.KeyVersion); ok || listed >= 0 {
			continue
		}
		if _, fresh := t.again.Get(ev.Sender); fresh {
			continue
		}
		t.again.Put(ev.Sender, struct{}{})
		if _, err := t.meet(ctx, ev.Sender, true); err != nil {
			return err
		}
	}
	return nil
}

// verified is Reader.Verify with the signer's keys looked up. X takes read marks without a signature, so that nobody read what
// somebody is said to have read can't be ruled out.
func (t *Transport) verified(ctx context.Context, ev wire.Event) error {
	if _, read := ev.Detail.(wire.MarkRead); read && ev.Signature.IsZero() {
		return nil
	}
	if err := t.signer(ctx, ev.Conversation, ev); err != nil {
		return err
	}
	return t.reader.Verify(ev)
}

// open is Reader.Open with the signers' keys looked up, also those of what a reply quotes.
func (t *Transport) open(ctx context.Context, one *talk, ev wire.Event) (xchat.Opened, error) {
	if err := t.signer(ctx, one.id, ev); err != nil {
		return xchat.Opened{}, err
	}
	o, err := t.reader.Open(ev, one.ring)
	m, ok := o.Content.(wire.Message)
	if err != nil || !ok || m.Reply == nil || m.Reply.Original == nil || o.Proof != xchat.Unproven {
		return o, err
	}
	if err := t.signer(ctx, one.id, brought(*m.Reply)...); err != nil {
		return xchat.Opened{}, err
	}
	return t.reader.Open(ev, one.ring)
}

// brought is what a reply brings to prove what it answers: the original, its edit, and a few of the key changes that can be
// those of either.
func brought(p wire.Preview) []wire.Event {
	all := []wire.Event{*p.Original}
	if p.Edited != nil {
		all = append(all, *p.Edited)
	}
	versions := map[string]bool{}
	for _, ev := range all {
		if m, ok := ev.Detail.(wire.MessageCreate); ok {
			versions[m.KeyVersion] = true
		}
	}
	left := mostBrought
	for _, ev := range p.KeyChanges {
		if k, ok := ev.Detail.(wire.KeyChange); ok && versions[k.Version] && left > 0 {
			all = append(all, ev)
			left--
		}
	}
	return all
}

// seek looks for the key changes of some versions further back in a conversation, where X leaves them out of its pages; what
// it finds on the way is adopted.
func (t *Transport) seek(ctx context.Context, one *talk, versions []string) error {
	err := t.walk(ctx, one.id, seekPages, func(page chatEvents) (enough bool) {
		for _, ev := range page.keyChanges() {
			_, _ = t.adopt(ctx, one, ev) // what can't be believed is no key
		}
		return !slices.ContainsFunc(versions, func(v string) bool { _, there := one.ring.Key(v); return !there })
	})
	if err != nil {
		return fmt.Errorf("look for a key: %w", err)
	}
	return nil
}

// remember holds an event as it came, for whoever answers it.
func (t *Transport) remember(id string, ev wire.Event, content wire.Content) {
	if m, ok := ev.Detail.(wire.MessageCreate); !ok || len(m.Contents) > mostRemembered {
		return
	}
	switch c := content.(type) {
	case wire.Message:
		t.raw.Put(rawKey(id, ev.Sequence), ev)
	case wire.Edit:
		t.raw.Put(rawKey(id, c.Target)+" edited", ev)
	case wire.Reaction, wire.Strange:
	}
}

func rawKey(id string, s wire.Sequence) string { return id + " " + s.String() }

func changeKey(id, version string) string { return id + " key " + version }
