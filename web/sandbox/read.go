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

var (
	errTooLarge = errors.New("a file has at most 25 MB, and all of a message together too")
	errForm     = errors.New("this is not a form with pane, person, place, thread, message, text and files")
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

// readAct reads what a person does, as JSON or, for what they say with files, as a form. When it can't, it answers why and
// gives false.
func readAct(w http.ResponseWriter, r *http.Request) (act, bool) {
	var a act
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return a, read(w, r, &a)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFile+maxJSON)
	if a, err = readForm(r); err != nil {
		refuse(w, err)
		return a, false
	}
	return a, true
}

// sayable says whether an act has something to say.
func sayable(a act) bool {
	return utf8.ValidString(a.Text) && utf8.RuneCountInString(a.Text) <= maxText && (strings.TrimSpace(a.Text) != "" || len(a.files) > 0)
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
func readForm(r *http.Request) (act, error) {
	a := act{Do: doSay}
	form, err := r.MultipartReader()
	if err != nil {
		return a, err
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return a, err
		}
		if err := a.take(part); err != nil {
			return a, err
		}
	}
}

func (a *act) take(part *multipart.Part) error {
	field := map[string]*string{
		"pane": &a.Pane, "person": &a.Person, "place": &a.Place, "thread": &a.Thread, "message": &a.Message, "text": &a.Text,
	}[part.FormName()]
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
	case len(a.files) >= maxFiles:
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
		a.files = append(a.files, attachment{name: fileName(part.FileName()), kind: fileKind(part, body), data: body})
	}
	return nil
}

// fileName is the last part of a name, without what could harm where it is shown.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if isControl(r) {
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

func isControl(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }

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
