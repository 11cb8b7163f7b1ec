package notify

import (
	"cmp"
	"slices"
	"time"

	"twinspect.dev/capture"
)

const (
	// maxWaiting bounds the letters of a destination, waiting and held together. At the
	// slowest rate, 15 a minute, it is a quarter of an hour's; a letter with a verdict of
	// some KiB makes a MiB.
	maxWaiting = 256
	// together is how long the same decision for the same image is one letter.
	together = time.Minute
	// maxWindows bounds what is remembered to put letters together. Beyond it they go
	// each by itself.
	maxWindows = 4096
)

// The reasons under which notices are counted.
const (
	notWanted   capture.Reason = "not-wanted"  // the destination asked for others
	overflow    capture.Reason = "overflow"    // more than can be sent
	refused     capture.Reason = "refused"     // the service does not take it
	unreachable capture.Reason = "unreachable" // no answer for too long
	atEnd       capture.Reason = "ended"       // the server ended before it was sent
	removed     capture.Reason = "removed"     // the destination is no longer there
)

// letter is what is sent at once: the newest of some notices that one stands for.
type letter struct {
	notice
	key    string // that of its notices
	count  uint64
	missed uint64 // notices that were lost since the last letter that got through
	id     string // the same whenever it is tried
}

// window is open for a minute after a letter: others like it are held.
type window struct {
	until time.Time
	image string
	held  *letter // nil where there was none
}

// outbox is what there is to send to one destination. It is pure: time is handed in.
type outbox struct {
	stats   capture.Stats // in notices
	waiting []*letter
	sending *letter
	windows map[string]*window
	held    int
	swept   time.Time // when windows were last forgotten
	untold  uint64    // lost, and not told yet
	newID   func() string
}

// offer takes a notice in.
func (b *outbox) offer(n notice, now time.Time) {
	b.stats.Seen++
	b.stats.Open++
	k := n.key()
	if i := slices.IndexFunc(b.waiting, func(l *letter) bool { return l.key == k }); i >= 0 {
		b.join(i, n, now)
		return
	}
	w := b.windows[k]
	if w != nil && w.held != nil {
		w.held.notice, w.held.count = n, w.held.count+1
		return
	}
	b.makeRoom()
	l := &letter{notice: n, key: k, count: 1, id: b.newID()}
	if w != nil && now.Before(w.until) {
		w.held = l
		b.held++
		return
	}
	// What is held of the image is older, and goes first.
	b.postHeld(now, func(w *window) bool { return w.image == n.image() })
	b.post(l, now)
}

// join adds a notice to the ith letter, which goes behind what waits of its image: the
// last message is to say what is.
func (b *outbox) join(i int, n notice, now time.Time) {
	b.postHeld(now, func(w *window) bool { return w.image == n.image() }) // it is older
	l := b.waiting[i]
	l.notice, l.count = n, l.count+1
	if slices.ContainsFunc(b.waiting[i+1:], func(o *letter) bool { return o.image() == n.image() }) {
		b.waiting = append(slices.Delete(b.waiting, i, i+1), l)
	}
}

// post puts a letter into the queue, and opens the window after it.
func (b *outbox) post(l *letter, now time.Time) {
	b.waiting = append(b.waiting, l)
	if len(b.windows) >= maxWindows {
		b.forget(now)
	}
	if len(b.windows) >= maxWindows {
		return
	}
	if b.windows == nil {
		b.windows = make(map[string]*window)
	}
	b.windows[l.key] = &window{until: now.Add(together), image: l.image()}
}

// forget closes windows that are over and hold nothing, once a second at most.
func (b *outbox) forget(now time.Time) {
	if now.Sub(b.swept) < time.Second {
		return
	}
	b.swept = now
	for k, w := range b.windows {
		if w.held == nil && !now.Before(w.until) {
			delete(b.windows, k)
		}
	}
}

// makeRoom drops the oldest letter where there is no room for another: what is newer
// says more.
func (b *outbox) makeRoom() {
	if len(b.waiting)+b.held < maxWaiting {
		return
	}
	if len(b.waiting) > 0 {
		b.lose(b.waiting[0], overflow)
		b.waiting = slices.Delete(b.waiting, 0, 1)
		return
	}
	var oldest *window
	for _, w := range b.windows {
		if w.held != nil && (oldest == nil || w.held.at.Before(oldest.held.at)) {
			oldest = w
		}
	}
	b.lose(oldest.held, overflow)
	oldest.held = nil
	b.held--
}

func (b *outbox) lose(l *letter, why capture.Reason) {
	b.stats.Open -= l.count
	b.stats.Drop(why, l.count)
	b.untold += l.count + l.missed
}

// next returns the letter to send now, or how long there is none for certain; 0 is
// until something is offered.
func (b *outbox) next(now time.Time) (*letter, time.Duration) {
	wait := b.release(now)
	if len(b.waiting) == 0 {
		b.forget(now)
		return nil, wait
	}
	b.sending = b.waiting[0]
	b.waiting = slices.Delete(b.waiting, 0, 1)
	b.sending.missed, b.untold = b.untold, 0
	return b.sending, 0
}

// release posts what was held and is due, and returns how long it is until something
// else is, 0 where nothing is held. All that is held of an image goes at once and in
// its order, so that the last message says what is.
func (b *outbox) release(now time.Time) (wait time.Duration) {
	if b.held == 0 {
		return 0
	}
	due := make(map[string]bool)
	for _, w := range b.windows {
		if w.held != nil && !now.Before(w.until) {
			due[w.image] = true
		}
	}
	b.postHeld(now, func(w *window) bool { return due[w.image] })
	for _, w := range b.windows {
		if left := w.until.Sub(now); w.held != nil && (wait == 0 || left < wait) {
			wait = left
		}
	}
	return wait
}

func (b *outbox) postHeld(now time.Time, which func(*window) bool) {
	if b.held == 0 {
		return
	}
	var ready []*letter
	for _, w := range b.windows {
		if w.held != nil && which(w) {
			ready = append(ready, w.held)
			w.held = nil
			b.held--
		}
	}
	slices.SortFunc(ready, func(x, y *letter) int { return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.id, y.id)) })
	for _, l := range ready {
		b.post(l, now)
	}
}

// flush posts all that is held.
func (b *outbox) flush(now time.Time) { b.postHeld(now, func(*window) bool { return true }) }

// sent says that the letter that next returned got through.
func (b *outbox) sent() {
	b.stats.Open -= b.sending.count
	b.stats.Written += b.sending.count
	b.sending = nil
}

// failed says that it is given up.
func (b *outbox) failed(why capture.Reason) {
	b.lose(b.sending, why)
	b.sending = nil
}

// clear drops everything that is still here.
func (b *outbox) clear(why capture.Reason) {
	b.flush(time.Time{})
	if b.sending != nil {
		b.failed(why)
	}
	for _, l := range b.waiting {
		b.lose(l, why)
	}
	b.waiting = nil
}
