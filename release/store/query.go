package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"
)

// statements are those that read, prepared once and by their text.
type statements struct {
	mu     sync.RWMutex
	byText map[string]*sql.Stmt
}

// of prepares a query where it is not. The texts are those in this package, with their
// few combinations of conditions, so that their number is bounded.
func (s *statements) of(ctx context.Context, c connected, query string) (*sql.Stmt, error) {
	s.mu.RLock()
	stmt := s.byText[query]
	s.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := c.read.PrepareContext(ctx, c.bind(query))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.byText[query]; first != nil {
		return first, stmt.Close()
	}
	if s.byText == nil {
		s.byText = map[string]*sql.Stmt{}
	}
	s.byText[query] = stmt
	return stmt, nil
}

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, stmt := range s.byText {
		err = errors.Join(err, stmt.Close())
	}
	s.byText = nil
	return err
}

// scanner is a row.
type scanner interface{ Scan(into ...any) error }

type broken struct{ err error }

func (b broken) Scan(...any) error { return b.err }

func (s *Store) row(ctx context.Context, query string, args ...any) scanner {
	stmt, err := s.statements.of(ctx, s.db, query)
	if err != nil {
		return broken{err}
	}
	return stmt.QueryRowContext(ctx, args...)
}

// list reads all rows of a query.
func list[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), query string, args ...any) (all []T, err error) {
	stmt, err := s.statements.of(ctx, s.db, query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return scanned(rows, scan)
}

// scanned reads all rows, and closes them.
func scanned[T any](rows *sql.Rows, scan func(scanner) (T, error)) (all []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// where gathers the conditions of a filter.
type where struct {
	conditions []string
	args       []any
}

func (w *where) and(condition string, arg any) {
	w.conditions, w.args = append(w.conditions, condition), append(w.args, arg)
}

// equal asks for a text, where there is one.
func (w *where) equal(column, text string) {
	if text != "" {
		w.and(column+" = ?", text)
	}
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// The most that a list returns, and what it does where a filter has no limit: pages
// that a person reads.
const (
	MaxLimit     = 1000
	defaultLimit = 100
)

// limited is the limit of a filter within bounds.
func limited(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return min(limit, MaxLimit)
}

// between asks for times from since on and before until, where they are set.
func (w *where) between(column string, since, until time.Time) {
	if !since.IsZero() {
		w.and(column+" >= ?", micros(since))
	}
	if !until.IsZero() {
		w.and(column+" < ?", micros(until))
	}
}

// before asks for IDs below one, where it is not 0.
func (w *where) before(id int64) {
	if id != 0 {
		w.and("id < ?", id)
	}
}
