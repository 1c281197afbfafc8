package leak_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/roost-im/roost/test/leak"
)

func TestFind(t *testing.T) {
	t.Parallel()
	const secret = "the jade ~pot?>"
	for before := range 4 {
		for behind := range 4 {
			said := fmt.Sprintf("%.*s%s%.*s", before, "{[(<", secret, behind, "}])>")
			for _, tc := range []struct{ held, want string }{
				{"x" + said, "as it is"},
				{base64.StdEncoding.EncodeToString([]byte(said)), "in base64"},
				{"k=" + base64.RawURLEncoding.EncodeToString([]byte(said)), "in base64"},
				{hex.EncodeToString([]byte(said)), "in hex"},
				{base64.StdEncoding.EncodeToString([]byte("another pot")), ""},
				{"", ""},
			} {
				if got := leak.Find([][]byte{nil, []byte(tc.held)}, []byte(secret)); got != tc.want {
					t.Errorf("%q in %q is found %q, want %q", secret, tc.held, got, tc.want)
				}
			}
		}
	}
	if got := leak.Find([][]byte{[]byte("YWJj")}, []byte("abc")); got != "" {
		t.Errorf("three bytes are found %q in base64", got)
	}
}
