package xsim_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xsim"
)

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// multipart calls with a form of fields and a file named media.
func (w *world) multipart(path string, media []byte, fields ...string) got {
	w.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			w.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("media", "blob")
	if err != nil {
		w.Fatal(err)
	}
	_, _ = part.Write(media)
	form.Close()
	r := w.request("POST", path, form.FormDataContentType(), b.Bytes())
	r.Header.Set("Authorization", "Bearer "+w.tokens.Access)
	return w.do(r)
}

func (w *world) initialize(kind, category string, total int) got {
	w.Helper()
	return w.post("/2/media/upload/initialize", obj{"media_type": kind, "media_category": category, "total_bytes": total})
}

func TestOneShotUploadAndDownload(t *testing.T) {
	t.Parallel()
	w := setup(t)
	img := picture(t)
	up := w.multipart("/2/media/upload", img, "media_category", "dm_image")
	w.want(up, http.StatusOK)
	id := up.text("data.id")
	if up.text("data.media_key") != "3_"+id || up.at("data.size") != float64(len(img)) || up.at("data.image.w") != 3.0 || up.at("data.processing_info") != nil {
		t.Errorf("upload: %s", up.raw)
	}
	same := w.post("/2/media/upload", obj{"media": base64.StdEncoding.EncodeToString(img), "media_category": "dm_image"})
	w.want(same, http.StatusOK)

	sent := w.post("/2/dm_conversations/with/"+alice+"/messages", obj{"text": "look", "attachments": []obj{{"media_id": id}}})
	w.want(sent, http.StatusCreated)
	in := w.sim.Inbox(alice)
	if len(in) != 1 || len(in[0].Media) != 1 || !bytes.Equal(in[0].Media[0].Data, img) || in[0].Media[0].Type != "image/png" || in[0].Text != "look" {
		t.Fatalf("inbox %+v", in)
	}
	if !strings.HasPrefix(in[0].Wire, "look https://t.co/") {
		t.Errorf("the text on the wire is %q, want a link at its end", in[0].Wire)
	}
	g := w.get("/2/dm_events?expansions=attachments.media_keys&media.fields=url,type,width,height&dm_event.fields=entities")
	for path, want := range map[string]any{
		"data.0.attachments.media_keys.0": "3_" + id, "includes.media.0.media_key": "3_" + id, "includes.media.0.type": "photo",
		"includes.media.0.width": 3.0, "data.0.entities.urls.0.expanded_url": "https://x.com/messages/media/" + sent.text("data.dm_event_id"),
	} {
		if v := g.at(path); v != want {
			t.Errorf("%s = %v, want %v", path, v, want)
		}
	}
	place, err := url.Parse(g.text("includes.media.0.url"))
	if err != nil || !strings.HasPrefix(place.String(), w.sim.URL()+"/2/dm_conversations/media/") {
		t.Fatalf("the media lies at %v", place)
	}
	hers := w.sim.Tokens(alice)
	down := w.with(hers.Access, "GET", place.Path, nil)
	if down.status != 200 || !bytes.Equal(down.raw, img) || down.header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("download: %d %v", down.status, down.header)
	}
	w.want(w.with(w.sim.Tokens(carol).Access, "GET", place.Path, nil), http.StatusNotFound)
	w.want(w.get(place.Path+"x"), http.StatusNotFound)

	w.clock.Set(time.Now())
	r := w.request("GET", place.Path, "", nil)
	signed, err := w.signed(w.tokens).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	signed.Body.Close()
	if signed.StatusCode != http.StatusForbidden {
		t.Errorf("with OAuth 1.0a: %d, want 403", signed.StatusCode)
	}
}

func TestChunkedUpload(t *testing.T) {
	t.Parallel()
	w := setup(t)
	clip := bytes.Repeat([]byte("film"), 1000)
	init := w.initialize("video/mp4", "dm_video", len(clip))
	w.want(init, http.StatusOK)
	id := init.text("data.id")
	path := "/2/media/upload/" + id
	w.want(w.multipart(path+"/append", clip[2500:], "segment_index", "1"), http.StatusOK)
	w.want(w.post(path+"/finalize", nil), http.StatusBadRequest) // something is missing
	w.want(w.post(path+"/append", obj{"segment_index": 0, "media": base64.StdEncoding.EncodeToString(clip[:10])}), http.StatusOK)
	w.want(w.multipart(path+"/append", clip[:2500], "segment_index", "0"), http.StatusOK) // again, and whole
	w.want(w.multipart(path+"/append", []byte("more"), "segment_index", "2"), http.StatusBadRequest)

	fin := w.post(path+"/finalize", nil)
	w.want(fin, http.StatusOK)
	if fin.text("data.processing_info.state") != "pending" || fin.at("data.processing_info.check_after_secs") != 1.0 {
		t.Errorf("finalize: %s", fin.raw)
	}
	send := func() got {
		return w.post("/2/dm_conversations/with/"+alice+"/messages", obj{"attachments": []obj{{"media_id": id}}})
	}
	w.want(send(), http.StatusBadRequest) // not ready
	for _, want := range []string{"in_progress", "succeeded", "succeeded"} {
		g := w.get("/2/media/upload?command=STATUS&media_id=" + id)
		if s := g.text("data.processing_info.state"); s != want {
			t.Errorf("state %q, want %q", s, want)
		}
	}
	w.want(send(), http.StatusCreated)
	if in := w.sim.Inbox(alice); !bytes.Equal(in[0].Media[0].Data, clip) || !strings.HasPrefix(in[0].Wire, "https://t.co/") {
		t.Errorf("arrived %+v", in[0])
	}
	g := w.get("/2/dm_events?expansions=attachments.media_keys&media.fields=variants,preview_image_url,duration_ms")
	if g.text("includes.media.0.type") != "video" || g.text("includes.media.0.variants.0.content_type") != "video/mp4" {
		t.Errorf("video: %s", g.raw)
	}
	w.want(w.multipart(path+"/append", []byte("x"), "segment_index", "2"), http.StatusBadRequest)
}

