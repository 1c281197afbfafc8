package dm

import (
	"context"
	"fmt"
	"io"

	"github.com/roost-im/roost/router/chat"
)

const (
	mostImage = 5 << 20
	mostGIF   = 15 << 20
	mostVideo = 512 << 20
)

// MostChunks is in how many pieces a file is given to X: segment_index goes to 999.
const MostChunks = 1000

// FileTraits is what X takes with a direct message. https://docs.x.com/x-api/media/quickstart/best-practices
func FileTraits() chat.FileTraits {
	return chat.FileTraits{Count: 1, Size: mostVideo, Types: map[string]int64{
		"image/jpeg": mostImage, "image/png": mostImage, "image/webp": mostImage, "image/gif": mostGIF,
		"video/mp4": mostVideo, "video/quicktime": mostVideo,
	}}
}

// RefusedFile is the error of a file that X would not take.
func RefusedFile(reason string) error {
	return &chat.Error{Op: "x: upload", Kind: chat.Refused, Reason: reason}
}

// Measure is how many bytes a file has; X wants to know before it gets them. A file that says its size is believed: whoever
// gives it to X finds out if it lied.
func Measure(ctx context.Context, f chat.File, most int64) (int64, error) {
	if f.Size > 0 {
		return f.Size, nil
	}
	r, err := f.Content.Open(ctx)
	if err != nil {
		return 0, fmt.Errorf("x: upload: %w", err)
	}
	defer func() { _ = r.Close() }()
	n, err := io.Copy(io.Discard, io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return 0, fmt.Errorf("x: upload: %w", err)
	case n > most:
		return 0, RefusedFile(fmt.Sprintf("the file is larger than the %d MB that X takes", most>>20))
	case n == 0:
		return 0, RefusedFile("the file is empty")
	}
	return n, nil
}
