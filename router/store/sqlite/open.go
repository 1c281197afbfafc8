// Package sqlite keeps a store in one SQLite file, without cgo.
//
//	Admit, Change, Settle → queue → writer: one transaction for all that wait → commit → lanes in memory → Lease, Follow
//
// One process has the file at a time, so leases and the order of lanes live in memory and are made again at Open from
// a narrow index. One goroutine writes; every commit is on disk (WAL, synchronous=FULL) before a call returns, and
// calls that come while a commit runs share the next one. Reports read beside it, each on a state of its own.
//
// We chose one writer with shared commits, not a connection per caller, because SQLite lets one write at a time anyway
// and a commit costs as much for one call as for hundreds; it costs that a slow plan delays the others.
package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver that the files are opened with

	"github.com/roost-im/roost/router/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	applicationID = 1380930388 // "ROST", in the file's header
	schema        = 2          // the newest migration
	pageSize      = 4096
	busy          = "_pragma=busy_timeout(5000)" // what a person with the sqlite3 command may hold up
)

// Options are the settings of a Store. The zero value of each is its default.
type Options struct {
	Now      func() time.Time // the clock; default time.Now
	Batch    int              // how many calls share a commit at most; default 512
	MaxBytes int64            // how large the file may become, the write-ahead log not counted; 0: as large as the disk
}

// Store is a store in a SQLite file. It is safe for concurrent use.
type Store struct {
	path    string
	clock   func() time.Time
	word    string
	lock    *os.File
	db      *sql.DB // the writer's
	readers *sql.DB
	leasers *sql.DB // what leases read, so that no report can hold them up
	writer  *writer
	lanes   *lanes
	names   names
	recent  *recent
	numbers numbers // the writer's

	closing chan struct{}
	once    sync.Once
	err     error // of Close
}

var _ store.Store = (*Store)(nil)

// Open opens the file at path, or makes it. It returns ErrLocked when another process has it, and ErrForeign when it is
// no Roost database or one of a newer Roost; such a file is not touched.
func Open(ctx context.Context, path string, o Options) (_ *Store, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Batch <= 0 {
		o.Batch = 512
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{
		path: path, clock: o.Now, lanes: newLanes(o.Now), names: names{newCache[string, int64](namesKept)}, recent: newRecent(),
		closing: make(chan struct{}),
	}
	if err := s.open(ctx, o); err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, errors.Join(mapped(err), s.shut()))
	}
	go s.writer.loop()
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) (err error) {
	if s.lock, err = lockFile(s.path + ".lock"); err != nil {
		return err
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	if s.db, err = openDB(s.path, "_pragma=journal_mode(wal)", "_pragma=synchronous(full)", "_pragma=wal_autocheckpoint(4000)",
		"_pragma=journal_size_limit(67108864)", "_pragma=cache_size(-32000)", busy); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	if err := migrate(ctx, s.db); err != nil {
		return err
	}
	for _, pool := range [...]struct {
		db    **sql.DB
		conns int
	}{{&s.readers, 16}, {&s.leasers, 2}} {
		if *pool.db, err = openDB(s.path, "_pragma=query_only(on)", "_pragma=cache_size(-4000)", busy); err != nil {
			return err
		}
		(*pool.db).SetMaxOpenConns(pool.conns)
	}
	raw, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	c := newConn(ctx, raw)
	s.writer = newWriter(s, c, o.Batch)
	if o.MaxBytes > 0 {
		if _, err := raw.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", max(o.MaxBytes/pageSize, 1))); err != nil {
			return err
		}
	}
	return s.load(ctx, c)
}

// openDB opens a pool whose connections all have the settings.
func openDB(path string, settings ...string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: strings.Join(settings, "&")}
	return sql.Open("sqlite", u.String())
}

// check makes sure that the file is ours before anything is written to it. A file that isn't there or is empty is.
func (s *Store) check(ctx context.Context) error {
	info, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		// SQLite would let others read it; what stands beside the file takes its mode.
		return os.WriteFile(s.path, nil, 0o600)
	}
	if err == nil && info.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return ours(ctx, s.path)
}

