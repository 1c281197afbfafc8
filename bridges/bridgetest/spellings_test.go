package bridgetest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
)

// TestSpellings writes a key in the ways in which one leaks, and finds each.
func TestSpellings(t *testing.T) {
	t.Parallel()
	key := []byte("\x01key\xff of \x80 sixteen bytes and more.")[:32]
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), key)
	if err != nil {
		t.Fatal(err)
	}
	inJSON, _ := json.Marshal(map[string]any{"k": key})
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).LogAttrs(t.Context(), slog.LevelError, "m", slog.String("raw", string(key)))
	for name, said := range map[string]string{
		"text":            "with " + string(key),
		"an error of it":  errors.New(string(key)).Error(),
		"%q":              fmt.Sprintf("%q", key),
		"%+q":             fmt.Sprintf("%+q", key),
		"%v":              fmt.Sprintf("%v", key),
		"%#v":             fmt.Sprintf("%#v", key),
		"%x":              fmt.Sprintf("%x", key),
		"%X":              fmt.Sprintf("%X", key),
		"base64":          base64.StdEncoding.EncodeToString(key),
		"base64 for URLs": base64.URLEncoding.EncodeToString(key),
		"JSON":            string(inJSON),
		"a private key":   fmt.Sprintf("%v", private),
		"a log line":      log.String(),
	} {
		found := false
		for _, s := range bridgetest.Spellings(string(key)) {
			found = found || strings.Contains(said, s)
		}
		if !found {
			t.Errorf("%s is not found in %q", name, said)
		}
	}
	if got := bridgetest.Spellings(""); got != nil {
		t.Errorf("no secret is spelled %q", got)
	}
}
