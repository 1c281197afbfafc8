package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"sync"

	"github.com/roost-im/roost/router/chat"
)

const anyType = "application/octet-stream"

// described are the files as the JSON names them.
func described(files []chat.File) []attached {
	if len(files) == 0 {
		return nil
	}
	all := make([]attached, 0, len(files))
	for _, f := range files {
		all = append(all, attached{Name: f.Name, Type: f.Type, Size: f.Size, Alt: f.Alt, Spoiler: f.Spoiler})
	}
	return all
}

// hashed are the files as the JSON names them, with their hashes. It reads all of them once.
func (c *Connector) hashed(ctx context.Context, files []chat.File) ([]attached, error) {
	all := described(files)
	for i, f := range files {
		r, err := f.Content.Open(ctx)
		if err != nil {
			return nil, err
		}
		h := sha256.New()
		all[i].Size, err = io.Copy(h, io.LimitReader(r, maxFile+1))
		_ = r.Close() // it was read to its end, or that failed
		if err != nil {
			return nil, err
		}
		if all[i].Size > maxFile {
			return nil, c.tooLarge(f)
		}
		all[i].SHA256 = hex.EncodeToString(h.Sum(nil))
	}
	return all, nil
}

// multi is a multipart/form-data body: payload_json, then files[0], files[1] and so on. Files are opened when their turn
// comes, so one is in the air at a time; the body can be read once.
func multi(ctx context.Context, line []byte, all []attached, files []chat.File) (kind string, body io.Reader, size int64, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary("roost" + rand.Text()); err != nil {
		return "", nil, 0, err
	}
	var parts []io.Reader
	cut := func() {
		size += int64(b.Len())
		parts = append(parts, bytes.NewReader(bytes.Clone(b.Bytes())))
		b.Reset()
	}
	// A write into a buffer does not fail.
	payload, _ := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="payload_json"`}, "Content-Type": {"application/json"},
	})
	_, _ = payload.Write(line)
	for i, f := range files {
		_, _ = w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {multipart.FileContentDisposition(fmt.Sprintf("files[%d]", i), f.Name)},
			"Content-Type":        {cleanType(f.Type)},
		})
		cut()
		parts = append(parts, &late{ctx: ctx, content: f.Content, left: all[i].Size})
		size += all[i].Size
	}
	_ = w.Close()
	cut()
	return w.FormDataContentType(), &joined{all: io.MultiReader(parts...), parts: parts}, size, nil
}

// cleanType is a MIME type that is safe in a header.
func cleanType(s string) string {
	kind, params, err := mime.ParseMediaType(s)
	if err != nil {
		return anyType
	}
	if s = mime.FormatMediaType(kind, params); s == "" {
		return anyType
	}
	return s
}

// joined is a body of several parts, of which one may be open when the sender gives up, perhaps while it is still read.
type joined struct {
	mu    sync.Mutex
	all   io.Reader
	parts []io.Reader
}

// Read reads on.
func (j *joined) Read(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.Read(p)
}

// Close closes the file that is open.
func (j *joined) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, p := range j.parts {
		if l, ok := p.(*late); ok {
			l.close()
		}
	}
	return nil
}

// late is a file that is opened when it is read, and that has as many bytes as were promised.
type late struct {
	ctx     context.Context //nolint:containedctx // of the one request that this is a part of
	content chat.Content
	left    int64
	r       io.ReadCloser
	done    bool
}

// Read reads on.
func (l *late) Read(p []byte) (int, error) {
	if l.done || l.left == 0 {
		l.close()
		return 0, io.EOF
	}
	if l.r == nil {
		r, err := l.content.Open(l.ctx)
		if err != nil {
			return 0, err
		}
		l.r = r
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	if errors.Is(err, io.EOF) && l.left > 0 {
		return n, io.ErrUnexpectedEOF
	}
	if l.left == 0 {
		err = nil
	}
	return n, err
}

func (l *late) close() {
	l.done = true
	if l.r != nil {
		_ = l.r.Close() // it was only read
		l.r = nil
	}
}
