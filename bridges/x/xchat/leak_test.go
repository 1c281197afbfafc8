package xchat_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

const hush = "hushhushhushhushhush"

// spellings is every way in which a printer may show bytes.
func spellings(secret []byte) []string {
	list := func(format, sep string) string {
		all := make([]string, len(secret))
		for i, b := range secret {
			all[i] = fmt.Sprintf(format, b)
		}
		return strings.Join(all, sep)
	}
	quoted := fmt.Sprintf("%q", secret)
	all := []string{
		string(secret), quoted[1 : len(quoted)-1], hex.EncodeToString(secret), strings.ToUpper(hex.EncodeToString(secret)),
		base64.RawStdEncoding.EncodeToString(secret), base64.RawURLEncoding.EncodeToString(secret), new(big.Int).SetBytes(secret).String(),
	}
	for _, format := range []string{"%d", "0x%x", "0x%02x", "%x", "%02x", "%X", "%02X", "%o", "%b", "%U", "%c", "%q"} {
		all = append(all, list(format, " "), list(format, ","), list(format, ", "))
	}
	return all
}

// leak is the first secret that a text shows in any spelling.
func leak(text string, secrets map[string][]string) string {
	for name, all := range secrets {
		for _, s := range all {
			if strings.Contains(text, s) {
				return name
			}
		}
	}
	return ""
}

// nested has things where fmt does not ask for their methods.
type nested struct {
	Shown  any
	hidden any
	other  *int
}

// copied is what a pointer points to, as a value.
func copied(p any) any { return reflect.ValueOf(p).Elem().Interface() }

// printed is everything that printers, encoders and loggers make of a value.
func printed(v any) map[string]string {
	all := map[string]string{}
	for name, v := range map[string]any{
		"":            v,
		" in a slice": []any{v}, " in a map": map[string]any{"k": v}, " in a struct": nested{Shown: v, hidden: v, other: new(1)},
		" in a pointer to a struct": &nested{Shown: v, hidden: v, other: new(1)},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%p", "%20.3v", "%w"} {
			all[verb+name] = fmt.Sprintf(verb, v)
		}
		all["Sprint"+name], all["Errorf"+name] = fmt.Sprint(v), fmt.Errorf("wrapped %v", v).Error()
		b, err := json.Marshal(v)
		all["json"+name] = fmt.Sprint(string(b), err)
		var out bytes.Buffer
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", slog.Any("v", v))
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", slog.Any("v", v))
		all["slog"+name] = out.String()
	}
	return all
}

func TestNothingShowsASecret(t *testing.T) {
	t.Parallel()
	w := setup(t)
	blob := w.bob.Keys.Blob()
	rot, err := w.bob.Rotate("c", pairID, "5", []xchat.PublicKeys{w.bob.listed()})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := w.reader.Open(w.says(t, "m", wire.Message{Text: hush}), w.ring)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string][]string{
		"the identity key": spellings(blob[:32]), "the signing key": spellings(blob[32:]), "the blob": spellings(blob),
		"the conversation key": spellings(w.key.Secret()[:]), "the new key": spellings(rot.Key.Secret()[:]), "what was written": spellings([]byte(hush)),
	}
	draft := xchat.Draft{ID: "m", Conversation: pairID, Content: wire.Message{Text: hush}}
	author := w.bob.Author
	for name, v := range map[string]any{
		"Keys": copied(w.bob.Keys), "*Keys": w.bob.Keys, "ConversationKey": w.key, "*ConversationKey": &w.key,
		"Keyring": copied(w.ring), "*Keyring": w.ring, "Reader": *w.reader, "*Reader": w.reader, "Author": author, "*Author": &author,
		"Rotation": rot, "*Rotation": &rot, "Opened": opened, "*Opened": &opened, "Draft": draft, "*Draft": &draft,
		"PublicKeys": w.bob.listed(), "a message": w.says(t, "m", wire.Message{Text: hush}), "a key change": w.alice.changes(t, pairID, w.key, w.bob),
	} {
		for how, text := range printed(v) {
			if what := leak(text, secrets); what != "" && !erring(name, how) {
				t.Errorf("%s shows %s by %s: %s", name, what, how, text)
			}
		}
	}
	b, err := json.Marshal(rot)
	if err != nil {
		t.Fatal(err)
	}
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(b, &sent); err != nil {
		t.Fatal(err)
	}
	want := []string{"action_signatures", "conversation_key_version", "conversation_participant_keys"}
	if got := slices.Sorted(maps.Keys(sent)); !slices.Equal(got, want) {
		t.Errorf("a rotation is sent with %v, want %v", got, want)
	}
}

