package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"twinspect.dev/release"
)

// MaxSummary bounds what is kept of a document beside it: ten thousand operations with
// their sentences.
const MaxSummary = 8 << 20

// summaryMemory bounds the summaries that are kept in memory, by the length of their
// JSON: some ten thousand of the usual ones.
const summaryMemory = 32 << 20

// summaries keeps those that were read last. As evidence never changes, they are right
// for as long as the database names them.
type summaries struct {
	mu         sync.Mutex
	young, old map[string]release.Evidence // by ID; old goes when young is full
	size       int                         // of young
}

func newSummaries() *summaries { return &summaries{young: map[string]release.Evidence{}} }

func (c *summaries) get(id string) (release.Evidence, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.young[id]; ok {
		return e, true
	}
	e, ok := c.old[id]
	return e, ok
}

func (c *summaries) add(e release.Evidence, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size += size; c.size > summaryMemory/2 {
		c.young, c.old, c.size = map[string]release.Evidence{}, c.young, size
	}
	c.young[e.ID] = e
}

var errSummary = errors.New("its summary is not what was written")

// scanSummary reads a row of ID, summary and checksum.
func (s *Store) scanSummary(row scanner) (release.Evidence, error) {
	var id, text string
	var checksum []byte
	if err := row.Scan(&id, &text, &checksum); err != nil {
		return release.Evidence{}, err
	}
	if e, ok := s.summaries.get(id); ok {
		return e, nil
	}
	e, err := readSummary(id, text, checksum)
	if err == nil {
		s.summaries.add(e, len(text))
	}
	return e, err
}

func readSummary(id, text string, checksum []byte) (e release.Evidence, err error) {
	if sum := sha256.Sum256([]byte(text)); !bytes.Equal(sum[:], checksum) {
		err = errSummary
	} else if err = json.Unmarshal([]byte(text), &e); err == nil && e.ID != id {
		err = errSummary
	}
	if err != nil {
		return release.Evidence{}, fmt.Errorf("evidence %s: %w: %w", id, ErrCorrupt, err)
	}
	return e, nil
}
