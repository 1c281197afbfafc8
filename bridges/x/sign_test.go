package x_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// sign is a signature as X makes it.
func sign(key, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return "sha256=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
