package replay

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"twinspect.dev/capture"
)

// run is the state of one [Runner.Run].
//
// A job goes from the reader (feed) through the timetable, where there is a
// plan, to its session, to a worker, to deliver, and back into the window. On
// cancellation it takes the same way without being sent, so that there is one
// order of shutdown.
type run struct {
	*Runner
	ctx      context.Context
	window   *window
	sessions *sessions
	times    *timetable
	done     chan event
	workers  sync.WaitGroup
	open     sync.WaitGroup // jobs that no worker has finished
	err      error          // of the source; set before done is closed
}

// event is what deliver hears of: an answered job or a damaged record.
type event struct {
	job *job
	bad *capture.RecordError
}

func newRun(ctx context.Context, r *Runner) *run {
	inFlight := r.InFlight
	if inFlight == 0 {
		inFlight = defaultInFlight
	}
	slots := r.ReadAhead
	if slots == 0 {
		slots = aheadPerSlot * inFlight
	}
	slots = max(slots, inFlight)
	held := r.HeldBytes
	if held == 0 {
		held = defaultHeldBytes
	}
	x := &run{
		Runner:   r,
		ctx:      ctx,
		window:   newWindow(slots, held),
		sessions: newSessions(slots),
		// A job takes at most one place, so workers never wait for deliver
		// unless damaged records fill it.
		done: make(chan event, slots),
	}
	for range inFlight {
		x.workers.Go(x.work)
	}
	return x
}

// feed reads the source, waits for what it gave, and then ends the workers and
// deliver.
func (x *run) feed(src capture.Source) {
	defer close(x.done)
	x.err = x.readPasses(src)
	if x.times != nil {
		x.times.close()
	}
	x.open.Wait()
	x.sessions.close()
	x.workers.Wait()
}

func (x *run) readPasses(src capture.Source) error {
	for {
		if err := x.read(src); err != nil || x.Again == nil || x.ctx.Err() != nil {
			return err
		}
		var err error
		switch src, err = x.Again(x.ctx); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		x.clock.nextPass(x.copies())
	}
}

func (x *run) copies() uint64 { return uint64(max(x.Copies, 1)) }

func (x *run) read(src capture.Source) error {
	var e capture.Exchange
	for x.ctx.Err() == nil {
		if err := src.ReadExchange(x.ctx, &e); err != nil {
			var bad *capture.RecordError
			switch {
			case errors.As(err, &bad): // before io.EOF, which may be its cause
				x.damaged(bad)
				continue
			case errors.Is(err, io.EOF):
				return nil
			}
			return err
		}
		reason := x.unfit(&e)
		x.count(func(s *capture.Stats) {
			s.Seen += x.copies()
			if reason != "" {
				s.Filter(reason, x.copies())
			}
		})
		if reason == "" {
			x.admitAll(&e)
		}
	}
	return nil
}

// admitAll admits every copy of e.
func (x *run) admitAll(e *capture.Exchange) {
	var links Links
	if x.Linker != nil {
		links = x.Linker.Link(e)
	}
	if x.clock.start.IsZero() {
		x.clock.start = time.Now()
	}
	recorded := x.clock.recorded(e, x.Origin)
	for n := range x.copies() {
		x.admit(e, x.clock.copies+n, recorded, links)
	}
}

func (x *run) damaged(bad *capture.RecordError) {
	lost := max(bad.Lost, 1)
	x.count(func(s *capture.Stats) {
		s.Seen += lost
		s.Drop(bad.Reason, lost)
	})
	if x.Damaged != nil {
		x.done <- event{bad: bad}
	}
}

// admit waits for room and sends a copy of e on its way.
func (x *run) admit(e *capture.Exchange, copied uint64, recorded time.Duration, links Links) {
	j := x.window.take(e)
	x.open.Add(1)
	j.name(copied, links)
	j.seq = x.clock.planned
	x.clock.planned++
	elapsed := time.Since(x.clock.start)
	wait := Now
	if x.Pacer != nil {
		wait = x.Pacer.Pace(elapsed, j.seq, recorded)
	}
	j.due, j.hasPlan = 0, wait != Now
	if j.hasPlan {
		j.due = elapsed + wait
	}
	if x.Linker != nil {
		x.sessions.link(j)
	}
	if !j.hasPlan {
		x.sessions.offer(j)
		return
	}
	if x.times == nil {
		x.times = startTimetable(x.ctx, x.clock.start, x.sessions.offer)
	}
	x.times.add(j)
}

