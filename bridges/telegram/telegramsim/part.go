package telegramsim

import (
	"mime/multipart"
	"path"
	"strings"
)

// heading is what a part of a multipart form says about itself.
type heading struct {
	field, file string
	isFile      bool // a file name is given, be it empty
}

// headed reads Content-Disposition as the server does, which is not as RFC 6266 says: values end at the next semicolon, quoted or
// not, need no quotes to hold spaces and letters beyond ASCII, and know no escapes.
// https://github.com/tdlib/td/blob/master/tdnet/td/net/HttpReader.cpp
func headed(p *multipart.Part) (heading, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(p.Header.Get("Content-Disposition")), "form-data;")
	if !ok {
		return heading{}, bad("expected form-data content disposition")
	}
	var h heading
	for pair := range strings.SplitSeq(rest, ";") {
		key, value, _ := strings.Cut(pair, "=")
		value = strings.TrimSpace(value)
		if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		switch strings.TrimSpace(key) {
		case "name":
			h.field = value
		case "filename":
			h.isFile, h.file = true, base(value)
		}
	}
	if h.field == "" {
		return heading{}, bad("field name in multipart/form-data not found")
	}
	return h, nil
}

// base is a file's name without the folders before it.
func base(name string) string {
	if name = path.Base(name); name == "." || name == "/" {
		return ""
	}
	return name
}
