package bottest

import (
	"bytes"
	"fmt"

	"github.com/roost-im/roost/router/chat"
)

// Keep does to a store what Roost's own do with what a bot wants kept: all of it is stored, or nothing and an error says where
// the bot has read something else than there is now. It is for tests that are a bot's store themselves.
func Keep(store map[string][]byte, keep []chat.Kept) error {
	for _, k := range keep {
		is, there := store[k.Key]
		if !k.Any && (there != (k.Was != nil) || !bytes.Equal(is, k.Was)) {
			return fmt.Errorf("%s is %q, and the bot read %q", k.Key, is, k.Was)
		}
	}
	for _, k := range keep {
		if k.Now == nil {
			delete(store, k.Key)
			continue
		}
		store[k.Key] = k.Now
	}
	return nil
}
