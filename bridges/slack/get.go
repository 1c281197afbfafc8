package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/chat"
)

// get calls a method of the Web API that only reads, and decodes its answer into to. slack-go is too strict for answers
// that hold what other apps wrote: one field of a type that it does not expect makes it refuse a whole page. to names
// only what we need.
func (c *Connector) get(ctx context.Context, method string, form url.Values, to any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	raw, err := c.answered(ctx, method, form)
	if err == nil {
		err = json.Unmarshal(raw, to)
	}
	if err != nil {
		return c.fail(call{op: "slack: " + method, scope: chat.ThisAccount}, err)
	}
	return nil
}

// answered is the JSON of an answer that is ok. Its errors are slack-go's own, so that they are judged like those.
func (c *Connector) answered(ctx context.Context, method string, form url.Values) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.endpoint()+method, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+c.cfg.BotToken.Reveal())
	resp, err := c.web.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusTooManyRequests:
		return nil, &slackapi.RateLimitedError{RetryAfter: retryAfter(resp.Header)}
	default:
		return nil, slackapi.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}
	c.heard(method, resp.Header)
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var said struct {
		OK     bool   `json:"ok"`
		Error  string `json:"error"`
		Needed string `json:"needed"`
	}
	switch err := json.Unmarshal(raw, &said); {
	case err != nil:
		return nil, fmt.Errorf("decode the answer: %w", err)
	case said.OK:
		return raw, nil
	case said.Error == "":
		return nil, errors.New("the answer does not say whether it is one")
	}
	return nil, slackapi.SlackErrorResponse{Err: said.Error, Needed: said.Needed}
}

// more is where the next page of an answer begins.
type more struct {
	Meta struct {
		Next string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// page reads one page of messages as they came, newest first for a channel. next is empty after the last.
func (c *Connector) page(ctx context.Context, q query) (messages []json.RawMessage, next string, err error) {
	var got struct {
		more

		Messages []json.RawMessage `json:"messages"`
		HasMore  bool              `json:"has_more"`
	}
	method := "conversations.history"
	if q.thread != "" {
		method = "conversations.replies"
	}
	if err := c.get(ctx, method, q.form(), &got); err != nil {
		return nil, "", err
	}
	if !got.HasMore {
		got.Meta.Next = ""
	}
	return got.Messages, got.Meta.Next, nil
}

// places reads one page of the conversations of a kind that the bot is in. next is empty after the last.
func (c *Connector) places(ctx context.Context, kind, cursor string) (ids []string, next string, err error) {
	var got struct {
		more

		Channels []struct {
			ID string `json:"id"`
		} `json:"channels"`
	}
	form := url.Values{"types": {kind}, "limit": {fmt.Sprint(listSize)}, "exclude_archived": {"true"}}
	if cursor != "" {
		form.Set("cursor", cursor)
	}
	if err := c.get(ctx, "users.conversations", form, &got); err != nil {
		return nil, "", err
	}
	for _, ch := range got.Channels {
		ids = append(ids, ch.ID)
	}
	return ids, got.Meta.Next, nil
}

// held is where a file is.
type held struct {
	Download string          `json:"url_private_download"`
	Private  string          `json:"url_private"`
	Shares   json.RawMessage `json:"shares"`
}

// lookUp asks for a file.
func (c *Connector) lookUp(ctx context.Context, id string) (held, error) {
	var got struct {
		File held `json:"file"`
	}
	err := c.get(ctx, "files.info", url.Values{"file": {id}, "count": {"1"}}, &got)
	return got.File, err
}

// in is the message that shows the file in a channel; empty when there is none.
func (h held) in(channel string) string {
	var shares map[string]map[string][]struct {
		TS string `json:"ts"`
	}
	_ = json.Unmarshal(h.Shares, &shares) // of what is of another shape we know nothing; the rest is there
	for _, places := range shares {       // public, private
		for ch, shown := range places {
			if (ch == channel || strings.HasPrefix(channel, "U")) && len(shown) > 0 { // a post to a person is in some D…
				return shown[0].TS
			}
		}
	}
	return ""
}
