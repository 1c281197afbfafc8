package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

const (
	shareTime = 30 * time.Second // from the end of an upload to its message
	maxAlt    = 1000             // characters of a file's description
	fileMark  = "file:"          // a Source that has to be looked up first
)

// file is an attachment as it arrived. Its Source is where its bytes are; of files that Slack shows only on request
// (file_access: check_file_info) it is the ID to ask with.
func (c *Connector) file(f slackapi.File) chat.File {
	source := firstOf(f.URLPrivateDownload, f.URLPrivate)
	if source == "" || f.FileAccess == "check_file_info" {
		source = fileMark + f.ID
	}
	return chat.File{
		Name: firstOf(f.Name, f.Title, f.ID), Type: f.Mimetype, Size: int64(f.Size), Alt: f.AltTxt,
		Account: c.deps.Account, Source: source,
	}
}

// share posts files as one message. Only the last of the three calls shows them, so only that one is never repeated
// blindly; the files' IDs are kept, because Slack's answer does not name their message.
func (c *Connector) share(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	if p.Only != "" {
		return chat.Receipt{}, chat.Unsupported("slack: post", "files can't be shown to one person alone")
	}
	var sums []slackapi.FileSummary
	var ids []string
	for _, f := range p.Files {
		id, err := c.upload(ctx, f)
		if err != nil {
			return chat.Receipt{}, err
		}
		sums, ids = append(sums, slackapi.FileSummary{ID: id, Title: fileName(f)}), append(ids, id)
	}
	if err := c.uploads.note(ctx, p.Key, ids); err != nil {
		return chat.Receipt{}, err
	}
	doneCtx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := c.api.CompleteUploadExternalContext(doneCtx, slackapi.CompleteUploadExternalParameters{
		Files: sums, Channel: string(p.To.ID), ThreadTimestamp: string(p.To.Thread), InitialComment: comment(p),
	})
	if err != nil {
		return chat.Receipt{}, c.fail(call{op: "slack: files.completeUploadExternal", once: true}, err)
	}
	ts, err := c.awaitShare(ctx, ids, string(p.To.ID))
	if err != nil {
		return chat.Receipt{}, &chat.Error{
			Op: "slack: files.info", Kind: chat.Uncertain, Reason: "Slack took the files and has not shown them yet", Err: err,
		}
	}
	return c.receipt(p.To, "", ts), nil
}

// comment is what stands beside the files. Slack gives files no persona, so the name stands before the text.
func comment(p chat.Post) string {
	var words []string
	if !p.Text.Empty() {
		words = append(words, fallback(p.Text))
	}
	if p.Card != nil && !p.Card.Plain().Empty() {
		words = append(words, fallback(p.Card.Plain()))
	}
	said := strings.Join(words, " ")
	if p.As == nil {
		return said
	}
	name := "*" + escape(text.Name(p.As.Name, maxName)) + "*:"
	if ownLine(p.Text) {
		return name + "\n" + said
	}
	return strings.TrimSpace(name + " " + said)
}

// ownLine says whether t begins with what has to stand on a line of its own.
func ownLine(t text.Text) bool {
	if len(t.Spans) == 0 || t.Spans[0].Start > 0 {
		return false
	}
	k := t.Spans[0].Kind
	return k == text.Quote || k == text.Pre || k == text.ListItem
}

// upload sends the bytes of one file and returns its ID. Nobody sees it yet.
func (c *Connector) upload(ctx context.Context, f chat.File) (string, error) {
	size, err := fileSize(ctx, f)
	if err != nil {
		return "", err
	}
	what := call{op: "slack: files.getUploadURLExternal", scope: chat.ThisAccount}
	urlCtx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	at, err := c.api.GetUploadURLExternalContext(urlCtx, slackapi.GetUploadURLExternalParameters{
		FileName: fileName(f), FileSize: int(size), AltTxt: clip(f.Alt, maxAlt),
	})
	if err != nil {
		return "", c.fail(what, err)
	}
	body, err := f.Content.Open(ctx)
	if err != nil {
		return "", fmt.Errorf("slack: open %q: %w", f.Name, err)
	}
	defer func() { _ = body.Close() }() // it was only read
	err = c.api.UploadToURL(ctx, slackapi.UploadToURLParameters{UploadURL: at.UploadURL, Reader: body, Filename: fileName(f)})
	if err != nil {
		return "", c.fail(call{op: "slack: upload", scope: chat.ThisAccount}, err)
	}
	return at.FileID, nil
}

