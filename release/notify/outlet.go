package notify

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"twinspect.dev/capture"
)

// outlet sends to one destination.
type outlet struct {
	n       *Notifier
	name    string
	wake    chan struct{} // there may be something to do
	removed chan struct{} // closed when the destination is gone

	mu    sync.Mutex
	to    Destination
	box   outbox
	over  bool // nothing is sent anymore
	limit *rate.Limiter
}

func newOutlet(n *Notifier, d Destination) *outlet {
	return &outlet{n: n, name: d.Name, wake: make(chan struct{}, 1), removed: make(chan struct{}), box: outbox{newID: newID}}
}

// aim sets where letters go.
func (l *outlet) aim(d Destination) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit == nil || l.to.Kind != d.Kind || l.to.URL != d.URL {
		l.limit = forms[d.Kind].limiter()
	}
	l.to = d
}

func (l *outlet) offer(x notice, now time.Time, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.to.wants(x):
		l.box.stats.Seen++
		l.box.stats.Filter(notWanted, 1)
		return
	case ended || l.over:
		l.box.stats.Seen++
		l.box.stats.Drop(atEnd, 1)
		return
	}
	l.box.offer(x, now)
	select {
	case l.wake <- struct{}{}:
	default: // it is told already
	}
}

func (l *outlet) account() capture.Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.box.stats.Clone()
}

// remove drops what is left.
func (l *outlet) remove() {
	close(l.removed)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	l.box.clear(removed)
}

// run sends until ctx ends, then what is left until cut does.
func (l *outlet) run(ctx, cut context.Context) {
	defer l.end()
	for {
		x, wait := l.next(ctx.Err() != nil)
		if x != nil {
			if !l.deliver(ctx, cut, x) {
				return
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if !l.pause(ctx, wait) {
			return
		}
	}
}

// next returns what to send, all of it where it is the end.
func (l *outlet) next(end bool) (*letter, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.n.now()
	if end {
		l.box.flush(now)
	}
	return l.box.next(now)
}

// pause waits until there may be something to do, and reports whether to go on.
func (l *outlet) pause(ctx context.Context, wait time.Duration) bool {
	var due <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
	case <-l.wake:
	case <-ctx.Done():
	case <-l.removed:
		return false
	}
	return true
}

// end drops what could not be sent.
func (l *outlet) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	l.box.clear(atEnd)
}

// deliver tries until a letter is delivered or given up, and reports whether to go on.
func (l *outlet) deliver(ctx, cut context.Context, x *letter) bool {
	begin := l.n.now()
	for try := 1; ; try++ {
		d, wait := l.turn()
		if !l.sleep(cut, wait) {
			return false
		}
		a := l.n.post(cut, &d, x)
		if a.delivered {
			l.settle("", a)
			return true
		}
		wait = max(a.wait, backoff(try, rand.Float64()))
		switch {
		case cut.Err() != nil:
			return false
		case !a.again:
			l.settle(refused, a)
			return true
		case l.n.now().Add(wait).Sub(begin) > patience || ctx.Err() != nil && wait > drainTime:
			l.settle(unreachable, a)
			return true
		}
		if try == 1 {
			l.n.log.Warn("a message could not be delivered so far, and is tried again", "to", l.name, "detail", a.why)
		}
		if !l.sleep(cut, wait) {
			return false
		}
	}
}

// turn returns the destination as it is now, and how long its rate asks to wait.
func (l *outlet) turn() (Destination, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.n.now()
	return l.to, l.limit.ReserveN(now, 1).DelayFrom(now)
}

// sleep waits, and reports whether to go on.
func (l *outlet) sleep(cut context.Context, wait time.Duration) bool {
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-cut.Done():
		case <-l.removed:
		}
	}
	select {
	case <-l.removed:
		return false
	default:
		return cut.Err() == nil
	}
}

// settle counts what became of the letter that is being sent.
func (l *outlet) settle(why capture.Reason, a answer) {
	if why != "" {
		l.n.log.Warn("a message could not be delivered", "to", l.name, "reason", string(why), "detail", a.why)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.box.sending == nil: // the destination was removed meanwhile
	case why == "":
		l.box.sent()
	default:
		l.box.failed(why)
	}
}
