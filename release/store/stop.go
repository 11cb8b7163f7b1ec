package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"twinspect.dev/release"
)

// StopFilter says which stops are listed.
type StopFilter struct {
	// At leaves out what has ended by then.
	At     time.Time
	Before string // the ID of the last of the page before
	Limit  int    // 100 where it is 0, at most [MaxLimit]
}

// maxPatterns bounds the patterns of a stop; one for all services is "*".
const maxPatterns = 1000

// AddStop files an incident. The same once more changes nothing; another with the same
// ID is [ErrConflict].
func (s *Store) AddStop(ctx context.Context, stop release.Stop) error {
	stop.From, stop.Until = whole(stop.From), whole(stop.Until)
	if err := checkStop(stop); err != nil {
		return err
	}
	body, err := encoded(stop)
	if err != nil {
		return failed("stop", err)
	}
	return failed("stop", s.write(ctx, func(t tx) error {
		n, err := t.do(ctx, "INSERT INTO stops (id, until_at, body) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
			stop.ID, lasting(stop.Until), body)
		if err != nil {
			return err
		}
		if n == 0 {
			return t.same(ctx, "stops", stop.ID, body)
		}
		return t.event(ctx, Stopped, "", "", stop.ID)
	}))
}

func checkStop(stop release.Stop) error {
	if len(stop.Services) > maxPatterns {
		return fmt.Errorf("a stop of %d patterns: %w: want at most %d", len(stop.Services), ErrInvalid, maxPatterns)
	}
	for _, pattern := range stop.Services {
		if err := checkNames(name{"service", pattern}); err != nil {
			return err
		}
	}
	return checkWord("stop", stop.ID, stop.By, stop.Reason)
}

// lasting is the time of an end, which may not have come.
func lasting(until time.Time) int64 {
	if until.IsZero() {
		return forever
	}
	return micros(until)
}

// EndStop ends an incident. One that has ended stays as it was.
func (s *Store) EndStop(ctx context.Context, id string, at time.Time) (stop release.Stop, err error) {
	if err := checkNames(name{"ID", id}); err != nil {
		return stop, err
	}
	err = s.write(ctx, func(t tx) error {
		if stop, err = scanStop(t.row(ctx, "SELECT body FROM stops WHERE id = ?", id)); err != nil {
			return err
		}
		if !stop.Until.IsZero() && !stop.Until.After(at) {
			return nil
		}
		stop.Until = whole(at)
		body, err := encoded(stop)
		if err != nil {
			return err
		}
		if _, err := t.do(ctx, "UPDATE stops SET until_at = ?, body = ? WHERE id = ?", micros(at), body, id); err != nil {
			return err
		}
		return t.event(ctx, Resumed, "", "", id)
	})
	return stop, failed("end stop "+id, err)
}

// Stops lists incidents, the newest first.
func (s *Store) Stops(ctx context.Context, f StopFilter) ([]release.Stop, error) {
	if err := checkNames(name{"ID", f.Before}); err != nil {
		return nil, err
	}
	var w where
	if !f.At.IsZero() {
		w.and("until_at > ?", micros(f.At))
	}
	if f.Before != "" {
		w.and("seq < (SELECT seq FROM stops WHERE id = ?)", f.Before)
	}
	all, err := list(ctx, s, scanStop, "SELECT body FROM stops"+w.String()+" ORDER BY seq DESC LIMIT ?", append(w.args, limited(f.Limit))...)
	return all, failed("list stops", err)
}

func scanStop(row scanner) (stop release.Stop, err error) {
	var body string
	if err := row.Scan(&body); err != nil {
		return stop, err
	}
	return stop, damaged("stop", body, json.Unmarshal([]byte(body), &stop))
}
