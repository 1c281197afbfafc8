package x

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/router/chat"
)

const (
	chunkSize    = 4 << 20
	mostStatus   = 200              // looks at an upload that X works on
	processTime  = 10 * time.Minute // X may take this long over a video
	longestCheck = 30 * time.Second
)

// category is what X calls a file of a direct message.
func category(kind string) string {
	switch kind {
	case "image/gif":
		return "dm_gif"
	case "video/mp4", "video/quicktime":
		return "dm_video"
	}
	return "dm_image"
}

type mediaInit struct {
	MediaType     string `json:"media_type"`
	TotalBytes    int64  `json:"total_bytes"`
	MediaCategory string `json:"media_category"`
}

type mediaState struct {
	Data struct {
		ID         string `json:"id"`
		Processing *struct {
			State      string `json:"state"`
			CheckAfter int    `json:"check_after_secs"`
		} `json:"processing_info"`
	} `json:"data"`
}

// upload gives X a file in pieces and returns its media ID, which is good for 24 hours. Nothing is posted yet, so a
// failure is never Uncertain.
func (c *Connector) upload(ctx context.Context, f chat.File) (string, error) {
	kind, _, err := mime.ParseMediaType(f.Type)
	if err != nil {
		kind = f.Type
	}
	most := dm.FileTraits().Limit(kind)
	switch {
	case most == 0:
		return "", dm.RefusedFile("X takes pictures, GIFs and videos only")
	case f.Size > most:
		return "", dm.RefusedFile(fmt.Sprintf("the file is larger than the %d MB that X takes", most>>20))
	case f.Content == nil:
		return "", dm.RefusedFile("the file has no content")
	}
	total, err := dm.Measure(ctx, f, most)
	if err != nil {
		return "", err
	}
	var m mediaState
	start := mediaInit{MediaType: kind, TotalBytes: total, MediaCategory: category(kind)}
	if _, err := c.api.Call(ctx, api.Request{Op: "x: upload", Method: http.MethodPost, Path: "/2/media/upload/initialize", JSON: start}, &m); err != nil {
		return "", err
	}
	if _, ok := api.ParseSnowflake(m.Data.ID); !ok {
		return "", &chat.Error{Op: "x: upload", Kind: chat.Transient, Err: errors.New("answer: no media id")}
	}
	id := m.Data.ID
	if err := c.append(ctx, id, f, total); err != nil {
		return "", err
	}
	m = mediaState{}
	path := "/2/media/upload/" + id + "/finalize"
	if _, err := c.api.Call(ctx, api.Request{Op: "x: upload", Method: http.MethodPost, Path: path, Wait: api.MediaTime}, &m); err != nil {
		return "", err
	}
	return id, c.processed(ctx, id, m)
}

// append sends the pieces of a file, of which one is in memory at a time.
func (c *Connector) append(ctx context.Context, id string, f chat.File, total int64) error {
	r, err := f.Content.Open(ctx)
	if err != nil {
		return fmt.Errorf("x: upload: %w", err)
	}
	defer func() { _ = r.Close() }()
	chunk := make([]byte, min(chunkSize, total))
	sent := int64(0)
	for segment := range dm.MostChunks {
		n, err := io.ReadFull(r, chunk)
		if sent+int64(n) > total {
			return dm.RefusedFile("the file is not as large as it says")
		}
		if n > 0 {
			if err := c.segment(ctx, id, segment, chunk[:n]); err != nil {
				return err
			}
			sent += int64(n)
		}
		switch {
		case err == nil:
			continue
		case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("x: upload: %w", err)
		case sent != total:
			return dm.RefusedFile("the file is not as large as it says")
		}
		return nil
	}
	return dm.RefusedFile("the file is too large")
}

// segment sends one piece as a form. https://docs.x.com/x-api/media/quickstart/media-upload-chunked
func (c *Connector) segment(ctx context.Context, id string, segment int, piece []byte) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := form.WriteField("segment_index", strconv.Itoa(segment))
	if err == nil {
		var w io.Writer
		if w, err = form.CreateFormFile("media", "media"); err == nil {
			_, err = w.Write(piece)
		}
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return err
	}
	path := "/2/media/upload/" + id + "/append"
	r := api.Request{Op: "x: upload", Method: http.MethodPost, Path: path, Raw: body.Bytes(), Kind: form.FormDataContentType(), Wait: api.MediaTime}
	_, err = c.api.Call(ctx, r, nil)
	return err
}

// processed waits until X has worked a file through.
func (c *Connector) processed(ctx context.Context, id string, m mediaState) error {
	ctx, cancel := context.WithTimeout(ctx, processTime)
	defer cancel()
	for range mostStatus {
		p := m.Data.Processing
		switch {
		case p == nil || p.State == "" || p.State == "succeeded":
			return nil
		case p.State == "failed":
			return dm.RefusedFile("X can't read the file")
		}
		if err := bridges.Sleep(ctx, min(time.Duration(max(p.CheckAfter, 1))*time.Second, longestCheck)); err != nil {
			return &chat.Error{Op: "x: upload", Kind: chat.Transient, Reason: "X took too long over the file", Err: err}
		}
		m = mediaState{}
		q := url.Values{"command": {"STATUS"}, "media_id": {id}}
		if _, err := c.api.Call(ctx, api.Request{Op: "x: upload", Method: http.MethodGet, Path: "/2/media/upload", Query: q}, &m); err != nil {
			return err
		}
	}
	return &chat.Error{Op: "x: upload", Kind: chat.Transient, Reason: "X took too long over the file"}
}
