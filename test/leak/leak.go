// Package leak looks for a secret in what somebody holds: as it is, and in the spellings in which it may lie there.
package leak

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
)

// Find says how a secret stands in what is held: "as it is", "in base64" or "in hex"; empty when it does not. Base64 is found
// wherever in a longer text it was encoded. A secret of less than four bytes is not looked for in base64.
func Find(held [][]byte, secret []byte) string {
	for how, spellings := range map[string][][]byte{
		"as it is": {secret}, "in base64": base64s(secret), "in hex": {[]byte(hex.EncodeToString(secret))},
	} {
		for _, spelling := range spellings {
			for _, b := range held {
				if bytes.Contains(b, spelling) {
					return how
				}
			}
		}
	}
	return ""
}

// base64s are the parts of a secret's base64 that are the same whatever stands before and behind it, for each place in a group of
// three bytes at which it can begin.
func base64s(secret []byte) [][]byte {
	const group, least = 3, 4
	if len(secret) < least {
		return nil
	}
	var all [][]byte
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for skip := range group {
			whole := secret[skip:]
			whole = whole[:len(whole)/group*group]
			if len(whole) > 0 {
				all = append(all, []byte(enc.EncodeToString(whole)))
			}
		}
	}
	return all
}
