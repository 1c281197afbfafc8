package bridges_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/roost-im/roost/bridges"
)

const hush = "xoxb-hush"

func TestASecretIsShownByNobody(t *testing.T) {
	t.Parallel()
	s := bridges.NewSecret(hush)
	type inside struct {
		Open   bridges.Secret
		hidden bridges.Secret
		deep   map[string][]*bridges.Secret
	}
	values := []any{s, &s, []bridges.Secret{s}, map[string]any{"k": s}, inside{s, s, map[string][]*bridges.Secret{"a": {&s}}}, &inside{Open: s, hidden: s}, errors.Join(fmt.Errorf("with %v", s))}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3s", "% x", "%U", "%t", "%e", "%o", "%b", "%c", "%p", "%T"} {
			if got := fmt.Sprintf(verb, v); hasHush(got) {
				t.Errorf("%s of %T shows it: %s", verb, v, got)
			}
		}
		var log bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(h).LogAttrs(t.Context(), slog.LevelError, "m", slog.Any("v", v), slog.Group("g", slog.Any("v", v)))
		}
		if hasHush(log.String()) {
			t.Errorf("slog of %T shows it: %s", v, log.String())
		}
		encoded(t, v)
	}
	if got := fmt.Sprintf("%v %s %+v", s, s, s); got != "secret secret secret" {
		t.Errorf("shown as %q, want secret each time", got)
	}
	if s.String() != "secret" {
		t.Errorf("String = %q", s.String())
	}
}

// hasHush finds the text, plain, in hexadecimal or as numbers.
func hasHush(s string) bool {
	s = strings.ToLower(strings.ReplaceAll(s, " ", ""))
	return strings.Contains(s, "hush") || strings.Contains(s, "68757368") || strings.Contains(s, "104117115104")
}

func encoded(t *testing.T, v any) {
	t.Helper()
	for name, encode := range map[string]func() ([]byte, error){
		"json": func() ([]byte, error) { return json.Marshal(v) },
		"yaml": func() ([]byte, error) { return yaml.Marshal(v) },
		"xml":  func() ([]byte, error) { return xml.Marshal(v) },
		"gob": func() ([]byte, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return b.Bytes(), err
		},
	} {
		b, err := encode() // an encoder may refuse it
		if hasHush(string(b)) || err != nil && hasHush(err.Error()) {
			t.Errorf("%s of %T shows it: %s %v", name, v, b, err)
		}
	}
}

func TestASecretGivesItsTextToWhoAsks(t *testing.T) {
	t.Parallel()
	s := bridges.NewSecret(hush)
	if s.Reveal() != hush || s.IsZero() {
		t.Errorf("Reveal = %q, zero %v", s.Reveal(), s.IsZero())
	}
	var none bridges.Secret
	if !none.IsZero() || none.Reveal() != "" || none.String() != "" || !bridges.NewSecret("").IsZero() {
		t.Error("no credential is not shown as none")
	}
	var read struct{ Token bridges.Secret }
	if err := json.Unmarshal([]byte(`{"Token":"`+hush+`"}`), &read); err != nil || read.Token.Reveal() != hush {
		t.Errorf("read %q, %v; want the text", read.Token.Reveal(), err)
	}
	if err := yaml.Unmarshal([]byte("token: "+hush), &read); err != nil || read.Token.Reveal() != hush {
		t.Errorf("read %q, %v; want the text", read.Token.Reveal(), err)
	}
	if reflect.TypeFor[bridges.Secret]().Comparable() {
		t.Error("secrets can be compared with ==, which takes time that tells")
	}
}
