package store

import (
	"context"
	"time"
)

// What says what happened.
type What string

// What happens.
const (
	Pushed     What = "evidence"   // Object is the evidence's ID
	Deployed   What = "deployment" // Object is the release's ID in decimal, as is that of Ended
	Ended      What = "end"
	Decided    What = "verdict"  // Object is the record's ID in decimal
	Overridden What = "override" // Object is the override's ID, also where it was revoked
	Revoked    What = "revoke"
	Stopped    What = "stop" // Object is the stop's ID, also where it ended
	Resumed    What = "resume"
)

// Event is what happened, for those who wait for it.
type Event struct {
	ID      int64     `json:"id"` // ascending
	At      time.Time `json:"at"`
	What    What      `json:"what"`
	Service string    `json:"service,omitempty"`
	Digest  string    `json:"digest,omitempty"`
	Object  string    `json:"object"`
}

// event files what happened. On PostgreSQL the transaction must be alone.
func (t tx) event(ctx context.Context, what What, service, digest, object string) error {
	_, err := t.do(ctx, "INSERT INTO events (at, what, service, digest, object) VALUES (?, ?, ?, ?, ?)",
		micros(t.s.now()), string(what), service, digest, object)
	return err
}

// Events returns what happened after an ID, the oldest first, at most limit. Whoever
// goes on after the last ID that it has seen misses nothing, whichever replica wrote it.
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]Event, error) {
	events, err := list(ctx, s, scanEvent, "SELECT id, at, what, service, digest, object FROM events WHERE id > ? ORDER BY id LIMIT ?",
		after, limited(limit))
	return events, failed("read events", err)
}

// LastEvent returns the ID of the newest event, 0 where there is none.
func (s *Store) LastEvent(ctx context.Context) (int64, error) {
	var id int64
	err := s.row(ctx, "SELECT COALESCE(MAX(id), 0) FROM events").Scan(&id)
	return id, failed("read events", err)
}

func scanEvent(row scanner) (e Event, err error) {
	var at int64
	err = row.Scan(&e.ID, &at, &e.What, &e.Service, &e.Digest, &e.Object)
	e.At = fromMicros(at)
	return e, err
}
