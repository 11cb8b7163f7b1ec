package trace

import (
	"container/list"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"twinspect.dev/capture"
)

// Late is the reason under which an [Assembler] drops spans of traces that it has
// given out.
const Late capture.Reason = "late-span"

// AssembleOptions bound an [Assembler]. The zero value is good.
type AssembleOptions struct {
	// Quiet is how long, in the stream's own time, no span of a trace has come when
	// it is given out; 75 s where it is 0: a call lasts up to the 60 s that gateways
	// wait by default, and its span ends with it; then come two batches of 5 s, the
	// program's and the collector's, and as much again for the network.
	Quiet time.Duration
	// MaxTraces and MaxBytes bound what is held: 100000 and 256 MiB where they are 0,
	// which is 200 thousand spans of 1.3 KiB. Beyond, the trace that has been quiet
	// longest is given out.
	MaxTraces int
	MaxBytes  int64
	// MaxSpans is how many a trace may have, 20000 where it is 0: 26 MiB of 1.3 KiB.
	// The further ones are dropped.
	MaxSpans int
	// Remember is how many traces are known to have been given out, 200000 where it
	// is 0: about 20 MiB. Later, their spans would begin them anew.
	Remember int
}

func (o AssembleOptions) filled() AssembleOptions {
	for _, d := range []struct {
		n     *int
		value int
	}{{&o.MaxTraces, 100_000}, {&o.MaxSpans, 20_000}, {&o.Remember, 200_000}} {
		if *d.n <= 0 {
			*d.n = d.value
		}
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 256 << 20
	}
	if o.Quiet <= 0 {
		o.Quiet = 75 * time.Second
	}
	return o
}

// Assembler makes trees of a stream of spans whose traces stand among each other,
// in bounded memory. Which spans of a trace are late depends on their order where
// the window is too small; otherwise the trees do not, but for their own order. It
// is used by one goroutine.
type Assembler struct {
	opts  AssembleOptions
	do    func(*Tree) error
	held  map[TraceID]*gathering
	tails map[uint64]TraceID // of held, by their last 64 bits
	order list.List          // of *gathering, the longest quiet first
	bytes int64
	now   tide
	gone  memory
	stats capture.Stats
}

// gathering is a trace that is being put together.
type gathering struct {
	id    TraceID
	spans []Span
	bytes int64
	last  time.Time
	place *list.Element
}

// NewAssembler returns an assembler that gives each tree to do. The tree is do's
// to keep. After an error of do, Add and Flush return it.
func NewAssembler(o AssembleOptions, do func(*Tree) error) *Assembler {
	o = o.filled()
	return &Assembler{opts: o, do: do, held: map[TraceID]*gathering{}, tails: map[uint64]TraceID{}, gone: memory{limit: o.Remember}}
}

// Add takes a span, and gives the traces out that are complete by now.
func (a *Assembler) Add(sp *Span) error {
	a.stats.Seen++
	a.now.see(sp.End)
	g := a.find(sp.Trace)
	switch {
	case g == nil:
		a.stats.Drop(Late, 1)
	case len(g.spans) >= a.opts.MaxSpans:
		a.stats.Drop(TooLong, 1)
	default:
		a.put(g, sp)
	}
	if g != nil {
		g.last = a.now.time
		a.order.MoveToBack(g.place)
	}
	return a.release()
}

func (a *Assembler) put(g *gathering, sp *Span) {
	const fixed = 560 // of Size, which the slice holds by its capacity
	had := cap(g.spans)
	g.spans = append(g.spans, *sp)
	g.spans[len(g.spans)-1].Trace = g.id
	size := int64(sp.Size() + fixed*(cap(g.spans)-had) - fixed)
	g.bytes += size
	a.bytes += size
	a.stats.Open++
}

// find returns the trace of the id, or begins it; nil where it was given out. An
// id of 64 bits stands for the trace that ends in these: some tracers pass no more
// on, whichever comes first.
func (a *Assembler) find(id TraceID) *gathering {
	if g := a.held[id]; g != nil {
		return g
	}
	short := binary.BigEndian.Uint64(id[:8]) == 0
	if other, ok := a.tails[tail(id)]; ok && (short || binary.BigEndian.Uint64(other[:8]) == 0) {
		g := a.held[other]
		if !short {
			a.rename(g, id)
		}
		return g
	}
	if a.gone.has(id) {
		return nil
	}
	g := &gathering{id: id}
	g.place = a.order.PushBack(g)
	a.held[id], a.tails[tail(id)] = g, id
	return g
}

func (a *Assembler) rename(g *gathering, id TraceID) {
	delete(a.held, g.id)
	g.id = id
	a.held[id], a.tails[tail(id)] = g, id
	for i := range g.spans {
		g.spans[i].Trace = id
	}
}

// release gives out what is quiet, and what the window has no room for.
func (a *Assembler) release() error {
	for a.order.Len() > 0 {
		g := a.order.Front().Value.(*gathering)
		if g.last.IsZero() {
			g.last = a.now.time // it came before the first time was known
		}
		if a.bytes <= a.opts.MaxBytes && a.order.Len() <= a.opts.MaxTraces && a.now.time.Sub(g.last) < a.opts.Quiet {
			return nil
		}
		if err := a.give(g); err != nil {
			return err
		}
	}
	return nil
}

func (a *Assembler) give(g *gathering) error {
	a.order.Remove(g.place)
	delete(a.held, g.id)
	if a.tails[tail(g.id)] == g.id {
		delete(a.tails, tail(g.id))
	}
	a.bytes -= g.bytes
	a.gone.add(g.id)
	t := NewTree(g.id, g.spans)
	a.stats.Open -= uint64(len(g.spans))
	a.stats.Written += uint64(t.Spans)
	if t.Duplicates > 0 {
		a.stats.Filter(Duplicate, uint64(t.Duplicates))
	}
	return a.do(t)
}

// Flush gives out all that is held, the longest quiet first.
func (a *Assembler) Flush() error {
	for a.order.Len() > 0 {
		if err := a.give(a.order.Front().Value.(*gathering)); err != nil {
			return err
		}
	}
	return nil
}

// Account implements capture.Accounted: spans of the trees that were given out
// are written.
func (a *Assembler) Account() capture.Account {
	return capture.Account{{Name: "trace assembly", Unit: "spans", Stats: a.stats.Clone()}}
}

// Assemble makes trees of the spans of src until its end. Each damaged record is
// told to damaged, unless that is nil; src counts it. The account is that of the
// assembly, and holds when there is an error too: of src, of do, or of ctx.
func Assemble(ctx context.Context, src Source, o AssembleOptions, do func(*Tree) error, damaged func(*capture.RecordError)) (capture.Account, error) {
	a := NewAssembler(o, do)
	err := a.from(ctx, src, damaged)
	if err == nil {
		err = a.Flush()
	}
	return a.Account(), err
}

func (a *Assembler) from(ctx context.Context, src Source, damaged func(*capture.RecordError)) error {
	var sp Span
	for {
		err := src.ReadSpan(ctx, &sp)
		var bad *capture.RecordError
		switch {
		case err == nil:
			err = a.Add(&sp)
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			if damaged != nil {
				damaged(bad)
			}
			continue
		}
		if err != nil {
			return err
		}
	}
}
