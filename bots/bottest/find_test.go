package bottest_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
)

// A transcript finds its bot.
func TestBotIsFound(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		files []string
		chat  string
		says  string
		want  string
	}{
		{name: "of the same name", files: []string{"a.star", "b.star"}, chat: "a.chat", want: "a.star"},
		{name: "rules", files: []string{"a.yaml", "b.star"}, chat: "a.chat", want: "a.yaml"},
		{name: "with more behind it", files: []string{"a.star", "a-b.star", "c.star"}, chat: "a-x-y.chat", want: "a.star"},
		{name: "the longest name", files: []string{"a.star", "a-b.star"}, chat: "a-b-c.chat", want: "a-b.star"},
		{name: "a folder beside it", files: []string{"a/plugin.yaml", "b.star"}, chat: "a.chat", want: "a"},
		{name: "the folder in which it is", files: []string{"plugin.yaml", "settings.yaml"}, chat: "x.chat", want: "."},
		{name: "the only one", files: []string{"a.star"}, chat: "x.chat", want: "a.star"},
		{name: "none of several", files: []string{"a.star", "b.yaml"}, chat: "x.chat", want: "x"},
		{name: "none", chat: "x.chat", want: "x"},
		{name: "named", files: []string{"a.star"}, chat: "a.chat", says: "@bot ../b.star\n", want: "../b.star"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "bots")
			for _, name := range append(tc.files, tc.chat) {
				path := filepath.Join(dir, filepath.FromSlash(name))
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(tc.says), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			var got string
			open := func(_ context.Context, b bottest.Bot) (bots.Config, error) {
				got = b.Path
				return bots.Config{}, errors.New("it is not wanted")
			}
			if _, err := bottest.Run(t.Context(), bottest.Options{Files: []string{filepath.Join(dir, tc.chat)}, Open: open}); err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(dir, tc.want); got != want {
				t.Errorf("the bot is %s, want %s", got, want)
			}
		})
	}
}
