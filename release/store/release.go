package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"twinspect.dev/release"
)

// ReleaseFilter says which releases are listed. What is empty asks for nothing.
type ReleaseFilter struct {
	Service string
	Digest  string
	// Open leaves out what has ended.
	Open bool
	// Since and Until bound [release.Release.Since], Until not being part of it.
	Since, Until time.Time
	// Before is the ID of the last of the page before.
	Before int64
	Limit  int // 100 where it is 0, at most [MaxLimit]
}

// Announce files that a version was deployed, or is about to be. A release that is open
// already keeps when it began; the same once more changes nothing. One that ended
// begins anew.
//
// A service may be released in several environments, and has one release on its way in
// each: what was announced before for the same environment and has not ended has now.
// An image is one release: announced for another environment it goes on there.
func (s *Store) Announce(ctx context.Context, d release.Deployment) (r release.Release, err error) {
	if err := errors.Join(checkSubject(d.Service, d.Digest, d.BaseDigest), checkNames(name{"environment", d.Environment})); err != nil {
		return r, failed("announce", err)
	}
	d.At = whole(d.At)
	body, err := encoded(d)
	if err != nil {
		return r, fmt.Errorf("announce: %w: %w", ErrInvalid, err)
	}
	err = s.write(ctx, func(t tx) error {
		if err := t.supersede(ctx, d); err != nil {
			return err
		}
		r, err = t.announce(ctx, d, body)
		return err
	})
	return r, failed("announce", err)
}

func (t tx) announce(ctx context.Context, d release.Deployment, body string) (release.Release, error) {
	r, err := scanRelease(t.row(ctx, releaseQuery+" WHERE r.service = ? AND r.digest = ? AND r.ended = 0", d.Service, d.Digest))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		r.Since = whole(t.s.now())
		r.ID, err = t.begin(ctx, d.Subject, r.Since, body)
	case err != nil:
		return r, err
	default:
		if have, err := encoded(r.Deployment); err != nil || have == body {
			return r, err
		}
	}
	if err != nil {
		return r, err
	}
	r.Deployment = d
	if _, err := t.do(ctx, "UPDATE releases SET base = ?, body = ?, announced = ?, environment = ? WHERE id = ?",
		d.BaseDigest, body, max(micros(t.s.now()), 1), d.Environment, r.ID); err != nil {
		return r, err
	}
	return r, t.event(ctx, Deployed, d.Service, d.Digest, decimal(r.ID))
}

// supersede ends the other releases that were announced for an environment.
func (t tx) supersede(ctx context.Context, d release.Deployment) error {
	rows, err := t.QueryContext(ctx, t.s.db.bind(`SELECT digest FROM releases
		WHERE service = ? AND environment = ? AND digest <> ? AND announced > 0 AND ended = 0`), d.Service, d.Environment, d.Digest)
	if err != nil {
		return err
	}
	digests, err := scanned(rows, func(row scanner) (digest string, err error) { return digest, row.Scan(&digest) })
	if err != nil {
		return err
	}
	for _, digest := range digests {
		if err := t.end(ctx, release.Subject{Service: d.Service, Digest: digest}, t.s.now()); err != nil {
			return err
		}
	}
	return nil
}

func (t tx) begin(ctx context.Context, subject release.Subject, since time.Time, body string) (id int64, err error) {
	err = t.row(ctx, `INSERT INTO releases (service, digest, base, since, ended, record, fingerprint, body)
		VALUES (?, ?, ?, ?, 0, 0, '', ?) RETURNING id`,
		subject.Service, subject.Digest, subject.BaseDigest, micros(since), body).Scan(&id)
	return id, err
}

func decimal(id int64) string { return strconv.FormatInt(id, 10) }

// Current returns the release of a service that was announced and is open,
// [ErrNotFound] where there is none, and [ErrMany] where it is released in several
// environments at once. What was asked about alone is nobody's announcement.
func (s *Store) Current(ctx context.Context, service string) (release.Release, error) {
	what := "read the release of " + service
	if err := checkNames(name{"service", service}); err != nil {
		return release.Release{}, err
	}
	open, err := list(ctx, s, scanRelease, releaseQuery+" WHERE r.service = ? AND r.ended = 0 AND r.announced > 0 ORDER BY r.id DESC LIMIT 2", service)
	switch {
	case err != nil:
		return release.Release{}, failed(what, err)
	case len(open) == 0:
		return release.Release{}, failed(what, ErrNotFound)
	case len(open) > 1:
		return release.Release{}, fmt.Errorf("%s: %w: it is released in several environments", what, ErrMany)
	}
	return open[0], nil
}

// Releases lists releases, the newest first.
func (s *Store) Releases(ctx context.Context, f ReleaseFilter) ([]release.Release, error) {
	if err := checkNames(name{"service", f.Service}, name{"digest", f.Digest}); err != nil {
		return nil, err
	}
	var w where
	w.equal("r.service", f.Service)
	w.equal("r.digest", f.Digest)
	w.between("r.since", f.Since, f.Until)
	if f.Open {
		w.and("r.ended = ?", 0)
	}
	if f.Before != 0 {
		w.and("r.id < ?", f.Before)
	}
	all, err := list(ctx, s, scanRelease, releaseQuery+w.String()+" ORDER BY r.id DESC LIMIT ?", append(w.args, limited(f.Limit))...)
	return all, failed("list releases", err)
}

// End files that an open release was promoted or rolled back for good, [ErrNotFound]
// where none is open.
func (s *Store) End(ctx context.Context, subject release.Subject, at time.Time) error {
	if err := checkSubject(subject.Service, subject.Digest, subject.BaseDigest); err != nil {
		return failed("end the release", err)
	}
	return failed("end the release", s.write(ctx, func(t tx) error { return t.end(ctx, subject, at) }))
}

func (t tx) end(ctx context.Context, subject release.Subject, at time.Time) error {
	var id int64
	err := t.row(ctx, "UPDATE releases SET ended = ? WHERE service = ? AND digest = ? AND ended = 0 RETURNING id",
		max(micros(at), 1), subject.Service, subject.Digest).Scan(&id)
	if err != nil {
		return err
	}
	if _, err := t.do(ctx, "DELETE FROM pins WHERE release_id = ?", id); err != nil {
		return err
	}
	return t.event(ctx, Ended, subject.Service, subject.Digest, decimal(id))
}

const releaseQuery = `SELECT r.id, r.since, r.ended, r.body, COALESCE(v.newest, '')
	FROM releases AS r LEFT JOIN records AS v ON v.id = r.record`

func scanRelease(row scanner) (r release.Release, err error) {
	var since, ended int64
	var body, last string
	if err := row.Scan(&r.ID, &since, &ended, &body, &last); err != nil {
		return r, err
	}
	r.Since, r.Ended = fromMicros(since), fromMicros(ended)
	if last != "" {
		r.Last = new(release.Verdict)
		err = json.Unmarshal([]byte(last), r.Last)
	}
	return r, damaged("release", r.ID, errors.Join(err, json.Unmarshal([]byte(body), &r.Deployment)))
}
