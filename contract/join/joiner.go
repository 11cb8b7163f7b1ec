package join

import (
	"context"
	"errors"
	"os"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive/twinpb"
	"twinspect.dev/capture/trace"
)

// Joiner takes spans and exchanges in any order and any number, and gives the
// chains. They depend on what was taken alone: not on its order, nor on the
// memory, but for what is too large for it.
//
// What it takes stands in a temporary file that nobody else can open: of spans
// neither attributes nor statements, messages nor queries; exchanges as they are,
// so they had better be redacted. It is used by one goroutine.
type Joiner struct {
	opts     Options
	spill    *spill
	traces   *bins // by trace
	untraced *bins // exchanges without trace context, by time and method; nil for none
	times    timeSet
	sample   sieve[glimpse] // of exchanges, to learn clocks by
	known    clocks
	far      map[clock][]clock // by a service's end, the clocks that are off by much
	buf      []byte
	sealed   bool
	matched  bool // ByTime is done
	counts   counts
	timed    counts // of exchanges that ByTime could not find, once
	err      error
}

// New returns an empty Joiner. Close frees its temporary file.
func New(o Options) (*Joiner, error) {
	o = o.withDefaults()
	s, err := newSpill(o.Dir)
	if err != nil {
		return nil, err
	}
	j := &Joiner{opts: o, spill: s, traces: newBins(s, 0, o.blockSize())}
	j.sample.most = int(o.MaxBytes / sampleShare)
	return j, nil
}

var errSealed = errors.New("nothing can be added once the chains were read")

// AddSpan takes a span, and keeps nothing of its memory. An error ends the Joiner.
func (j *Joiner) AddSpan(sp *trace.Span) error {
	if err := j.open(); err != nil {
		return err
	}
	j.counts.spans.Seen++
	if sp.Trace.IsZero() || sp.ID.IsZero() {
		j.counts.spans.Drop(BadSpan, 1)
		return nil
	}
	j.counts.spans.Open++
	j.buf = spanRecord(j.buf[:0], sp)
	return j.keep(j.traces.add(keyOfTrace(sp.Trace), j.buf))
}

// AddExchange takes an exchange, and keeps nothing of its memory. An error ends
// the Joiner; an exchange that cannot be joined is counted.
func (j *Joiner) AddExchange(e *capture.Exchange) error {
	if err := j.open(); err != nil {
		return err
	}
	s := &j.counts.exchanges
	s.Seen++
	id, span, traced := contextOf(e)
	switch {
	case e.Request.Method == "" || e.Request.Target == "" || e.Response.Status == 0,
		!traced && e.Request.Start.IsZero():
		s.Drop(Incomplete, 1)
		return nil
	case sizeOf(e) > j.opts.MaxBytes/4:
		s.Drop(ExchangeTooLarge, 1)
		return nil
	}
	var err error
	j.buf, err = exchangeRecord(j.buf[:0], id, e)
	if errors.Is(err, twinpb.ErrTooManyFields) || int64(len(j.buf)) > j.opts.MaxBytes/4 {
		j.buf = nil
		s.Drop(ExchangeTooLarge, 1)
		return nil
	}
	s.Open++
	if order := orderOf(e); !e.Request.Start.IsZero() && j.sample.takes(order) {
		j.sample.add(glimpseOf(e, order, id, span))
	}
	if traced {
		return j.keep(j.traces.add(keyOfTrace(id), j.buf))
	}
	return j.keep(j.addUntraced(e))
}

func (j *Joiner) addUntraced(e *capture.Exchange) error {
	if j.untraced == nil {
		j.untraced = newBins(j.spill, 0, j.opts.blockSize())
	}
	n := j.window(e.Request.Start)
	j.times.add(n)
	if err := j.untraced.add(windowKey(n, e.Request.Method), j.buf); err != nil {
		return err
	}
	reach := j.opts.Skew / 2
	for _, t := range [...]time.Time{e.Request.Start.Add(-reach), e.Request.Start.Add(reach)} {
		if other := j.window(t); other != n {
			var err error
			if j.buf, err = shadowRecord(j.buf[:0], e); err != nil {
				return err
			}
			return j.untraced.add(windowKey(other, e.Request.Method), j.buf)
		}
	}
	return nil
}

// sizeOf is about what the bodies take.
func sizeOf(e *capture.Exchange) int64 {
	return int64(len(e.Request.Body)) + int64(len(e.Response.Body)) + int64(len(e.Request.Target))
}

func (j *Joiner) open() error {
	switch {
	case j.err != nil:
		return j.err
	case j.sealed:
		return errSealed
	}
	return nil
}

// keep keeps an error: what comes after it would not be the whole.
func (j *Joiner) keep(err error) error {
	if err != nil && j.err == nil {
		j.err = err
	}
	return err
}

// Each calls do with the chain of each trace that has spans, in the order of a hash
// of their ids; the chain is do's until it returns. An error of do's ends it, as
// does ctx, between traces. Then nothing more can be added; Each may be called
// again and gives the same, and its account starts anew.
func (j *Joiner) Each(ctx context.Context, do func(*Chain) error) error {
	if j.err != nil {
		return j.err
	}
	if err := j.seal(ctx); err != nil {
		return err
	}
	j.counts.restart(&j.timed)
	g := &groups{most: j.opts.MaxBytes / 4, tooLarge: j.leaveOut}
	g.group = func(ctx context.Context, recs []record) error { return j.eachTrace(ctx, recs, do) }
	return j.traces.each(ctx, g)
}

// seal ends the adding, and finds the traces of the exchanges that name none. What
// it wrote before an error would be written again, so an error is for good.
func (j *Joiner) seal(ctx context.Context) error {
	if !j.sealed {
		j.sealed, j.buf = true, nil
		if err := j.keep(j.traces.flush()); err != nil {
			return err
		}
	}
	if j.matched || j.untraced == nil {
		return nil
	}
	if err := j.keep(j.matchByTime(ctx)); err != nil {
		return err
	}
	j.matched, j.untraced = true, nil
	return nil
}

// leaveOut counts a record of a trace that is too large.
func (j *Joiner) leaveOut(rec []byte) error {
	if kindOf(rec) == isSpan {
		j.counts.dropSpans(TraceTooLarge, 1)
	} else {
		j.counts.dropExchanges(TraceTooLarge, 1)
	}
	return nil
}

// Account tells what became of the spans, of the exchanges and of the calls over
// HTTP. Before Each has ended, what is not decided is open.
func (j *Joiner) Account() capture.Account { return j.counts.account() }

// Close frees the temporary file.
func (j *Joiner) Close() error {
	if j.spill == nil {
		return nil
	}
	err := j.spill.close()
	j.spill, j.traces, j.untraced, j.buf = nil, nil, nil, nil
	j.err = os.ErrClosed
	return err
}

// windowKey is that of the calls with one method in one window of time.
func windowKey(window int64, method string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(method) {
		h = (h ^ uint64(method[i])) * 1099511628211
	}
	return mix(uint64(window) ^ mix(h))
}
