package xchat_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

func number(version string) int { n, _ := strconv.Atoi(version); return n }

// TestLatestNeverGoesDown adopts key changes of all makes in any order.
func TestLatestNeverGoesDown(t *testing.T) {
	t.Parallel()
	w, unlisted := setup(t), newPerson(t, "4444")
	changes := map[string]func(k xchat.ConversationKey) wire.Event{
		"signed": func(k xchat.ConversationKey) wire.Event { return w.alice.changes(t, groupID, k, w.bob) },
		"former": func(k xchat.ConversationKey) wire.Event {
			return w.alice.Sign(w.alice.change(t, groupID, k, w.bob), 5, &k)
		},
		"unlisted": func(k xchat.ConversationKey) wire.Event { return unlisted.changes(t, groupID, k, w.bob) },
		"forged": func(k xchat.ConversationKey) wire.Event {
			return w.mallory.SignText(w.alice.change(t, groupID, k, w.bob), []byte("x"), "7")
		},
	}
	rapid.Check(t, func(t *rapid.T) {
		ring, signed, former := &xchat.Keyring{}, -1, -1
		for range rapid.IntRange(1, 12).Draw(t, "key changes") {
			kind := rapid.SampledFrom([]string{"signed", "former", "unlisted", "forged", "own", "kept"}).Draw(t, "kind")
			key := xchat.NewConversationKey(rapid.SampledFrom([]string{"1", "2", "03", "3", "9", "10", "11", "010"}).Draw(t, "version"))
			n := number(key.Version)
			switch kind {
			case "own":
				ring.Add(key)
			case "kept":
				ring = keepAndParse(t, ring)
				continue
			default:
				_, _ = w.reader.Adopt(changes[kind](key), ring)
			}
			if kind == "signed" || kind == "own" {
				signed = max(signed, n)
			}
			if kind == "former" {
				former = max(former, n)
			}
			want := signed
			if want < 0 {
				want = former
			}
			got, ok := ring.Latest()
			if ok != (want >= 0) || ok && number(got.Version) != want {
				t.Fatalf("after one of version %s (%s) the latest is %q, want %d", key.Version, kind, got.Version, want)
			}
		}
	})
}

func keepAndParse(t rapid.TB, r *xchat.Keyring) *xchat.Keyring {
	t.Helper()
	b, err := r.Keep()
	if err != nil {
		t.Fatal(err)
	}
	got, err := xchat.ParseKeyring(b)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := got.Keep(); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("it is kept as another one: %v", err)
	}
	return got
}

func TestKeyringIsReadAsKept(t *testing.T) {
	t.Parallel()
	w, unlisted := setup(t), newPerson(t, "4444")
	ring := &xchat.Keyring{}
	own, read := xchat.NewConversationKey("5"), xchat.NewConversationKey("9")
	ring.Add(own)
	if _, err := w.reader.Adopt(unlisted.changes(t, groupID, read, w.bob), ring); err != nil {
		t.Fatal(err)
	}
	got := keepAndParse(t, ring)
	if !has(got, own) || !has(got, read) || latest(got) != "5" {
		t.Errorf("it is %v, and its latest %s", got, latest(got))
	}
	for _, none := range [][]byte{nil, {}} {
		if r, err := xchat.ParseKeyring(none); err != nil || latest(r) != "" {
			t.Errorf("nothing is %v, %v", r, err)
		}
	}
	if got := keepAndParse(t, &xchat.Keyring{}); latest(got) != "" {
		t.Error("an empty one has a key")
	}
}

func TestKeyringGarbage(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("A", 43)
	for _, s := range []string{
		"garbage", "[]", `"keys"`, "{", `{"keys":{}}`, `{"keys":[1]}`, `{"keys":[{}]}`,
		`{"keys":[{"version":"1","secret":"AAAA"}]}`,
		`{"keys":[{"version":"1","secret":"` + secret + `!"}]}`,
		`{"keys":[{"version":"1","secret":"` + secret + `A"}]}`,
		`{"keys":[{"version":"","secret":"` + secret + `"}]}`,
		`{"keys":[{"version":"x","secret":"` + secret + `"}]}`,
		`{"keys":[{"version":"1","secret":"` + secret + `","trust":-1}]}`,
		`{"keys":[{"version":"1","secret":"` + secret + `","trust":3}]}`,
		`{"keys":[{"version":"1","secret":"` + secret + `"}]} {}`,
	} {
		if r, err := xchat.ParseKeyring([]byte(s)); !errors.Is(err, xchat.ErrKeyring) || r != nil {
			t.Errorf("%s: %v, want ErrKeyring", s, err)
		} else if strings.Contains(err.Error(), "AAAA") {
			t.Errorf("the error shows a key: %v", err)
		}
	}
}

