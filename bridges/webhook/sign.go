package webhook

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
)

const (
	signatureHeader = "Roost-Signature"
	keyHeader       = "Idempotency-Key"
	skew            = 5 * time.Minute // how far t may be from our clock
	mostSums        = 8               // v1 in one header
)

// sign is the header that proves who sent a body at a time: t=<unix seconds>,v1=<hex>, with one v1 for each secret.
func sign(secrets []bridges.Secret, at time.Time, body []byte) string {
	t := strconv.AppendInt(nil, at.Unix(), 10)
	header := make([]byte, 0, 16+len(secrets)*70)
	header = append(append(header, "t="...), t...)
	t = append(t, '.')
	for _, s := range secrets {
		header = hex.AppendEncode(append(header, ",v1="...), bridges.Seal(s, t, body))
	}
	return string(header)
}

// signature is what a Roost-Signature header says.
type signature struct {
	t    string
	sums [][]byte
}

// parseSignature reads the header. Parts that it does not know are left out, so that there can be a v2.
func parseSignature(header string, now time.Time) (signature, error) {
	var s signature
	if header == "" {
		return s, errors.New("the header Roost-Signature is missing")
	}
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			s.t = value
		case "v1":
			sum, err := hex.DecodeString(value)
			if err != nil || len(sum) != sha256.Size {
				return s, errors.New("the v1 of Roost-Signature is not 64 hexadecimal digits")
			}
			s.sums = append(s.sums, sum)
		}
	}
	if len(s.sums) == 0 || len(s.sums) > mostSums {
		return s, fmt.Errorf("Roost-Signature has %d v1, and wants 1 to %d", len(s.sums), mostSums)
	}
	return s, fresh(s.t, now)
}

func fresh(t string, now time.Time) error {
	sec, err := strconv.ParseUint(t, 10, 40)
	if err != nil {
		return errors.New("the t of Roost-Signature is no time in unix seconds")
	}
	if off := now.Sub(time.Unix(int64(sec), 0)); off > skew || off < -skew {
		return fmt.Errorf("the t of Roost-Signature is %v away from the clock here, and at most %v are allowed", off.Abs().Round(time.Second), skew)
	}
	return nil
}

// by says whether one of secrets made one of the sums over t, a dot and parts.
func (s signature) by(secrets []bridges.Secret, parts ...[]byte) bool {
	signed := append([][]byte{[]byte(s.t + ".")}, parts...)
	for _, sum := range s.sums {
		for _, secret := range secrets {
			if bridges.Sealed(sum, secret, signed...) {
				return true
			}
		}
	}
	return false
}

// proved checks who sent a body. It gives key, which is the Idempotency-Key header, when that is signed, too, and nothing
// otherwise: whoever overheard the request could have it stored twice by sending it under another key.
func (c *Connector) proved(s signature, key string, body []byte) (string, error) {
	if s.by(c.secrets, body) {
		return "", nil
	}
	if key != "" && s.by(c.secrets, []byte(key+"."), body) {
		return key, nil
	}
	return "", errors.New("no v1 of Roost-Signature is that of the secret, over t, a dot and the raw body")
}

// mayRead checks that a request comes from a reader: it bears the read token, or a signature over its method and address.
func (c *Connector) mayRead(r *http.Request) error {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		// Hashed, because a comparison tells how long the token is otherwise.
		given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(c.cfg.ReadToken.Reveal()))
		if c.cfg.ReadToken.IsZero() || subtle.ConstantTimeCompare(given[:], want[:]) == 0 {
			return errors.New("the bearer token is not the account's read_token")
		}
		return nil
	}
	s, err := parseSignature(r.Header.Get(signatureHeader), c.now())
	if err != nil {
		return fmt.Errorf("there is no bearer token, and %w", err)
	}
	for _, address := range c.addresses(r) {
		if s.by(c.secrets, []byte(r.Method+" "+address)) {
			return nil
		}
	}
	return errors.New("no v1 of Roost-Signature is that of the secret, over t, a dot, GET, a space, and the path with its query")
}
