package xsim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func mediaRoutes() []route {
	person, scopes := []AuthKind{OAuth1, OAuth2User}, []string{"media.write"}
	return []route{
		{name: UploadMedia, auth: person, scopes: scopes, body: 24 << 20, handle: uploadMedia},
		{name: UploadInitialize, auth: person, scopes: scopes, handle: uploadInitialize},
		{name: UploadAppend, auth: person, scopes: scopes, body: 8 << 20, handle: uploadAppend},
		{name: UploadFinalize, auth: person, scopes: scopes, handle: uploadFinalize},
		{name: UploadStatus, auth: person, scopes: scopes, handle: uploadStatus},
	}
}

// FailProcessing makes the processing of the next n videos or GIFs fail.
func (s *Sim) FailProcessing(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failUploads = n
}

// upload is the body of a call that brings bytes, as JSON with base64 or as multipart.
type upload struct {
	content  []byte
	category string
	mime     string
	segment  int // -1 when it was not told

	conversation, hashKey string // of an encrypted chat
}

var errForm = errors.New("the body is neither the JSON nor the form that this endpoint takes")

// readUpload reads such a body and takes no field that is not named.
func readUpload(contentType string, body []byte, names ...string) (upload, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return upload{}, fmt.Errorf("%w: the content type cannot be read", errForm)
	}
	switch kind {
	case "application/json":
		return readJSONUpload(body, names)
	case "multipart/form-data":
		return readFormUpload(multipart.NewReader(bytes.NewReader(body), params["boundary"]), names)
	}
	return upload{}, fmt.Errorf("%w: the content type is %q", errForm, clip(kind, 60))
}

func readJSONUpload(body []byte, names []string) (upload, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &fields); err != nil {
		return upload{}, fmt.Errorf("%w: %w", errForm, err)
	}
	up := upload{segment: -1}
	for name, raw := range fields {
		if !slices.Contains(names, name) {
			return upload{}, fmt.Errorf("%w: there is no %q", errForm, clip(name, 60))
		}
		var err error
		switch name {
		case "media":
			err = json.Unmarshal(raw, &up.content) // base64
		case "media_category":
			err = json.Unmarshal(raw, &up.category)
		case "media_type":
			err = json.Unmarshal(raw, &up.mime)
		case "segment_index":
			err = json.Unmarshal(raw, &up.segment)
		case "conversation_id":
			err = json.Unmarshal(raw, &up.conversation)
		case "media_hash_key":
			err = json.Unmarshal(raw, &up.hashKey)
		}
		if err != nil {
			return upload{}, fmt.Errorf("%w: %s: %w", errForm, name, err)
		}
	}
	return up, nil
}

func readFormUpload(form *multipart.Reader, names []string) (upload, error) {
	up := upload{segment: -1}
	for parts := 0; ; parts++ {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return up, nil
		}
		if err != nil {
			return upload{}, fmt.Errorf("%w: %w", errForm, err)
		}
		name := part.FormName()
		if parts > 20 || !slices.Contains(names, name) {
			return upload{}, fmt.Errorf("%w: there is no %q", errForm, clip(name, 60))
		}
		value, err := io.ReadAll(part) // the whole body is bounded
		if err != nil {
			return upload{}, fmt.Errorf("%w: %w", errForm, err)
		}
		if err := up.set(name, value, part.Header.Get("Content-Transfer-Encoding")); err != nil {
			return upload{}, err
		}
	}
}

func (up *upload) set(name string, value []byte, encoding string) error {
	var err error
	switch name {
	case "media":
		up.content = value
		if strings.EqualFold(encoding, "base64") {
			up.content, err = base64.StdEncoding.DecodeString(string(value))
		}
	case "media_category":
		up.category = string(value)
	case "media_type":
		up.mime = string(value)
	case "segment_index":
		up.segment, err = strconv.Atoi(string(value))
	case "conversation_id":
		up.conversation = string(value)
	case "media_hash_key":
		up.hashKey = string(value)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errForm, name, err)
	}
	return nil
}

func categories() []string {
	return []string{"tweet_image", "tweet_video", "tweet_gif", "dm_image", "dm_video", "dm_gif", "subtitles", "amplify_video"}
}

func mediaTypes() []string {
	return []string{
		"video/mp4", "video/webm", "video/mp2t", "video/quicktime", "text/srt", "text/vtt", "image/jpeg", "image/gif",
		"image/bmp", "image/png", "image/webp", "image/pjpeg", "image/tiff", "model/gltf-binary", "model/vnd.usdz+zip",
	}
}

func uploadMedia(c *call) (reply, error) {
	up, err := readUpload(c.r.Header.Get("Content-Type"), c.body, "media", "media_category", "media_type", "additional_owners", "shared")
	if err != nil {
		return reply{}, invalid("", "", err.Error())
	}
	if !slices.Contains(categories(), up.category) {
		return reply{}, invalid("media_category", up.category, "The category is none of: "+strings.Join(categories(), ", ")+".")
	}
	if len(up.content) == 0 {
		return reply{}, invalid("media", "", "The media is empty.")
	}
	kind := up.mime
	if kind == "" {
		kind = http.DetectContentType(up.content)
	}
	if err := fits(up.category, kind, int64(len(up.content))); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.newMedia(c.who.user, up.category, kind)
	m.finish(up.content)
	c.process(m)
	return data(c.uploaded(m))
}

// fits says what is wrong with a media type or size for a category.
func fits(category, kind string, size int64) error {
	if most := sizeLimit(category); size > most {
		return invalid("media", "", fmt.Sprintf("A %s has at most %d bytes, not %d.", category, most, size))
	}
	if want := categoryOf(kind); strings.HasPrefix(category, "dm_") && want != category {
		return invalid("media_type", kind, "The type does not belong to the category "+category+".")
	}
	return nil
}

