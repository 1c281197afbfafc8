package dm

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/roost-im/roost/bridges"
)

// KeepJSON keeps v under key.
func KeepJSON(ctx context.Context, keep bridges.Keeper, key string, v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		err = keep.Keep(ctx, key, b)
	}
	if err != nil {
		return fmt.Errorf("x: keep %s: %w", key, err)
	}
	return nil
}
