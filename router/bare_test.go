package router_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router/store/sqlite"
)

// bareCommit is how many trips the plain statements write in one transaction: about what the store's commits hold while
// the trip is measured.
const bareCommit = 256

// bare writes the very rows that the trips in a database wrote, with plain statements that are prepared once, into a fresh
// database of the same layout that syncs every commit too. It gives the trips in a second.
func bare(b *testing.B, written string) float64 {
	b.Helper()
	from := plainly(b, written)
	events, deliveries, copies := rows(b, from, "events"), rows(b, from, "deliveries"), rows(b, from, "copies")
	for _, d := range deliveries.values {
		d[slices.Index(deliveries.columns, "state")] = 0 // as it was before it was sent
	}
	path := b.TempDir() + "/bare.db"
	st, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
	w := &writer{b: b, conn: plainly(b, path), prepared: map[string]*sql.Stmt{}}
	began := time.Now()
	for n := 0; n < len(events.values); n += bareCommit {
		w.exec("BEGIN")
		for i := n; i < min(n+bareCommit, len(events.values)); i++ {
			w.exec(events.insert, events.values[i]...)
			w.exec(deliveries.insert, deliveries.values[i]...)
			w.exec("UPDATE deliveries SET state = 2, tries = 1, settled = 1 WHERE id = ?", deliveries.values[i][0])
			w.exec(copies.insert, copies.values[i]...)
		}
		w.exec("COMMIT")
	}
	return float64(len(events.values)) / time.Since(began).Seconds()
}

func plainly(b *testing.B, path string) *sql.Conn {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}

// table is the rows of a table, and the statement that inserts one.
type table struct {
	columns []string
	insert  string
	values  [][]any
}

func rows(b *testing.B, conn *sql.Conn, name string) table {
	b.Helper()
	found, err := conn.QueryContext(b.Context(), "SELECT * FROM "+name+" ORDER BY 1")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	columns, err := found.Columns()
	if err != nil {
		b.Fatal(err)
	}
	t := table{columns: columns, insert: "INSERT INTO " + name + " VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"}
	for found.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := found.Scan(into...); err != nil {
			b.Fatal(err)
		}
		t.values = append(t.values, row)
	}
	if err := found.Err(); err != nil {
		b.Fatal(err)
	}
	return t
}

// writer executes statements that are prepared once.
type writer struct {
	b        *testing.B
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func (w *writer) exec(query string, args ...any) {
	w.b.Helper()
	st := w.prepared[query]
	if st == nil {
		var err error
		if st, err = w.conn.PrepareContext(context.Background(), query); err != nil {
			w.b.Fatal(err)
		}
		w.b.Cleanup(func() { _ = st.Close() })
		w.prepared[query] = st
	}
	if _, err := st.ExecContext(context.Background(), args...); err != nil {
		w.b.Fatalf("%s: %v", query, err)
	}
}
