package bridges

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
)

// maxBody is the bytes of one call of a webhook; platforms send a few kilobytes.
const maxBody = 1 << 20

// ReadBody reads the body of a webhook's call as it came, because signatures are over that. When it is larger than 1 MiB,
// or breaks off, the call is answered with 413 or 400, and ok is false.
func ReadBody(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		return body, true
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		http.Error(w, "the request is larger than 1 MiB", http.StatusRequestEntityTooLarge)
	} else {
		http.Error(w, "the request could not be read", http.StatusBadRequest)
	}
	return nil, false
}

// Seal is the HMAC-SHA256 of parts, one after another, by key.
func Seal(key Secret, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	for _, p := range parts {
		_, _ = mac.Write(p) // a hash takes every write
	}
	return mac.Sum(nil)
}

// Sealed says, in a time that tells nothing, whether sum is Seal of the same key and parts. Nothing is sealed by no key.
func Sealed(sum []byte, key Secret, parts ...[]byte) bool {
	return !key.IsZero() && hmac.Equal(sum, Seal(key, parts...))
}
