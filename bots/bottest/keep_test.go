package bottest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/router/chat"
)

func TestKeepIsAllOrNothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		keep []chat.Kept
		want map[string][]byte // nil: it is refused
	}{
		{"what was read", []chat.Kept{{Key: "a", Was: []byte("1"), Now: []byte("2")}}, map[string][]byte{"a": []byte("2")}},
		{"a new one", []chat.Kept{{Key: "b", Now: []byte("2")}}, map[string][]byte{"a": []byte("1"), "b": []byte("2")}},
		{"none any more", []chat.Kept{{Key: "a", Was: []byte("1")}}, map[string][]byte{}},
		{"whatever it was", []chat.Kept{{Key: "a", Now: []byte("2"), Any: true}}, map[string][]byte{"a": []byte("2")}},
		{"another one", []chat.Kept{{Key: "b", Now: []byte("2")}, {Key: "a", Was: []byte("0"), Now: []byte("2")}}, nil},
		{"one that was thought new", []chat.Kept{{Key: "a", Now: []byte("2")}}, nil},
		{"one that is gone", []chat.Kept{{Key: "b", Was: []byte{}, Now: []byte("2")}}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			store := map[string][]byte{"a": []byte("1")}
			err := bottest.Keep(store, tc.keep)
			if (err != nil) != (tc.want == nil) {
				t.Fatalf("Keep says %v", err)
			}
			if tc.want == nil {
				tc.want = map[string][]byte{"a": []byte("1")}
			}
			if diff := cmp.Diff(tc.want, store); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
