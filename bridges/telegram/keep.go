package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/roost-im/roost/bridges"
)

// recall reads what is kept under key into v. What a version wrote that is no more is as if it were not there.
func recall(ctx context.Context, keep bridges.Keeper, key string, v any) error {
	raw, err := keep.Kept(ctx, key)
	if err != nil {
		return fmt.Errorf("telegram: recall %s: %w", key, err)
	}
	if raw != nil {
		_ = json.Unmarshal(raw, v) // see above
	}
	return nil
}

// store keeps v under key; nil removes what is there.
func store(ctx context.Context, keep bridges.Keeper, key string, v any) error {
	var raw []byte
	if v != nil {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			return fmt.Errorf("telegram: keep %s: %w", key, err)
		}
	}
	if err := keep.Keep(ctx, key, raw); err != nil {
		return fmt.Errorf("telegram: keep %s: %w", key, err)
	}
	return nil
}

// moves knows the groups that became supergroups, whose numbers changed.
// https://core.telegram.org/bots/api#responseparameters
type moves struct {
	keep  bridges.Keeper
	known []string // new numbers that the routes name already

	mu     sync.Mutex
	loaded bool
	to     map[int64]int64 // by the old number
}

const movesKey = "moved"

func newMoves(keep bridges.Keeper, known []string) *moves { return &moves{keep: keep, known: known} }

func (m *moves) load(ctx context.Context) error {
	if m.loaded {
		return nil
	}
	to := map[int64]int64{}
	if err := recall(ctx, m.keep, movesKey, &to); err != nil {
		return err
	}
	maps.DeleteFunc(to, func(_, now int64) bool { return slices.Contains(m.known, decimal(now)) })
	m.to, m.loaded = to, true
	return nil
}

// now is the present number of a chat.
func (m *moves) now(ctx context.Context, was int64) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.load(ctx); err != nil {
		return 0, err
	}
	return firstOf(m.to[was], was), nil
}

// was is the number by which routes know a chat.
func (m *moves) was(ctx context.Context, now int64) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.load(ctx); err != nil {
		return 0, err
	}
	for was, to := range m.to {
		if to == now {
			return was, nil
		}
	}
	return now, nil
}

// note remembers a move, and says whether it is news.
func (m *moves) note(ctx context.Context, was, now int64) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.load(ctx); err != nil {
		return false, err
	}
	if m.to[was] == now || was == now || slices.Contains(m.known, decimal(now)) {
		return false, nil
	}
	m.to[was] = now
	return true, store(ctx, m.keep, movesKey, m.to)
}

// follow forgets the old number of a chat that is addressed by its new one.
func (m *moves) follow(ctx context.Context, now int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.load(ctx); err != nil {
		return err
	}
	before := len(m.to)
	maps.DeleteFunc(m.to, func(_, to int64) bool { return to == now })
	if len(m.to) == before {
		return nil
	}
	return store(ctx, m.keep, movesKey, m.to)
}

// all lists the moves that the routes have not followed.
func (m *moves) all(ctx context.Context) (map[int64]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.load(ctx)
	return maps.Clone(m.to), err
}

// noteMove remembers that a group became a supergroup, and tells the operator.
func (c *Connector) noteMove(ctx context.Context, was, now int64) error {
	news, err := c.moves.note(ctx, was, now)
	if news {
		c.log.LogAttrs(ctx, slog.LevelWarn, "a group became a supergroup; write its new number into the routes",
			slog.Int64("was", was), slog.Int64("now", now))
	}
	return err
}

// groups remembers the messages that are several on the wire: albums, and files whose text did not fit beside them.
type groups struct {
	keep bridges.Keeper

	mu     sync.Mutex
	loaded bool
	list   []group
}

type group struct {
	At   string  `json:"a"`
	IDs  []int64 `json:"i"`
	Text int64   `json:"t,omitempty"`
}

const (
	groupsKey = "groups"
	maxGroups = 500
)

func (g *groups) load(ctx context.Context) error {
	if g.loaded {
		return nil
	}
	if err := recall(ctx, g.keep, groupsKey, &g.list); err != nil {
		return err
	}
	g.loaded = true
	return nil
}

// of gives the whole message that id is a piece of.
func (g *groups) of(ctx context.Context, at string, id int64) (messages, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.load(ctx); err != nil {
		return messages{}, err
	}
	if i := g.index(at, id); i >= 0 {
		return messages{ids: slices.Clone(g.list[i].IDs), text: g.list[i].Text}, nil
	}
	return messages{ids: []int64{id}}, nil
}

// index is where the group of a message is; -1 when it is in none.
func (g *groups) index(at string, id int64) int {
	return slices.IndexFunc(g.list, func(x group) bool { return x.At == at && slices.Contains(x.IDs, id) })
}

// knows says whether a message is a piece of another one.
func (g *groups) knows(ctx context.Context, at string, id int64) (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	err := g.load(ctx)
	return err == nil && g.index(at, id) >= 0, err
}

// note remembers a message of several pieces.
func (g *groups) note(ctx context.Context, at string, m messages) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.load(ctx); err != nil {
		return err
	}
	if g.index(at, m.first()) >= 0 {
		return nil
	}
	g.list = append(g.list, group{At: at, IDs: slices.Clone(m.ids), Text: m.text})
	if len(g.list) > maxGroups {
		g.list = slices.Delete(g.list, 0, len(g.list)-maxGroups)
	}
	return store(ctx, g.keep, groupsKey, g.list)
}

// places remembers the groups and channels that the bot is in, so that Check can look at them.
type places struct {
	keep bridges.Keeper

	mu     sync.Mutex
	loaded bool
	list   []seat
}

// seat is a chat that the bot is in.
type seat struct {
	Chat  int64  `json:"c"`
	Title string `json:"t"`
}

const (
	placesKey = "places"
	maxPlaces = 100
)

// note remembers a chat, or forgets it when the bot is not there any more.
func (p *places) note(ctx context.Context, s seat, there bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.load(ctx); err != nil {
		return err
	}
	i := slices.IndexFunc(p.list, func(x seat) bool { return x.Chat == s.Chat })
	switch {
	case there && i >= 0 && p.list[i] == s, !there && i < 0, there && i < 0 && len(p.list) >= maxPlaces:
		return nil
	case there && i >= 0:
		p.list[i] = s
	case there:
		p.list = append(p.list, s)
	default:
		p.list = slices.Delete(p.list, i, i+1)
	}
	return store(ctx, p.keep, placesKey, p.list)
}

func (p *places) load(ctx context.Context) error {
	if p.loaded {
		return nil
	}
	if err := recall(ctx, p.keep, placesKey, &p.list); err != nil {
		return err
	}
	p.loaded = true
	return nil
}

// all lists the chats.
func (p *places) all(ctx context.Context) ([]seat, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.load(ctx)
	return slices.Clone(p.list), err
}
