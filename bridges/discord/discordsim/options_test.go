package discordsim_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

func TestCommandsKeepTheirLimits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	at := "/applications/" + w.ApplicationID() + "/commands"
	option := func(kind int, name string, more obj) obj {
		o := obj{"type": kind, "name": name, "description": "x"}
		maps.Copy(o, more)
		return o
	}
	var many, choices []obj
	for i := range 101 {
		many = append(many, obj{"name": fmt.Sprintf("c%d", i), "description": "x"})
		choices = append(choices, obj{"name": fmt.Sprintf("n%d", i), "value": fmt.Sprintf("v%d", i)})
	}
	with := func(options ...obj) []obj { return []obj{{"name": "c", "description": "x", "options": options}} }
	for _, tc := range []struct {
		name   string
		list   []obj
		status int
	}{
		{"a hundred", many[:100], 200},
		{"too many", many, 400},
		{"two of a name", []obj{many[0], many[0]}, 400},
		{"upper case", []obj{{"name": "Order", "description": "x"}}, 400},
		{"no description", []obj{{"name": "order", "description": ""}}, 400},
		{"25 choices", with(option(3, "o", obj{"choices": choices[:25]})), 200},
		{"too many choices", with(option(3, "o", obj{"choices": choices[:26]})), 400},
		{"a long choice", with(option(3, "o", obj{"choices": []obj{{"name": strings.Repeat("x", 101), "value": "x"}}})), 400},
		{"required after optional", with(option(3, "a", nil), option(3, "b", obj{"required": true})), 400},
		{"two options of a name", with(option(3, "a", nil), option(6, "a", nil)), 400},
		{"an option in upper case", with(option(3, "A", nil)), 400},
		{"too large", with(option(3, "a", obj{"choices": bulky()}), option(3, "b", obj{"choices": bulky()})), 400},
		{"nothing", []obj{}, 200},
	} {
		if status, answer := w.call(t, http.MethodPut, at, tc.list); status != tc.status {
			t.Errorf("%s: %d %v, want %d", tc.name, status, answer, tc.status)
		}
	}
	for i, one := range many {
		status, e := w.raw(t, http.MethodPost, at, one)
		if want := 201 + 199*(i/100); status != want || i == 100 && e["code"] != 30032.0 {
			t.Errorf("the command %d: %d %v, want %d", i, status, e, want)
		}
	}
}

// bulky are the largest choices that an option may have.
func bulky() []obj {
	var out []obj
	for i := range 25 {
		s := fmt.Sprintf("%099d", i)
		out = append(out, obj{"name": s, "value": s})
	}
	return out
}

func TestPeopleGiveOptionsWhatTheyTake(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	at := "/applications/" + w.ApplicationID()
	if status, answer := w.call(t, http.MethodPut, at+"/commands", []obj{
		{"name": "anywhere", "description": "x"},
		{"name": "private", "description": "x", "contexts": []int{1}},
		{"name": "public", "description": "x", "contexts": []int{0}},
		{"name": "order", "description": "x", "options": []obj{
			{"type": 3, "name": "size", "description": "x", "choices": []obj{{"name": "S", "value": "S"}}},
			{"type": 10, "name": "count", "description": "x", "min_value": 1, "max_value": 2.5},
			{"type": 3, "name": "note", "description": "x", "max_length": 3},
			{"type": 6, "name": "for", "description": "x"},
			{"type": 4, "name": "whole", "description": "x", "choices": []obj{{"name": "one", "value": 1}}},
		}},
	}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	i := slices.IndexFunc(w.Commands(), func(c discordsim.Command) bool { return c.Name == "private" })
	if got := w.Commands()[i].Contexts; !slices.Equal(got, []int{1}) {
		t.Errorf("its contexts are %v", got)
	}
	dm := w.DM(ada)
	for _, tc := range []struct {
		channel, name, option, value string
		ok                           bool
	}{
		{general, "anywhere", "", "", true},
		{dm, "anywhere", "", "", true},
		{general, "private", "", "", false},
		{dm, "private", "", "", true},
		{general, "public", "", "", true},
		{dm, "public", "", "", false},
		{general, "order", "size", "S", true},
		{general, "order", "size", "s", false},
		{general, "order", "count", "2.5", true},
		{general, "order", "count", "2.6", false},
		{general, "order", "count", "0", false},
		{general, "order", "note", "abc", true},
		{general, "order", "note", "abcd", false},
		{general, "order", "for", bob, true},
		{general, "order", "for", "12", false},
		{general, "order", "whole", "1", true},
		{general, "order", "whole", "2", false},
	} {
		options := map[string]string{}
		if tc.option != "" {
			options[tc.option] = tc.value
		}
		if err := w.Slash(ada, tc.channel, tc.name, options); (err == nil) != tc.ok || err != nil && !errors.Is(err, discordsim.ErrNoCommand) {
			t.Errorf("%s with %v in %s: %v, want it taken: %v", tc.name, options, tc.channel, err, tc.ok)
		}
	}
}
