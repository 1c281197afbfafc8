package discord

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/textproto"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"

	"github.com/roost-im/roost/router/chat"
)

const (
	maxAlt      = 1024 // https://docs.discord.com/developers/resources/message#attachment-object
	maxFilename = 200  // not documented; longer ones were refused by some
	spoilerMark = "SPOILER_"
)

// form is a call with files. Their bytes are read while they are sent; the length of the whole is known before.
type form struct {
	files []chat.File
	most  int64 // bytes of one file

	boundary string
	length   int64
	body     []io.Reader
	opened   []io.Closer
}

// about says which attachments a message has, for its JSON.
func (f *form) about() []map[string]any {
	var list []map[string]any
	for i, file := range f.files {
		one := map[string]any{"id": strconv.Itoa(i), "filename": filename(file)}
		if file.Alt != "" {
			one["description"] = clip(file.Alt, maxAlt)
		}
		list = append(list, one)
	}
	return list
}

// open makes the form ready to be sent once. It refuses files that Discord won't take.
func (f *form) open(ctx context.Context, payload any) error {
	raw, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("discord: post: %w", err)
	}
	f.boundary = "roost" + rand.Text()
	f.part(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="payload_json"`}, "Content-Type": {"application/json"}}, true)
	f.bytes(raw)
	for i, file := range f.files {
		n, err := f.measure(ctx, file)
		if err != nil {
			f.close()
			return err
		}
		kind := file.Type
		if _, _, err := mime.ParseMediaType(kind); err != nil {
			kind = "application/octet-stream"
		}
		f.part(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="files[%d]"; filename="%s"`, i, quoted(filename(file)))}, "Content-Type": {kind},
		}, false)
		body, err := file.Content.Open(ctx)
		if err != nil {
			f.close()
			return fmt.Errorf("discord: open %q: %w", file.Name, err)
		}
		f.opened = append(f.opened, body)
		f.body = append(f.body, io.LimitReader(body, n))
		f.length += n
	}
	f.bytes([]byte("\r\n--" + f.boundary + "--\r\n"))
	return nil
}

// part begins a part of the form.
func (f *form) part(h textproto.MIMEHeader, first bool) {
	var b bytes.Buffer
	if !first {
		b.WriteString("\r\n")
	}
	b.WriteString("--" + f.boundary + "\r\n")
	for _, key := range sorted(h) {
		b.WriteString(key + ": " + h.Get(key) + "\r\n")
	}
	b.WriteString("\r\n")
	f.bytes(b.Bytes())
}

func (f *form) bytes(b []byte) {
	f.body = append(f.body, bytes.NewReader(b))
	f.length += int64(len(b))
}

// measure is how many bytes a file has; it reads them when nobody said, because the whole must have a length.
func (f *form) measure(ctx context.Context, file chat.File) (int64, error) {
	if file.Content == nil {
		return 0, refused("discord: post", fmt.Sprintf("the bytes of %q are not there any more", file.Name))
	}
	n := file.Size
	if n <= 0 {
		body, err := file.Content.Open(ctx)
		if err != nil {
			return 0, fmt.Errorf("discord: open %q: %w", file.Name, err)
		}
		defer func() { _ = body.Close() }() // it was only read
		if n, err = io.Copy(io.Discard, io.LimitReader(body, f.most+1)); err != nil {
			return 0, fmt.Errorf("discord: read %q: %w", file.Name, err)
		}
	}
	switch {
	case n == 0:
		return 0, refused("discord: post", fmt.Sprintf("Discord takes no empty file, and %q is one", file.Name))
	case n > f.most:
		return 0, refused("discord: post", fmt.Sprintf("%q is larger than Discord takes here (%d MiB)", file.Name, f.most>>20))
	}
	return n, nil
}

// into makes a request one with this form.
func (f *form) into(cfg *discordgo.RequestConfig) {
	cfg.Request.Header.Set("Content-Type", "multipart/form-data; boundary="+f.boundary)
	cfg.Request.Body = io.NopCloser(io.MultiReader(f.body...))
	cfg.Request.GetBody = nil
	cfg.Request.ContentLength = f.length
}

// close closes what open opened.
func (f *form) close() {
	for _, c := range f.opened {
		_ = c.Close() // it was only read
	}
	f.opened, f.body, f.length = nil, nil, 0
}

// filename is a name that Discord takes as it is, with its mark when the file is a spoiler.
func filename(f chat.File) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == '/' || r == '\\' || r == '"' || r == utf8.RuneError {
			return '_'
		}
		return r
	}, f.Name)
	name = firstOf(strings.TrimSpace(name), "file")
	if utf8.RuneCountInString(name) > maxFilename {
		ext := clip(path.Ext(name), 20)
		name = strings.TrimSuffix(clip(strings.TrimSuffix(name, path.Ext(name)), maxFilename-20), "…") + ext
	}
	if f.Spoiler && !strings.HasPrefix(name, spoilerMark) {
		name = spoilerMark + name
	}
	return name
}

func quoted(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }
