package x

import (
	"net/url"
	"path"
	"strings"

	"github.com/roost-im/roost/router/chat"
)

// file is an attachment as it arrived. Source is the address of its best form; it is empty when X gave none.
func (r reader) file(m media) chat.File {
	f := chat.File{Alt: m.AltText, Account: r.Account, Source: m.URL}
	switch m.Type {
	case "video", "animated_gif":
		if v, ok := best(m.Variants); ok {
			f.Source, f.Type = v.URL, v.ContentType
		}
	case "photo":
		f.Type = photoType(m.URL)
	}
	if f.Source == "" {
		f.Source = m.PreviewImageURL
		f.Type = photoType(f.Source)
	}
	f.Name = fileName(f.Source, m)
	return f
}

// best is the file of the highest bit rate. A playlist is no file.
func best(all []variant) (v variant, ok bool) {
	for _, o := range all {
		if o.URL == "" || strings.Contains(strings.ToLower(o.ContentType), "mpegurl") {
			continue
		}
		if !ok || o.BitRate+o.Bitrate > v.BitRate+v.Bitrate {
			v, ok = o, true
		}
	}
	return v, ok
}

// fileName is the last part of an address, or a name made from the media key.
func fileName(source string, m media) string {
	if u, err := url.Parse(source); err == nil {
		if base := path.Base(u.Path); strings.Contains(base, ".") && len(base) <= 100 {
			return base
		}
	}
	switch m.Type {
	case "photo":
		return "photo.jpg"
	case "video", "animated_gif":
		return "video.mp4"
	}
	return "attachment"
}

// photoType is the MIME type that an address ends in; empty when it says nothing.
func photoType(source string) string {
	u, err := url.Parse(source)
	if err != nil {
		return ""
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".mp4":
		return "video/mp4"
	}
	return ""
}