// work asks the sides for one job after the other.
func (x *run) work() {
	others := x.startOthers()
	defer others.stop()
	for j := range x.sessions.ready {
		canceled := x.ctx.Err() != nil
		if !canceled {
			x.ask(j, others)
			x.window.hold(j)
		}
		// Once it is done, the job may be taken again at any time.
		key, dependents := j.key, x.sessions.answered(j)
		if canceled {
			x.window.give(j)
		} else {
			// Before the session goes on, so that its outcomes keep their order.
			x.done <- event{job: j}
		}
		x.sessions.finish(key, dependents)
		x.open.Done()
	}
}

// others are the goroutines beside a worker's own, one for each side but one: they
// live as long as it does, as the stack of a new one would grow with each request.
type others struct {
	asks    []chan sideOf
	running sync.WaitGroup
}

// sideOf is a side that is to be asked for a job.
type sideOf struct {
	job  *job
	side int
}

func (x *run) startOthers() *others {
	o := &others{asks: make([]chan sideOf, len(x.Targets)-1)}
	for i := range o.asks {
		asks := make(chan sideOf, 1) // one job at a time
		o.asks[i] = asks
		o.running.Go(func() {
			for a := range asks {
				x.askSide(a.job, a.side)
				a.job.sides.Done()
			}
		})
	}
	return o
}

func (o *others) stop() {
	for _, asks := range o.asks {
		close(asks)
	}
	o.running.Wait()
}

// ask asks all sides at the same time. Which one is asked by this goroutine
// itself, and so perhaps a little earlier, goes round: no side is favoured.
func (x *run) ask(j *job, others *others) {
	j.out.Late = 0
	if j.hasPlan {
		j.out.Late = max(time.Since(x.clock.start)-j.due, 0)
		x.recordLateness(j.out.Late)
	}
	n := len(x.Targets)
	if cap(j.out.Answers) < n {
		j.out.Answers, j.asks = make([]Answer, n), make([]Ask, n)
	}
	j.out.Answers = j.out.Answers[:n]
	own := int(j.seq % uint64(n))
	j.sides.Add(n - 1)
	for k, asks := range others.asks {
		asks <- sideOf{j, (own + k + 1) % n}
	}
	x.askSide(j, own)
	j.sides.Wait()
}

func (x *run) askSide(j *job, i int) {
	recorded := &j.out.Recorded
	j.asks[i] = Ask{Recorded: recorded, Session: j.key, Copy: j.copied, Links: j.links, Request: recorded.Request}
	j.out.Answers[i] = x.Targets[i].Sender.Send(x.ctx, &j.asks[i])
	j.out.Answers[i].Side = x.Targets[i].Side
}

// deliver calls each until the run has ended. After an error of each, which it
// returns, it only clears away.
func (x *run) deliver(each func(*Outcome) error, cancel func()) error {
	// Also where each panics, the run ends and waits for its goroutines.
	defer func() {
		cancel()
		for ev := range x.done {
			if ev.job != nil {
				x.window.give(ev.job)
			}
		}
	}()
	var failed error
	for ev := range x.done {
		if ev.bad != nil {
			x.Damaged(ev.bad)
			continue
		}
		if failed == nil {
			if failed = x.tell(each, &ev.job.out); failed != nil {
				cancel()
			}
		}
		x.window.give(ev.job)
	}
	return failed
}

func (x *run) tell(each func(*Outcome) error, o *Outcome) error {
	if err := each(o); err != nil {
		return err
	}
	x.count(func(s *capture.Stats) { s.Written++ })
	if x.Feedback == nil {
		return nil
	}
	return x.Feedback.Observe(o)
}
