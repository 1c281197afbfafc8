package discordsim

import (
	"slices"
	"strconv"
)

// Types of components. https://docs.discord.com/developers/components/reference
const (
	compRow       = 1
	compButton    = 2
	compSelect    = 3
	compText      = 4
	compLast      = 8 // selects are 3 and 5 to 8
	compSection   = 9
	compContainer = 17
	compLabel     = 18
	styleLink     = 5
	stylePremium  = 6
)

// compType is what a component is, 0 when it does not say.
func compType(o obj) int {
	n, _ := o["type"].(float64)
	return int(n)
}

func isSelect(kind int) bool { return kind == compSelect || kind > compText && kind <= compLast }

// checkComponents holds rows, buttons and menus against their limits. Components of version 2 are let through as they are.
func checkComponents(t *tree, p *posted) {
	v2 := p.Flags != nil && *p.Flags&flagComponents != 0
	if !v2 {
		t.most("components", len(p.Components), 5)
	}
	seen := map[string]bool{}
	for i, c := range p.Components {
		at := "components." + strconv.Itoa(i)
		if c == nil {
			t.add(at, "BASE_TYPE_REQUIRED", "This field is required")
			continue
		}
		clean(c)
		if !v2 && compType(c) != compRow {
			t.add(at+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (1,).")
			continue
		}
		checkInside(t, at, c, seen)
	}
	if v2 && (p.Content != nil && *p.Content != "" || len(p.Embeds) > 0) {
		t.add("flags", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "The content and embeds fields cannot be used with components v2.")
	}
}

// checkInside checks a component and those below it.
func checkInside(t *tree, at string, c obj, seen map[string]bool) {
	below := children(c)
	if compType(c) == compRow {
		if len(below) == 0 || len(below) > 5 {
			t.add(at+".components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
		}
		if len(below) > 1 && slices.ContainsFunc(below, func(o obj) bool { return isSelect(compType(o)) }) {
			t.add(at, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width")
		}
	}
	switch kind := compType(c); {
	case kind == compButton:
		checkButton(t, at, c)
	case isSelect(kind):
		checkSelect(t, at, c)
	}
	if id, ok := c["custom_id"].(string); ok {
		t.size(at+".custom_id", id, 1, 100)
		if seen[id] {
			t.add(at+".custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
		}
		seen[id] = true
	}
	for i, o := range below {
		checkInside(t, at+".components."+strconv.Itoa(i), o, seen)
	}
}

func checkButton(t *tree, at string, c obj) {
	label, _ := c["label"].(string)
	t.size(at+".label", label, 0, 80)
	style, _ := c["style"].(float64)
	_, url := c["url"].(string)
	_, id := c["custom_id"].(string)
	switch {
	case style < 1 || style > stylePremium:
		t.add(at+".style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
	case style == styleLink && !url:
		t.add(at+".url", "BUTTON_COMPONENT_URL_REQUIRED", "A url is required")
	case style < styleLink && !id:
		t.add(at+".custom_id", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id is required")
	case style != stylePremium && label == "" && c["emoji"] == nil:
		t.add(at+".label", "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or emoji is required")
	}
}

func checkSelect(t *tree, at string, c obj) {
	if _, ok := c["custom_id"].(string); !ok {
		t.add(at+".custom_id", "BASE_TYPE_REQUIRED", "This field is required")
	}
	options, _ := c["options"].([]any)
	if compType(c) == compSelect && (len(options) == 0 || len(options) > 25) {
		t.add(at+".options", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
	}
}

// children are the components below one.
func children(c obj) []obj {
	var out []obj
	raw, _ := c["components"].([]any)
	for _, key := range []string{"accessory", "component"} {
		if c[key] != nil {
			raw = append(slices.Clone(raw), c[key])
		}
	}
	for _, r := range raw {
		if o, ok := r.(obj); ok && o != nil {
			out = append(out, o)
		}
	}
	return out
}

// numbered gives components what Discord fills in: an id each, and the bounds of menus.
func numbered(in []obj) []obj {
	next := 0.0
	var fill func(obj)
	fill = func(o obj) {
		if o == nil {
			return
		}
		next++
		if _, has := o["id"].(float64); !has {
			o["id"] = next
		}
		if isSelect(compType(o)) {
			for _, bound := range []string{"min_values", "max_values"} {
				if o[bound] == nil {
					o[bound] = 1.0
				}
			}
		}
		for _, c := range children(o) {
			fill(c)
		}
	}
	for _, o := range in {
		fill(o)
	}
	return in
}

// findComponent looks a button, menu or text field up by its custom_id.
func findComponent(in []obj, id string) obj {
	for _, o := range in {
		if o["custom_id"] == id {
			return o
		}
		if found := findComponent(children(o), id); found != nil {
			return found
		}
	}
	return nil
}