func uploadInitialize(c *call) (reply, error) {
	var body struct {
		Type     string   `json:"media_type"`
		Category string   `json:"media_category"`
		Total    *int64   `json:"total_bytes"`
		Owners   []string `json:"additional_owners"`
		Shared   bool     `json:"shared"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	switch {
	case !slices.Contains(mediaTypes(), body.Type):
		return reply{}, invalid("media_type", body.Type, "The type is none of: "+strings.Join(mediaTypes(), ", ")+".")
	case !slices.Contains(categories(), body.Category):
		return reply{}, invalid("media_category", body.Category, "The category is none of: "+strings.Join(categories(), ", ")+".")
	case body.Total == nil || *body.Total <= 0:
		return reply{}, invalid("total_bytes", "", "The number of bytes has to be told.")
	}
	if err := fits(body.Category, body.Type, *body.Total); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.newMedia(c.who.user, body.Category, body.Type)
	m.total = *body.Total
	return data(object{"id": m.id, "media_key": m.key, "expires_after_secs": c.secondsLeft(m)})
}

// own finds an upload of the caller's that has not expired; mu is held.
func (c *call) own(id string) (*media, error) {
	m := c.uploads[id]
	if m == nil || m.owner != c.who.user || !c.cfg.Now().Before(m.expires) {
		return nil, notFound("media", "id", id)
	}
	return m, nil
}

// The largest segment index.
const maxSegment = 999

func uploadAppend(c *call) (reply, error) {
	id, err := c.id("id")
	if err != nil {
		return reply{}, err
	}
	up, err := readUpload(c.r.Header.Get("Content-Type"), c.body, "media", "segment_index")
	if err != nil {
		return reply{}, invalid("", "", err.Error())
	}
	if up.segment < 0 || up.segment > maxSegment {
		return reply{}, invalid("segment_index", strconv.Itoa(up.segment), "The index has to be a number from 0 to 999.")
	}
	if len(up.content) == 0 {
		return reply{}, invalid("media", "", "The segment is empty.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.own(id)
	if err != nil {
		return reply{}, err
	}
	received := m.received + int64(len(up.content)-len(m.segments[up.segment]))
	switch {
	case m.finalized:
		return reply{}, invalid("id", id, "The upload is finished.")
	case received > m.total:
		return reply{}, invalid("media", "", fmt.Sprintf("These are more than the %d bytes that were announced.", m.total))
	}
	m.segments[up.segment], m.received = up.content, received
	return data(object{"expires_at": m.expires.Unix()})
}

func uploadFinalize(c *call) (reply, error) {
	id, err := c.id("id")
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.own(id)
	if err != nil {
		return reply{}, err
	}
	if !m.finalized {
		if m.received != m.total {
			return reply{}, invalid("id", id, fmt.Sprintf("%d of %d bytes have come.", m.received, m.total))
		}
		whole := make([]byte, 0, m.total)
		for i := range len(m.segments) {
			part, there := m.segments[i]
			if !there {
				return reply{}, invalid("segment_index", strconv.Itoa(i), "This segment is missing.")
			}
			whole = append(whole, part...)
		}
		m.finish(whole)
		c.process(m)
	}
	return data(c.uploaded(m))
}

// process begins what videos and GIFs need before they can be sent; mu is held.
func (s *Sim) process(m *media) {
	if m.sort() == "photo" {
		return
	}
	m.state, m.polls = "pending", s.cfg.ProcessingPolls
	if s.failUploads > 0 {
		s.failUploads--
		m.fails = true
	}
}

func uploadStatus(c *call) (reply, error) {
	p, err := c.query("media_id", "command")
	if err != nil {
		return reply{}, err
	}
	if command, told := p.Values["command"]; told && command[0] != "STATUS" {
		return reply{}, invalid("command", command[0], "The command has to be STATUS.")
	}
	id := p.Get("media_id")
	if !isID(id) {
		return reply{}, invalid("media_id", id, "An id has 1 to 19 digits.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.own(id)
	if err != nil {
		return reply{}, err
	}
	if m.state == "pending" || m.state == "in_progress" {
		m.polls--
		switch {
		case m.polls > 0:
			m.state = "in_progress"
		case m.fails:
			m.state = "failed"
		default:
			m.state = "succeeded"
		}
	}
	return data(c.uploaded(m))
}

func (s *Sim) secondsLeft(m *media) int { return int(m.expires.Sub(s.cfg.Now()).Seconds()) }

// uploaded is an upload as the media calls tell it; mu is held.
func (s *Sim) uploaded(m *media) object {
	out := object{"id": m.id, "media_key": m.key, "size": len(m.data), "expires_after_secs": s.secondsLeft(m)}
	if m.sort() == "photo" && m.width > 0 {
		out["image"] = object{"image_type": m.mime, "w": m.width, "h": m.height}
	}
	if m.sort() == "video" {
		out["video"] = object{"video_type": m.mime}
	}
	switch m.state {
	case "pending", "in_progress":
		done := 0
		if m.state == "in_progress" {
			done = 100 * (s.cfg.ProcessingPolls - m.polls) / s.cfg.ProcessingPolls
		}
		out["processing_info"] = object{"state": m.state, "check_after_secs": s.cfg.CheckAfterSecs, "progress_percent": done}
	case "succeeded":
		out["processing_info"] = object{"state": m.state, "progress_percent": 100}
	case "failed":
		out["processing_info"] = object{"state": m.state}
	}
	return out
}
