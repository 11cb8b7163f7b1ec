package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"twinspect.dev/release"
)

// MaxPolicy bounds a policy's file, which people write.
const MaxPolicy = 1 << 20

// Policy is the file of a policy, for whoever looks up what a verdict was based on.
type Policy struct {
	Name   string
	Digest string // "sha256:" and the hash of Text
	Text   string
	At     time.Time // when it was first filed
}

// AddPolicy files a policy. The same once more is no second one.
func (s *Store) AddPolicy(ctx context.Context, title, digest, text string) (added bool, err error) {
	if err := checkNames(name{"name", title}); err != nil {
		return false, failed("file the policy", err)
	}
	if len(text) > MaxPolicy || !utf8.ValidString(text) {
		return false, fmt.Errorf("file the policy: %d bytes: %w: want UTF-8, at most %d bytes", len(text), ErrInvalid, MaxPolicy)
	}
	if release.Digest([]byte(text)) != digest {
		return false, fmt.Errorf("file the policy: %w: %w", ErrCorrupt, errHash)
	}
	body, err := encoded(text) // as JSON, which holds a NUL
	if err != nil {
		return false, failed("file the policy", err)
	}
	n, err := s.exec(ctx, "INSERT INTO policies (digest, name, at, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
		digest, title, micros(s.now()), body)
	return n > 0, failed("file the policy", err)
}

// PolicyFilter says which policies are listed. What is empty asks for nothing.
type PolicyFilter struct {
	Name   string
	Digest string
	Before string // the digest of the last of the page before
	Limit  int    // 100 where it is 0, at most [MaxLimit]
}

// Policies lists policies, what was filed last first.
func (s *Store) Policies(ctx context.Context, f PolicyFilter) ([]Policy, error) {
	if err := checkNames(name{"name", f.Name}, name{"digest", f.Digest}, name{"digest", f.Before}); err != nil {
		return nil, err
	}
	var w where
	w.equal("name", f.Name)
	w.equal("digest", f.Digest)
	if f.Before != "" {
		w.and("seq < (SELECT seq FROM policies WHERE digest = ?)", f.Before)
	}
	all, err := list(ctx, s, scanPolicy, "SELECT name, digest, at, body FROM policies"+w.String()+" ORDER BY seq DESC LIMIT ?",
		append(w.args, limited(f.Limit))...)
	return all, failed("list policies", err)
}

func scanPolicy(row scanner) (p Policy, err error) {
	var at int64
	var body string
	if err := row.Scan(&p.Name, &p.Digest, &at, &body); err != nil {
		return p, err
	}
	p.At = fromMicros(at)
	err = json.Unmarshal([]byte(body), &p.Text)
	if err == nil && release.Digest([]byte(p.Text)) != p.Digest {
		err = errHash
	}
	return p, damaged("policy", p.Digest, err)
}
