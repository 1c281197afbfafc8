package plugins

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/roost-im/roost/configs/strict"
)

// schemaURL is the name of a manifest's schema; what it refers to must be inside it.
const schemaURL = "roost:///schema"

// sealed loads nothing: a schema refers to itself alone.
type sealed struct{}

// Load refuses.
func (sealed) Load(url string) (any, error) {
	return nil, fmt.Errorf("it refers to %s; write that out", strings.TrimPrefix(url, "roost:///"))
}

// readSchema reads the schema of the settings: it is written out, or b names its file.
func (m *Manifest) readSchema(b strict.Value) {
	raw, err := schemaSource(m.Folder, b)
	if err == nil {
		m.schema, err = compile(raw)
	}
	if err != nil {
		b.Fault("", "%v", err)
	}
}

// schemaSource is the schema as JSON.
func schemaSource(folder string, b strict.Value) ([]byte, error) {
	if name := b.Word(); name != "" {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fmt.Errorf("%q is not in the plugin's folder", name)
		}
		root, err := os.OpenRoot(folder)
		if err != nil {
			return nil, err
		}
		defer func() { _ = root.Close() }()
		return root.ReadFile(filepath.FromSlash(name))
	}
	if b.Kind() != strict.Table {
		return nil, errors.New("wants a JSON Schema, or the name of its file")
	}
	v, err := b.Plain()
	if err != nil {
		return nil, errors.New("wants a JSON Schema, or the name of its file")
	}
	return json.Marshal(v)
}

func compile(raw []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("is no JSON: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(sealed{})
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, fmt.Errorf("is no JSON Schema: %w", err)
	}
	s, err := c.Compile(schemaURL)
	if se, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		return nil, fmt.Errorf("is no JSON Schema: %w", leaves(se.Err, "schema"))
	}
	if err != nil {
		return nil, fmt.Errorf("is no JSON Schema: %s", strings.ReplaceAll(err.Error(), schemaURL, "schema"))
	}
	return s, nil
}

// Settings checks the settings of a plugin, which may be whatever JSON or YAML can say, against the manifest's schema, and
// gives them as JSON. Its error names each value that does not fit by its path: config.shop.url. A plugin without a schema
// has no settings.
func (m *Manifest) Settings(config any) (json.RawMessage, error) {
	if config == nil {
		config = map[string]any{}
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if m.schema == nil {
		if o, ok := v.(map[string]any); !ok || len(o) > 0 {
			return nil, fmt.Errorf("config: the plugin %s takes none; its %s has no config.schema", m.Name, ManifestName)
		}
		return raw, nil
	}
	if err := m.schema.Validate(v); err != nil {
		return nil, leaves(err, "config")
	}
	return raw, nil
}

// leaves lists what is wrong, each with the path of its value below root.
func leaves(err error, root string) error {
	ve, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	english := message.NewPrinter(language.English)
	var list []error
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			path := strings.Join(append([]string{root}, e.InstanceLocation...), ".")
			list = append(list, fmt.Errorf("%s: %s", path, discreet(e.ErrorKind, english)))
		}
		for _, c := range e.Causes {
			walk(c)
		}
	}
	walk(ve)
	slices.SortStableFunc(list, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(list...)
}

// discreet says what is wrong with a value without saying the value, which may be a secret.
func discreet(k jsonschema.ErrorKind, p *message.Printer) string {
	switch k := k.(type) {
	case *kind.Pattern:
		return fmt.Sprintf("does not match %q", k.Want)
	case *kind.Format:
		return "is no " + k.Want
	}
	return k.LocalizedString(p)
}
