package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// namesKept is how many names are remembered in memory, or twice as many.
const namesKept = 1 << 15

// querier is what reads: the writer's connection, a reader's transaction, or the pool of readers.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// names knows the numbers of accounts, conversations and lanes. Only committed ones are remembered.
type names struct{ *cache[string, int64] }

// find is the number of a name, 0 when it has none.
func (n names) find(ctx context.Context, q querier, name string) (int64, error) {
	if id, ok := n.get(name); ok {
		return id, nil
	}
	id, err := one[int64](ctx, q, "SELECT id FROM names WHERE name = ?", name)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("names: %w", err)
	}
	n.set(name, id)
	return id, nil
}

// one reads a single value, or sql.ErrNoRows.
func one[T any](ctx context.Context, q querier, query string, args ...any) (T, error) {
	vs, err := all(ctx, q, func(r *sql.Rows) (v T, err error) { return v, r.Scan(&v) }, query, args...)
	if err == nil && len(vs) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		var none T
		return none, err
	}
	return vs[0], nil
}

// all reads rows to their end.
func all[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) (out []T, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, mapped(err)
	}
	defer rows.Close() //nolint:errcheck // Err below tells
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, mapped(err)
		}
		out = append(out, v)
	}
	return out, mapped(rows.Err())
}
