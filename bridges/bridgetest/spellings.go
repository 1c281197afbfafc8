package bridgetest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Spellings are the texts in which a secret could be found in an error or a log line: as it is, quoted, in base64, in
// hexadecimal, as a list of bytes, and, where it is a key, as the number that it is.
func Spellings(secret string) []string {
	if secret == "" {
		return nil
	}
	b := []byte(secret)
	list := fmt.Sprintf("%d", b)
	unquoted := func(s string) string { return s[1 : len(s)-1] }
	all := []string{
		secret,
		unquoted(strconv.Quote(secret)), unquoted(strconv.QuoteToASCII(secret)),
		base64.RawStdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b),
		hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
		unquoted(list), strings.ReplaceAll(unquoted(list), " ", ","), strings.ReplaceAll(unquoted(list), " ", ", "),
		strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b), "[]byte{"), "}"),
	}
	if len(b) >= leastKey {
		all = append(all, new(big.Int).SetBytes(b).String())
	}
	return all
}

// leastKey is the size from which on a secret could be a number that somebody prints as one.
const leastKey = 16
