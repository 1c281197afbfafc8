package configs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/roost-im/roost/configs"
)

func faulty(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/conf.*.yaml")
	if err != nil || len(names) < 80 {
		t.Fatalf("found %d files with faults: %v", len(names), err)
	}
	return names
}

func TestFaultsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	for _, name := range faulty(t) {
		t.Run(strings.TrimPrefix(filepath.Base(name), "conf."), func(t *testing.T) {
			t.Parallel()
			f, err := configs.Load(name, environment, platforms())
			if err == nil || f != nil {
				t.Fatalf("Load = %v, %v, want no file and an error", f, err)
			}
			got := strings.ReplaceAll(err.Error(), filepath.ToSlash(name), "roost.yaml") + "\n"
			golden := strings.TrimSuffix(name, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("faults differ (-want +got):\n%s", diff)
			}
			if strings.Contains(got, "secret and") || strings.Contains(got, "-secret") || strings.Contains(got, "xoxb-0") {
				t.Errorf("a secret is shown: %s", got)
			}
		})
	}
}

func TestFaultsAreInOrder(t *testing.T) {
	t.Parallel()
	_, err := configs.Load("testdata/conf.many.yaml", environment, platforms())
	faults := configs.Faults(err)
	if len(faults) < 5 {
		t.Fatalf("Faults = %v, want all of them", faults)
	}
	inOrder := slices.IsSortedFunc(faults, func(a, b *configs.Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	if !inOrder {
		t.Errorf("faults are not by line:\n%v", err)
	}
	one, ok := errors.AsType[*configs.Fault](err)
	if !ok || one != faults[0] {
		t.Errorf("errors.AsType gives %v, want the first fault %v", one, faults[0])
	}
	if configs.Faults(nil) != nil {
		t.Error("no error has faults")
	}
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("roost.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func document(t *testing.T, name string) any {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	j, err := yaml.YAMLToJSON(src)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(j)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return doc
}

func TestSchemaTakesTheExamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"roost.example.yaml", "roost.full.yaml"} {
		if err := schema(t).Validate(document(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaSeesFaults(t *testing.T) {
	t.Parallel()
	s, seen := schema(t), 0
	for _, name := range faulty(t) {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(src), "# seen by the schema\n") {
			continue
		}
		seen++
		if err := s.Validate(document(t, name)); err == nil {
			t.Errorf("the schema takes %s", name)
		}
	}
	if seen < 40 {
		t.Errorf("%d files are for the schema, want 40 or more", seen)
	}
}

// The schema is kept by hand, for the sake of its sentences. It has to have the keys that the full example has, which
// is strict itself, and no other.
func TestSchemaHasTheKeysOfTheFullExample(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("roost.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(src, &doc); err != nil {
		t.Fatal(err)
	}
	top := document(t, "roost.full.yaml").(map[string]any)
	dig := func(path ...string) map[string]any {
		m := top
		for _, key := range path {
			next, ok := m[key].(map[string]any)
			if !ok {
				t.Fatalf("the full example has nothing at %v", path)
			}
			m = next
		}
		return m
	}
	check := func(name string, schema, example map[string]any) {
		for k := range schema {
			if _, ok := example[k]; !ok {
				t.Errorf("%s.%s is in the schema and not in the full example", name, k)
			}
		}
		for k := range example {
			if _, ok := schema[k]; !ok {
				t.Errorf("%s.%s is in the full example and not in the schema", name, k)
			}
		}
	}
	check("", doc.Properties, top)
	check("desk", doc.Defs["desk"].Properties, dig("routes", "support", "desk"))
	check("talk", doc.Defs["talk"].Properties, dig("routes", "lounge", "mirror"))
	check("bot", doc.Defs["bot"].Properties, addKeys(dig("bots", "shop"), "rules", "plugin"))
	check("delivery", doc.Defs["delivery"].Properties, dig("delivery"))
	check("store", doc.Defs["store"].Properties, dig("store"))
	check("keep", doc.Defs["keep"].Properties, dig("store", "keep"))
	check("web", doc.Defs["web"].Properties, dig("web"))
	check("files", doc.Defs["files"].Properties, dig("files"))
	check("log", doc.Defs["log"].Properties, dig("log"))
}

// addKeys is m with keys that exclude one of its own.
func addKeys(m map[string]any, keys ...string) map[string]any {
	all := maps.Clone(m)
	for _, k := range keys {
		all[k] = nil
	}
	return all
}

func TestFaultsOfAWrappedError(t *testing.T) {
	t.Parallel()
	_, err := configs.Parse("roost.yaml", []byte("webb: {}\nlog: {levle: info}\n"), environment, nil)
	for name, wrapped := range map[string]error{
		"bare": err, "wrapped": fmt.Errorf("reload: %w", err), "joined": errors.Join(errors.New("other"), fmt.Errorf("reload: %w", err)),
	} {
		if got := configs.Faults(wrapped); len(got) != 2 {
			t.Errorf("%s: %d faults, want 2", name, len(got))
		}
	}
}
