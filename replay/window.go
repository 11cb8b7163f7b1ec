package replay

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"twinspect.dev/capture"
)

// keptBody is the largest body buffer that an idle job keeps: most API bodies
// are smaller, and a full window of idle jobs stays below 64 KiB a slot.
const keptBody = 64 << 10

// job is one exchange on its way through a run.
type job struct {
	out     Outcome
	key     string // of its session
	seq     uint64
	due     time.Duration // since the run's start; only where hasPlan
	hasPlan bool
	next    *job // the one behind it in its session
	copied  uint64
	links   Links
	// needs counts the jobs it waits for, dependents are those that wait for it,
	// and first says that its session does not hold it back.
	needs      int
	dependents []*job
	first      bool
	asks       []Ask
	sides      sync.WaitGroup
	bytes      int64 // counted in the window
	labels     map[string]string
}

// window is the bounded set of jobs that a run holds. Take is called by one
// goroutine.
type window struct {
	mu    sync.Mutex
	room  *sync.Cond
	free  []*job
	made  int // jobs in all
	slots int
	limit int64
	bytes atomic.Int64
}

func newWindow(slots int, limit int64) *window {
	w := &window{slots: slots, limit: limit}
	w.room = sync.NewCond(&w.mu)
	return w
}

// take waits for room and returns a job with a copy of e. One job is always
// let in, however large.
func (w *window) take(e *capture.Exchange) *job {
	w.mu.Lock()
	for w.full() {
		w.room.Wait()
	}
	var j *job
	if n := len(w.free); n > 0 {
		j, w.free = w.free[n-1], w.free[:n-1]
	} else {
		j = new(job)
		w.made++
	}
	w.mu.Unlock()
	j.load(e)
	w.bytes.Add(j.bytes)
	return j
}

func (w *window) full() bool {
	if len(w.free) == 0 && w.made == w.slots {
		return true
	}
	return w.bytes.Load() > w.limit && len(w.free) < w.made
}

// hold counts the answers of j too.
func (w *window) hold(j *job) {
	var n int64
	for i := range j.out.Answers {
		n += int64(len(j.out.Answers[i].Response.Body))
	}
	j.bytes += n
	w.bytes.Add(n)
}

// give returns j to the window, and with it everything it holds.
func (w *window) give(j *job) {
	clear(j.out.Answers)
	clear(j.asks)
	j.next, j.links, j.first = nil, nil, false
	w.bytes.Add(-j.bytes)
	w.mu.Lock()
	w.free = append(w.free, j)
	w.mu.Unlock()
	w.room.Signal()
}

// load copies e into j and uses j's own memory again where it can: what
// [capture.Exchange.Clone] does, without its allocations.
func (j *job) load(e *capture.Exchange) {
	own := &j.out.Recorded
	request, response, interim := own.Request.Message, own.Response.Message, own.Response.Interim
	*own = *e
	own.Request.Message = copyMessage(request, &e.Request.Message)
	own.Response.Message = copyMessage(response, &e.Response.Message)
	own.Response.Interim = refill(interim, e.Response.Interim)
	for i := range own.Response.Interim {
		own.Response.Interim[i].Header = slices.Clone(own.Response.Interim[i].Header)
	}
	own.Context.Labels = nil
	if e.Context.Labels != nil {
		if j.labels == nil {
			j.labels = make(map[string]string, len(e.Context.Labels))
		}
		clear(j.labels)
		maps.Copy(j.labels, e.Context.Labels)
		own.Context.Labels = j.labels
	}
	j.key = e.SessionKey()
	j.bytes = int64(len(e.Request.Body) + len(e.Response.Body))
}

// name makes the job the n-th copy of what it holds.
func (j *job) name(n uint64, links Links) {
	j.copied, j.links = n, links
	if n > 0 {
		j.out.Recorded.ID = j.out.Recorded.ID.Copy(n)
		j.key += "#" + strconv.FormatUint(n, 10)
	}
}

// copyMessage returns a copy of m that lives in the memory of own.
func copyMessage(own capture.Message, m *capture.Message) capture.Message {
	c := *m
	c.Header = refill(own.Header, m.Header)
	c.Trailer = refill(own.Trailer, m.Trailer)
	body := own.Body
	if cap(body) > keptBody {
		body = nil
	}
	c.Body = refill(body, m.Body)
	return c
}

// refill returns a copy of list that lives in the memory of own.
func refill[S ~[]E, E any](own, list S) S { return append(own[:0], list...) }
