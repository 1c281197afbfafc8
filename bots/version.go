package bots

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// Replace makes the Host speak for another version of the bot. Dialogs that were begun with the old one go on with its source
// for a while (Config.Drain), and it is closed when nothing is under way with it. When b is not well made the error says why
// and the old one stays. A version that differs ends a quarantine; where there is no source, every one does. b is not the Bot
// that the Host speaks for already.
func (h *Host) Replace(b Bot, source []byte) error {
	if err := b.Spec().check(); err != nil {
		return err
	}
	v := h.version(b, source)
	if c, ok := b.(Caller); ok {
		c.Calls(h.callOwn)
	}
	if old := h.swap(v); old != nil {
		h.leave(old)
	}
	select {
	case h.changed <- struct{}{}:
	default:
	}
	return nil
}

// swap makes v the present version, and gives the one before if nothing goes on with that as it is.
func (h *Host) swap(v *version) *version {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.now.Load()
	h.now.Store(v)
	if old == nil {
		return nil
	}
	if old.hash != v.hash || v.source == nil {
		h.quarantine, h.faults = "", nil
	}
	if old.hash != v.hash && old.source != nil && h.cfg.Load == nil {
		h.earlier[old.hash] = old
		return nil
	}
	return old
}

// leave closes a version that nothing begins with any more, when nothing is under way with it.
func (h *Host) leave(v *version) {
	c, ok := v.bot.(io.Closer)
	if !ok {
		return
	}
	h.leaving.Go(func() {
		v.busy.Wait()
		err := c.Close()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.left = errors.Join(h.left, err)
	})
}

// enter begins something with the present version, which is not closed until its busy is done.
func (h *Host) enter() *version {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.now.Load()
	v.busy.Add(1)
	return v
}

