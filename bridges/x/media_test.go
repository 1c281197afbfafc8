package x_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// content is a file in memory.
type content []byte

// Open starts reading from the first byte.
func (c content) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(c)), nil
}

func waitOf(err error) time.Duration {
	e, ok := errors.AsType[*chat.Error](err)
	if !ok {
		return 0
	}
	return e.Wait
}

func (s *scene) withFile(f chat.File) chat.Post {
	p := s.post("k", "")
	p.Files = []chat.File{f}
	return p
}

func TestUploads(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, kind string
		size       int
		told       bool // the file says how large it is
		signing    bool
		segments   int
	}{
		{"one byte", "image/png", 1, true, false, 1},
		{"size not told", "image/png", 5000, false, false, 1},
		{"type with parameters", "image/jpeg; q=1", 10, true, false, 1},
		{"exactly one piece", "image/png", 4 << 20, true, false, 1},
		{"the largest picture", "image/png", 5 << 20, true, false, 2},
		{"GIF in pieces", "image/gif", 9 << 20, false, false, 3},
		{"video that X works on", "video/mp4", 5<<20 + 1, true, false, 2},
		{"signed", "image/png", 5000, true, true, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := fast(t, xsim.Config{ProcessingPolls: 1})
			if tc.signing {
				s.signing()
			}
			body := bytes.Repeat([]byte("abcdefg"), tc.size/7+1)[:tc.size]
			f := chat.File{Name: "a", Type: tc.kind, Content: content(body)}
			if tc.told {
				f.Size = int64(tc.size)
			}
			if _, err := s.open(t).Post(t.Context(), s.withFile(f)); err != nil {
				t.Fatal(err)
			}
			all := s.sim.Conversation(s.brand, s.ann)
			if len(all) != 1 || len(all[0].Media) != 1 || !bytes.Equal(all[0].Media[0].Data, body) {
				t.Fatalf("X has %d messages, want one with the file's bytes", len(all))
			}
			if n := s.sim.Calls(xsim.UploadAppend); n != tc.segments {
				t.Errorf("%d pieces, want %d", n, tc.segments)
			}
			if n := s.sim.Calls(xsim.UploadStatus); (n > 0) != (tc.kind == "video/mp4" || tc.kind == "image/gif") {
				t.Errorf("X was asked %d times how far it was", n)
			}
		})
	}
}

func TestFilesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	c := s.open(t)
	for _, tc := range []struct {
		name   string
		file   chat.File
		reason string
	}{
		{"document", chat.File{Type: "application/pdf", Size: 3, Content: content("pdf")}, "pictures, GIFs and videos"},
		{"no type", chat.File{Size: 3, Content: content("abc")}, "pictures, GIFs and videos"},
		{"no content", chat.File{Type: "image/png", Size: 3}, "no content"},
		{"empty", chat.File{Type: "image/png", Content: content("")}, "empty"},
		{"says it is too large", chat.File{Type: "image/png", Size: 5<<20 + 1, Content: content("abc")}, "5 MB"},
		{"is too large", chat.File{Type: "image/png", Content: content(make([]byte, 5<<20+1))}, "5 MB"},
		{"is shorter than it says", chat.File{Type: "image/png", Size: 10, Content: content("abc")}, "not as large as it says"},
		{"is longer than it says", chat.File{Type: "image/png", Size: 2, Content: content("abcdef")}, "not as large as it says"},
	} {
		_, err := c.Post(t.Context(), s.withFile(tc.file))
		if chat.KindOf(err) != chat.Refused || !strings.Contains(chat.Reason(err), tc.reason) {
			t.Errorf("%s: %v, reason %q, want Refused with %q", tc.name, err, chat.Reason(err), tc.reason)
		}
	}
	s.sim.FailProcessing(1)
	_, err := c.Post(t.Context(), s.withFile(chat.File{Type: "video/mp4", Size: 3, Content: content("mp4")}))
	if chat.KindOf(err) != chat.Refused || !strings.Contains(chat.Reason(err), "can't read the file") {
		t.Errorf("a broken video: %v", err)
	}
	if n := len(s.sim.Conversation(s.brand, s.ann)); n != 0 {
		t.Errorf("%d messages were sent, want none", n)
	}
}

func TestUploadThatFailsIsNeverUncertain(t *testing.T) {
	t.Parallel()
	for _, route := range []xsim.Route{xsim.UploadInitialize, xsim.UploadAppend, xsim.UploadFinalize} {
		s := fast(t, xsim.Config{})
		s.sim.Fail(route, xsim.Fault{AcceptThenDrop: true})
		_, err := s.open(t).Post(t.Context(), s.withFile(chat.File{Type: "image/png", Size: 3, Content: content("png")}))
		if chat.KindOf(err) != chat.Transient {
			t.Errorf("%s: %v, want Transient: nothing was posted", route, err)
		}
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.listen(t)
	s.sim.Say(s.ann, s.brand, xsim.Draft{Media: []xsim.File{{Name: "a.png", Type: "image/png", Data: []byte("the bytes")}}})
	ev := s.event(t, "the file", func(ev chat.Event) bool { p, ok := ev.What.(chat.Posted); return ok && len(p.Files) == 1 })
	f := ev.What.(chat.Posted).Files[0]
	part := f.Source[strings.Index(f.Source, "/2/dm_conversations/media/")+len("/2/dm_conversations/media/"):]
	old := f
	old.Source = "https://ton.twitter.com/1.1/ton/data/dm/" + part
	for _, one := range []chat.File{f, old} {
		r, err := s.conn.Fetch(t.Context(), one)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); string(b) != "the bytes" || err != nil {
			t.Errorf("fetched %q, %v", b, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, tc := range []struct {
		source string
		want   chat.Kind
	}{
		{"", chat.Gone},
		{"https://evil.example/1.1/ton/data/dm/1/2/a.jpg", chat.Refused},
		{"http://pbs.twimg.com/a.jpg", chat.Refused},
		{"https://x.com@evil.example/a.jpg", chat.Refused},
		{"https://notx.com/a.jpg", chat.Refused},
		{"file:///etc/passwd", chat.Refused},
		{s.sim.URL() + "/2/dm_conversations/media/1/2/3", chat.Gone},
	} {
		if _, err := s.conn.Fetch(t.Context(), chat.File{Source: tc.source}); chat.KindOf(err) != tc.want {
			t.Errorf("fetch %q = %v, want %v", tc.source, err, tc.want)
		}
	}
	s.signing()
	_, err := s.open(t).Fetch(t.Context(), f)
	if chat.KindOf(err) != chat.Refused || !strings.Contains(chat.Reason(err), "OAuth 2.0") {
		t.Errorf("fetch with OAuth 1.0a = %v, want Refused and the reason", err)
	}
}

func TestFetchSignsTheOldAddress(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.signing()
	var asked []*http.Request
	s.deps.Client = &http.Client{Transport: local{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r)
		_, _ = io.WriteString(w, "bytes")
	})}}
	c := s.open(t)
	for source, signed := range map[string]bool{
		"https://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg": true,
		"https://video.twimg.com/dm_video/1/a.mp4":          false,
	} {
		asked = nil
		r, err := c.Fetch(t.Context(), chat.File{Source: source})
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		if len(asked) != 1 || asked[0].URL.String() != source || strings.HasPrefix(asked[0].Header.Get("Authorization"), "OAuth ") != signed {
			t.Errorf("fetch %s asked %v, want it signed: %v", source, asked, signed)
		}
	}
}
