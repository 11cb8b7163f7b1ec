package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"twinspect.dev/release"
)

// The most that a case has of each, some ten times what a large service gathers. What
// is left out is a fault, so that it holds.
const (
	maxEvidence  = 500
	maxOverrides = 100
	maxStops     = 1000
)

// foreign is how much evidence of other images a case has, enough to tell that there is
// some of each kind; foreignDepth is how far back it is looked for.
const (
	foreign      = 8
	foreignDepth = 200
)

// The parts of a case, one row each. A row of evidence has an ID alone, as what it says
// is mostly known: see [summaries].
const caseQuery = `
SELECT * FROM (SELECT 1 AS part, id AS id, '' AS body, 0 AS number FROM evidence WHERE service = ? AND digest = ? ORDER BY seq DESC LIMIT ?) AS a
UNION ALL
SELECT * FROM (SELECT 1, id, '', 0 FROM (SELECT id, digest, seq FROM evidence WHERE service = ? ORDER BY seq DESC LIMIT ?) AS recent WHERE digest <> ? ORDER BY seq DESC LIMIT ?) AS b
UNION ALL
SELECT * FROM (SELECT 2, id, body, 0 FROM overrides WHERE service = ? AND digest = ? AND until_at > ? AND revoked = 0 ORDER BY seq DESC LIMIT ?) AS c
UNION ALL
SELECT * FROM (SELECT 3, id, body, 0 FROM stops WHERE until_at > COALESCE((SELECT since FROM releases WHERE service = ? AND digest = ? AND ended = 0), ?) ORDER BY seq DESC LIMIT ?) AS d
UNION ALL
SELECT * FROM (SELECT 4, base, '', since FROM releases WHERE service = ? AND digest = ? AND ended = 0) AS e`

// Case returns what is known about a question: the evidence of its image and the newest
// of others, so that what is foreign can be told; the overrides that last; the stops
// that last, or did since the release began; and, where the question does not say so,
// when the release began and what it replaces.
// All of it is as it was at one time. What cannot be read is one of its faults; an
// error means that the database is away. What it returns is shared and must not be
// changed.
func (s *Store) Case(ctx context.Context, q release.Question) (release.Case, error) {
	c := release.Case{Question: q}
	service, digest, at := q.Subject.Service, q.Subject.Digest, micros(q.At)
	if err := checkNames(name{"service", service}, name{"digest", digest}); err != nil {
		return c, fmt.Errorf("read the case: %w", err)
	}
	parts, err := list(ctx, s, scanPart, caseQuery,
		service, digest, maxEvidence+1, service, foreignDepth, digest, foreign,
		service, digest, at, maxOverrides+1, service, digest, at, maxStops+1, service, digest)
	if err != nil {
		return c, failed("read the case", err)
	}
	var ids []string
	for _, p := range parts {
		if p.part == 1 {
			ids = append(ids, p.id)
			continue
		}
		c.Faults = append(c.Faults, p.join(&c)...)
	}
	if c.Evidence, err = s.known(ctx, ids, &c.Faults); err != nil {
		return c, failed("read the case", err)
	}
	c.Faults = append(c.Faults, tooMany(&c, len(ids))...)
	return c, nil
}

// part is a row of a case.
type part struct {
	part     int
	id, body string
	number   int64
}

func scanPart(row scanner) (p part, err error) {
	return p, row.Scan(&p.part, &p.id, &p.body, &p.number)
}

// join makes the row part of the case, and says what is wrong with it.
func (p part) join(c *release.Case) (faults []string) {
	var err error
	switch p.part {
	case 2:
		var o release.Override
		err = json.Unmarshal([]byte(p.body), &o)
		c.Overrides = append(c.Overrides, o)
	case 3:
		var stop release.Stop
		err = json.Unmarshal([]byte(p.body), &stop)
		c.Stops = append(c.Stops, stop)
	case 4:
		if c.Since.IsZero() {
			c.Since = fromMicros(p.number)
		}
		if c.Subject.BaseDigest == "" {
			c.Subject.BaseDigest = p.id
		}
	}
	if err != nil {
		return []string{fmt.Sprintf("An override or a stop, %s, cannot be read from the store: %s.", p.id, err)}
	}
	return nil
}

func tooMany(c *release.Case, ids int) (faults []string) {
	for _, b := range []struct {
		what      string
		have, max int
	}{
		{"documents of evidence", ids, maxEvidence + foreign},
		{"overrides", len(c.Overrides), maxOverrides},
		{"stops", len(c.Stops), maxStops},
	} {
		if b.have > b.max {
			faults = append(faults, fmt.Sprintf("The store has more %s for this question than the %d that are weighed.", b.what, b.max))
		}
	}
	return faults
}

// batch is how many summaries one query reads.
const batch = 16

var batchQuery = "SELECT id, summary, checksum FROM evidence WHERE id IN (?" + strings.Repeat(", ?", batch-1) + ")"

// known returns the evidence of IDs in their order. What is damaged is a fault. What
// was pruned since is left out, as it was too old to count.
func (s *Store) known(ctx context.Context, ids []string, faults *[]string) ([]release.Evidence, error) {
	found := make(map[string]release.Evidence, len(ids))
	var unknown []any
	for _, id := range ids {
		if e, ok := s.summaries.get(id); ok {
			found[id] = e
		} else {
			unknown = append(unknown, id)
		}
	}
	for len(unknown) > 0 {
		n := min(batch, len(unknown))
		if err := s.lookUp(ctx, unknown[:n], found, faults); err != nil {
			return nil, err
		}
		unknown = unknown[n:]
	}
	evidence := make([]release.Evidence, 0, len(ids))
	for _, id := range ids {
		if e, ok := found[id]; ok {
			evidence = append(evidence, e)
		}
	}
	return evidence, nil
}

// lookUp reads up to a batch of summaries; the last ID stands for those that lack.
func (s *Store) lookUp(ctx context.Context, ids []any, found map[string]release.Evidence, faults *[]string) error {
	args := append(make([]any, 0, batch), ids...)
	for len(args) < batch {
		args = append(args, ids[len(ids)-1])
	}
	_, err := list(ctx, s, func(row scanner) (struct{}, error) {
		e, err := s.scanSummary(row)
		if errors.Is(err, ErrCorrupt) {
			*faults = append(*faults, fmt.Sprintf("The store is damaged: %s.", err))
			return struct{}{}, nil
		}
		found[e.ID] = e
		return struct{}{}, err
	}, batchQuery, args...)
	return err
}
