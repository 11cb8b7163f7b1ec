package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"twinspect.dev/release"
)

// MaxDocument bounds a document of evidence: that of a run of a million exchanges with
// all of its differences is a tenth of it.
const MaxDocument = 64 << 20

// packing bounds how many documents are compressed and written at once, whatever many
// are pushed: two of the largest are 256 MiB with what they become.
const packing = 2

// packer makes documents small.
type packer struct {
	turn   chan struct{}
	writer *zstd.Encoder
	reader *zstd.Decoder
}

func newPacker() packer {
	// The options are constants, so that neither fails.
	w, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(packing))
	r, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(packing), zstd.WithDecoderMaxMemory(MaxDocument))
	return packer{turn: make(chan struct{}, packing), writer: w, reader: r}
}

// take waits for a turn, which give returns.
func (p packer) take(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p packer) give() { <-p.turn }

func (p packer) close() error {
	p.reader.Close()
	return p.writer.Close()
}

var errHash = errors.New("its bytes are not those of its ID")

// Document returns the bytes of evidence as they were pushed. It returns [ErrCorrupt]
// where they are others, and [ErrNotFound] where there are none.
func (s *Store) Document(ctx context.Context, id string) ([]byte, error) {
	if err := checkNames(name{"ID", id}); err != nil {
		return nil, err
	}
	if err := s.packer.take(ctx); err != nil {
		return nil, err
	}
	defer s.packer.give()
	var content []byte
	if err := s.row(ctx, "SELECT content FROM documents WHERE id = ?", id).Scan(&content); err != nil {
		return nil, failed("read document "+id, err)
	}
	document, err := s.packer.reader.DecodeAll(content, nil)
	if err == nil && release.Digest(document) != id {
		err = errHash
	}
	if err != nil {
		return nil, fmt.Errorf("read document %s: %w: %w", id, ErrCorrupt, err)
	}
	return document, nil
}
