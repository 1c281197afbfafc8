package rpc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Lines cuts what a program writes into lines.
type Lines struct {
	r   *bufio.Reader
	max int
	buf []byte
}

// NewLines reads lines of up to most bytes from r.
func NewLines(r io.Reader, most int) *Lines {
	return &Lines{r: bufio.NewReaderSize(r, 32<<10), max: most}
}

// Next is the next line without its end, good until Next is called again. Its error is ErrLong, or what reading ended
// with: io.EOF is given when nothing is left; a last line without an end is a line.
func (l *Lines) Next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if err == nil && len(line)-1 <= l.max {
		return cut(line), nil
	}
	l.buf = l.buf[:0]
	for {
		l.buf = append(l.buf, line...)
		if len(bytes.TrimSuffix(l.buf, []byte{'\n'})) > l.max {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrLong, l.max)
		}
		switch {
		case err == nil, errors.Is(err, io.EOF) && len(l.buf) > 0:
			return cut(l.buf), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
		line, err = l.r.ReadSlice('\n')
	}
}

// cut takes the end off a line: \n or \r\n.
func cut(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// parse reads a message; ok is false for anything else.
func parse(line []byte) (m message, ok bool) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] != '{' || json.Unmarshal(line, &m) != nil {
		return message{}, false
	}
	return m, m.Method != "" || m.ID != nil && (m.Result != nil || m.Error != nil)
}

// strictly decodes raw into into and names keys that into does not have.
func strictly(raw json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		return nil
	}
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is a %s; that does not fit", nonEmpty(te.Field, "params"), te.Value)
	}
	return errors.New(strings.TrimPrefix(strings.Replace(err.Error(), "unknown field", "unknown key", 1), "json: "))
}

func nonEmpty(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Strictly decodes raw into into. A key that into does not have is an error that names it.
func Strictly(raw json.RawMessage, into any) error { return strictly(raw, into) }
