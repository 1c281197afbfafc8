package x_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
)

func TestChatLoginRefuses(t *testing.T) {
	t.Parallel()
	type world struct {
		t     *testing.T
		s     *keyScene
		ours  *xchat.Keys
		other *xchat.Keys
	}
	given := func(k *xchat.Keys) x.ChatLoginOptions {
		return x.ChatLoginOptions{Keys: bridges.NewSecret(blob(k))}
	}
	raw := func(s string) func(world) x.ChatLoginOptions {
		return func(world) x.ChatLoginOptions { return x.ChatLoginOptions{Keys: bridges.NewSecret(s)} }
	}
	nothing := func(world) {}
	plainly := func(world) x.ChatLoginOptions { return x.ChatLoginOptions{} }
	const noBlob = "no key blob"
	for name, tc := range map[string]struct {
		given func(world)
		with  func(world) x.ChatLoginOptions
		words []string
	}{
		"has keys elsewhere": {
			func(w world) { w.s.lists(w.other, "98"); w.s.lists(w.ours, "99") }, plainly,
			[]string{"@acmetea has keys", "version 99 with fingerprint ", ", version 98", "--keys", "--replace", "PIN", "export_keys", "base64"},
		},
		"keys that X can't spell": {
			func(w world) { w.s.rows = []map[string]string{{"public_key": "?"}} }, plainly,
			[]string{"has keys for encrypted messages already", "without a version"},
		},
		"given ones are others": {
			func(w world) { w.s.lists(w.other, "99") }, func(w world) x.ChatLoginOptions { return given(w.ours) },
			[]string{"does not list the given keys", "@acmetea", "version 99", "another account, or were replaced"},
		},
		"given ones are older than those kept": {
			func(w world) {
				w.s.lists(w.other, "99")
				w.s.lists(w.ours, "100")
				w.s.keeps(w.t, entry{Blob: blob(w.ours), User: acmeID, Version: "100"})
			},
			func(w world) x.ChatLoginOptions { return given(w.other) },
			[]string{"newer keys are kept here already (version 100)", "version 99"},
		},
		"given and replaced": {nothing, func(w world) x.ChatLoginOptions { o := given(w.ours); o.Replace = true; return o }, []string{"only be one of both"}},
		"given and in the settings": {
			func(w world) { w.s.cfg.ChatKeys = bridges.NewSecret(blob(w.other)) }, func(w world) x.ChatLoginOptions { return given(w.ours) },
			[]string{"chat_keys in the settings"},
		},
		"replaced and in the settings": {
			func(w world) { w.s.cfg.ChatKeys = bridges.NewSecret(blob(w.other)) },
			func(world) x.ChatLoginOptions { return x.ChatLoginOptions{Replace: true} },
			[]string{"chat_keys in the settings"},
		},
		"those of the settings are not listed": {
			func(w world) { w.s.cfg.ChatKeys = bridges.NewSecret(blob(w.ours)); w.s.lists(w.other, "99") }, plainly,
			[]string{"in chat_keys of the settings", "version 99", "put the account's own there"},
		},
		"those kept are not listed": {
			func(w world) {
				w.s.keeps(w.t, entry{Blob: blob(w.ours), User: acmeID, Version: "98"})
				w.s.lists(w.other, "99")
			}, plainly,
			[]string{"kept here", "version 98", "version 99", "replaced", "--keys", "--replace"},
		},
		"those on their way are not listed": {
			func(w world) {
				w.s.keeps(w.t, entry{Next: &entry{Blob: blob(w.ours), User: acmeID}})
				w.s.lists(w.other, "99")
			}, plainly,
			[]string{"kept here", "version 99", "never registered", "--replace"},
		},
		"nothing is listed any more": {
			func(w world) { w.s.keeps(w.t, entry{Blob: blob(w.ours), User: acmeID, Version: "98"}) }, plainly,
			[]string{"version 98", "X's: none", "taken that back"},
		},
		"those kept are of another account": {
			func(w world) { w.s.keeps(w.t, entry{Blob: blob(w.ours), User: otherID, Version: "98"}) }, plainly,
			[]string{"another account, whose ID is " + otherID},
		},
		"chat is off": {func(w world) { w.s.cfg.Chat = x.ChatOff }, plainly, []string{"chat: off"}},
		"chat is off, with keys given": {
			func(w world) { w.s.cfg.Chat = x.ChatOff }, func(w world) x.ChatLoginOptions { return given(w.ours) }, []string{"chat: off"},
		},
		"chat is off, with keys in the settings": {
			func(w world) { w.s.cfg.Chat = x.ChatOff; w.s.cfg.ChatKeys = bridges.NewSecret(blob(w.ours)) }, plainly, []string{"chat: off"},
		},
		"63 bytes":               {nothing, raw(strings.Repeat("\x01", 63)), []string{noBlob}},
		"65 bytes":               {nothing, raw(strings.Repeat("\x01", 65)), []string{noBlob}},
		"64 zeros":               {nothing, raw(strings.Repeat("\x00", 64)), []string{noBlob}},
		"a number too large":     {nothing, raw(strings.Repeat("\xff", 64)), []string{noBlob}},
		"64 characters":          {nothing, raw(strings.Repeat("a5", 32)), []string{noBlob}},
		"hexadecimal":            {nothing, raw(strings.Repeat("a5", 64)), []string{noBlob}},
		"the identity key alone": {nothing, raw(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))), []string{noBlob}},
		"a PIN":                  {nothing, raw("1234\n"), []string{noBlob}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeyScene(t)
			w := world{t, s, s.makes(t), s.makes(t)}
			tc.given(w)
			s.refused(t, tc.with(w), tc.words...)
		})
	}
}
