package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/roost-im/roost/configs/strict"
)

// The bounds of a file.
const (
	sourceMax  = 64 << 10 // bytes
	tokensMax  = 20_000
	faultsMost = 50 // how many faults are told
)

// fileOf is a file of rules, to be read.
func fileOf(name string) *strict.File {
	return &strict.File{
		Name: name, Bytes: sourceMax, Words: tokensMax, Most: faultsMost,
		Broken: "look at the indentation (spaces, no tabs), and put text with \": \", { or # in quotes",
		Empty:  "write rules: and what the bot answers to",
	}
}

// textOf is v as text. Numbers are taken as they are written; true, false and nothing are not, because they are rarely meant.
func textOf(v strict.Value) (string, bool) {
	switch k := v.Kind(); k {
	case strict.Text, strict.Number:
		if v.IsBlock() {
			return strings.TrimSuffix(v.Word(), "\n"), true
		}
		return v.Word(), true
	case strict.Flag:
		v.Fault("put it in quotes if it is text", "wants text, is %s", v.Word())
	case strict.Empty:
		v.Fault("give it a value or leave the key out", "has no value")
	case strict.None, strict.List, strict.Table:
		v.Fault("put text that begins with { or [ in quotes", "wants text, is %v", k)
	}
	return "", false
}

// flagOf is v as true or false.
func flagOf(v strict.Value) bool {
	if v.Kind() != strict.Flag {
		v.Fault("", "wants true or false, is %v", v.Kind())
		return false
	}
	literal, _ := v.Literal()
	return literal == true
}

// itemsOf is v as a list; a single value is a list of one.
func itemsOf(v strict.Value) []strict.Value {
	if v.Kind() != strict.List {
		return []strict.Value{v}
	}
	return v.Items()
}

// textsOf is v as a list of texts; a single one is a list of one.
func textsOf(v strict.Value) []string {
	var texts []string
	for _, item := range itemsOf(v) {
		if t, ok := textOf(item); ok {
			texts = append(texts, t)
		}
	}
	return texts
}

// fields reads a table with known keys, in the order in which they are written.
func fields(v strict.Value, known map[string]func(strict.Value)) {
	for _, e := range v.Entries() {
		read, ok := known[e.Key]
		if !ok {
			v.FaultAt(e.At, strict.DidYouMean(e.Key, slices.Sorted(maps.Keys(known))), "unknown key")
			continue
		}
		read(e.Value)
	}
}
