package configs

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder fills Go values from a tree and collects what is wrong with it.
type decoder struct {
	file     string
	env      func(string) (string, bool)
	faults   []*Fault
	warnings []*Fault
	hidden   []string // what no fault may show
}

// The values that are not what they seem. They are ours alone; what a platform may use is said at Platform.
type (
	// placed is a value that keeps its spot.
	placed interface{ within(spot) any }
	// short is a struct that can be written as one word; word is where that goes.
	short interface{ word() any }
	// listed is a struct that can be written as a list; list is where that goes.
	listed interface{ list() any }
)

// at is a T and where it stands.
type at[T any] struct {
	v T
	spot
}

func (a *at[T]) within(s spot) any {
	a.spot = s
	return &a.v
}

// branch is a part of the tree that is decoded later.
type branch struct{ node ast.Node }

func (d *decoder) root(n ast.Node, into *rawFile) {
	d.value(n, reflect.ValueOf(into).Elem(), spotOf(n, spot{}))
}

// value decodes n into v, which is addressable.
func (d *decoder) value(n ast.Node, v reflect.Value, s spot) {
	switch p := v.Addr().Interface().(type) {
	case placed:
		d.value(n, reflect.ValueOf(p.within(s)).Elem(), s)
	case *branch:
		p.node = n
	case *free:
		p.v = d.free(n, s, 0)
	case encoding.TextUnmarshaler:
		d.scalar(n, v, s)
	case short:
		if isWord(n) {
			d.value(n, reflect.ValueOf(p.word()).Elem(), s)
			return
		}
		d.record(n, v, s)
	case listed:
		if _, ok := n.(*ast.SequenceNode); ok {
			d.value(n, reflect.ValueOf(p.list()).Elem(), s)
			return
		}
		d.record(n, v, s)
	default:
		d.kind(n, v, s)
	}
}

// kind decodes by the kind that Go has for v.
func (d *decoder) kind(n ast.Node, v reflect.Value, s spot) {
	switch v.Kind() { //nolint:exhaustive // everything else is a scalar
	case reflect.Pointer:
		if n.Type() != ast.NullType {
			v.Set(reflect.New(v.Type().Elem()))
			d.value(n, v.Elem(), s)
		}
	case reflect.Struct:
		d.record(n, v, s)
	case reflect.Map:
		d.table(n, v, s)
	case reflect.Slice:
		d.list(n, v, s)
	default:
		d.scalar(n, v, s)
	}
}

// isWord says whether n is one value, and there is one.
func isWord(n ast.Node) bool {
	_, ok := n.(ast.ScalarNode)
	return ok && n.Type() != ast.NullType
}

// record decodes a mapping with known keys.
func (d *decoder) record(n ast.Node, v reflect.Value, s spot) {
	d.fill(v, d.entries(n, s))
}

// fill decodes entries into the fields of a struct. besides are keys that were taken out before.
func (d *decoder) fill(v reflect.Value, list []entry, besides ...string) {
	fields := map[string]reflect.Value{}
	collect(v, fields)
	for _, e := range list {
		f, ok := fields[e.key]
		if !ok {
			known := slices.Sorted(maps.Keys(fields))
			d.fault(e.keySpot, didYouMean(e.key, append(known, besides...)), "unknown key")
			continue
		}
		d.value(e.node, f, e.spot)
	}
}

// table decodes a mapping with free keys.
func (d *decoder) table(n ast.Node, v reflect.Value, s spot) {
	if v.Type().Key().Kind() != reflect.String {
		panic(fmt.Sprintf("configs: the keys of a %v are no strings", v.Type()))
	}
	m := reflect.MakeMap(v.Type())
	for _, e := range d.entries(n, s) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(e.node, item, e.spot)
		m.SetMapIndex(reflect.ValueOf(e.key).Convert(v.Type().Key()), item)
	}
	v.Set(m)
}

// list decodes a sequence.
func (d *decoder) list(n ast.Node, v reflect.Value, s spot) {
	if n.Type() == ast.NullType {
		return
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.fault(s, "write [a, b]", "wants a list, is %s", kindOf(n))
		return
	}
	items := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		d.value(item, items.Index(i), spotOf(item, s.index(i)))
	}
	v.Set(items)
}

// entry is one key of a mapping and what stands there.
type entry struct {
	key     string
	node    ast.Node
	spot    spot // of the value where it is a word, otherwise of the key
	keySpot spot
}

// entries lists the keys of a mapping in order. A key that is there twice is a fault and is listed once.
func (d *decoder) entries(n ast.Node, s spot) []entry {
	var pairs []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		pairs = m.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{m}
	case *ast.NullNode:
		return nil
	default:
		d.fault(s, "write key: value", "wants keys and values, is %s", kindOf(n))
		return nil
	}
	first := map[string]int{}
	list := make([]entry, 0, len(pairs))
	for _, pair := range pairs {
		key := unveiled(pair.Key.GetToken().Value)
		e := entry{key: key, node: pair.Value, keySpot: spotAt(pair.Key.GetToken())}
		e.keySpot.path = s.key(shownKey(key)).path
		e.spot = e.keySpot
		if isWord(pair.Value) {
			e.spot = spotOf(pair.Value, e.keySpot)
		}
		if line, twice := first[key]; twice {
			d.fault(e.keySpot, "", "written twice, first in line %d", line)
			continue
		}
		first[key] = e.keySpot.line
		list = append(list, e)
	}
	return list
}

var keyForm = regexp.MustCompile(`^[A-Za-z0-9_./-]{1,40}$`)

// shownKey is a key as a fault may show it: one that can't be a key may be a secret in the wrong place.
func shownKey(key string) string {
	if keyForm.MatchString(key) {
		return key
	}
	return "(key)"
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

// kindOf names what n is, for people.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "empty"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	}
	return "text"
}

// errReported stands for faults that are collected already.
var errReported = errors.New("the settings have faults")

// strictly makes the function that a platform decodes its settings with.
func (d *decoder) strictly(list []entry) func(into any) error {
	return func(into any) error {
		v := reflect.ValueOf(into)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return fmt.Errorf("decode into %T: want a pointer to a struct", into)
		}
		before := len(d.faults)
		d.fill(v.Elem(), list, "uncertain", "pace")
		if len(d.faults) > before {
			return errReported
		}
		return nil
	}
}
