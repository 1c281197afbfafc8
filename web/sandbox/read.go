package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxJSON  = 128 << 10
	maxFile  = 25 << 20
	maxField = 64 << 10
	maxFiles = 4
)

// draft is a message as a person sends it, as JSON or as a form with files.
type draft struct {
	Person string `json:"person"`
	Thread string `json:"thread,omitempty"`
	Text   string `json:"text"`
	files  []upload
}

type upload struct {
	name, kind string
	data       []byte
}

var (
	errTooLarge = errors.New("a file has at most 25 MB, and all of a message together too")
	errForm     = errors.New("this is not a form with person, thread, text and files")
	errMany     = errors.New("a message has at most 4 files")
)

// read reads a JSON body into v. When it can't, it answers why and gives false.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		fail(w, http.StatusUnsupportedMediaType, "this takes application/json")
		return false
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJSON))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more after the JSON")
		}
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		fail(w, http.StatusRequestEntityTooLarge, "this is too long")
		return false
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "this is not the JSON that is expected: "+err.Error())
		return false
	}
	return true
}

// readDraft reads a message. When it can't, it answers why and gives false.
func readDraft(w http.ResponseWriter, r *http.Request) (draft, bool) {
	var d draft
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" {
		r.Body = http.MaxBytesReader(w, r.Body, maxFile+maxJSON)
		if d, err = readForm(r); err != nil {
			refuse(w, err)
			return d, false
		}
	} else if !read(w, r, &d) {
		return d, false
	}
	if !utf8.ValidString(d.Text) || utf8.RuneCountInString(d.Text) > maxText || strings.TrimSpace(d.Text) == "" && len(d.files) == 0 {
		fail(w, http.StatusBadRequest, errText.Error())
		return d, false
	}
	return d, true
}

func refuse(w http.ResponseWriter, err error) {
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case large, errors.Is(err, errTooLarge):
		fail(w, http.StatusRequestEntityTooLarge, errTooLarge.Error())
	case errors.Is(err, errMany):
		fail(w, http.StatusBadRequest, errMany.Error())
	default:
		fail(w, http.StatusBadRequest, errForm.Error())
	}
}

// readForm reads part after part, so that nothing is kept of what is too large.
func readForm(r *http.Request) (draft, error) {
	var d draft
	form, err := r.MultipartReader()
	if err != nil {
		return d, err
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return d, nil
		}
		if err != nil {
			return d, err
		}
		if err := d.take(part); err != nil {
			return d, err
		}
	}
}

func (d *draft) take(part *multipart.Part) error {
	field := map[string]*string{"person": &d.Person, "thread": &d.Thread, "text": &d.Text}[part.FormName()]
	switch {
	case field != nil:
		body, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err == nil && len(body) > maxField {
			err = errForm
		}
		*field = strings.ReplaceAll(string(body), "\r\n", "\n") // forms write line ends so
		return err
	case part.FormName() != "file":
		return errForm
	case len(d.files) >= maxFiles:
		return errMany
	}
	body, err := io.ReadAll(io.LimitReader(part, maxFile+1))
	if err != nil {
		return err
	}
	if len(body) > maxFile {
		return errTooLarge
	}
	if len(body) > 0 {
		d.files = append(d.files, upload{name: fileName(part.FileName()), kind: fileKind(part, body), data: body})
	}
	return nil
}

// fileName is the last part of a name, without what could harm where it is shown.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, path.Base(strings.ReplaceAll(s, `\`, "/")))
	if s == "" || s == "." || s == "/" {
		return "file"
	}
	if runes := []rune(s); len(runes) > 120 {
		return string(runes[len(runes)-120:])
	}
	return s
}

// fileKind is the media type: that of the content when it is known, else that of the form.
func fileKind(part *multipart.Part, body []byte) string {
	if kind := http.DetectContentType(body); isImage(kind) || kind == "video/mp4" {
		return kind
	}
	if kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type")); err == nil && !isImage(kind) {
		return kind
	}
	return "application/octet-stream"
}
