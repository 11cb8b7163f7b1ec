package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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
func (s *Store) Announce(ctx context.Context, d release.Deployment) (r release.Release, err error) {
	if err := checkSubject(d.Service, d.Digest, d.BaseDigest); err != nil {
		return r, failed("announce", err)
	}
	d.At = whole(d.At)
	err = s.write(ctx, func(t tx) error {
		r, err = t.announce(ctx, d)
		return err
	})
	return r, failed("announce", err)
}

func (t tx) announce(ctx context.Context, d release.Deployment) (release.Release, error) {
	body, err := encoded(d)
	if err != nil {
		return release.Release{}, err
	}
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
		_, err = t.do(ctx, "UPDATE releases SET base = ?, body = ? WHERE id = ?", d.BaseDigest, body, r.ID)
	}
	r.Deployment = d
	if err != nil {
		return r, err
	}
	return r, t.event(ctx, Deployed, d.Service, d.Digest, decimal(r.ID))
}

func (t tx) begin(ctx context.Context, subject release.Subject, since time.Time, body string) (id int64, err error) {
	err = t.row(ctx, `INSERT INTO releases (service, digest, base, since, ended, record, fingerprint, body)
		VALUES (?, ?, ?, ?, 0, 0, '', ?) RETURNING id`,
		subject.Service, subject.Digest, subject.BaseDigest, micros(since), body).Scan(&id)
	return id, err
}

func decimal(id int64) string { return strconv.FormatInt(id, 10) }

// Current returns the release of a service that is open, the newest where there are
// more, [ErrNotFound] where there is none.
func (s *Store) Current(ctx context.Context, service string) (release.Release, error) {
	if err := checkNames(name{"service", service}); err != nil {
		return release.Release{}, err
	}
	r, err := scanRelease(s.row(ctx, releaseQuery+" WHERE r.service = ? AND r.ended = 0 ORDER BY r.id DESC LIMIT 1", service))
	return r, failed("read the release of "+service, err)
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
	return failed("end the release", s.write(ctx, func(t tx) error {
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
	}))
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
