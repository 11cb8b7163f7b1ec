package replay

import (
	"cmp"
	"container/heap"
	"context"
	"time"
)

// timetable passes jobs on when they are due. Recordings are in the order in
// which exchanges ended; the timetable sends them in the order of the plan, as
// far as the window reaches.
type timetable struct {
	in    chan *job
	ended chan struct{}
	start time.Time
	offer func(*job)
	wait  queue
}

func startTimetable(ctx context.Context, start time.Time, offer func(*job)) *timetable {
	t := &timetable{in: make(chan *job), ended: make(chan struct{}), start: start, offer: offer}
	go t.run(ctx)
	return t
}

// add plans j; close passes on the rest at its times and waits for that.
func (t *timetable) add(j *job) { t.in <- j }

func (t *timetable) close() {
	close(t.in)
	<-t.ended
}

// run ends once in is closed and nothing waits. When ctx is canceled all that
// waits is passed on at once, for the workers to put away.
func (t *timetable) run(ctx context.Context) {
	defer close(t.ended)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	in := t.in
	for in != nil || len(t.wait) > 0 {
		var due <-chan time.Time
		if len(t.wait) > 0 {
			rest := t.wait[0].due - time.Since(t.start)
			if rest <= 0 || ctx.Err() != nil {
				t.offer(heap.Pop(&t.wait).(*job))
				continue
			}
			timer.Reset(rest)
			due = timer.C
		}
		canceled := ctx.Done()
		if due == nil {
			canceled = nil
		}
		select {
		case j, ok := <-in:
			if !ok {
				in = nil
			} else {
				heap.Push(&t.wait, j)
			}
		case <-due:
		case <-canceled:
		}
	}
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
