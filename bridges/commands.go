package bridges

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// Command is what a member can tell a desk by a word: /claim, /snooze 4h. Given in a case's thread it is a chat.Pressed
// whose Button is Name, whose Fields are what was said for those of Form, and which has no Value: the thread says which
// case is meant.
type Command struct {
	Name string     // letters a to z, 32 at most
	Help string     // what it does, in one line of 100 characters at most
	Form *chat.Form // its options, of which those that may be left out come last; nil: it has none
}

// Signs has a platform show an account's commands where its desks and bots are, and nowhere else.
type Signs struct {
	Deps   Deps
	Places func(ctx context.Context) ([]string, error)               // where they are to be shown
	Show   func(ctx context.Context, place string, shown bool) error // has them shown in a place, or not any more
}

// signsAt is where the places are kept in which commands were shown.
const signsAt = "commands"

// Follow shows the commands in Places, and does so again whenever those of bots change (Deps.Menu), until ctx ends.
func (s Signs) Follow(ctx context.Context) {
	for ctx.Err() == nil {
		_, changed := s.Deps.Menu.Now()
		s.Hang(ctx)
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// Hang shows the commands in Places, and no longer where an earlier Hang showed them, also before a restart. It returns
// when that is done or ctx ends. A place in which it is pointless to try is logged and left; nothing is asked of the
// platform when there is nothing to show and nothing was shown.
func (s Signs) Hang(ctx context.Context) {
	wait := Backoff{First: time.Second, Most: time.Minute}
	for {
		err := s.hang(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		s.Deps.Log.LogAttrs(ctx, slog.LevelWarn, "commands not shown yet", slog.Any("error", err))
		if wait.Wait(ctx, err) != nil {
			return
		}
	}
}

// hang tries once. Where commands are shown is kept before they are, so that they can always be taken away again.
func (s Signs) hang(ctx context.Context) error {
	wanted, err := s.Places(ctx)
	if err != nil {
		return err
	}
	before, err := s.kept(ctx)
	if err != nil {
		return err
	}
	all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(wanted, before))))
	if err := s.keep(ctx, before, all); err != nil {
		return err
	}
	var left []string
	for _, place := range all {
		shown := slices.Contains(wanted, place)
		err := s.Show(ctx, place, shown)
		switch {
		case err != nil && !Pointless(err):
			return err
		case err != nil:
			s.Deps.Log.LogAttrs(ctx, slog.LevelWarn, "commands not shown", slog.String("place", place), slog.Any("error", err))
		}
		if shown || err != nil && chat.KindOf(err) != chat.Gone {
			left = append(left, place)
		}
	}
	return s.keep(ctx, all, left)
}

func (s Signs) kept(ctx context.Context) ([]string, error) {
	raw, err := s.Deps.Keep.Kept(ctx, signsAt)
	if err != nil {
		return nil, fmt.Errorf("recall where commands are shown: %w", err)
	}
	var places []string
	if raw != nil {
		_ = json.Unmarshal(raw, &places) // what can't be read is as if it were not there
	}
	return places, nil
}

func (s Signs) keep(ctx context.Context, was, places []string) error {
	if slices.Equal(was, places) {
		return nil
	}
	var raw []byte
	if len(places) > 0 {
		var err error
		if raw, err = json.Marshal(places); err != nil {
			return fmt.Errorf("keep where commands are shown: %w", err)
		}
	}
	if err := s.Deps.Keep.Keep(ctx, signsAt, raw); err != nil {
		return fmt.Errorf("keep where commands are shown: %w", err)
	}
	return nil
}