// Close closes all versions of the bot that are io.Closers. Its error tells of those too that were closed before.
func (h *Host) Close() error {
	h.leaving.Wait()
	h.mu.Lock()
	bots, err := []Bot{h.now.Load().bot}, h.left
	for _, v := range h.earlier {
		bots = append(bots, v.bot)
	}
	h.mu.Unlock()
	for _, b := range bots {
		if c, ok := b.(io.Closer); ok {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}

// version makes one of a bot and what it was made of.
func (h *Host) version(b Bot, source []byte) *version {
	v := &version{bot: b, spec: b.Spec(), source: source, called: calling(h.cfg.Name)}
	if h.cfg.Locale != "" {
		local := *v.spec
		local.Locale = h.cfg.Locale
		v.spec = &local
	}
	if source != nil {
		sum := sha256.Sum256(source)
		v.hash = hex.EncodeToString(sum[:8])
	}
	return v
}

// kept is how an earlier source of a bot is kept, for the dialogs that were begun with it.
type kept struct {
	Source  []byte    `json:"source"`
	Retired time.Time `json:"retired,omitzero"` // when it was first seen that there is a newer one
}

func (h *Host) sourceKey(hash string) string { return "bot/" + h.cfg.Name + "/source/" + hash }

// keepSource keeps the source of the version with which a dialog goes on, for as long as it is not seen to be kept.
func (r *run) keepSource(ctx context.Context) error {
	if r.v.source == nil || r.v.stored.Load() {
		return nil
	}
	key := r.h.sourceKey(r.v.hash)
	raw, err := r.h.cfg.Env.State(ctx, key)
	if err != nil {
		return fmt.Errorf("%w: read source: %w", ErrAgain, err)
	}
	var k kept
	if raw != nil && json.Unmarshal(raw, &k) == nil && k.Retired.IsZero() {
		r.v.stored.Store(true)
		return nil
	}
	now, err := json.Marshal(kept{Source: r.v.source})
	if err != nil {
		return err
	}
	r.out.Keep = append(r.out.Keep, chat.Kept{Key: key, Now: now, Any: true})
	return nil
}

// goingOn is how a dialog goes on.
type goingOn struct {
	version   *version
	entries   []entry  // with which its bot is run again
	inherited []string // answers of a dialog that an earlier version began
	anew      bool
	drains    bool // the version is an earlier one
}

// versionFor says how a dialog goes on that has these entries: with the version that began it for as long as Config.Drain
// says, then with the present one, which takes over what its Migrate says or begins anew.
func (r *run) versionFor(ctx context.Context, d *dialog, entries []entry) (goingOn, error) {
	if d.Hash == r.v.hash {
		return goingOn{version: r.v, entries: entries}, nil
	}
	old, err := r.retired(ctx, d.Hash)
	if err != nil {
		return goingOn{}, err
	}
	if old != nil {
		return goingOn{version: old, entries: entries, drains: true}, nil
	}
	answers, ok := r.migrated(ctx, d, entries)
	if !ok || len(answers) == 0 {
		return goingOn{version: r.v, anew: true}, nil
	}
	how := goingOn{version: r.v}
	for _, a := range answers {
		how.inherited = append(how.inherited, packAnswer(Answer{Text: a, By: personOf(r.in.Event)}, personOf(r.in.Event)))
	}
	return how, nil
}

// migrated are the answers with which the present version takes a dialog over, if it does.
func (r *run) migrated(ctx context.Context, d *dialog, entries []entry) (answers []string, ok bool) {
	m, can := r.v.bot.(Migrator)
	if !can || !r.v.spec.Migrate {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, r.h.cfg.Time)
	defer cancel()
	err := safely(func() (err error) {
		answers, ok, err = m.Migrate(ctx, past(d, entries))
		return err
	})
	if err != nil {
		r.h.cfg.Env.Log.LogAttrs(ctx, slog.LevelError, "dialog not migrated, so it begins anew", slog.Any("error", err))
		return nil, false
	}
	return answers, ok
}

func past(d *dialog, entries []entry) Past {
	p := Past{Trigger: d.Trigger, Args: d.Args, Began: d.Began}
	for _, e := range entries {
		var words string
		if e.op == opAnswer && unpack(e.value, &words) == nil {
			p.Answers = append(p.Answers, words)
		}
	}
	return p
}

// retired enters an earlier version that dialogs may still go on with; nil when there is none, or when its time is over.
func (r *run) retired(ctx context.Context, hash string) (*version, error) {
	h := r.h
	key, now := h.sourceKey(hash), h.cfg.Env.Now().UTC()
	raw, err := h.cfg.Env.State(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("%w: read source: %w", ErrAgain, err)
	}
	var k kept
	if raw == nil || json.Unmarshal(raw, &k) != nil {
		return nil, nil //nolint:nilnil // there is none
	}
	if k.Retired.IsZero() {
		k.Retired = now
		b, err := json.Marshal(k)
		if err != nil {
			return nil, err
		}
		r.out.Keep = append(r.out.Keep, chat.Kept{Key: key, Was: raw, Now: b})
	}
	if now.Sub(k.Retired) > h.cfg.Drain {
		r.out.Keep = append(r.out.Keep, chat.Kept{Key: key, Any: true})
		h.drop(hash)
		return nil, nil //nolint:nilnil // its time is over
	}
	return h.load(ctx, hash, k.Source), nil
}

// drop forgets an earlier version, whose time is over.
func (h *Host) drop(hash string) {
	h.mu.Lock()
	v := h.earlier[hash]
	delete(h.earlier, hash)
	h.mu.Unlock()
	if v != nil {
		h.leave(v)
	}
}

// load enters a version that is made of an earlier source, once; nil when that can't be.
func (h *Host) load(ctx context.Context, hash string, source []byte) *version {
	h.loading.Lock()
	defer h.loading.Unlock()
	h.mu.Lock()
	v := h.earlier[hash]
	if v != nil {
		v.busy.Add(1)
	}
	h.mu.Unlock()
	if v != nil || h.cfg.Load == nil {
		return v
	}
	b, err := h.cfg.Load(source)
	if err != nil {
		h.cfg.Env.Log.LogAttrs(ctx, slog.LevelError, "earlier version not loaded", slog.Any("error", err))
		return nil
	}
	v = h.version(b, source)
	v.busy.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.earlier[hash] = v
	return v
}