// erring says whether a verb is misused so that fmt asks no methods: %p and %w, and any verb on what lies in an unexported
// field. There nothing but what is no data can be hidden, as keys are; what was written is a text, which go vet holds back.
func erring(name, how string) bool {
	misused := strings.HasPrefix(how, "%p") || strings.HasPrefix(how, "%w") || strings.Contains(how, "struct") && !strings.HasPrefix(how, "json")
	return misused && (strings.HasSuffix(name, "Opened") || strings.HasSuffix(name, "Draft"))
}

// TestTheLeakTestFinds holds that what does leak is found.
func TestTheLeakTestFinds(t *testing.T) {
	t.Parallel()
	secret := []byte("\x00\x01\x7f\x80\xffsecret")
	secrets := map[string][]string{"it": spellings(secret)}
	for name, v := range map[string]any{
		"bytes": secret, "a text": string(secret), "an array": [11]byte(secret), "a number": new(big.Int).SetBytes(secret), "a struct": struct{ b [11]byte }{[11]byte(secret)},
	} {
		found := 0
		for _, text := range printed(v) {
			if leak(text, secrets) != "" {
				found++
			}
		}
		if found < 10 {
			t.Errorf("%s is found in %d texts", name, found)
		}
	}
}

// TestNoErrorShowsASecret collects what goes wrong with secrets at hand.
func TestNoErrorShowsASecret(t *testing.T) {
	t.Parallel()
	w := setup(t)
	blob, secret := w.bob.Keys.Blob(), w.key.Secret()[:]
	kept, err := w.ring.Keep()
	if err != nil {
		t.Fatal(err)
	}
	plain := wire.EncodeContent(wire.Message{Text: hush})
	secrets := map[string][]string{
		"the blob": spellings(blob), "the identity key": spellings(blob[:32]), "the signing key": spellings(blob[32:]),
		"the conversation key": spellings(secret), "what was written": spellings([]byte(hush)),
	}
	faults := map[string]error{}
	_, faults["blob"] = xchat.ParseBlob(append(blob, 0))
	_, faults["blob of a wrong number"] = xchat.ParseBlob(bytes.Repeat([]byte{0xff}, 64))
	_, faults["blob text"] = xchat.ParseBlobText(base(blob) + "!")
	_, faults["key"] = xchat.ParseConversationKey("5", append(secret, 0))
	_, faults["keyring"] = xchat.ParseKeyring(append(kept, 'x'))
	_, faults["keyring's key"] = xchat.ParseKeyring(bytes.Replace(kept, []byte(base(secret)), []byte(base(secret)+"!"), 1))
	_, faults["text"] = w.key.OpenText("!")
	_, faults["no key"] = w.alice.Write(xchat.Draft{ID: "m", Conversation: pairID, Content: wire.Message{Text: hush}}, xchat.ConversationKey{})
	_, faults["comma"] = w.alice.Write(xchat.Draft{ID: "m,", Conversation: pairID, Content: wire.Message{Text: hush}}, w.key)
	_, faults["too long"] = w.alice.Write(xchat.Draft{ID: "m", Conversation: pairID, Content: wire.Message{Text: strings.Repeat(hush, xchat.MostSealed/20)}}, w.key)
	_, faults["unbound"] = w.alice.Rotate("c", pairID, "5", []xchat.PublicKeys{{}})
	for n := range plain {
		ev := w.alice.Sign(w.alice.event("m", pairID, wire.MessageCreate{Contents: w.key.Seal(plain[:n]), KeyVersion: changed}), 7, nil)
		_, faults[fmt.Sprint("cut at ", n)] = w.reader.Open(ev, w.ring)
	}
	ev := w.says(t, "m", wire.Message{Text: hush})
	_, faults["without its key"] = w.reader.Open(ev, &xchat.Keyring{})
	ev.ID = strings.Repeat("\x1b[2J\n", 1000)
	_, faults["an ID of control characters"] = w.reader.Open(ev, w.ring)
	_, faults["in the clear"] = w.reader.Open(w.alice.event("m", pairID, wire.MessageCreate{Contents: plain}), w.ring)
	_, faults["key change"] = w.reader.Adopt(w.mallory.changes(t, pairID, w.key, w.bob), w.ring)
	for name, err := range faults {
		if err == nil {
			t.Errorf("%s is no fault", name)
			continue
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if what := leak(fmt.Sprintf("%v %+v %#v", e, e, e), secrets); what != "" {
				t.Errorf("%s: the error shows %s: %v", name, what, e)
			}
		}
		if s := err.Error(); len(s) > 600 || strings.ContainsAny(s, "\n\x1b") {
			t.Errorf("%s: the error says what somebody else wrote: %q", name, s)
		}
	}
}
