package discord

import (
	"encoding/json"
	"strings"

	"github.com/roost-im/roost/router/text"
)

const maxDepth = 8 // of components within one another

// poll is a poll as text; empty when there is none.
func poll(raw json.RawMessage) text.Text {
	type media struct {
		Text  string `json:"text"`
		Emoji *emoji `json:"emoji"`
	}
	var p struct {
		Question media `json:"question"`
		Answers  []struct {
			Media media `json:"poll_media"`
		} `json:"answers"`
	}
	if len(raw) == 0 || decode(raw, &p) != nil || p.Question.Text == "" {
		return text.Text{}
	}
	var b text.Builder
	b.Write("📊 ")
	b.Span(text.Bold, text.Attrs{}, func() { b.Write(p.Question.Text) })
	for _, a := range p.Answers {
		b.Write("\n")
		b.Span(text.ListItem, text.Attrs{}, func() {
			if e := a.Media.Emoji; e != nil && e.ID == "" && e.Name != "" {
				b.Write(e.Name + " ")
			}
			b.Write(a.Media.Text)
		})
	}
	return b.Text()
}

// embedded is what the embeds of a message without any words of its own say: that is how other bots write.
func embedded(raw json.RawMessage, n names) text.Text {
	var embeds []struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		URL         string `json:"url"`
		Fields      []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"fields"`
		Footer struct {
			Text string `json:"text"`
		} `json:"footer"`
	}
	if len(raw) == 0 || decode(raw, &embeds) != nil {
		return text.Text{}
	}
	var b text.Builder
	some := false
	line := func(t text.Text, kinds ...text.Kind) {
		if t.Empty() {
			return
		}
		if some {
			b.Write("\n")
		}
		some = true
		if len(kinds) == 0 {
			b.Add(t)
			return
		}
		b.Span(kinds[0], text.Attrs{}, func() { b.Write(t.Body) })
	}
	for _, e := range embeds {
		line(read(e.Title, n), text.Bold)
		line(read(e.Description, n))
		for _, f := range e.Fields {
			line(text.Join(read(f.Name, n), text.Plain(": "), read(f.Value, n)))
		}
		line(text.Plain(e.Footer.Text))
		if e.Title == "" && e.Description == "" {
			line(text.Plain(e.URL))
		}
	}
	return b.Text()
}

// displayed is what the text displays among components say, wherever they are.
// https://docs.discord.com/developers/components/reference#text-display
func displayed(raw json.RawMessage, n names) text.Text {
	const textDisplay = 10
	var said []text.Text
	var walk func(raw json.RawMessage, depth int)
	walk = func(raw json.RawMessage, depth int) {
		var list []json.RawMessage
		if depth > maxDepth || json.Unmarshal(raw, &list) != nil {
			return
		}
		for _, one := range list {
			var c struct {
				Type    int             `json:"type"`
				Content string          `json:"content"`
				Inside  json.RawMessage `json:"components"`
			}
			if decode(one, &c) != nil {
				continue
			}
			if c.Type == textDisplay && strings.TrimSpace(c.Content) != "" {
				if len(said) > 0 {
					said = append(said, text.Plain("\n"))
				}
				said = append(said, read(c.Content, n))
			}
			walk(c.Inside, depth+1)
		}
	}
	walk(raw, 0)
	return text.Join(said...)
}
