package bridges_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// wall is a platform on which signs hang, and a store that remembers where.
type wall struct {
	bridges.Signs
	wanted []string
	calls  []string
	fail   map[string]error // by place; once
}

func newWall() *wall {
	w := &wall{fail: map[string]error{}}
	w.Deps = bridges.Deps{}.Ready()
	w.Places = func(context.Context) ([]string, error) { return w.wanted, w.failing("places") }
	w.Show = func(_ context.Context, place string, shown bool) error {
		sign := "-"
		if shown {
			sign = "+"
		}
		w.calls = append(w.calls, sign+place)
		return w.failing(place)
	}
	return w
}

func (w *wall) failing(what string) error {
	err := w.fail[what]
	delete(w.fail, what)
	return err
}

// hangs has signs hung in these places, and compares what the platform was asked.
func (w *wall) hangs(t *testing.T, places, want string) {
	t.Helper()
	w.wanted, w.calls = strings.Fields(places), nil
	w.Hang(t.Context())
	if diff := cmp.Diff(strings.Fields(want), slices.Clone(w.calls)); len(w.calls)+len(want) > 0 && diff != "" {
		t.Errorf("for %q the platform was asked (-want +got):\n%s", places, diff)
	}
}

func TestCommandsAreShownWhereDesksAreAndNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWall()
	defer w.Deps.Client.CloseIdleConnections()
	w.hangs(t, "", "")
	w.hangs(t, "b a b", "+a +b")
	w.hangs(t, "b c", "-a +b +c")
	w.hangs(t, "", "-b -c")
	w.hangs(t, "", "")
}

func TestCommandsAreShownWhenThePlatformIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWall()
		w.fail["a"], w.fail["places"] = errDisk, errDisk
		w.hangs(t, "a b", "+a +a +b")
		ctx, cancel := context.WithCancel(t.Context())
		w.fail["a"] = errDisk
		show := w.Show
		w.Show = func(ctx context.Context, place string, shown bool) error { cancel(); return show(ctx, place, shown) }
		w.calls = nil
		w.Hang(ctx)
		if got := strings.Join(w.calls, " "); got != "+a" {
			t.Errorf("after the end the platform was asked %s, want +a alone", got)
		}
	})
}

// TestCommandsThatCantBeTakenAwayAreTriedAgainLater also keeps what was asked for before an end in the middle.
func TestCommandsThatCantBeTakenAwayAreTriedAgainLater(t *testing.T) {
	t.Parallel()
	w := newWall()
	defer w.Deps.Client.CloseIdleConnections()
	w.fail["a"] = &chat.Error{Kind: chat.Refused}
	w.hangs(t, "a b c", "+a +b +c")
	w.fail["a"], w.fail["b"] = &chat.Error{Kind: chat.Refused}, &chat.Error{Kind: chat.Gone}
	w.hangs(t, "c", "-a -b +c")
	w.hangs(t, "c", "-a +c")
	w.hangs(t, "c", "+c")
}
