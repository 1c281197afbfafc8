package router_test

import (
	"testing"
	"testing/synctest"

	"github.com/roost-im/roost/router/chat"
)

// removes takes a message of a town away.
func (m *town) removes(id chat.MessageID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.messages {
		x.deleted = x.deleted || x.id == id
	}
}

// Where a mirror never brought a message, its edit is one.
func TestAMirrorBringsAMessageOfWhichOnlyTheEditCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		towns[1].traits.Edit.Out = false
		w.happens(t, "Ann", where{towns[0], at[0]}, "1", edited("one"))
		for i, m := range towns[1:] {
			reads(t, m, at[i+1], "(edited) one")
		}
		w.happens(t, "Ann", where{towns[0], at[0]}, "1", edited("two"))
		reads(t, towns[1], at[1], "(edited) one", "(edited) two")
		reads(t, towns[2], at[2], "two")
		copied, _ := towns[2].reads(at[2], "two")
		w.happens(t, "Cem", where{towns[2], at[2]}, copied.id, chat.Deleted{})
		reads(t, towns[1], at[1], "(edited) one")
		// A copy that somebody took away stays away.
		towns[2].removes(copied.id)
		w.happens(t, "Ann", where{towns[0], at[0]}, "1", edited("three"))
		reads(t, towns[2], at[2])
		reads(t, towns[0], at[0])
	})
}

func TestAMessageOfWhichOnlyTheEditCameGoesIntoItsTwin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		in := towns[0].branches(at[0], w.says(t, towns[0], "Ann", at[0], "plans?"))
		w.says(t, towns[0], "Bob", in, "tea")
		w.happens(t, "Cem", where{towns[0], in}, "c1", edited("coffee"))
		twin := towns[1].twin(t, at[1], "tea")
		reads(t, towns[1], twin, "tea", "(edited) coffee")
	})
}
