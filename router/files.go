package router

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/roost-im/roost/router/blob"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/store"
)

// fetchers is how many attachments are copied at once before their deliveries' turn.
const fetchers = 4

// prefetch copies attachments ahead of the deliveries that need them: links die, lanes wait. When more are waiting than
// can be kept, they are copied at their delivery's turn.
func (r *Router) prefetch(files []chat.File) {
	if r.cfg.Blobs == nil {
		return
	}
	for _, f := range files {
		select {
		case r.jobs <- f:
		default:
		}
	}
}

// filesOf lists the attachments that deliveries need, each once.
func filesOf(ds []chat.Delivery) []chat.File {
	var files []chat.File
	var seen map[string]bool // nil as long as there are none, as with most messages
	for _, d := range ds {
		post, ok := d.Action.(chat.Post)
		if !ok {
			continue
		}
		for _, f := range post.Files {
			if seen[source(f)] {
				continue
			}
			if seen == nil {
				seen = map[string]bool{}
			}
			seen[source(f)] = true
			files = append(files, f)
		}
	}
	return files
}

// fetch copies what prefetch found, until ctx ends.
func (r *Router) fetch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-r.jobs:
			if _, _, err := r.content(ctx, f); err != nil && ctx.Err() == nil {
				r.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "attachment not copied yet",
					slog.String("account", string(f.Account)), slog.Any("error", err))
			}
		}
	}
}

// refetch begins, after a start, with the attachments whose deliveries still wait.
func (r *Router) refetch(ctx context.Context) error {
	if r.cfg.Blobs == nil {
		return nil
	}
	var waiting []chat.Delivery
	err := r.cfg.Store.Read(ctx, func(v store.Reader) (err error) {
		waiting, err = v.Deliveries(store.DeliveryFilter{States: []chat.State{chat.Waiting}, Files: true, Limit: cap(r.jobs)})
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range filesOf(waiting) {
		select {
		case r.jobs <- f:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// content makes a file's bytes readable.
func (r *Router) content(ctx context.Context, f chat.File) (chat.Content, int64, error) {
	sum, size, err := r.copied(ctx, f)
	if err != nil {
		return nil, 0, err
	}
	return stored{r.cfg.Blobs, sum}, size, nil
}

// link is a web address of a file that its platform does not take.
func (r *Router) link(ctx context.Context, f chat.File) (string, error) {
	sum, _, err := r.copied(ctx, f)
	if err != nil {
		return "", err
	}
	return r.cfg.Link(sum, f.Name), nil
}

// copied is a file among the blobs, where it is copied first if it isn't there.
func (r *Router) copied(ctx context.Context, f chat.File) (blob.Sum, int64, error) {
	fetch := func(ctx context.Context) (io.ReadCloser, error) {
		conn, release, ok := r.connector(f.Account)
		if !ok {
			return nil, &chat.Error{Op: "fetch", Kind: chat.Transient, Reason: "the account " + string(f.Account) + " is not running"}
		}
		rc, err := chat.Fetch(ctx, conn, f)
		if err != nil {
			release()
			return nil, err
		}
		return released{rc, release}, nil
	}
	sum, size, err := r.cfg.Blobs.Ensure(ctx, source(f), fetch, r.cfg.MaxFile)
	if errors.Is(err, blob.ErrTooLarge) {
		return "", 0, &chat.Error{Op: "fetch", Kind: chat.Refused, Reason: chat.Reason(err), Err: lane.ErrLimit}
	}
	return sum, size, err
}

// stored is the content of a blob.
type stored struct {
	blobs *blob.Store
	sum   blob.Sum
}

// Open starts reading from the first byte.
func (s stored) Open(ctx context.Context) (io.ReadCloser, error) {
	rc, _, err := s.blobs.Open(ctx, s.sum)
	return rc, err
}

// released is a file whose connector may be closed once the file is.
type released struct {
	io.ReadCloser
	release func()
}

// Close ends the reading.
func (r released) Close() error {
	defer r.release()
	return r.ReadCloser.Close()
}

// source names where a file comes from, over all accounts.
func source(f chat.File) string { return string(f.Account) + " " + f.Source }
