package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"twinspect.dev/release"
)

// OverrideFilter says which overrides are listed. What is empty asks for nothing.
type OverrideFilter struct {
	Service string
	Digest  string
	// At leaves out what was revoked or has expired by then.
	At     time.Time
	Before string // the ID of the last of the page before
	Limit  int    // 100 where it is 0, at most [MaxLimit]
}

// AddOverride files the word of a person. The same once more changes nothing; another
// with the same ID is [ErrConflict].
func (s *Store) AddOverride(ctx context.Context, o release.Override) error {
	o.From, o.Until, o.Revoked = whole(o.From), whole(o.Until), whole(o.Revoked)
	if err := checkWord("override", o.ID, o.By, o.Reason); err != nil {
		return err
	}
	if err := checkSubject(o.Service, o.Digest, ""); err != nil {
		return failed("override", err)
	}
	body, err := encoded(o)
	if err != nil {
		return failed("override", err)
	}
	return failed("override", s.write(ctx, func(t tx) error {
		n, err := t.do(ctx, `INSERT INTO overrides (id, service, digest, until_at, revoked, body) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO NOTHING`, o.ID, o.Service, o.Digest, micros(o.Until), micros(o.Revoked), body)
		if err != nil {
			return err
		}
		if n == 0 {
			return t.same(ctx, "overrides", o.ID, body)
		}
		return t.event(ctx, Overridden, o.Service, o.Digest, o.ID)
	}))
}

// checkWord refuses the word of a person that cannot be kept.
func checkWord(what, id, by, reason string) error {
	if id == "" {
		return fmt.Errorf("%s without an ID: %w", what, ErrInvalid)
	}
	if len(reason) > MaxText {
		return fmt.Errorf("%s with a reason of %d bytes: %w: want at most %d", what, len(reason), ErrInvalid, MaxText)
	}
	return checkNames(name{"ID", id}, name{"name", by})
}

// same returns [ErrConflict] where a row of a table is not what was to be written.
func (t tx) same(ctx context.Context, table, id, body string) error {
	var have string
	if err := t.row(ctx, "SELECT body FROM "+table+" WHERE id = ?", id).Scan(&have); err != nil {
		return err
	}
	if have != body {
		return fmt.Errorf("%s: %w: it is another's", id, ErrConflict)
	}
	return nil
}

// RevokeOverride takes an override back. One that was revoked stays as it was.
func (s *Store) RevokeOverride(ctx context.Context, id string, at time.Time) (o release.Override, err error) {
	if err := checkNames(name{"ID", id}); err != nil {
		return o, err
	}
	err = s.write(ctx, func(t tx) error {
		if o, err = scanOverride(t.row(ctx, "SELECT body FROM overrides WHERE id = ?", id)); err != nil || !o.Revoked.IsZero() {
			return err
		}
		o.Revoked = whole(at)
		body, err := encoded(o)
		if err != nil {
			return err
		}
		if _, err := t.do(ctx, "UPDATE overrides SET revoked = ?, body = ? WHERE id = ?", micros(at), body, id); err != nil {
			return err
		}
		return t.event(ctx, Revoked, o.Service, o.Digest, id)
	})
	return o, failed("revoke override "+id, err)
}

// Overrides lists overrides, the newest first.
func (s *Store) Overrides(ctx context.Context, f OverrideFilter) ([]release.Override, error) {
	if err := checkNames(name{"service", f.Service}, name{"digest", f.Digest}, name{"ID", f.Before}); err != nil {
		return nil, err
	}
	var w where
	w.equal("service", f.Service)
	w.equal("digest", f.Digest)
	if !f.At.IsZero() {
		w.and("revoked = ?", 0)
		w.and("until_at > ?", micros(f.At))
	}
	if f.Before != "" {
		w.and("seq < (SELECT seq FROM overrides WHERE id = ?)", f.Before)
	}
	all, err := list(ctx, s, scanOverride, "SELECT body FROM overrides"+w.String()+" ORDER BY seq DESC LIMIT ?", append(w.args, limited(f.Limit))...)
	return all, failed("list overrides", err)
}

func scanOverride(row scanner) (o release.Override, err error) {
	var body string
	if err := row.Scan(&body); err != nil {
		return o, err
	}
	return o, damaged("override", body, json.Unmarshal([]byte(body), &o))
}
