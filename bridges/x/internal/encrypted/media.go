package encrypted

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // sizes of pictures
	_ "image/jpeg" // sizes of pictures
	_ "image/png"  // sizes of pictures
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strconv"
	"strings"
	"unicode"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
)

// FilePrefix begins the source of a file that is sealed.
const FilePrefix = "xchat:"

const sealedPiece = 3 << 20 // of an upload, as X's samples have it

// file is an attachment as it arrived. Its source says in which conversation it lies, where, and with which key it is sealed.
func (t *Transport) file(ev wire.Event, key xchat.ConversationKey, m wire.Media) chat.File {
	f := chat.File{
		Name: cleanName(m), Type: mime.TypeByExtension(strings.ToLower(path.Ext(m.Name))), Size: m.Size, Account: t.a.Name,
		Source: FilePrefix + xchat.ConversationID(ev.Conversation, t.own.user) + "/" + m.HashKey + "/" + key.Version,
	}
	if f.Type == "" {
		f.Type = map[wire.MediaKind]string{wire.Image: "image/jpeg", wire.GIF: "image/gif", wire.Video: "video/mp4", wire.SVG: "image/svg+xml"}[m.Kind]
	}
	return f
}

// cleanName is the last part of a name that somebody gave, or one for its kind.
func cleanName(m wire.Media) string {
	visible := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(m.Name, ""))
	if base := path.Base(strings.ReplaceAll(visible, `\`, "/")); base != "." && base != ".." && base != "/" && len(base) <= 100 {
		return base
	}
	switch m.Kind {
	case wire.Image:
		return "photo.jpg"
	case wire.GIF:
		return "picture.gif"
	case wire.Video:
		return "video.mp4"
	case wire.Audio, wire.Document, wire.SVG:
	}
	return "attachment"
}

// Fetch opens a file that arrived, and unseals it while it is read: what is read before the end may still turn out to be cut
// short, which the last Read then says. https://docs.x.com/xchat/media
func (t *Transport) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	const op = "x: fetch"
	gone := func(reason string) error { return &chat.Error{Op: op, Kind: chat.Gone, Reason: reason} }
	part := strings.Split(strings.TrimPrefix(f.Source, FilePrefix), "/")
	if len(part) != 3 || !isHash(part[1]) {
		return nil, gone("X gave no address for the attachment")
	}
	one, err := t.talks.talk(ctx, part[0])
	if err != nil {
		return nil, err
	}
	key, ok := one.ring.Key(part[2])
	if !ok {
		return nil, gone("the key of the attachment is not there any more")
	}
	where := "/2/chat/media/" + pathID(part[0]) + "/" + part[1]
	resp, err := t.a.API.OpenLong(ctx, api.Request{Op: op, Method: http.MethodGet, Path: where}) //nolint:bodyclose // the caller closes it
	if err != nil {
		return nil, err
	}
	return &unsealed{Reader: secretstream.NewReader(resp.Body, key.Secret()), Closer: resp.Body, hollow: f.Size > 0}, nil
}

// unsealed is a file that is unsealed while it is read.
type unsealed struct {
	io.Reader
	io.Closer

	hollow bool // nothing has come of a file that has something in it
}

// Read is the Reader's. A file that was cut down to nothing at all looks whole to it, so that is told here.
func (u *unsealed) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	u.hollow = u.hollow && n == 0
	if errors.Is(err, io.EOF) && u.hollow {
		err = secretstream.ErrTruncated
	}
	return n, unfit(err)
}

// unfit marks what a file fails with that another try would fail with, too: what was written beside it must not wait for it. A
// connection that breaks off is no such thing, and has an error of its own.
func unfit(err error) error {
	reason := ""
	switch {
	case errors.Is(err, secretstream.ErrTruncated):
		reason = "X gives only a part of it"
	case errors.Is(err, secretstream.ErrCorrupt):
		reason = "X gives something else than was sent"
	default:
		return err
	}
	return &chat.Error{Op: "x: fetch", Kind: chat.Refused, Reason: reason, Err: err}
}

// isHash says whether s is what X calls a media hash key: letters and digits.
func isHash(s string) bool {
	return s != "" && len(s) <= 50 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// upload seals a file and gives it to X in pieces, of which one is in memory at a time. Nothing is posted yet, so a failure is
// never Uncertain.
func (t *Transport) upload(ctx context.Context, id string, key xchat.ConversationKey, f chat.File) (*wire.Media, error) {
	kind, most, err := t.takes(f)
	if err != nil {
		return nil, err
	}
	total, err := dm.Measure(ctx, f, most)
	if err != nil {
		return nil, err
	}
	var got struct {
		Data struct {
			Session string `json:"session_id"`
			Hash    string `json:"media_hash_key"`
		} `json:"data"`
	}
	init := map[string]any{"conversation_id": pathID(id), "total_bytes": secretstream.Size(total)}
	r := api.Request{Op: "x: upload", Method: http.MethodPost, Path: "/2/chat/media/upload/initialize", JSON: init}
	if _, err := t.a.API.Call(ctx, r, &got); err != nil {
		return nil, err
	}
	if _, ok := api.ParseSnowflake(got.Data.Session); !ok || !isHash(got.Data.Hash) {
		return nil, &chat.Error{Op: "x: upload", Kind: chat.Transient, Err: errors.New("answer: no session")}
	}
	s := sealing{t: t, conversation: pathID(id), session: got.Data.Session, hash: got.Data.Hash}
	if err := s.send(ctx, f, key, total); err != nil {
		return nil, err
	}
	m := &wire.Media{HashKey: s.hash, Kind: mediaKind(kind), Size: total, Name: f.Name}
	m.Width, m.Height = dimensions(ctx, f, m.Kind)
	return m, nil
}

// takes is what a file is and how large it may be.
func (t *Transport) takes(f chat.File) (kind string, most int64, err error) {
	kind, _, wrong := mime.ParseMediaType(f.Type)
	if wrong != nil {
		kind = f.Type
	}
	most = dm.FileTraits().Limit(kind)
	switch {
	case most == 0:
		return "", 0, dm.RefusedFile("X takes pictures, GIFs and videos only")
	case f.Size > most:
		return "", 0, dm.RefusedFile(fmt.Sprintf("the file is larger than the %d MB that X takes", most>>20))
	case f.Content == nil:
		return "", 0, dm.RefusedFile("the file has no content")
	}
	return kind, most, nil
}

// sealing is one upload.
type sealing struct {
	t                           *Transport
	conversation, session, hash string
	parts                       int
	ready                       bytes.Buffer // sealed, and not sent yet
}

// send seals and sends a file of so many bytes.
func (s *sealing) send(ctx context.Context, f chat.File, key xchat.ConversationKey, total int64) error {
	r, err := f.Content.Open(ctx)
	if err != nil {
		return fmt.Errorf("x: upload: %w", err)
	}
	defer func() { _ = r.Close() }()
	w := secretstream.NewWriter(&s.ready, key.Secret())
	piece := make([]byte, min(sealedPiece, total))
	for sent := int64(0); ; {
		n, err := io.ReadFull(r, piece)
		if sent += int64(n); sent > total {
			return dm.RefusedFile("the file is not as large as it says")
		}
		if _, err := w.Write(piece[:n]); err != nil {
			return fmt.Errorf("x: upload: %w", err)
		}
		switch {
		case err == nil:
			if err := s.flush(ctx, sealedPiece); err != nil {
				return err
			}
			continue
		case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("x: upload: %w", err)
		case sent != total:
			return dm.RefusedFile("the file is not as large as it says")
		}
		break
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("x: upload: %w", err)
	}
	if err := s.flush(ctx, 1); err != nil {
		return err
	}
	return s.finish(ctx)
}

// flush sends what is ready, piece by piece, as long as there are at least so many bytes.
func (s *sealing) flush(ctx context.Context, least int) error {
	for s.ready.Len() >= least {
		if err := s.append(ctx, s.ready.Next(sealedPiece)); err != nil {
			return err
		}
	}
	return nil
}

// append sends one piece as a form.
func (s *sealing) append(ctx context.Context, piece []byte) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := errors.Join(
		form.WriteField("conversation_id", s.conversation), form.WriteField("media_hash_key", s.hash),
		form.WriteField("segment_index", strconv.Itoa(s.parts)),
	)
	if err == nil {
		var w io.Writer
		if w, err = form.CreateFormFile("media", "media"); err == nil {
			_, err = w.Write(piece)
		}
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return err
	}
	where := "/2/chat/media/upload/" + s.session + "/append"
	r := api.Request{Op: "x: upload", Method: http.MethodPost, Path: where, Raw: body.Bytes(), Kind: form.FormDataContentType(), Wait: api.MediaTime}
	if _, err := s.t.a.API.Call(ctx, r, nil); err != nil {
		return err
	}
	if s.parts++; s.parts > dm.MostChunks {
		return dm.RefusedFile("the file is too large")
	}
	return nil
}

func (s *sealing) finish(ctx context.Context) error {
	done := map[string]string{"conversation_id": s.conversation, "media_hash_key": s.hash, "num_parts": strconv.Itoa(s.parts)}
	where := "/2/chat/media/upload/" + s.session + "/finalize"
	var got struct {
		Data struct {
			Success bool `json:"success"`
		} `json:"data"`
	}
	if _, err := s.t.a.API.Call(ctx, api.Request{Op: "x: upload", Method: http.MethodPost, Path: where, JSON: done, Wait: api.MediaTime}, &got); err != nil {
		return err
	}
	if !got.Data.Success {
		return &chat.Error{Op: "x: upload", Kind: chat.Transient, Reason: "X did not take the file"}
	}
	return nil
}

// mediaKind is what X calls a file.
func mediaKind(kind string) wire.MediaKind {
	switch {
	case kind == "image/gif":
		return wire.GIF
	case strings.HasPrefix(kind, "image/"):
		return wire.Image
	case strings.HasPrefix(kind, "video/"):
		return wire.Video
	}
	return wire.Document
}

// dimensions is the size of a picture in pixels, or nothing.
func dimensions(ctx context.Context, f chat.File, kind wire.MediaKind) (width, height int64) {
	if kind != wire.Image && kind != wire.GIF {
		return 0, 0
	}
	r, err := f.Content.Open(ctx)
	if err != nil {
		return 0, 0
	}
	defer func() { _ = r.Close() }()
	c, _, err := image.DecodeConfig(io.LimitReader(r, 1<<20))
	if err != nil {
		return 0, 0
	}
	return int64(c.Width), int64(c.Height)
}
