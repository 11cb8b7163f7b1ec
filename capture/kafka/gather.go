package kafka

import (
	"sync"

	"twinspect.dev/capture"
)

// gathered are records that are sent together, with the memory that they lie in.
type gathered struct {
	records []record
	memory  []byte
	bytes   int // the sum of the records' sizes
	errs    []error
}

// gatherings are those that were sent, to be filled again.
var gatherings = sync.Pool{New: func() any { return new(gathered) }}

func newGathered() *gathered { return gatherings.Get().(*gathered) }

// release gives g back; nothing of it may be used any more.
func (g *gathered) release() {
	clear(g.records)
	clear(g.errs)
	g.records, g.memory, g.bytes, g.errs = g.records[:0], g.memory[:0], 0, g.errs[:0]
	gatherings.Put(g)
}

// encode adds e, the exchange with this index. The error is a
// [*capture.RefusedError].
func (g *gathered) encode(e *capture.Exchange, index, limit int) error {
	r, memory, err := encode(g.memory, e, limit)
	g.memory = memory
	if err != nil {
		return err
	}
	r.index = index
	g.records = append(g.records, r)
	g.bytes += r.size()
	return nil
}

// add copies a record, whose index is the next.
func (g *gathered) add(r record) {
	key := len(g.memory)
	value := key + len(r.key)
	g.memory = append(append(g.memory, r.key...), r.value...)
	r.key, r.value = g.memory[key:value:value], g.memory[value:len(g.memory):len(g.memory)]
	r.index = len(g.records)
	g.records = append(g.records, r)
	g.bytes += r.size()
}

// failures returns n errors, all nil yet.
func (g *gathered) failures(n int) []error {
	for len(g.errs) < n {
		g.errs = append(g.errs, nil)
	}
	return g.errs[:n]
}
