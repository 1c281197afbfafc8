package bots_test

import (
	"strings"
	"testing"

	"github.com/roost-im/roost/bots"
)

func FuzzJournal(f *testing.F) {
	for _, s := range []string{
		"", "a3:yes", "n19:1772452800000000000s0:s2:=xa3:yes", "a0:", "a", "a3", "a3:ye", "a-1:x", "a99999999:x", "a999999999:x", ":3:yes", "\x000:",
		"a03:yes", "h12:3:2000:4:pageaa1:b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		again, ok, err := bots.JournalAgain(s)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return
		}
		if twice, ok, err := bots.JournalAgain(again); err != nil || !ok || twice != again {
			t.Fatalf("%q is written %q, and that %q, %v", s, again, twice, err)
		}
		if !strings.Contains(s, "0") && again != s {
			t.Fatalf("%q is written %q", s, again)
		}
	})
}

func FuzzDialog(f *testing.F) {
	w := newWorld(f, asking(bots.Question{Message: bots.Message{Text: "Which?", Choices: sizes()}}))
	w.say("/order")
	for key, value := range w.kept {
		if strings.Contains(key, "/dialog/") {
			f.Add(value)
		}
	}
	for _, s := range []string{
		"", "\n", "{}\n", "{}", "null\na1:x", `{"hear":{}}` + "\na1:x", `{"ref":{"conversation":"slack/team#C1","message":"m"}}` + "\n",
		`{"said":{"body":"x","spans":[{"s":0,"e":9}]}}` + "\n", `{"began":"2026"}` + "\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := bots.DialogAgain(b); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzGoOn has a bot answer when what is kept of its dialog is anything.
func FuzzGoOn(f *testing.F) {
	b := asking(bots.Question{Message: bots.Message{Text: "Which?", Choices: sizes()}})
	w := newWorld(f, b)
	w.say("/order")
	key := ""
	for k, value := range w.kept {
		if strings.Contains(k, "/dialog/") {
			key = k
			f.Add(value, "m")
		}
	}
	f.Add([]byte(`{"trigger":"order","hear":{}}`+"\na1:x"), "1")
	f.Add([]byte(`{"trigger":"order","hear":{},"type":"user"}`+"\n"), "@a")
	f.Add([]byte(`{"trigger":"order","hear":{},"await":true}`+"\n"), "/cancel")
	f.Fuzz(func(t *testing.T, raw []byte, words string) {
		w := newWorld(t, b)
		w.kept[key] = raw
		w.say(words)
	})
}

func FuzzUnpack(f *testing.F) {
	for _, s := range []string{"", "3:yes", "3:yes0:", "1:", "9999999:x", "99999999:x", "3:yes2:no"} {
		f.Add(s, byte(2))
	}
	f.Fuzz(func(t *testing.T, s string, n byte) {
		again, ok := bots.UnpackAgain(s, int(n%10))
		if !ok {
			return
		}
		if !strings.Contains(s, "0") && !strings.HasPrefix(s, again) {
			t.Fatalf("%q is packed %q", s, again)
		}
	})
}
