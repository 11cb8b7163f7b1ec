package store

import (
	"context"
	"database/sql"
	"encoding/json"
)

// tx is a transaction that writes.
type tx struct {
	*sql.Tx
	s *Store
}

// write runs f in a transaction that commits after all that began before it, on any
// replica: what f reads is the newest, and events become visible in the order of
// their IDs.
func (s *Store) write(ctx context.Context, f func(tx) error) error {
	return s.attempt(ctx, func(t tx) error {
		if err := t.alone(ctx); err != nil {
			return err
		}
		return f(t)
	})
}

// attempt runs f in a transaction.
func (s *Store) attempt(ctx context.Context, f func(tx) error) error {
	began, err := s.db.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = began.Rollback() }() // no more than nothing after Commit
	if err := f(tx{began, s}); err != nil {
		return err
	}
	return began.Commit()
}

// alone waits until no other transaction writes. PostgreSQL hands out the IDs of events
// when they are written but shows them when they are committed: without this a reader
// that has seen 8 would never see a 7 that was committed later.
func (t tx) alone(ctx context.Context) error {
	if t.s.db.exclusive == "" {
		return nil
	}
	_, err := t.ExecContext(ctx, t.s.db.exclusive)
	return err
}

// do runs a statement and returns how many rows it changed.
func (t tx) do(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.ExecContext(ctx, t.s.db.bind(query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t tx) row(ctx context.Context, query string, args ...any) *sql.Row {
	return t.QueryRowContext(ctx, t.s.db.bind(query), args...)
}

// exec runs a statement of its own and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := s.db.write.ExecContext(ctx, s.db.bind(query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// encoded is a value as JSON. Every value of this package can be written.
func encoded(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}
