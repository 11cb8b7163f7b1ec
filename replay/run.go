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
	start    time.Time      // when the first exchange was read
	first    time.Time      // when it was recorded
	planned  uint64
	err      error // of the source; set before done is closed
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
	x.err = x.read(src)
	if x.times != nil {
		x.times.close()
	}
	x.open.Wait()
	x.sessions.close()
	x.workers.Wait()
}

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
			s.Seen++
			if reason != "" {
				s.Filter(reason, 1)
			}
		})
		if reason == "" {
			x.admit(&e)
		}
	}
	return nil
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

// admit waits for room and sends e on its way.
func (x *run) admit(e *capture.Exchange) {
	j := x.window.take(e)
	x.open.Add(1)
	if x.start.IsZero() {
		x.start, x.first = time.Now(), e.Request.Start
	}
	j.seq = x.planned
	x.planned++
	elapsed := time.Since(x.start)
	wait := Now
	if x.Pacer != nil {
		wait = x.Pacer.Pace(elapsed, j.seq, e.Request.Start.Sub(x.first))
	}
	if j.hasPlan = wait != Now; !j.hasPlan {
		x.sessions.offer(j)
		return
	}
	j.due = elapsed + wait
	if x.times == nil {
		x.times = startTimetable(x.ctx, x.start, x.sessions.offer)
	}
	x.times.add(j)
}

// work asks the sides for one job after the other.
func (x *run) work() {
	for j := range x.sessions.ready {
		// Once it is done, the job may be taken again at any time.
		key := j.key
		if x.ctx.Err() == nil {
			x.ask(j)
			x.window.hold(j)
			// Before the session goes on, so that its outcomes keep their order.
			x.done <- event{job: j}
		} else {
			x.window.give(j)
		}
		x.sessions.finish(key)
		x.open.Done()
	}
}

// ask asks all sides at the same time. Which one is asked by this goroutine
// itself, and so perhaps a little earlier, goes round: no side is favoured.
func (x *run) ask(j *job) {
	if j.hasPlan {
		x.recordLateness(time.Since(x.start) - j.due)
	}
	n := len(x.Targets)
	if cap(j.out.Answers) < n {
		j.out.Answers = make([]Answer, n)
	}
	j.out.Answers = j.out.Answers[:n]
	own := int(j.seq % uint64(n))
	for k := 1; k < n; k++ {
		side := (own + k) % n
		j.sides.Go(func() { x.askSide(j, side) })
	}
	x.askSide(j, own)
	j.sides.Wait()
}

func (x *run) askSide(j *job, i int) {
	j.out.Answers[i] = x.Targets[i].Sender.Send(x.ctx, &j.out.Recorded.Request)
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
			if failed = each(&ev.job.out); failed != nil {
				cancel()
			} else {
				x.count(func(s *capture.Stats) { s.Written++ })
			}
		}
		x.window.give(ev.job)
	}
	return failed
}
