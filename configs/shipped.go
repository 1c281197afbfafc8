package configs

import (
	"embed"
	"io/fs"
)

//go:embed bots/*.star bots/*.yaml
var shipped embed.FS

// Bots are the bots that come with Roost, as they lie in configs/bots: order.star, faq.yaml and so on. Their transcripts are
// not among them.
func Bots() fs.FS {
	bots, err := fs.Sub(shipped, "bots")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return bots
}
