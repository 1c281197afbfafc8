package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs/strict"
)

// words is text with places to fill in: Hello {user}!
type words []part

// part is a piece of text, or what is filled in: the path of a value.
type part struct {
	text string
	path []string // empty: it is text
}

// hole is what is filled in. A backslash before it leaves it alone, as markup does.
var hole = regexp.MustCompile(`\\.|\{([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)*)\}`)

// wordsMax is how long a text of the file may be, in bytes.
const wordsMax = 8 << 10

// words reads text with places to fill in.
func (l *loader) words(v strict.Value, in *scope) words {
	s, ok := textOf(v)
	if !ok {
		return nil
	}
	if len(s) > wordsMax {
		v.Fault("", "is longer than %d bytes", wordsMax)
		return nil
	}
	return l.fillable(v, s, in, true)
}

func (l *loader) fillable(v strict.Value, s string, in *scope, texts bool) words {
	var w words
	from := 0
	for _, at := range hole.FindAllStringSubmatchIndex(s, -1) {
		if at[2] < 0 {
			continue // a backslash
		}
		path := strings.Split(s[at[2]:at[3]], ".")
		w = append(w, part{text: s[from:at[0]]})
		from = at[1]
		if path[0] == "texts" && texts {
			w = append(w, l.ownText(v, path, in)...)
			continue
		}
		line := 1 + strings.Count(s[:at[0]], "\n")
		column := len([]rune(s[strings.LastIndexByte(s[:at[0]], '\n')+1 : at[0]]))
		if hint, ok := in.knows(path); !ok {
			at := v.At
			if texts { // otherwise it is in a text that stands elsewhere
				at = v.Within(line, column)
			}
			l.Fault(at, hint, "nothing is known of {%s}", strings.Join(path, "."))
			continue
		}
		in.read(path, v)
		w = append(w, part{path: path})
	}
	return append(w, part{text: s[from:]})
}

// ownText is a text of the file in its locale.
func (l *loader) ownText(v strict.Value, path []string, in *scope) words {
	if len(path) == 2 {
		if t, ok := l.text(path[1]); ok {
			return l.fillable(v, t, in, false)
		}
	}
	known := map[string]bool{}
	for _, texts := range l.spec.Texts {
		for key := range texts {
			known["texts."+key] = true
		}
	}
	v.Fault(strict.DidYouMean(strings.Join(path, "."), slices.Sorted(maps.Keys(known))), "there is no {%s}", strings.Join(path, "."))
	return nil
}

// text is the text for key: in the bot's locale, in English, or in the first locale that has it.
func (l *loader) text(key string) (string, bool) {
	locales := append([]string{l.spec.Locale, "en"}, slices.Sorted(maps.Keys(l.spec.Texts))...)
	for _, locale := range locales {
		if t, ok := l.spec.Texts[locale][key]; ok {
			return t, true
		}
	}
	return "", false
}

// say fills w in for markup: what is filled in says itself.
func (p *play) say(ctx context.Context, w words) (string, error) { return p.fill(ctx, w, bots.Escape) }

// plain fills w in where there is no markup.
func (p *play) plain(ctx context.Context, w words) (string, error) {
	return p.fill(ctx, w, func(s string) string { return s })
}

func (p *play) fill(ctx context.Context, w words, as func(string) string) (string, error) {
	var b strings.Builder
	for _, part := range w {
		if part.path == nil {
			b.WriteString(part.text)
			continue
		}
		v, err := p.lookup(ctx, part.path)
		if err != nil {
			return "", err
		}
		b.WriteString(as(inWords(v)))
		if b.Len() > filledMax {
			return "", fmt.Errorf("%w: a text became longer than %d bytes", bots.ErrRunaway, filledMax)
		}
	}
	return b.String(), nil
}

// filledMax is how long a text may become, in bytes.
const filledMax = 256 << 10

// inWords is a value as people read it.
func inWords(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Duration:
		return brief(v)
	case map[string]any:
		if name, ok := v["name"].(string); ok { // a person
			return name
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// brief is a length of time without the units that are nothing: 2h, not 2h0m0s.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
