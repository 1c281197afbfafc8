package bots

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// kept is how an earlier source of a bot is kept, for the dialogs that were begun with it.
type kept struct {
	Source  []byte    `json:"source"`
	Retired time.Time `json:"retired,omitzero"` // when it was first seen that there is a newer one
}

func (h *Host) sourceKey(hash string) string { return "bot/" + h.cfg.Name + "/source/" + hash }

// keepSource keeps the source of the version with which a dialog goes on.
func (r *run) keepSource() {
	if r.v.source == nil {
		return
	}
	b, err := json.Marshal(kept{Source: r.v.source})
	if err != nil || r.v.stored.Swap(true) {
		return
	}
	r.out.Keep = append(r.out.Keep, chat.Kept{Key: r.h.sourceKey(r.v.hash), Now: b, Any: true})
}

// versionFor finds the version of the bot with which a dialog goes on, and the journal with which it does: the one that began
// it for as long as Config.Drain says, then the present one, which takes over what its Migrate says or begins anew.
func (r *run) versionFor(ctx context.Context, d *dialog, entries []entry) (*version, []entry, error) {
	if d.Hash == r.v.hash {
		return r.v, entries, nil
	}
	old, err := r.retired(ctx, d.Hash)
	if err != nil {
		return nil, nil, err
	}
	if old != nil {
		return old, entries, nil
	}
	if m, ok := r.v.bot.(Migrator); ok && r.v.spec.Migrate {
		answers, ok, err := m.Migrate(ctx, past(d, entries))
		if err == nil && ok {
			migrated := make([]entry, 0, len(answers))
			for _, a := range answers {
				migrated = append(migrated, entry{opAnswer, packAnswer(Answer{Text: a, By: personOf(r.in.Event)})})
			}
			d.Done = 0
			return r.v, migrated, nil
		}
	}
	return r.v, nil, nil
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

// retired is an earlier version that dialogs may still go on with; nil when there is none, or when its time is over.
func (r *run) retired(ctx context.Context, hash string) (*version, error) {
	h := r.h
	key, now := h.sourceKey(hash), h.cfg.Env.Now().UTC()
	raw, err := h.cfg.Env.State(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("%w: read source: %w", errStore, err)
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
		return nil, nil //nolint:nilnil // its time is over
	}
	return h.load(hash, k.Source), nil
}

// load makes a version of an earlier source, once; nil when that can't be.
func (h *Host) load(hash string, source []byte) *version {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v := h.earlier[hash]; v != nil {
		return v
	}
	if h.cfg.Load == nil {
		return nil
	}
	b, err := h.cfg.Load(source)
	if err != nil {
		return nil
	}
	v := &version{bot: b, spec: b.Spec(), source: source, hash: hash, called: calling(h.cfg.Name)}
	h.earlier[hash] = v
	return v
}
