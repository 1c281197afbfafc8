package bridges

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

const shown = "secret"

// Secret is a credential. Every verb, encoder and logger shows "secret" instead; only Reveal gives the text. Two Secrets
// can't be compared with ==; compare what Reveal gives, in constant time.
type Secret struct {
	_ [0]func() // not comparable
	// A pointer, because fmt does not ask for the methods of a value in an unexported field: it prints an address there.
	text *string
}

// NewSecret hides s.
func NewSecret(s string) Secret { return Secret{text: &s} }

// Reveal gives the text. Call it where the credential is used and keep the result in no variable that lives long.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero says whether there is no credential.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String shows "secret", or nothing when there is none.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return shown
}

// Format shows String for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue shows String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText writes String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON writes String.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalText takes the text as it is.
func (s *Secret) UnmarshalText(b []byte) error {
	*s = NewSecret(string(b))
	return nil
}
