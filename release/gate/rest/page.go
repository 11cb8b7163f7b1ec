package rest

import (
	"strconv"

	"twinspect.dev/release"
	"twinspect.dev/release/store"
)

// list is a page of a listing, the newest first.
type list[T any] struct {
	Items []T `json:"items"`
	// Next is what to ask for as "before" to read on, left out at the end.
	Next string `json:"next,omitempty"`
}

// page makes a page of what the store listed. A page that is full may have a next.
func page[T any](limit int, id func(*T) string) func([]T, error) (any, error) {
	return func(items []T, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		p := list[T]{Items: items}
		if len(items) == limit {
			p.Next = id(&items[limit-1])
		}
		if items == nil {
			p.Items = []T{}
		}
		return p, nil
	}
}

// limit is how many items a page has.
func (p *params) limit() int { return int(p.number("limit", 1, store.MaxLimit, 100)) }

func evidenceID(e *release.Evidence) string { return e.ID }
func overrideID(o *release.Override) string { return o.ID }
func stopID(s *release.Stop) string         { return s.ID }
func recordID(r *release.Record) string     { return strconv.FormatInt(r.ID, 10) }
func releaseID(r *release.Release) string   { return strconv.FormatInt(r.ID, 10) }
func auditID(e *release.AuditEntry) string  { return strconv.FormatInt(e.ID, 10) }
