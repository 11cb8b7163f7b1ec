package store

import (
	"context"
	"fmt"

	"twinspect.dev/release"
)

// The newest event of an image, of its service, and of no service, which is of all. That
// another image takes a release's place is an event of that release's image.
const markQuery = `SELECT
	COALESCE((SELECT MAX(id) FROM events WHERE service = ? AND digest = ?), 0),
	COALESCE((SELECT MAX(id) FROM events WHERE service = ?), 0),
	COALESCE((SELECT MAX(id) FROM events WHERE service = ''), 0)`

// Mark says how far the events have come that concern an image. Whoever has a mark, then
// reads a [Store.Case] or writes a [Store.Record] of the image, and is given a mark later
// that tells of nothing new, knows that both are as they were, whichever replica was told
// something since: only what [Store.Prune] removed is missing, on which no newest record
// rests. The zero Mark, of no event that is kept, says nothing.
type Mark struct{ image, service, all int64 }

// Mark returns the mark of an image. It is one query of three rows of indexes.
func (s *Store) Mark(ctx context.Context, service, digest string) (m Mark, err error) {
	if err := checkNames(name{"service", service}, name{"digest", digest}); err != nil {
		return m, fmt.Errorf("look for what is new: %w", err)
	}
	err = s.row(ctx, markQuery, service, digest, service).Scan(&m.image, &m.service, &m.all)
	return m, failed("look for what is new", err)
}

// Same reports whether a later mark tells of nothing new of the image and of all
// services; with others, of other images of the service neither.
func (m Mark) Same(later Mark, others bool) bool {
	if others && m.service != later.service {
		return false
	}
	return m != Mark{} && m.image == later.image && m.all == later.all
}

// Again counts the verdict of a record that is given once more, as Record would that
// finds it to be the newest of its release. Only a [Store.Mark] tells that it is.
func (s *Store) Again(ctx context.Context, r release.Record, v release.Verdict) error {
	_, err := s.again(ctx, newest{record: r.ID, asked: r.Asked}, v)
	return failed("record the verdict", err)
}