func TestProcessingCanFail(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *xsim.Config) { c.ProcessingPolls = 1 })
	w.sim.FailProcessing(1)
	up := w.multipart("/2/media/upload", []byte("GIF89a\x01\x00\x01\x00"), "media_category", "dm_gif")
	w.want(up, http.StatusOK)
	g := w.get("/2/media/upload?command=STATUS&media_id=" + up.text("data.id"))
	if g.text("data.processing_info.state") != "failed" {
		t.Errorf("status: %s", g.raw)
	}
	w.want(w.post("/2/dm_conversations/with/"+alice+"/messages", obj{"attachments": []obj{{"media_id": up.text("data.id")}}}), http.StatusBadRequest)
}

func TestUploadsAreRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, unlimited)
	big := bytes.Repeat([]byte{0xff}, 5<<20+1)
	for _, tc := range []struct {
		name string
		got  got
	}{
		{"an image over 5 MB", w.initialize("image/png", "dm_image", 5<<20+1)},
		{"a GIF over 15 MB", w.initialize("image/gif", "dm_gif", 15<<20+1)},
		{"a video over 512 MB", w.initialize("video/mp4", "dm_video", 512<<20+1)},
		{"a video as an image", w.initialize("video/mp4", "dm_image", 5)},
		{"an unknown type", w.initialize("text/plain", "dm_image", 5)},
		{"an unknown category", w.initialize("image/png", "dm_picture", 5)},
		{"no size", w.post("/2/media/upload/initialize", obj{"media_type": "image/png", "media_category": "dm_image"})},
		{"a large image at once", w.multipart("/2/media/upload", big, "media_category", "dm_image", "media_type", "image/png")},
		{"nothing", w.multipart("/2/media/upload", nil, "media_category", "dm_image")},
		{"no category", w.multipart("/2/media/upload", []byte("x"))},
		{"an unknown field", w.multipart("/2/media/upload", []byte("x"), "media_category", "dm_image", "a", "b")},
		{"no base64", w.post("/2/media/upload", obj{"media": "%%", "media_category": "dm_image"})},
		{"no JSON and no form", w.do(bearer(w.request("POST", "/2/media/upload", "text/plain", []byte("x")), w.tokens.Access))},
	} {
		if tc.got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", tc.name, tc.got.status, tc.got.raw)
		}
	}
	id := w.initialize("image/png", "dm_image", 5).text("data.id")
	for _, index := range []string{"-1", "1000", "x"} {
		w.want(w.multipart("/2/media/upload/"+id+"/append", []byte("x"), "segment_index", index), http.StatusBadRequest)
	}
	w.want(w.multipart("/2/media/upload/"+id+"/append", []byte("x")), http.StatusBadRequest)
	w.want(w.multipart("/2/media/upload/98765/append", []byte("x"), "segment_index", "0"), http.StatusNotFound)
	w.want(w.multipart("/2/media/upload/"+id+"/append", bytes.Repeat([]byte("x"), 9<<20), "segment_index", "0"), http.StatusRequestEntityTooLarge)
	w.want(w.get("/2/media/upload?command=INIT&media_id="+id), http.StatusBadRequest)
	w.want(w.get("/2/media/upload?media_id=x"), http.StatusBadRequest)
	w.want(w.initialize("image/png", "dm_image", 5<<20), http.StatusOK)
}

func bearer(r *http.Request, token string) *http.Request {
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

func TestMediaBelongsToItsUploaderForADay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.multipart("/2/media/upload", picture(t), "media_category", "dm_image").text("data.id")
	public := w.multipart("/2/media/upload", picture(t), "media_category", "tweet_image").text("data.id")
	his := w.sim.Tokens(alice)
	send := func(token, to, id string) int {
		return w.with(token, "POST", "/2/dm_conversations/with/"+to+"/messages", obj{"attachments": []obj{{"media_id": id}}}).status
	}
	if s := send(his.Access, bot, id); s != 400 {
		t.Errorf("another user's media: %d", s)
	}
	if s := send(w.tokens.Access, alice, public); s != 400 {
		t.Errorf("media of a post: %d", s)
	}
	w.want(w.with(his.Access, "GET", "/2/media/upload?media_id="+id, nil), http.StatusNotFound)
	w.clock.Add(24*time.Hour - time.Second)
	w.tokens = w.sim.Tokens(bot)
	if s := send(w.tokens.Access, alice, id); s != 201 {
		t.Errorf("after nearly a day: %d", s)
	}
	w.clock.Add(time.Second)
	if s := send(w.tokens.Access, alice, id); s != 400 {
		t.Errorf("after a day: %d", s)
	}
}

func TestAPersonSendsFiles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.Say(alice, bot, xsim.Draft{Media: []xsim.File{
		{Name: "a.png", Data: picture(t)}, {Name: "b.mp4", Type: "video/mp4", Data: []byte("film")},
	}})
	g := w.get("/2/dm_events?expansions=attachments.media_keys&media.fields=url,variants")
	if g.text("includes.media.0.type") != "photo" || g.text("includes.media.1.type") != "video" {
		t.Errorf("media: %s", g.raw)
	}
	for i, path := range []string{"includes.media.0.url", "includes.media.1.variants.0.url"} {
		place, err := url.Parse(g.text(path))
		if err != nil {
			t.Fatal(err)
		}
		if d := w.get(place.Path); d.status != 200 || len(d.raw) == 0 {
			t.Errorf("file %s: %d", strconv.Itoa(i), d.status)
		}
	}
}
