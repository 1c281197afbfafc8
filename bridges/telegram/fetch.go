package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// Fetch opens the bytes of a file that arrived. Its address holds the token and lives for an hour, so it is asked for each
// time; a server of one's own that runs with --local gives a path on its disk.
func (c *Connector) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	if most := c.cfg.download(); f.Size > most {
		return nil, c.tooBig(most)
	}
	var found struct {
		Path string `json:"file_path"`
		Size int64  `json:"file_size"`
	}
	err := c.call(ctx, call{method: "getFile", scope: chat.ThisAccount}, tgbotapi.Params{"file_id": f.Source}, &found)
	if said(err).has("file is too big") {
		return nil, c.tooBig(c.cfg.download())
	}
	if err != nil {
		return nil, err
	}
	if found.Size > c.cfg.download() {
		return nil, c.tooBig(c.cfg.download())
	}
	if strings.HasPrefix(found.Path, "/") {
		return c.onDisk(found.Path)
	}
	return c.download(ctx, found.Path)
}

func (c *Connector) tooBig(most int64) error {
	return refused("getFile", fmt.Sprintf("Telegram gives bots files up to %s", sizeInWords(most)))
}

func (c *Connector) onDisk(path string) (io.ReadCloser, error) {
	if c.cfg.APIURL == "" {
		return nil, refused("getFile", "Telegram does not say where the file is")
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no file")
	}
	if err != nil {
		return nil, &chat.Error{
			Op: "telegram: getFile", Kind: chat.Refused, Err: err,
			Reason: "the file is on the disk of the Bot API server, and can't be read from here",
		}
	}
	return os.Open(path)
}

// download asks for the bytes. No error of it shows the address.
func (c *Connector) download(ctx context.Context, path string) (io.ReadCloser, error) {
	var steps []string
	for step := range strings.SplitSeq(path, "/") {
		if step == "" || step == "." || step == ".." {
			return nil, refused("getFile", "Telegram does not say where the file is")
		}
		steps = append(steps, url.PathEscape(step))
	}
	at := c.cfg.endpoint() + "/file/bot" + c.cfg.Token.Reveal() + "/" + strings.Join(steps, "/")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, refused("download", "Telegram does not say where the file is")
	}
	resp, err := c.deps.Client.Do(req)
	if err != nil {
		return nil, &chat.Error{
			Op: "telegram: download", Kind: chat.Transient, Scope: chat.ThisAccount, Err: bridges.RedactError(err, c.cfg.Token),
		}
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	_ = resp.Body.Close() // it says nothing that the status does not
	e := &chat.Error{Op: "telegram: download", Scope: chat.ThisAccount, Err: fmt.Errorf("status %d", resp.StatusCode)}
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		e.Kind, e.Reason = chat.Gone, "the file does not exist any more"
	case http.StatusTooManyRequests:
		e.Kind = chat.Throttled
	case http.StatusUnauthorized:
		e.Kind, e.Reason = chat.Refused, "Telegram does not let the bot read the file"
	}
	return nil, e
}