// fileSize is how many bytes f has; it reads them when nobody said, because Slack must be told beforehand.
func fileSize(ctx context.Context, f chat.File) (int64, error) {
	if f.Content == nil {
		return 0, refused(fmt.Sprintf("the bytes of %q are not there any more", f.Name))
	}
	n := f.Size
	if n <= 0 {
		body, err := f.Content.Open(ctx)
		if err != nil {
			return 0, fmt.Errorf("slack: open %q: %w", f.Name, err)
		}
		defer func() { _ = body.Close() }() // it was only read
		if n, err = io.Copy(io.Discard, io.LimitReader(body, maxFile+1)); err != nil {
			return 0, fmt.Errorf("slack: read %q: %w", f.Name, err)
		}
	}
	switch {
	case n == 0:
		return 0, refused(fmt.Sprintf("Slack takes no empty file, and %q is one", f.Name))
	case n > maxFile || n > math.MaxInt:
		return 0, refused(fmt.Sprintf("%q is larger than Slack takes", f.Name))
	}
	return n, nil
}

// spoilerMark begins the name of a file that is to be shown only when asked for: Slack hides none, and elsewhere such a name
// says the same.
const spoilerMark = "SPOILER_"

func fileName(f chat.File) string {
	if f.Spoiler && !strings.HasPrefix(f.Name, spoilerMark) {
		f.Name = spoilerMark + firstOf(f.Name, "file")
	}
	return clip(firstOf(strings.Map(func(r rune) rune {
		if r < ' ' || r == '/' || r == '\\' {
			return '_'
		}
		return r
	}, f.Name), "file"), 255)
}

// awaitShare waits until the files are in the channel and returns their message.
func (c *Connector) awaitShare(ctx context.Context, ids []string, channel string) (ts string, err error) {
	ctx, cancel := context.WithTimeout(ctx, shareTime)
	defer cancel()
	wait := tries()
	for {
		ts, err = c.shared(ctx, ids[0], channel)
		if ts != "" {
			return ts, nil
		}
		if err == nil {
			err = errors.New("not shared yet")
		}
		if wait.Wait(ctx, err) != nil {
			return "", err
		}
	}
}

// shared gives the message that shows a file in a channel; empty while there is none.
func (c *Connector) shared(ctx context.Context, id, channel string) (ts string, err error) {
	f, err := c.lookUp(ctx, id)
	return f.in(channel), err
}

// Fetch opens the bytes of a file that arrived. Only Slack is sent the token. Where the scope files:read is missing Slack
// answers with its login page, which is refused.
func (c *Connector) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	const op = "slack: fetch"
	source := f.Source
	if id, is := strings.CutPrefix(source, fileMark); is {
		info, err := c.lookUp(ctx, id)
		if err != nil {
			return nil, err
		}
		source = firstOf(info.Download, info.Private)
	}
	u, err := url.Parse(source)
	if err != nil || source == "" {
		return nil, &chat.Error{Op: op, Kind: chat.Refused, Reason: "Slack does not say where the file is"}
	}
	if err := c.mayHaveToken(u); err != nil {
		return nil, &chat.Error{Op: op, Kind: chat.Refused, Reason: err.Error()}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, source, nil)
	if err != nil {
		return nil, &chat.Error{Op: op, Kind: chat.Refused, Reason: "Slack does not say where the file is"}
	}
	req.Header.Set("Authorization", "Bearer "+c.cfg.BotToken.Reveal())
	resp, err := c.files.Do(req)
	if errors.Is(err, errElsewhere) {
		return nil, &chat.Error{Op: op, Kind: chat.Refused, Reason: "Slack sends on to another place for the file"}
	}
	if err != nil {
		return nil, c.fail(call{op: op, scope: chat.ThisAccount}, err)
	}
	if err := downloaded(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp.Body, nil
}

// downloaded says what is wrong with the answer to a download; nil when it is the file.
func downloaded(resp *http.Response) error {
	e := &chat.Error{Op: "slack: fetch", Scope: chat.ThisAccount}
	page := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") && resp.Header.Get("Content-Disposition") == ""
	switch code := resp.StatusCode; {
	case code == http.StatusOK && page, code == http.StatusForbidden, code == http.StatusUnauthorized:
		e.Kind, e.Reason = chat.Refused, "Slack does not let the bot read the file; does the app have the scope files:read?"
	case code == http.StatusOK:
		return nil
	case code == http.StatusNotFound, code == http.StatusGone:
		e.Kind, e.Reason = chat.Gone, "the file does not exist any more"
	case code == http.StatusTooManyRequests:
		e.Kind, e.Wait = chat.Throttled, retryAfter(resp.Header)
	default:
		e.Kind, e.Err = chat.Transient, fmt.Errorf("status %d", code)
	}
	return e
}

func retryAfter(h http.Header) time.Duration {
	s, err := time.ParseDuration(h.Get("Retry-After") + "s")
	if err != nil {
		return 0
	}
	return s
}
