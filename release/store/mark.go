package store

import (
	"context"
	"fmt"

	"twinspect.dev/release"
)

// The newest event of a service, and the newest of none, which is of all.
const markQuery = `SELECT COALESCE((SELECT MAX(id) FROM events WHERE service = ?), 0),
	COALESCE((SELECT MAX(id) FROM events WHERE service = ''), 0)`

// Mark says how far the events of a service have come. Whoever has a mark, then reads a
// [Store.Case] or writes a [Store.Record] of the service, and is given the same mark
// later, knows that both are as they were, whichever replica was told something since:
// only what [Store.Prune] removed is missing, on which no newest record rests. The zero
// Mark, of no event that is kept, says nothing.
type Mark struct{ own, all int64 }

// Mark returns the mark of a service. It is one query of two rows of an index.
func (s *Store) Mark(ctx context.Context, service string) (m Mark, err error) {
	if err := checkNames(name{"service", service}); err != nil {
		return m, fmt.Errorf("look for what is new: %w", err)
	}
	err = s.row(ctx, markQuery, service).Scan(&m.own, &m.all)
	return m, failed("look for what is new", err)
}

// Again counts the verdict of a record that is given once more, as Record would that
// finds it to be the newest of its release. Only a [Store.Mark] tells that it is.
func (s *Store) Again(ctx context.Context, r release.Record, v release.Verdict) error {
	_, err := s.again(ctx, newest{record: r.ID, asked: r.Asked}, v)
	return failed("record the verdict", err)
}
