package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"twinspect.dev/release"
)

// RecordFilter says which records are listed. What is empty asks for nothing.
type RecordFilter struct {
	Service  string
	Digest   string
	Decision release.Decision
	// Since and Until bound when the verdict was first given, Until not being part.
	Since, Until time.Time
	// Before is the ID of the last of the page before.
	Before int64
	Limit  int // 100 where it is 0, at most [MaxLimit]
}

// Record files a verdict before it is answered. Where it equals the newest one of its
// release it is counted alone: Asked and Last of the record and the words of its
// sentences, which may tell of times and counts, are written each second and when the
// store is closed, so that asking costs no write. A crash loses those counts of its
// last second, and nothing else. A verdict on what was not announced, or has ended,
// begins a release; one without a service or a digest is of no release and not filed.
func (s *Store) Record(ctx context.Context, v release.Verdict) (rec release.Record, changed bool, err error) {
	v.At, v.Until = whole(v.At), whole(v.Until)
	if v.Subject.Service == "" || v.Subject.Digest == "" {
		return release.Record{Verdict: v, Asked: 1, Last: v.At}, false, nil
	}
	if err := checkSubject(v.Subject.Service, v.Subject.Digest, v.Subject.BaseDigest); err != nil {
		return rec, false, failed("record the verdict", err)
	}
	mark, err := fingerprint(v)
	if err != nil {
		return rec, false, failed("record the verdict", err)
	}
	last, err := scanNewest(s.row(ctx, newestQuery, v.Subject.Service, v.Subject.Digest))
	if err == nil && last.mark == mark {
		rec, err = s.again(ctx, last, v)
		return rec, false, failed("record the verdict", err)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return rec, false, failed("record the verdict", err)
	}
	err = s.write(ctx, func(t tx) error {
		rec, changed, err = t.record(ctx, v, mark)
		return err
	})
	if err == nil && !changed {
		rec, err = s.again(ctx, newest{record: rec.ID, asked: rec.Asked}, v)
	}
	return rec, changed && err == nil, failed("record the verdict", err)
}

// fingerprint is the same for verdicts that say the same for the same reasons by the
// same policy, in whatever words.
func fingerprint(v release.Verdict) (string, error) {
	said := struct {
		Decision release.Decision
		Policy   release.PolicyRef
		Base     string
		Override string
		Reasons  []release.Reason
	}{v.Decision, v.Policy, v.Subject.BaseDigest, "", make([]release.Reason, len(v.Reasons))}
	if v.Override != nil {
		said.Override = v.Override.ID
	}
	for i, r := range v.Reasons {
		r.Text, r.Change = "", ""
		said.Reasons[i] = r
	}
	b, err := json.Marshal(said)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}

// newest is the open release with its newest record, 0 where it has none.
type newest struct {
	release, record int64
	mark            string
	asked           uint64
}

const newestQuery = `SELECT r.id, r.record, r.fingerprint, COALESCE(v.asked, 0)
	FROM releases AS r LEFT JOIN records AS v ON v.id = r.record WHERE r.service = ? AND r.digest = ? AND r.ended = 0`

func scanNewest(row scanner) (n newest, err error) {
	return n, row.Scan(&n.release, &n.record, &n.mark, &n.asked)
}

// record writes a verdict, unless another replica was faster with an equal one.
func (t tx) record(ctx context.Context, v release.Verdict, mark string) (rec release.Record, changed bool, err error) {
	rec = release.Record{Verdict: v, Asked: 1, Last: v.At}
	last, err := scanNewest(t.row(ctx, newestQuery, v.Subject.Service, v.Subject.Digest))
	if errors.Is(err, sql.ErrNoRows) {
		last.release, err = t.asked(ctx, v)
	}
	if err != nil {
		return rec, false, err
	}
	if last.mark == mark {
		rec.ID, rec.Asked = last.record, last.asked
		return rec, false, nil
	}
	if rec.ID, err = t.add(ctx, v); err != nil {
		return rec, false, err
	}
	if _, err = t.do(ctx, "UPDATE releases SET record = ?, fingerprint = ? WHERE id = ?", rec.ID, mark, last.release); err != nil {
		return rec, false, err
	}
	if err = t.pin(ctx, last.release, v.Reasons); err != nil {
		return rec, false, err
	}
	return rec, true, t.event(ctx, Decided, v.Subject.Service, v.Subject.Digest, decimal(rec.ID))
}

// asked begins the release of what was asked about alone.
func (t tx) asked(ctx context.Context, v release.Verdict) (int64, error) {
	body, err := encoded(release.Deployment{Subject: v.Subject, At: v.At})
	if err != nil {
		return 0, err
	}
	return t.begin(ctx, v.Subject, v.At, body)
}

func (t tx) add(ctx context.Context, v release.Verdict) (id int64, err error) {
	body, err := encoded(v)
	if err != nil {
		return 0, err
	}
	err = t.row(ctx, `INSERT INTO records (service, digest, decision, at, last_at, asked, body, newest)
		VALUES (?, ?, ?, ?, ?, 1, ?, ?) RETURNING id`,
		v.Subject.Service, v.Subject.Digest, string(v.Decision), micros(v.At), micros(v.At), body, body).Scan(&id)
	return id, err
}

// pin keeps the evidence that the newest record of a release rests on.
func (t tx) pin(ctx context.Context, release int64, reasons []release.Reason) error {
	if _, err := t.do(ctx, "DELETE FROM pins WHERE release_id = ?", release); err != nil {
		return err
	}
	for _, r := range reasons {
		if r.Evidence == "" {
			continue
		}
		if _, err := t.do(ctx, "INSERT INTO pins (release_id, evidence_id) VALUES (?, ?) ON CONFLICT DO NOTHING", release, r.Evidence); err != nil {
			return err
		}
	}
	return nil
}

// Records lists verdicts as they were first given, the newest first. Asked and Last may
// lag by a second.
func (s *Store) Records(ctx context.Context, f RecordFilter) ([]release.Record, error) {
	if err := checkNames(name{"service", f.Service}, name{"digest", f.Digest}, name{"decision", string(f.Decision)}); err != nil {
		return nil, err
	}
	var w where
	w.equal("service", f.Service)
	w.equal("digest", f.Digest)
	w.equal("decision", string(f.Decision))
	w.between("at", f.Since, f.Until)
	w.before(f.Before)
	all, err := list(ctx, s, scanRecord, "SELECT id, last_at, asked, body FROM records"+w.String()+" ORDER BY id DESC LIMIT ?",
		append(w.args, limited(f.Limit))...)
	return all, failed("list records", err)
}

func scanRecord(row scanner) (r release.Record, err error) {
	var last int64
	var body string
	if err := row.Scan(&r.ID, &last, &r.Asked, &body); err != nil {
		return r, err
	}
	r.Last = fromMicros(last)
	return r, damaged("record", r.ID, json.Unmarshal([]byte(body), &r.Verdict))
}

// damaged says of a row whose JSON cannot be read that it is corrupt.
func damaged(what string, id any, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %v: %w: %w", what, id, ErrCorrupt, err)
}
