package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"twinspect.dev/release"
)

// MaxObservations bounds what is read of one release: ten metrics a minute for a week.
const MaxObservations = 100_000

// MaxObservation bounds one look: a hundred buckets on each side with some sentences
// are a twentieth of it.
const MaxObservation = 256 << 10

// Observe files one look at one metric. The first for its release, metric and From
// stays; a later one is not added, so that all replicas count the same.
func (s *Store) Observe(ctx context.Context, subject release.Subject, o release.Observation) (added bool, err error) {
	n, err := s.ObserveAll(ctx, subject, []release.Observation{o})
	return n > 0, err
}

// ObserveAll files what one look saw of all metrics, either all of it or, with an
// error, nothing. Of each metric it counts the same as [Store.Observe]; added is how
// many are new.
func (s *Store) ObserveAll(ctx context.Context, subject release.Subject, look []release.Observation) (added int64, err error) {
	if err := checkSubject(subject.Service, subject.Digest, subject.BaseDigest); err != nil {
		return 0, failed("observe", err)
	}
	rows := make([][]any, 0, len(look))
	for _, o := range look {
		row, err := observed(subject, o)
		if err != nil {
			return 0, err
		}
		rows = append(rows, row)
	}
	err = s.attempt(ctx, func(t tx) error {
		added = 0
		for _, row := range rows {
			n, err := t.do(ctx, `INSERT INTO observations (service, digest, base, metric, from_at, body) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT DO NOTHING`, row...)
			if err != nil {
				return err
			}
			added += n
		}
		return nil
	})
	return added, failed("observe", err)
}

// observed is the row of a look at one metric.
func observed(subject release.Subject, o release.Observation) ([]any, error) {
	o.From, o.To = whole(o.From), whole(o.To)
	if err := checkNames(name{"metric", o.Metric}); err != nil {
		return nil, failed("observe", err)
	}
	body, err := json.Marshal(o)
	if err == nil && len(body) > MaxObservation {
		err = fmt.Errorf("an observation of %d bytes: want at most %d", len(body), MaxObservation)
	}
	if err != nil { // of JSON: a number that is none
		return nil, fmt.Errorf("observe: %w: %w", ErrInvalid, err)
	}
	return []any{subject.Service, subject.Digest, subject.BaseDigest, o.Metric, micros(o.From), string(body)}, nil
}

// Observations returns the looks at a release that began after a time, by From and
// metric; [ErrMany] where they are more than [MaxObservations].
func (s *Store) Observations(ctx context.Context, subject release.Subject, after time.Time) ([]release.Observation, error) {
	if err := checkSubject(subject.Service, subject.Digest, subject.BaseDigest); err != nil {
		return nil, failed("read observations", err)
	}
	all, err := list(ctx, s, scanObservation, `SELECT body FROM observations WHERE service = ? AND digest = ? AND base = ? AND from_at > ?
		ORDER BY from_at, metric LIMIT ?`, subject.Service, subject.Digest, subject.BaseDigest, micros(after), MaxObservations+1)
	if err == nil && len(all) > MaxObservations {
		return nil, fmt.Errorf("read observations: %w: more than %d", ErrMany, MaxObservations)
	}
	return all, failed("read observations", err)
}

func scanObservation(row scanner) (o release.Observation, err error) {
	var body string
	if err := row.Scan(&body); err != nil {
		return o, err
	}
	return o, damaged("observation", cut(body, MaxName), json.Unmarshal([]byte(body), &o))
}
