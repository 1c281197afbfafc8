package configs

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/configs/strict"
)

// word is the text of a scalar. Its String is what a fault may show of it.
type word struct {
	text   string
	hidden bool // something of it came from the environment, or may be a secret
}

func (w word) String() string {
	if w.hidden {
		return "something else"
	}
	return strconv.Quote(w.text)
}

// shownLength is how long a word may be to be shown, in bytes. Longer ones may be a secret in the wrong place.
const shownLength = 32

// scalar decodes one word into v.
func (d *decoder) scalar(n strict.Value, v reflect.Value) {
	s := n.At
	w, ok := d.word(n, v)
	if !ok {
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *bridges.Secret:
		if text, ok := d.secret(w.text, s); ok {
			*p = bridges.NewSecret(text)
		}
	case encoding.TextUnmarshaler:
		if err := p.UnmarshalText([]byte(w.text)); err != nil {
			d.refused(w, err, s)
		}
	case *time.Duration:
		t, err := parseDuration(w.text)
		if err != nil {
			d.Fault(s, "write 90s, 5m, 72h or 30d", "wants a length of time, is %v", w)
		}
		*p = t
	case interface{ Choices() []string }:
		d.choice(w, v, p.Choices(), s)
	default:
		d.basic(w, v, s)
	}
}

// refused reports what a type of its own said about its text; not its words, if they might show what was hidden.
func (d *decoder) refused(w word, err error, s strict.Spot) {
	if _, ours := errors.AsType[wanted](err); !ours && w.hidden {
		d.Fault(s, "", "the value is not taken")
		return
	}
	d.Fault(s, "", "%v", err)
}

func (d *decoder) choice(w word, v reflect.Value, choices []string, s strict.Spot) {
	switch {
	case slices.Contains(choices, w.text):
		v.SetString(w.text)
	case w.hidden:
		d.Fault(s, "it can be "+strings.Join(choices, ", "), "unknown word")
	default:
		d.Fault(s, strict.DidYouMean(w.text, choices), "unknown word %v", w)
	}
}

