package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// uploads remembers on disk which files the latest posts were made of, so that a post whose end is not known can be looked
// for. A post that is there is remembered, too: that it is may not have been stored yet.
type uploads struct {
	keep bridges.Keeper

	mu   sync.Mutex
	list []upload // the newest last
	read bool
}

type upload struct {
	Key chat.Key `json:"k"`
	IDs []string `json:"i"`
}

const (
	uploadsKey  = "uploads"
	uploadsMost = 256 // far more than there can be under way when Roost ends
)

// note remembers the files of a post.
func (u *uploads) note(ctx context.Context, key chat.Key, ids []string) error {
	if key == "" {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := u.load(ctx); err != nil {
		return err
	}
	list := slices.DeleteFunc(slices.Clone(u.list), func(x upload) bool { return x.Key == key })
	list = append(list, upload{Key: key, IDs: ids})
	list = list[max(0, len(list)-uploadsMost):]
	raw, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if err := u.keep.Keep(ctx, uploadsKey, raw); err != nil {
		return fmt.Errorf("slack: keep the files of a post: %w", err)
	}
	u.list = list
	return nil
}

// of gives the files of a post; none when it is not remembered.
func (u *uploads) of(ctx context.Context, key chat.Key) ([]string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := u.load(ctx); err != nil {
		return nil, err
	}
	for _, x := range u.list {
		if x.Key == key {
			return x.IDs, nil
		}
	}
	return nil, nil
}

func (u *uploads) load(ctx context.Context) error {
	if u.read {
		return nil
	}
	raw, err := u.keep.Kept(ctx, uploadsKey)
	if err != nil {
		return fmt.Errorf("slack: recall the files of posts: %w", err)
	}
	u.list = nil
	if raw != nil && json.Unmarshal(raw, &u.list) != nil {
		u.list = nil // of a version that is no more
	}
	u.read = true
	return nil
}
