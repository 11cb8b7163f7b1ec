package replay

import (
	"cmp"
	"container/heap"
	"context"
	"sync"
	"time"
)

// timetable passes jobs on when they are due. Recordings are in the order in
// which exchanges ended; the timetable sends them in the order of the plan, as
// far as the window reaches.
//
// Its goroutine sleeps until the first is due and passes on all that are due by
// then, so that at high rates a wake-up is shared by many. It is woken early only
// for one that is due before.
type timetable struct {
	start time.Time
	offer func(*job)
	ended chan struct{}
	wake  chan struct{} // room for one; said once more does no harm

	mu     sync.Mutex
	wait   queue
	closed bool
	alarm  time.Duration // when the goroutine wakes by itself
}

// never is later than any plan.
const never = time.Duration(1<<63 - 1)

func startTimetable(ctx context.Context, start time.Time, offer func(*job)) *timetable {
	t := &timetable{start: start, offer: offer, ended: make(chan struct{}), wake: make(chan struct{}, 1), alarm: never}
	go t.run(ctx)
	return t
}

// add plans j; close passes on the rest at its times and waits for that.
func (t *timetable) add(j *job) {
	t.mu.Lock()
	heap.Push(&t.wait, j)
	early := j.due < t.alarm
	if early {
		t.alarm = j.due // one call is enough
	}
	t.mu.Unlock()
	if early {
		t.call()
	}
}

func (t *timetable) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.call()
	<-t.ended
}

func (t *timetable) call() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// run ends once the timetable is closed and nothing waits. When ctx is canceled
// all that waits is passed on at once, for the workers to put away.
func (t *timetable) run(ctx context.Context) {
	defer close(t.ended)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	canceled := ctx.Done()
	var due []*job
	for {
		now := time.Since(t.start)
		if ctx.Err() != nil {
			now, canceled = never, nil
		}
		var alarm time.Duration
		var last bool
		due, alarm, last = t.take(due[:0], now)
		for _, j := range due {
			t.offer(j)
		}
		switch {
		case last:
			return
		case len(due) > 0:
			continue // the time may have come for others
		case alarm < never: // and so not canceled
			alarm -= now
		}
		timer.Reset(alarm)
		select {
		case <-timer.C:
		case <-t.wake:
		case <-canceled:
		}
	}
}

// take moves the jobs due by now to the end of due, in their order. It returns
// when the next one is, and whether there will be none.
func (t *timetable) take(due []*job, now time.Duration) (_ []*job, alarm time.Duration, last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.wait) > 0 && t.wait[0].due <= now {
		due = append(due, heap.Pop(&t.wait).(*job))
	}
	t.alarm = never
	if len(t.wait) > 0 {
		t.alarm = t.wait[0].due
	}
	return due, t.alarm, t.closed && len(t.wait) == 0
}

// queue is a heap of jobs by their time, and by their order in the recording
// where that is the same.
type queue []*job

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, k int) { q[i], q[k] = q[k], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*job)) }

func (q queue) Less(i, k int) bool {
	return cmp.Or(cmp.Compare(q[i].due, q[k].due), cmp.Compare(q[i].seq, q[k].seq)) < 0
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	j := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return j
}
