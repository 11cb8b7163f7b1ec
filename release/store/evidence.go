package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"twinspect.dev/release"
)

// EvidenceFilter says which evidence is listed. What is empty asks for nothing.
type EvidenceFilter struct {
	Service string
	Digest  string
	Kind    release.Kind
	// Since and Until bound [release.Evidence.Received], Until not being part of it.
	Since, Until time.Time
	// Before is the ID of the last of the page before, so that this one follows it
	// whatever was pushed since.
	Before string
	Limit  int // 100 where it is 0, at most [MaxLimit]
}

// AddEvidence files a document with what it says. The same document once more is no
// second one: added is false. It sets ID and Received of e where they are not set; an
// ID that is not the document's hash is [ErrCorrupt], and what is too large or has no
// subject [ErrInvalid].
func (s *Store) AddEvidence(ctx context.Context, e *release.Evidence, document []byte) (added bool, err error) {
	f, err := s.filed(e, document)
	if err != nil {
		return false, failed("file evidence", err)
	}
	if err := s.packer.take(ctx); err != nil {
		return false, failed("file evidence", err)
	}
	defer s.packer.give()
	content := s.packer.writer.EncodeAll(document, nil)
	err = s.attempt(ctx, func(t tx) error {
		added, err = t.file(ctx, f, content, len(document))
		return err
	})
	return added && err == nil, failed("file evidence "+e.ID, err)
}

// filing is evidence with its summary as it is written.
type filing struct {
	*release.Evidence
	summary string
}

func (s *Store) filed(e *release.Evidence, document []byte) (filing, error) {
	if len(document) > MaxDocument {
		return filing{}, fmt.Errorf("a document of %d bytes: %w: want at most %d", len(document), ErrInvalid, MaxDocument)
	}
	id := release.Digest(document)
	if e.ID != "" && e.ID != id {
		return filing{}, fmt.Errorf("%s: %w: %w", cut(e.ID, MaxName), ErrCorrupt, errHash)
	}
	e.ID = id
	if e.Received.IsZero() {
		e.Received = s.now()
	}
	e.Received = whole(e.Received)
	if err := checkSubject(e.Subject.Service, e.Subject.Digest, e.Subject.BaseDigest); err != nil {
		return filing{}, err
	}
	if err := checkNames(name{"kind", string(e.Kind)}); err != nil {
		return filing{}, err
	}
	summary, err := encoded(e)
	if err == nil && len(summary) > MaxSummary {
		err = fmt.Errorf("a summary of %d bytes: %w: want at most %d", len(summary), ErrInvalid, MaxSummary)
	}
	return filing{e, summary}, err
}

// file writes the document before it waits for other writers, as it may be large.
func (t tx) file(ctx context.Context, f filing, content []byte, size int) (bool, error) {
	n, err := t.do(ctx, "INSERT INTO documents (id, size, content) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING", f.ID, size, content)
	if err != nil || n == 0 {
		return false, err
	}
	if err := t.alone(ctx); err != nil {
		return false, err
	}
	sum := sha256.Sum256([]byte(f.summary))
	if _, err = t.do(ctx, "INSERT INTO evidence (id, kind, service, digest, received, summary, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)",
		f.ID, string(f.Kind), f.Subject.Service, f.Subject.Digest, micros(f.Received), f.summary, sum[:]); err != nil {
		return false, err
	}
	return true, t.event(ctx, Pushed, f.Subject.Service, f.Subject.Digest, f.ID)
}

// Evidence lists evidence, what was filed last first. What it returns is shared and
// must not be changed. A Before that is no longer there is [ErrNotFound].
func (s *Store) Evidence(ctx context.Context, f EvidenceFilter) ([]release.Evidence, error) {
	if err := checkNames(name{"service", f.Service}, name{"digest", f.Digest}, name{"kind", string(f.Kind)}, name{"ID", f.Before}); err != nil {
		return nil, err
	}
	var w where
	w.equal("service", f.Service)
	w.equal("digest", f.Digest)
	w.equal("kind", string(f.Kind))
	w.between("received", f.Since, f.Until)
	if f.Before != "" {
		var seq int64
		if err := s.row(ctx, "SELECT seq FROM evidence WHERE id = ?", f.Before).Scan(&seq); err != nil {
			return nil, failed("list evidence after "+f.Before, err)
		}
		w.and("seq < ?", seq)
	}
	evidence, err := list(ctx, s, s.scanSummary, "SELECT id, summary, checksum FROM evidence"+w.String()+" ORDER BY seq DESC LIMIT ?",
		append(w.args, limited(f.Limit))...)
	return evidence, failed("list evidence", err)
}

// OneEvidence returns the evidence of an ID, [ErrNotFound] where there is none.
func (s *Store) OneEvidence(ctx context.Context, id string) (release.Evidence, error) {
	if err := checkNames(name{"ID", id}); err != nil {
		return release.Evidence{}, err
	}
	e, err := s.scanSummary(s.row(ctx, "SELECT id, summary, checksum FROM evidence WHERE id = ?", id))
	return e, failed("read evidence "+id, err)
}
