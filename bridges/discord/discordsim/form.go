package discordsim

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	maxContent   = 2000 // runes
	maxEmbeds    = 10
	maxEmbedText = 6000 // runes of all embeds together
	maxNonce     = 25
)

// posted is the body of a request that makes or changes a message, of the bot or of a webhook.
type posted struct {
	Content     *string         `json:"content"`
	Embeds      []obj           `json:"embeds"`
	Components  []obj           `json:"components"`
	Mentions    *notice         `json:"allowed_mentions"`
	Reference   *pointed        `json:"message_reference"`
	Attachments []described     `json:"attachments"`
	Flags       *int            `json:"flags"`
	Nonce       json.RawMessage `json:"nonce"`
	Enforce     bool            `json:"enforce_nonce"`
	Stickers    []snowflake     `json:"sticker_ids"`
	Poll        *pollForm       `json:"poll"`
	TTS         bool            `json:"tts"`
	Username    *string         `json:"username"`
	AvatarURL   *string         `json:"avatar_url"`
	ThreadName  string          `json:"thread_name"`
	Tags        []snowflake     `json:"applied_tags"`
	has         func(string) bool
	files       []*attachment // of this request
	kept        []described   // of the message that is edited
	nonce       any           // a string or an int64
}

// pointed is a message_reference.
type pointed struct {
	Type    int       `json:"type"`
	Message snowflake `json:"message_id"`
	Channel snowflake `json:"channel_id"`
	Guild   snowflake `json:"guild_id"`
	MustBe  *bool     `json:"fail_if_not_exists"`
}

// described is one of the attachments of a request: a new file by its n, or one that the message has by its id.
type described struct {
	ID       snowflake `json:"id"`
	Name     string    `json:"filename"`
	Alt      *string   `json:"description"`
	Title    string    `json:"title"`
	Duration float64   `json:"duration_secs"`
	Waveform string    `json:"waveform"`
	Spoiler  bool      `json:"is_spoiler"`
}

// readPost reads and checks the body of a message. mu is held.
func (w *world) readPost(c *call) (*posted, error) {
	p := &posted{has: c.has}
	if err := c.into(p); err != nil {
		return nil, err
	}
	return p, w.checkPost(p, c)
}

// checkPost checks a message and takes its files.
func (w *world) checkPost(p *posted, c *call) error {
	if p.Content != nil {
		trimmed := strings.TrimSpace(*p.Content)
		p.Content = &trimmed
	}
	t := &tree{}
	if p.Content != nil {
		t.size("content", *p.Content, 0, maxContent)
	}
	checkNonce(t, p)
	checkEmbeds(t, p.Embeds)
	checkComponents(t, p)
	checkMentions(t, p.Mentions)
	if p.Flags != nil && *p.Flags&^flagsSettable != 0 {
		t.add("flags", "INVALID_MESSAGE_FLAGS", "Invalid message flags.")
	}
	t.most("sticker_ids", len(p.Stickers), 3)
	if p.Poll != nil {
		p.Poll.check(t)
	}
	w.takeFiles(t, p, c)
	return t.fault()
}

// checkNonce takes text up to 25 characters and integers.
func checkNonce(t *tree, p *posted) {
	text, number := "", int64(0)
	switch {
	case len(p.Nonce) == 0 || string(p.Nonce) == "null":
		if p.Enforce {
			t.add("nonce", "BASE_TYPE_REQUIRED", "This field is required")
		}
	case json.Unmarshal(p.Nonce, &text) == nil:
		t.size("nonce", text, 0, maxNonce)
		p.nonce = text
	case json.Unmarshal(p.Nonce, &number) == nil:
		p.nonce = number
	default:
		t.add("nonce", "NONCE_TYPE_INVALID", "Nonce must be an int or a string.")
	}
}

