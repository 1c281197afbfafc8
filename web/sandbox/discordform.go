package sandbox

import (
	"cmp"
	"encoding/json"
)

// cardsOf reads embeds: https://docs.discord.com/developers/resources/message#embed-object
func cardsOf(raw json.RawMessage) []card {
	var embeds []struct {
		Title, Description string
		Fields             []struct{ Name, Value string }
		Footer             struct{ Text string }
	}
	if json.Unmarshal(raw, &embeds) != nil {
		return nil
	}
	var out []card
	for _, e := range embeds {
		c := card{Title: e.Title, Text: e.Description, Footer: e.Footer.Text}
		for _, f := range e.Fields {
			c.Facts = append(c.Facts, fact{Name: f.Name, Value: f.Value})
		}
		out = append(out, c)
	}
	return out
}

// rowsOf reads the buttons of components: https://docs.discord.com/developers/components/reference#button
func rowsOf(raw json.RawMessage) [][]button {
	const isButton, isPrimary, isSuccess, isDanger = 2, 1, 3, 4
	var rows []struct {
		Components []struct {
			Type, Style int
			Label       string
			CustomID    string `json:"custom_id"`
		}
	}
	if json.Unmarshal(raw, &rows) != nil {
		return nil
	}
	var out [][]button
	for _, r := range rows {
		var bs []button
		for _, c := range r.Components {
			if c.Type != isButton || c.CustomID == "" {
				continue
			}
			style := map[int]string{isPrimary: "primary", isSuccess: "primary", isDanger: "danger"}[c.Style]
			bs = append(bs, button{ID: c.CustomID, Label: c.Label, Style: style})
		}
		if len(bs) > 0 {
			out = append(out, bs)
		}
	}
	return out
}

// input is a field of a modal, in a row of its own or in a label.
type input struct {
	Type, Style int
	Label       string
	CustomID    string `json:"custom_id"`
	Value       string
	Required    *bool
	Options     []struct {
		Label, Value string
		Default      bool
	}
	Component  *input
	Components []input
}

func fieldsOf(raw json.RawMessage) []field {
	var rows []input
	if json.Unmarshal(raw, &rows) != nil {
		return nil
	}
	var out []field
	for _, r := range rows {
		for _, c := range append(r.Components, deref(r.Component)...) {
			if c.CustomID == "" {
				continue
			}
			const paragraph = 2
			f := field{
				ID: c.CustomID, Label: cmp.Or(c.Label, r.Label), Value: c.Value, Long: c.Style == paragraph && len(c.Options) == 0,
				Required: c.Required == nil || *c.Required,
			}
			for _, o := range c.Options {
				f.Choices = append(f.Choices, choice{ID: o.Value, Label: o.Label})
				if o.Default {
					f.Value = o.Value
				}
			}
			out = append(out, f)
		}
	}
	return out
}

func deref(i *input) []input {
	if i == nil {
		return nil
	}
	return []input{*i}
}
