package shard

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"twinspect.dev/capture"
)

// head tells what an object is about. The object of a chunk is its head as a
// line of JSON, the counts as its judge encodes them, and the SHA-256 of both.
type head struct {
	Schema string `json:"schema"`
	// Plan is the plan's fingerprint.
	Plan  string `json:"plan"`
	Chunk Chunk  `json:"chunk"`
	// Attempt tells the attempts to do a chunk apart.
	Attempt string    `json:"attempt"`
	Worker  string    `json:"worker"`
	Begun   time.Time `json:"begun"`
	Ended   time.Time `json:"ended,omitzero"`
	// Sent is how many exchanges were answered or given up by the sides.
	Sent uint64 `json:"sent"`
	// Account is of the stages before the comparison, for this chunk alone.
	Account capture.Account `json:"account,omitempty"`
}

const chunkSchema = "twinspect.dev/plan/chunk/1"

// maxHead bounds the line of a head: an account of some dozen stages and reasons
// takes a hundredth of it.
const maxHead = 1 << 20

var (
	errDamaged = errors.New("the object is damaged")
	// ErrForeign says that an object in the folder of the run was made by another plan.
	ErrForeign = errors.New("made by another plan")
)

// object joins the head and the counts.
func (h *head) object(counts Judge) ([]byte, error) {
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(append(line, '\n'))
	if err := counts.Encode(b); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	return b.Bytes(), nil
}

// marker is an object without counts.
func (h *head) marker() ([]byte, error) { return json.Marshal(h) }

// parseObject checks the object of a chunk of the plan with this fingerprint. The
// counts share its memory.
func parseObject(data []byte, plan string, c Chunk) (h *head, counts io.Reader, err error) {
	if len(data) < sha256.Size {
		return nil, nil, fmt.Errorf("%w: %d bytes", errDamaged, len(data))
	}
	body, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(want[:], sum) {
		return nil, nil, fmt.Errorf("%w: its checksum is wrong", errDamaged)
	}
	line, rest, ok := bytes.Cut(body, []byte("\n"))
	if !ok || len(line) > maxHead {
		return nil, nil, fmt.Errorf("%w: it has no head", errDamaged)
	}
	if h, err = parseHead(line, plan); err != nil {
		return nil, nil, err
	}
	if h.Chunk != c {
		return nil, nil, fmt.Errorf("%w: it is of chunk %s, not of %s", errDamaged, h.Chunk, c)
	}
	return h, bytes.NewReader(rest), h.check()
}

func parseHead(line []byte, plan string) (*head, error) {
	var h head
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, fmt.Errorf("%w: its head: %w", errDamaged, err)
	}
	switch {
	case h.Schema != chunkSchema:
		return nil, fmt.Errorf("%w: schema %.64q, want %s", errDamaged, h.Schema, chunkSchema)
	case h.Plan != plan:
		return nil, fmt.Errorf("%w: its plan has the fingerprint %.16s…, this one %.16s…", ErrForeign, h.Plan, plan)
	}
	return &h, nil
}

// check holds the account to the chunk: that the topic's stage has seen each
// offset is what the sum over all chunks rests on.
func (h *head) check() error {
	if err := h.Account.Balance(); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	if len(h.Account) == 0 || h.Account[0].Seen != uint64(h.Chunk.Offsets()) {
		return fmt.Errorf("%w: its account does not cover chunk %s", errDamaged, h.Chunk)
	}
	return nil
}
