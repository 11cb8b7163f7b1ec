package shard

import (
	"context"
	"errors"
	"io"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
)

// memory knows the identities of the exchanges in a partition's last chunks, so
// that an exchange is counted where it came first. What it knows depends on the
// offsets alone, not on which worker did what: each attempt to do a chunk leaves
// the same exchanges out.
type memory struct {
	back   int64 // how many chunks are looked back to
	size   int64
	chunks map[int64]map[capture.ID]struct{} // by first offset
}

func newMemory(p *Plan) *memory {
	return &memory{
		back: (p.LookBack + p.Chunk - 1) / p.Chunk, size: p.Chunk,
		chunks: make(map[int64]map[capture.ID]struct{}),
	}
}

// missing returns the chunks before c that are to be known and are not, within
// the range that begins at first, the oldest first. Older ones are forgotten.
func (m *memory) missing(c Chunk, first int64) []Chunk {
	oldest := max(first, c.From-m.back*m.size)
	for from := range m.chunks {
		if from < oldest || from >= c.From {
			delete(m.chunks, from)
		}
	}
	var list []Chunk
	for from := oldest; from < c.From; from += m.size {
		if _, known := m.chunks[from]; !known {
			list = append(list, Chunk{c.Partition, from, from + m.size})
		}
	}
	return list
}

// begin returns a new set for the chunk.
func (m *memory) begin(c Chunk) map[capture.ID]struct{} {
	ids := make(map[capture.ID]struct{})
	m.chunks[c.From] = ids
	return ids
}

func (m *memory) forget(c Chunk) { delete(m.chunks, c.From) }

// keep returns why an exchange of the chunk is left out, "" where it is not. One
// without an identity is never left out.
func (m *memory) keep(c Chunk) func(*capture.Exchange) capture.Reason {
	own := m.begin(c)
	return func(e *capture.Exchange) capture.Reason {
		if e.ID.IsZero() {
			return ""
		}
		for _, ids := range m.chunks { // own among them
			if _, seen := ids[e.ID]; seen {
				return kafka.Duplicate
			}
		}
		own[e.ID] = struct{}{}
		return ""
	}
}

// learn reads the identities of a chunk to which is looked back.
func (m *memory) learn(ctx context.Context, c Chunk, src capture.Source) error {
	ids := m.begin(c)
	var e capture.Exchange
	for {
		err := src.ReadExchange(ctx, &e)
		var bad *capture.RecordError
		switch {
		case errors.As(err, &bad): // before io.EOF, which may be its cause
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			m.forget(c)
			return err
		case !e.ID.IsZero():
			ids[e.ID] = struct{}{}
		}
	}
}