// checkMentions refuses a kind that is both parsed and listed.
func checkMentions(t *tree, n *notice) {
	if n == nil {
		return
	}
	for i, kind := range n.Parse {
		if !slices.Contains([]string{"users", "roles", "everyone"}, kind) {
			t.add("allowed_mentions.parse."+strconv.Itoa(i), "BASE_TYPE_CHOICES", "Value must be one of ('users', 'everyone', 'roles').")
		}
	}
	if slices.Contains(n.Parse, "users") && len(n.Users) > 0 {
		t.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", `parse:["users"] and users: [ids...] are mutually exclusive.`)
	}
	if slices.Contains(n.Parse, "roles") && len(n.Roles) > 0 {
		t.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", `parse:["roles"] and roles: [ids...] are mutually exclusive.`)
	}
	t.most("allowed_mentions.users", len(n.Users), 100)
	t.most("allowed_mentions.roles", len(n.Roles), 100)
}

// embedCheck holds the embeds of one message against their limits.
// https://docs.discord.com/developers/resources/message#embed-object-embed-limits
type embedCheck struct {
	*tree
	total int // runes in all texts
}

// checkEmbeds makes embeds what Discord shows: rich, without nulls.
func checkEmbeds(t *tree, embeds []obj) {
	t.most("embeds", len(embeds), maxEmbeds)
	check := &embedCheck{tree: t}
	for i, e := range embeds {
		if e == nil {
			t.add("embeds."+strconv.Itoa(i), "BASE_TYPE_REQUIRED", "This field is required")
			continue
		}
		clean(e)
		e["type"] = "rich"
		check.embed("embeds."+strconv.Itoa(i), e)
	}
	if check.total > maxEmbedText {
		t.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
	}
}

func (c *embedCheck) embed(at string, e obj) {
	c.text(at+".title", e["title"], 0, 256)
	c.text(at+".description", e["description"], 0, 4096)
	if footer, ok := e["footer"].(obj); ok {
		c.text(at+".footer.text", footer["text"], 1, 2048)
	}
	if author, ok := e["author"].(obj); ok {
		c.text(at+".author.name", author["name"], 1, 256)
	}
	for _, key := range []string{"url", "image", "thumbnail"} {
		link, _ := e[key].(string)
		if part, ok := e[key].(obj); ok {
			link, _ = part["url"].(string)
		}
		if link != "" && !wellFormed(link) {
			c.add(at+"."+key, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
		}
	}
	fields, _ := e["fields"].([]any)
	c.most(at+".fields", len(fields), 25)
	for n, raw := range fields {
		field, _ := raw.(obj)
		where := at + ".fields." + strconv.Itoa(n)
		c.text(where+".name", field["name"], 1, 256)
		c.text(where+".value", field["value"], 1, 1024)
		if field != nil && field["inline"] == nil {
			field["inline"] = false
		}
	}
}

func (c *embedCheck) text(path string, in any, least, most int) {
	s, ok := in.(string)
	if in != nil && !ok {
		c.add(path, "BASE_TYPE_BAD_STRING", "Could not interpret as string.")
		return
	}
	c.size(path, s, least, most)
	c.total += len([]rune(s))
}

// clean drops nulls.
func clean(o obj) {
	for key, v := range o {
		switch v := v.(type) {
		case nil:
			delete(o, key)
		case obj:
			clean(v)
		case []any:
			for _, e := range v {
				if inner, ok := e.(obj); ok {
					clean(inner)
				}
			}
		}
	}
}

func wellFormed(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" || strings.HasPrefix(link, "attachment://")
}

// takeFiles makes attachments of the files of a request and of what its attachments say of them.
func (w *world) takeFiles(t *tree, p *posted, c *call) {
	t.most("attachments", max(len(p.Attachments), len(c.files)), maxFiles)
	taken := map[int]bool{}
	for i, d := range p.Attachments {
		n := slices.IndexFunc(c.files, func(u upload) bool { return strconv.Itoa(u.slot) == string(d.ID) })
		if n < 0 {
			if w.files[string(d.ID)] == nil {
				t.add("attachments."+strconv.Itoa(i)+".id", "ATTACHMENT_NOT_FOUND", "Could not find attachment "+string(d.ID))
				continue
			}
			p.kept = append(p.kept, d)
			continue
		}
		taken[n] = true
		p.files = append(p.files, w.newFile(c.files[n], d))
	}
	for n, u := range c.files {
		if !taken[n] {
			p.files = append(p.files, w.newFile(u, described{}))
		}
	}
}

// plain reads a JSON value into maps, as requests are read.
func plain(raw json.RawMessage) any {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return v
}
