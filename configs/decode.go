package configs

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/roost-im/roost/configs/strict"
)

// decoder fills Go values from a file and collects what is wrong with it.
type decoder struct {
	*strict.File

	env      func(string) (string, bool)
	warnings *strict.File
	hidden   []string // what no fault may show
}

// The values that are not what they seem. They are ours alone; what a platform may use is said at Platform.
type (
	// placed is a value that keeps its spot.
	placed interface{ within(strict.Spot) any }
	// short is a struct that can be written as one word; word is where that goes.
	short interface{ word() any }
	// listed is a struct that can be written as a list; list is where that goes.
	listed interface{ list() any }
)

// at is a T and where it stands.
type at[T any] struct {
	v T
	strict.Spot
}

func (a *at[T]) within(s strict.Spot) any {
	a.Spot = s
	return &a.v
}

// value decodes n into v, which is addressable. What is a strict.Value is decoded later.
func (d *decoder) value(n strict.Value, v reflect.Value) {
	switch p := v.Addr().Interface().(type) {
	case placed:
		d.value(n, reflect.ValueOf(p.within(n.At)).Elem())
	case *strict.Value:
		*p = n
	case *free:
		p.v = d.free(n, 0)
	case encoding.TextUnmarshaler:
		d.scalar(n, v)
	case short:
		if n.IsWord() {
			d.value(n, reflect.ValueOf(p.word()).Elem())
			return
		}
		d.record(n, v)
	case listed:
		if n.Kind() == strict.List {
			d.value(n, reflect.ValueOf(p.list()).Elem())
			return
		}
		d.record(n, v)
	default:
		d.kind(n, v)
	}
}

// kind decodes by the kind that Go has for v.
func (d *decoder) kind(n strict.Value, v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // everything else is a scalar
	case reflect.Pointer:
		if n.Kind() != strict.Empty {
			v.Set(reflect.New(v.Type().Elem()))
			d.value(n, v.Elem())
		}
	case reflect.Struct:
		d.record(n, v)
	case reflect.Map:
		d.table(n, v)
	case reflect.Slice:
		d.list(n, v)
	default:
		d.scalar(n, v)
	}
}

// entries lists the keys of a mapping in order. One without a value has none.
func entries(n strict.Value) []strict.Entry {
	if n.Kind() == strict.Empty {
		return nil
	}
	return n.Entries()
}

// record decodes a mapping with known keys.
func (d *decoder) record(n strict.Value, v reflect.Value) {
	d.fill(v, entries(n))
}

// fill decodes entries into the fields of a struct. besides are keys that were taken out before.
func (d *decoder) fill(v reflect.Value, list []strict.Entry, besides ...string) {
	fields := map[string]reflect.Value{}
	collect(v, fields)
	for _, e := range list {
		f, ok := fields[e.Key]
		if !ok {
			known := slices.Sorted(maps.Keys(fields))
			d.Fault(e.At, strict.DidYouMean(e.Key, append(known, besides...)), "unknown key")
			continue
		}
		d.value(e.Value, f)
	}
}

// table decodes a mapping with free keys.
func (d *decoder) table(n strict.Value, v reflect.Value) {
	if v.Type().Key().Kind() != reflect.String {
		panic(fmt.Sprintf("configs: the keys of a %v are no strings", v.Type()))
	}
	m := reflect.MakeMap(v.Type())
	for _, e := range entries(n) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(e.Value, item)
		m.SetMapIndex(reflect.ValueOf(e.Key).Convert(v.Type().Key()), item)
	}
	v.Set(m)
}

// list decodes a sequence.
func (d *decoder) list(n strict.Value, v reflect.Value) {
	switch n.Kind() { //nolint:exhaustive // the others are no lists
	case strict.Empty:
	case strict.List:
		list := n.Items()
		items := reflect.MakeSlice(v.Type(), len(list), len(list))
		for i, item := range list {
			d.value(item, items.Index(i))
		}
		v.Set(items)
	default:
		n.Fault("write [a, b]", "wants a list, is %v", n.Kind())
	}
}

// collect finds the fields of a struct by their keys. Embedded structs without a tag count as the struct's own fields.
func collect(v reflect.Value, fields map[string]reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag, tagged := f.Tag.Lookup("yaml")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
			continue
		case f.Type.Kind() == reflect.Struct && (f.Anonymous && !tagged || strings.Contains(options, "inline")):
			collect(v.Field(i), fields)
			continue
		case name == "":
			name = strings.ToLower(f.Name)
		}
		fields[name] = v.Field(i)
	}
}

// errReported stands for faults that are collected already.
var errReported = errors.New("the settings have faults")

// strictly makes the function that a platform decodes its settings with.
func (d *decoder) strictly(list []strict.Entry) func(into any) error {
	return func(into any) error {
		v := reflect.ValueOf(into)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return fmt.Errorf("decode into %T: want a pointer to a struct", into)
		}
		before := d.Len()
		d.fill(v.Elem(), list, "uncertain", "pace")
		if d.Len() > before {
			return errReported
		}
		return nil
	}
}