// basic decodes into the kinds that Go has itself.
func (d *decoder) basic(w word, v reflect.Value, s strict.Spot) {
	var err error
	want := "text"
	switch v.Kind() { //nolint:exhaustive // the others have no form in YAML
	case reflect.String:
		v.SetString(w.text)
	case reflect.Bool:
		want = "true or false"
		switch w.text {
		case "true", "false":
			v.SetBool(w.text == "true")
		default:
			err = strconv.ErrSyntax
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		want = "a whole number"
		var i int64
		i, err = strconv.ParseInt(w.text, 10, v.Type().Bits())
		v.SetInt(i)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		want = "a whole number from 0"
		var u uint64
		u, err = strconv.ParseUint(w.text, 10, v.Type().Bits())
		v.SetUint(u)
	case reflect.Float32, reflect.Float64:
		want = "a number"
		var f float64
		f, err = strconv.ParseFloat(w.text, v.Type().Bits())
		v.SetFloat(f)
	default:
		panic(fmt.Sprintf("configs: a %v has no form in YAML", v.Type()))
	}
	if errors.Is(err, strconv.ErrRange) {
		d.Fault(s, "", "the number is too large or too small")
	} else if err != nil {
		d.Fault(s, "", "wants %s, is %v", want, w)
	}
}

// word finds the text of n and fills in variables. Numbers are taken as text too, as they are written, because IDs are
// often numbers; true, false and nothing are not, because they are rarely meant.
func (d *decoder) word(n strict.Value, v reflect.Value) (word, bool) {
	switch k := n.Kind(); k {
	case strict.Text, strict.Number:
	case strict.Flag:
		if v.Kind() != reflect.Bool {
			n.Fault("put it in quotes if it is text", "wants a word, is %s", n.Word())
			return word{}, false
		}
	case strict.Empty:
		n.Fault("give it a value or leave the key out", "has no value")
		return word{}, false
	case strict.None, strict.List, strict.Table:
		n.Fault("", "wants one value, is %v", k)
		return word{}, false
	}
	_, secret := reflect.TypeAssert[*bridges.Secret](v.Addr())
	w, ok := d.expand(n.Word(), n.At)
	if w.hidden = w.hidden || secret; w.hidden {
		d.hide(w.text)
	}
	w.hidden = w.hidden || len(w.text) > shownLength
	return w, ok
}

// hide remembers what no fault may show.
func (d *decoder) hide(text string) {
	if text != "" {
		d.hidden = append(d.hidden, text)
	}
}

// scrub takes out of others' words what they may have quoted from the environment or a secret.
func (d *decoder) scrub(text string) string {
	longestFirst := slices.SortedFunc(slices.Values(d.hidden), func(a, b string) int { return len(b) - len(a) })
	for _, h := range longestFirst {
		quoted := strconv.Quote(h)
		text = strings.ReplaceAll(text, quoted, `"…"`)
		if len(h) > 3 { // shorter ones are in every sentence
			text = strings.ReplaceAll(text, h, "…")
			text = strings.ReplaceAll(text, strings.Trim(quoted, `"`), "…")
		}
	}
	return text
}

var variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand fills in ${NAME} and ${NAME:-default}; $${ stands for ${ itself. A default is taken when the variable is not
// set or empty. What is filled in is not looked at again.
func (d *decoder) expand(s string, where strict.Spot) (word, bool) {
	var b strings.Builder
	w, ok := word{}, true
	for {
		before, rest, found := strings.Cut(s, "${")
		if !found {
			b.WriteString(s)
			w.text = b.String()
			return w, ok
		}
		if plain, escaped := strings.CutSuffix(before, "$"); escaped {
			b.WriteString(plain + "${")
			s = rest
			continue
		}
		b.WriteString(before)
		inside, after, closed := strings.Cut(rest, "}")
		if !closed {
			d.Fault(where, "write $${ for the two characters themselves", "${ without its }")
			return w, false
		}
		value, known := d.variable(inside, where)
		b.WriteString(value)
		s, w.hidden, ok = after, true, ok && known
	}
}

// variable looks up what stands between ${ and }.
func (d *decoder) variable(inside string, where strict.Spot) (string, bool) {
	name, fallback, defaulted := strings.Cut(inside, ":-")
	switch {
	case !variableForm.MatchString(name):
		d.Fault(where, "write ${NAME} or ${NAME:-default}", "${…} does not hold the name of a variable")
		return "", false
	case strings.Contains(fallback, "${"):
		d.Fault(where, "", "the default of ${%s} can't hold another ${", name)
		return "", false
	}
	value, set := d.env(name)
	switch {
	case defaulted && value == "":
		return fallback, true
	case !set:
		d.Fault(where, "set it, or write ${"+name+":-default}", "the variable %s is not set", name)
		return "", false
	case strings.ContainsRune(value, 0):
		d.Fault(where, "", "the variable %s holds a zero byte", name)
		return "", false
	}
	return value, true
}

const maxSecret = 64 << 10

// secret reads a credential that is kept in a file of its own; other text is the credential itself.
func (d *decoder) secret(text string, s strict.Spot) (string, bool) {
	path, filed := strings.CutPrefix(text, "file:")
	if !filed {
		return text, true
	}
	path = d.beside(filepath.FromSlash(path))
	b, err := readRegular(path, maxSecret)
	if err != nil {
		d.Fault(s, "", "the file of the secret: %s", plainReason(err))
		return "", false
	}
	text = strings.TrimRight(string(b), "\r\n")
	if text == "" {
		d.Fault(s, "", "the file of the secret is empty")
		return "", false
	}
	d.hide(text)
	if open, err := openToAll(path); err == nil && open {
		d.warnings.Fault(s, "chmod o-r", "every user of this machine can read the file of the secret")
	}
	return text, true
}

// parseDuration reads what time.ParseDuration reads, and whole days: 30d.
func parseDuration(s string) (time.Duration, error) {
	days, ok := strings.CutSuffix(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	const day = 24 * time.Hour
	n, err := strconv.ParseInt(days, 10, 64)
	if err != nil || n < 0 || n > int64(math.MaxInt64/day) {
		return 0, strconv.ErrRange
	}
	return time.Duration(n) * day, nil
}