// ours returns ErrForeign for a file that isn't a database of this Roost or an older one.
func ours(ctx context.Context, path string) error {
	db, err := openDB(path, "_pragma=query_only(on)")
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing was written
	var id, version, tables int64
	for query, into := range map[string]*int64{
		"PRAGMA application_id": &id, "PRAGMA user_version": &version, "SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if *into, err = one[int64](ctx, db, query); err != nil {
			return err
		}
	}
	if id == 0 && version == 0 && tables == 0 {
		return nil
	}
	if id != applicationID || version > schema {
		return store.ErrForeign
	}
	return nil
}

// migrate brings the file to the newest schema.
func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithTableName("migrations"),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// load reads what the store has in memory: its word, the next free numbers, and the lanes.
func (s *Store) load(ctx context.Context, c *conn) error {
	if err := c.exec("INSERT INTO house (key, value) VALUES ('word', ?) ON CONFLICT (key) DO NOTHING", newWord()); err != nil {
		return err
	}
	var err error
	if s.word, err = one[string](ctx, c, "SELECT value FROM house WHERE key = 'word'"); err != nil {
		return err
	}
	ws, err := all(ctx, c, func(r *sql.Rows) (w waiter, err error) {
		return w, r.Scan(&w.id, &w.lane, &w.place, &w.account, &w.due, &w.turn)
	}, "SELECT id, lane, place, account, due, turn FROM deliveries INDEXED BY waiting WHERE state = 0")
	if err != nil {
		return err
	}
	s.lanes.load(ws)
	for _, n := range [...]struct {
		next  *int64
		query string
	}{
		{&s.numbers.name, "SELECT coalesce(max(id), 0) + 1 FROM names"},
		{&s.numbers.event, "SELECT max(coalesce((SELECT max(seq) FROM events), 0) + 1, " + remembered("event") + ")"},
		{&s.numbers.delivery, "SELECT max(coalesce((SELECT max(id) FROM deliveries), 0) + 1, " + remembered("delivery") + ")"},
		{&s.numbers.line, "SELECT max(coalesce((SELECT max(num) FROM lines), 0) + 1, " + remembered("line") + ")"},
		{&s.numbers.matter, "SELECT max(coalesce((SELECT max(num) FROM cases), 0) + 1, " + remembered("matter") + ")"},
		{&s.numbers.journal, "SELECT max(coalesce((SELECT max(seq) FROM journal), 0) + 1, " + remembered("journal") + ")"},
		{&s.numbers.stamp, "SELECT coalesce(max(changed), 0) FROM cases"},
	} {
		if *n.next, err = one[int64](ctx, c, n.query); err != nil {
			return err
		}
	}
	for _, w := range ws { // a replayed delivery's turn is a number that is taken, too
		s.numbers.delivery = max(s.numbers.delivery, w.turn+1)
	}
	return nil
}

// remembered is the number that a sweep left under key.
func remembered(key string) string {
	return "coalesce((SELECT value FROM house WHERE key = '" + key + "'), 1)"
}

// newWord makes a word that no two databases share: 40 random bits.
func newWord() string { return strings.ToLower(rand.Text()[:8]) }

// Word is made when the file is made, and stays.
func (s *Store) Word() string { return s.word }

func (s *Store) now() int64 { return s.clock().UnixNano() }

// usable returns why the store can't be used, nil if it can.
func (s *Store) usable(ctx context.Context) error {
	select {
	case <-s.closing:
		return store.ErrClosed
	default:
		return ctx.Err()
	}
}

// Close lets running calls end and closes the file. Later calls return ErrClosed.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.closing)
		s.lanes.end()
		s.writer.close()
		s.err = s.shut()
	})
	return s.err
}

// shut closes what is open.
func (s *Store) shut() error {
	var errs []error
	for _, pool := range []*sql.DB{s.readers, s.leasers} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if s.writer != nil {
		errs = append(errs, s.writer.conn.close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
