package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// An entry of the journal is the action as one line of JSON, and behind it the bytes of its files, one after another. So a
// reader is given the line as it is, and the bytes when it asks for them; both go when the entry does.

// note writes an action down for readers.
func (c *Connector) note(ctx context.Context, out *outgoing, files []chat.File) error {
	op := "webhook: write down"
	var content []byte
	if len(files) > 0 {
		out.Files = described(files)
	}
	for i, f := range files {
		b, err := few(ctx, f)
		if err != nil {
			return &chat.Error{Op: op, Kind: chat.Transient, Reason: "the attachment could not be read", Err: c.harmless(err)}
		}
		if b == nil && c.cfg.URL == "" {
			return c.tooLarge(f)
		}
		if b == nil || len(content)+len(b) > maxNotes*maxNoted {
			out.Files[i].Omitted = true
			continue
		}
		out.Files[i].Size = int64(len(b))
		content = append(content, b...)
	}
	line, err := encode(out)
	if err != nil {
		return &chat.Error{Op: op, Kind: chat.Refused, Err: err}
	}
	if err := c.deps.Journal.Append(ctx, out.ID, append(line, content...)); err != nil {
		return &chat.Error{Op: op, Kind: chat.Transient, Err: err}
	}
	return nil
}

// few reads a file that is small enough to be written down; nil when it is not.
func few(ctx context.Context, f chat.File) ([]byte, error) {
	if f.Size > maxNoted {
		return nil, nil
	}
	r, err := f.Content.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(r, maxNoted+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > maxNoted:
		return nil, nil
	case b == nil:
		b = []byte{}
	}
	return b, nil
}

// numbered writes an entry as readers get it: its line with its sequence number in front.
func numbered(b []byte, e bridges.Entry) []byte {
	line, _, _ := bytes.Cut(e.Body, []byte{'\n'})
	b = append(b, `{"seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, ',')
	return append(b, bytes.TrimPrefix(line, []byte{'{'})...)
}

var (
	errNoEntry = errors.New("there is no such event any more, or it has no such file")
	errOmitted = errors.New("the file was too large to be kept for readers")
)

// noted finds the nth file of an entry.
func noted(e bridges.Entry, n int) (attached, []byte, error) {
	line, content, _ := bytes.Cut(e.Body, []byte{'\n'})
	var out struct {
		Files []attached `json:"files"`
	}
	if err := json.Unmarshal(line, &out); err != nil || n < 0 || n >= len(out.Files) {
		return attached{}, nil, errNoEntry
	}
	for i, f := range out.Files {
		switch {
		case i == n && f.Omitted:
			return f, nil, errOmitted
		case f.Omitted:
			continue
		case f.Size < 0 || f.Size > int64(len(content)):
			return f, nil, errNoEntry
		case i == n:
			return f, content[:f.Size], nil
		}
		content = content[f.Size:]
	}
	return attached{}, nil, errNoEntry
}
