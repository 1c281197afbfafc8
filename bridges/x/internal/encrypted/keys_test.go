package encrypted

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
)

// said answers every call with a body.
type said []byte

// RoundTrip answers.
func (s said) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(s)))}, nil
}

// FuzzParseKeys reads what a person calls keys: it takes keys, or tells no more of what is none than how much of what it is.
func FuzzParseKeys(f *testing.F) {
	keys, err := xchat.NewKeys()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(keys.Blob()))
	f.Add(base64.StdEncoding.EncodeToString(keys.Blob()) + "\n")
	f.Add(base64.RawURLEncoding.EncodeToString(keys.Blob()))
	f.Add(strings.Repeat("a5", 32))
	f.Add(strings.Repeat("a5", 64))
	f.Add(base64.StdEncoding.EncodeToString(keys.Blob()[:32]))
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, 64)))
	told := regexp.MustCompile(`^it (is hexadecimal, and not base64|has \d+ bytes, which are (no base64|base64 of \d+)|` +
		`has 64 bytes, but those are no two private keys|` +
		`is base64 of 32 bytes, the identity key alone, with which nothing can be signed)$`)
	f.Fuzz(func(t *testing.T, s string) {
		keys, err := parseKeys(s)
		if err != nil {
			if !told.MatchString(err.Error()) {
				t.Errorf("parseKeys = %v", err)
			}
			return
		}
		again, err := parseKeys(string(keys.Blob()))
		if err != nil || !again.Public().Same(keys.Public()) || keys.Public().Bound() != nil {
			t.Errorf("what was read is no whole key: %v", err)
		}
	})
}

// FuzzListedKeys reads lists of public keys of whoever sits between X and us: only our own keys are ever found in them.
func FuzzListedKeys(f *testing.F) {
	ours, err := xchat.ParseBlob([]byte(strings.Repeat("\x01", 64))) // the same in each process that looks for faults
	if err != nil {
		f.Fatal(err)
	}
	p := ours.Public()
	row := map[string]any{
		"public_key": p.Identity, "signing_public_key": p.Signing, "identity_public_key_signature": p.Binding, "public_key_version": "99",
	}
	list, err := json.Marshal(map[string]any{"data": []any{row}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list)
	f.Add([]byte(strings.Replace(string(list), `"public_key_version":"99"`, `"version":98`, 1)))
	f.Add([]byte(`{"data":[{"public_key":"?","public_key_version":"18446744073709551616"},{}]}`))
	f.Add([]byte(`{"data":null,"errors":[{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		deps := bridges.Deps{Client: &http.Client{Transport: said(body)}}.Ready()
		listed, err := listedKeys(t.Context(), api.New(api.Credentials{AccessToken: bridges.NewSecret("token")}, deps), "1")
		if err != nil {
			if chat.KindOf(err) != chat.Transient {
				t.Errorf("listedKeys = %v, want an error that passes", err)
			}
			return
		}
		version, ok := registeredAs(ours, listed)
		if !ok {
			return
		}
		if _, number := api.ParseSnowflake(version); !number {
			t.Errorf("the version is %q, which is no number", version)
		}
		if newer := newerThan(version, listed); newer == version || versionsOf(listed) == "none" {
			t.Errorf("version %s, newer %s, all %s", version, newer, versionsOf(listed))
		}
	})
}

func TestVersionsOf(t *testing.T) {
	t.Parallel()
	rows := func(versions ...string) (all []xchat.PublicKeys) {
		for _, v := range versions {
			all = append(all, xchat.PublicKeys{Version: v})
		}
		return all
	}
	for want, listed := range map[string][]xchat.PublicKeys{
		"none":                               nil,
		"without a version":                  rows("", "v2"),
		"version 9":                          rows("9"),
		"version 100, version 99, version 9": rows("99", "9", "100"),
		"version 100, version 99, version 10, …": rows("99", "9", "x", "100", "10"),
	} {
		if got := versionsOf(listed); got != want {
			t.Errorf("versionsOf = %q, want %q", got, want)
		}
	}
}
