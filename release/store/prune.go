package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"twinspect.dev/release"
)

// Retention says how long things are kept; 0 is for ever.
type Retention struct {
	// Evidence is kept since it was received, and as long as the newest verdict on a
	// release that is open rests on it.
	Evidence time.Duration
	// Records are kept since they were last given, and while they are the newest of a
	// release that is open.
	Records time.Duration
	// Releases are kept since they ended. Those that are open are for ever, but for those
	// that nobody announced: they end when nobody asked about them for as long.
	Releases time.Duration
	// Observations are kept since they began, Audit and Events since they were written.
	Observations time.Duration
	Audit        time.Duration
	Events       time.Duration
	// Words are overrides and stops; they are kept since they ended.
	Words time.Duration
}

// Pruned counts what was removed.
type Pruned struct {
	Evidence     int64
	Records      int64
	Releases     int64
	Observations int64
	Audit        int64
	Events       int64
	Overrides    int64
	Stops        int64
}

// pruning is how many rows one transaction removes: some milliseconds, which others
// wait.
const pruning = 500

// What is removed, all before a time, a batch at once.
const (
	oldEvidence = `SELECT id FROM evidence WHERE received < ? AND NOT EXISTS (SELECT 1 FROM pins WHERE evidence_id = evidence.id)
		ORDER BY received, seq LIMIT ?`
	oldRecords = `SELECT id FROM records WHERE last_at < ? AND NOT EXISTS
		(SELECT 1 FROM releases WHERE service = records.service AND digest = records.digest AND ended = 0 AND record = records.id) LIMIT ?`
	oldReleases     = "SELECT id FROM releases WHERE ended > 0 AND ended < ? LIMIT ?"
	oldAudit        = "SELECT id FROM audit WHERE at < ? LIMIT ?"
	oldEvents       = "SELECT id FROM events WHERE at < ? LIMIT ?"
	oldOverrides    = "SELECT id FROM overrides WHERE until_at < ? LIMIT ?"
	oldStops        = "SELECT id FROM stops WHERE until_at < ? LIMIT ?"
	oldObservations = "SELECT service, digest, base, metric, from_at FROM observations WHERE from_at < ? LIMIT ?"
)

// unasked are the open releases that nobody announced, nor asked about since a time.
const unasked = `SELECT r.service, r.digest FROM releases AS r LEFT JOIN records AS v ON v.id = r.record
	WHERE r.ended = 0 AND r.announced = 0 AND r.since < ? AND COALESCE(v.last_at, 0) < ? LIMIT ?`

// endUnasked ends what [unasked] tells of.
func (s *Store) endUnasked(ctx context.Context, before int64, now time.Time) error {
	for {
		subjects, err := list(ctx, s, func(row scanner) (r release.Subject, err error) { return r, row.Scan(&r.Service, &r.Digest) },
			unasked, before, before, pruning)
		if err != nil || len(subjects) == 0 {
			return err
		}
		err = s.write(ctx, func(t tx) error {
			for _, subject := range subjects {
				if err := t.end(ctx, subject, now); err != nil && !errors.Is(err, sql.ErrNoRows) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// Prune removes what is older than a retention, and counts it. It works in small
// transactions beside whatever else goes on; an error leaves what was removed before
// it, which is counted. The file of SQLite does not shrink, but what is free in it is
// used again.
func (s *Store) Prune(ctx context.Context, r Retention, now time.Time) (p Pruned, err error) {
	if r.Releases > 0 {
		if err := s.endUnasked(ctx, micros(now.Add(-r.Releases)), now); err != nil {
			return p, failed("end releases that nobody asks about", err)
		}
	}
	for _, work := range []struct {
		keep  time.Duration
		count *int64
		table string
		key   string
		old   string
	}{
		{r.Evidence, &p.Evidence, "evidence", "id", oldEvidence},
		{r.Records, &p.Records, "records", "id", oldRecords},
		{r.Releases, &p.Releases, "releases", "id", oldReleases},
		{r.Observations, &p.Observations, "observations", "(service, digest, base, metric, from_at)", oldObservations},
		{r.Audit, &p.Audit, "audit", "id", oldAudit},
		{r.Events, &p.Events, "events", "id", oldEvents},
		{r.Words, &p.Overrides, "overrides", "id", oldOverrides},
		{r.Words, &p.Stops, "stops", "id", oldStops},
	} {
		if work.keep <= 0 {
			continue
		}
		before := micros(now.Add(-work.keep))
		if *work.count, err = s.prune(ctx, work.table, work.key, work.old, before); err != nil {
			return p, failed("prune "+work.table, err)
		}
	}
	return p, nil
}

// prune removes rows until there are none to remove.
func (s *Store) prune(ctx context.Context, table, key, old string, before int64) (removed int64, err error) {
	for {
		var n int64
		err := s.write(ctx, func(t tx) error {
			if table == "evidence" {
				if _, err := t.do(ctx, "DELETE FROM documents WHERE id IN ("+old+")", before, pruning); err != nil {
					return err
				}
			}
			n, err = t.do(ctx, "DELETE FROM "+table+" WHERE "+key+" IN ("+old+")", before, pruning)
			return err
		})
		if err != nil {
			return removed, err
		}
		if removed += n; n < pruning {
			return removed, nil
		}
	}
}
