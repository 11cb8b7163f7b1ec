package rest

import (
	"encoding/json"
	"fmt"

	"twinspect.dev/release"
	"twinspect.dev/release/store"
)

const (
	// maxPage ends a page early, in bytes: a thousand things of a screen each are below.
	maxPage = 8 << 20
	// atOnce is how many items are read at once; the longest has [store.MaxSummary].
	atOnce = 16
)

// list is a page of a listing, the newest first where its own words say nothing else.
type list[T any] struct {
	Items []T `json:"items"`
	// Next is what to ask for as "before" to read on, or as "after" where the oldest is
	// first; left out at the end.
	Next string `json:"next,omitempty"`
}

// page makes a page of what read lists before an ID, so many at most. A page that is
// full may have a next.
func page[T any, ID int64 | string](limit int, before ID, id func(*T) ID, read func(before ID, limit int) ([]T, error)) (any, error) {
	p := list[json.RawMessage]{Items: []json.RawMessage{}}
	size := 0
	for len(p.Items) < limit {
		want := min(atOnce, limit-len(p.Items))
		items, err := read(before, want)
		if err != nil {
			return nil, err
		}
		for i := range items {
			text, err := json.Marshal(items[i])
			if err != nil {
				return nil, fmt.Errorf("write an item: %w", err)
			}
			p.Items, before = append(p.Items, text), id(&items[i])
			if size += len(text); size > maxPage {
				p.Next = fmt.Sprint(before)
				return p, nil
			}
		}
		if len(items) < want {
			return p, nil
		}
	}
	p.Next = fmt.Sprint(before)
	return p, nil
}

// limit is how many items a page has.
func (p *params) limit() int { return int(p.number("limit", 1, store.MaxLimit, 100)) }

func evidenceID(e *release.Evidence) string { return e.ID }
func overrideID(o *release.Override) string { return o.ID }
func stopID(s *release.Stop) string         { return s.ID }
func recordID(r *release.Record) int64      { return r.ID }
func releaseID(r *release.Release) int64    { return r.ID }
func auditID(e *release.AuditEntry) int64   { return e.ID }
