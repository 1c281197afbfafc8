package bots

import (
	"context"
	"log/slog"
)

// Log writes a line of the bot's own into the log: at the lowest level, because it may hold what people wrote, and not
// again when the bot is run again.
func (t *Turn) Log(ctx context.Context, line string) {
	if t.env.Log != nil && t.fresh(t.count+1) {
		t.env.Log.LogAttrs(ctx, slog.LevelDebug, "bot says", slog.String("bot", t.bot), slog.String("line", line))
	}
}
