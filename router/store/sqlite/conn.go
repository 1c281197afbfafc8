package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"
)

// conn is the writer's connection. Only the writer's goroutine uses it.
//
// What is written goes to the driver's own statements, past database/sql, which would cost about as much as the writing
// of a narrow row. What plans read is rarer and goes through database/sql.
type conn struct {
	ctx    context.Context //nolint:containedctx // it never ends: no call may cut a transaction short that others share
	sql    *sql.Conn
	execs  map[string]driver.StmtExecContext
	reads  map[string]*sql.Stmt
	args   []driver.NamedValue
	writes uint64 // statements executed
}

func newConn(ctx context.Context, c *sql.Conn) *conn {
	return &conn{ctx: context.WithoutCancel(ctx), sql: c, execs: map[string]driver.StmtExecContext{}, reads: map[string]*sql.Stmt{}}
}

// exec runs a statement that gives no rows.
func (c *conn) exec(query string, args ...any) error {
	_, err := c.change(query, args...)
	return err
}

// change runs a statement and says how many rows it changed.
func (c *conn) change(query string, args ...any) (n int64, err error) {
	c.args = c.args[:0]
	for i, a := range args {
		v, err := plain(a)
		if err != nil {
			return 0, err
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	err = c.sql.Raw(func(raw any) error {
		st := c.execs[query]
		if st == nil {
			if st, err = prepare(raw, query); err != nil {
				return err
			}
			c.execs[query] = st
		}
		r, err := st.ExecContext(c.ctx, c.args)
		if err != nil {
			return err
		}
		n, err = r.RowsAffected()
		return err
	})
	c.writes++
	return n, mapped(err)
}

func prepare(raw any, query string) (driver.StmtExecContext, error) {
	c, ok := raw.(driver.Conn)
	if !ok {
		return nil, fmt.Errorf("%T can't prepare", raw)
	}
	st, err := c.Prepare(query)
	if err != nil {
		return nil, err
	}
	ex, ok := st.(driver.StmtExecContext)
	if !ok {
		return nil, fmt.Errorf("%T can't execute", st)
	}
	return ex, nil
}

// plain is a as the driver takes it.
func plain(a any) (driver.Value, error) {
	switch v := a.(type) {
	case nil, int64, string, []byte:
		return v, nil
	case int:
		return int64(v), nil
	case time.Time:
		return nanos(v), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(a)
}

// QueryContext reads with a statement that is prepared once.
func (c *conn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st := c.reads[query]
	if st == nil {
		var err error
		if st, err = c.sql.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		c.reads[query] = st
	}
	return st.QueryContext(ctx, args...)
}

// rollback undoes the transaction. A failed one may be gone already, so its error means nothing.
func (c *conn) rollback() { _ = c.exec("ROLLBACK") }

// close gives up the statements and the connection.
func (c *conn) close() error {
	for _, st := range c.reads {
		_ = st.Close()
	}
	_ = c.sql.Raw(func(any) error {
		for _, st := range c.execs {
			if closer, ok := st.(driver.Stmt); ok {
				_ = closer.Close()
			}
		}
		return nil
	})
	return c.sql.Close()
}
