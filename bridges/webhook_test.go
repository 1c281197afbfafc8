package bridges_test

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
)

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		body io.Reader
		want int
	}{
		{"small", strings.NewReader("hello"), 200},
		{"none", strings.NewReader(""), 200},
		{"as large as it may be", strings.NewReader(strings.Repeat("x", 1<<20)), 200},
		{"larger", strings.NewReader(strings.Repeat("x", 1<<20+1)), 413},
		{"broken", io.MultiReader(strings.NewReader("x"), failing{}), 400},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", tc.body)
		body, ok := bridges.ReadBody(w, r)
		if ok != (tc.want == 200) || w.Code != tc.want || !ok && body != nil {
			t.Errorf("%s: answered %d, ok %v, %d bytes; want %d", tc.name, w.Code, ok, len(body), tc.want)
		}
	}
}

func TestSeals(t *testing.T) {
	t.Parallel()
	// RFC 4231, test case 2.
	key, text := bridges.NewSecret("Jefe"), []byte("what do ya want for nothing?")
	sum, err := hex.DecodeString("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
	if err != nil {
		t.Fatal(err)
	}
	if got := bridges.Seal(key, text[:5], text[5:]); string(got) != string(sum) {
		t.Errorf("sealed as %x, want %x", got, sum)
	}
	var none bridges.Secret
	for _, tc := range []struct {
		name string
		sum  []byte
		key  bridges.Secret
		text []byte
		want bool
	}{
		{"right", sum, key, text, true},
		{"another text", sum, key, text[1:], false},
		{"another key", sum, bridges.NewSecret("jefe"), text, false},
		{"cut", sum[:31], key, text, false},
		{"no seal", nil, key, text, false},
		{"no key", bridges.Seal(none, text), none, text, false},
	} {
		if got := bridges.Sealed(tc.sum, tc.key, tc.text); got != tc.want {
			t.Errorf("%s: sealed %v, want %v", tc.name, got, tc.want)
		}
	}
}