// However many keys strangers make, those that somebody signed stay, and of them the one that is written with.
func TestKeyringIsBounded(t *testing.T) {
	t.Parallel()
	w, unlisted := setup(t), newPerson(t, "4444")
	ring, key := &xchat.Keyring{}, xchat.NewConversationKey("5")
	ring.Add(key)
	for n := range xchat.MostKeys + 2 {
		made := unlisted.changes(t, groupID, xchat.NewConversationKey(strconv.Itoa(1000+n)), w.bob)
		if _, err := w.reader.Adopt(made, ring); err != nil {
			t.Fatal(err)
		}
	}
	if got := ring.String(); got != fmt.Sprintf("keyring of %d", xchat.MostKeys) || latest(ring) != "5" || !has(ring, key) {
		t.Errorf("it is a %s, and its latest is %q", got, latest(ring))
	}
	own := &xchat.Keyring{}
	for n := range xchat.MostKeys + 5 {
		own.Add(xchat.NewConversationKey(strconv.Itoa(n)))
	}
	if _, ok := own.Key("4"); ok || latest(own) != strconv.Itoa(xchat.MostKeys+4) {
		t.Errorf("the latest of a full ring is %s", latest(own))
	}
	if added, err := w.reader.Adopt(unlisted.changes(t, groupID, xchat.NewConversationKey("99999"), w.bob), own); added || err != nil {
		t.Errorf("a stranger's key in a full ring: %v, %v", added, err)
	}
}

// Two spellings of one number are two versions, and neither hides the other.
func TestSpellingsOfAVersion(t *testing.T) {
	t.Parallel()
	for _, order := range [][]string{{"7", "07", "007"}, {"007", "7", "07"}, {"07", "007", "7"}} {
		ring := &xchat.Keyring{}
		keys := map[string]xchat.ConversationKey{}
		for _, v := range order {
			keys[v] = xchat.NewConversationKey(v)
			ring.Add(keys[v])
			ring.Add(xchat.NewConversationKey(v)) // not the first of its version
		}
		for v, k := range keys {
			if !has(ring, k) {
				t.Errorf("in the order %v, the key of version %s is not there", order, v)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	key, none := xchat.NewConversationKey("5"), xchat.ConversationKey{}
	secret := key.Secret()
	secret[0] ^= 1
	if again := key.Secret(); again[0] == secret[0] {
		t.Error("a key can be changed from outside")
	}
	if same, err := xchat.ParseConversationKey("5", key.Secret()[:]); err != nil || !slices.Equal(same.Secret()[:], key.Secret()[:]) {
		t.Errorf("the same key is another one: %v", err)
	}
	for _, n := range []int{0, 16, 31, 33, 64} {
		if k, err := xchat.ParseConversationKey("5", make([]byte, n)); err == nil || !k.IsZero() {
			t.Errorf("a key of %d bytes is one", n)
		}
	}
	ring := &xchat.Keyring{}
	if ring.Add(none); !none.IsZero() || none.Secret() != nil || latest(ring) != "" || ring.String() != "keyring of 0" {
		t.Error("no key is a key")
	}
	for _, s := range []string{"Ωmega", "", "a,b"} {
		if got, err := key.OpenText(key.SealText(s)); err != nil || got != s {
			t.Errorf("%q is %q, %v", s, got, err)
		}
	}
	sealed := key.SealText("name")
	for _, s := range []string{"", "!", sealed[1:], sealed[:len(sealed)-4], xchat.NewConversationKey("5").SealText("name"), base(make([]byte, 40))} {
		if got, err := key.OpenText(s); !errors.Is(err, xchat.ErrSealed) || got != "" {
			t.Errorf("OpenText(%q) = %q, %v, want ErrSealed", s, got, err)
		}
	}
	if _, err := none.OpenText(sealed); !errors.Is(err, xchat.ErrSealed) {
		t.Errorf("with no key: %v, want ErrSealed", err)
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ev := w.says(t, "m", wire.Message{Text: "hush"})
	var all sync.WaitGroup
	for n := range 8 {
		change := w.alice.changes(t, pairID, xchat.NewConversationKey(strconv.Itoa(n+1)), w.bob)
		all.Go(func() {
			_, _ = w.reader.Adopt(change, w.ring)
			w.reader.Directory.Learn("1111", []xchat.PublicKeys{w.alice.listed()})
			if _, err := w.reader.Open(ev, w.ring); err != nil {
				t.Error(err)
			}
			_, _ = w.ring.Keep()
			_, _ = w.reader.Directory.Latest("1111")
			_ = w.ring.String()
		})
	}
	all.Wait()
}
