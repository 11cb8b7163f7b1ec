// Package calls joins the traces of the sides to the outcomes that they belong
// to, judges the calls that the service made to answer, and says where base and
// branch first differ.
//
// Calls that are missing, added, repeated or end in another way are differences
// of their own, at [diff.Call]. They are judged by a ledger of their own, over the
// outcomes of which every side's trace is whole.
package calls

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
	"twinspect.dev/diff"
	"twinspect.dev/diff/locate"
	"twinspect.dev/diff/noise"
	"twinspect.dev/replay"
)

// The reasons for which an outcome is not joined. Its answers are compared all the
// same, so that nothing of the comparison is lost.
const (
	// NoTrace: a request names no trace, or two sides' the same.
	NoTrace capture.Reason = "no-trace-of-its-own"
	// NoSpans: no span of a side's trace has come, or too many, or it was given up.
	NoSpans capture.Reason = "no-spans"
	// NotWhole: spans are missing in a side's trace.
	NotWhole capture.Reason = "trace-not-whole"
	// TooMany: others wait for their traces already.
	TooMany capture.Reason = "too-many-waiting"
)

const (
	// maxPending is how many outcomes wait for their traces, of three each that the
	// store has room for.
	maxPending = 20000
	// maxLocations is how many occurrences are kept of an operation: those of the
	// lowest rank, as examples are.
	maxLocations = 64
	// maxOperations bounds the operations of which any are kept.
	maxOperations = 2048
)

// Joiner waits for the traces of outcomes. All methods may be called by many
// goroutines.
type Joiner struct {
	store *trace.Store
	// show returns a request-target without its secrets.
	show func(target string) string

	mu        sync.Mutex
	ledger    *noise.Ledger
	pending   []outcome
	locations map[string][]occurrence
	stats     capture.Stats
}

// outcome is what is kept of one while its traces are on their way.
type outcome struct {
	operation, method, target, session string
	exchange                           string
	base, branch, control              asked // control is zero where it was not asked
	differs                            bool  // branch's answer from base's
}

// asked is the trace in which a side was asked, and the span that the request names
// as the parent.
type asked struct {
	trace.TraceID
	parent trace.SpanID
}

// occurrence is where an outcome's traces first differ.
type occurrence struct {
	rank uint64
	diff.Location
}

// New returns a joiner of the traces in store.
func New(store *trace.Store, show func(target string) string) *Joiner {
	return &Joiner{store: store, show: show, ledger: noise.New(noise.Limits{}), locations: make(map[string][]occurrence)}
}

// Add takes in an outcome that was compared; differs says that branch's answer is
// not base's. Nothing of o is kept.
func (j *Joiner) Add(operation, session string, o *replay.Outcome, differs bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stats.Seen++
	w := outcome{
		operation: strings.Clone(operation), session: strings.Clone(session), differs: differs,
		exchange: o.Recorded.ID.String(), method: strings.Clone(o.Recorded.Request.Method), target: strings.Clone(j.show(o.Recorded.Request.Target)),
		base: traceOf(o, replay.Base), branch: traceOf(o, replay.Branch), control: traceOf(o, replay.Control),
	}
	switch {
	case w.base.IsZero() || w.branch.IsZero() || w.base.TraceID == w.branch.TraceID,
		o.Answer(replay.Control) != nil && (w.control.IsZero() || w.control.TraceID == w.base.TraceID || w.control.TraceID == w.branch.TraceID):
		j.stats.Filter(NoTrace, 1)
	case len(j.pending) >= maxPending:
		j.stats.Filter(TooMany, 1)
	default:
		j.pending = append(j.pending, w)
		j.store.Want(w.traces()...)
	}
}

func traceOf(o *replay.Outcome, side replay.Side) asked {
	a := o.Answer(side)
	if a == nil {
		return asked{}
	}
	text, span := capture.TraceOf(a.Request.Header)
	id, err := trace.ParseTraceID(text)
	if err != nil {
		return asked{}
	}
	parent, _ := trace.ParseSpanID(span) // without one every beginning will do
	return asked{id, parent}
}

func (w *outcome) traces() []trace.TraceID {
	var ids []trace.TraceID
	for _, side := range w.sides() {
		ids = append(ids, side.TraceID)
	}
	return ids
}

func (w *outcome) sides() []asked {
	if w.control.IsZero() {
		return []asked{w.base, w.branch}
	}
	return []asked{w.base, w.branch, w.control}
}

// Pending returns the traces that outcomes wait for.
func (j *Joiner) Pending() []trace.TraceID {
	j.mu.Lock()
	defer j.mu.Unlock()
	var ids []trace.TraceID
	for i := range j.pending {
		ids = append(ids, j.pending[i].traces()...)
	}
	return ids
}

// Join joins the outcomes whose traces have been quiet for a period, and returns
// how many still wait.
func (j *Joiner) Join(now time.Time, quiet time.Duration) (waiting int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := j.pending[:0]
	for i := range j.pending {
		w := j.pending[i]
		if slices.ContainsFunc(w.traces(), func(id trace.TraceID) bool { return !j.store.Quiet(id, now, quiet) }) {
			kept = append(kept, w)
			continue
		}
		j.join(&w)
	}
	clear(j.pending[len(kept):])
	j.pending = kept
	return len(kept)
}

// Finish joins what still waits with the spans that there are.
func (j *Joiner) Finish() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.pending {
		j.join(&j.pending[i])
	}
	j.pending = nil
}

// join observes the calls of one outcome.
func (j *Joiner) join(w *outcome) {
	trees, reason := j.trees(w)
	j.store.Forget(w.traces()...)
	if reason != "" {
		j.stats.Filter(reason, 1)
		return
	}
	j.stats.Written++
	base, branch := trees[0], trees[1]
	seen := noise.Observation{
		Operation: w.operation, Exchange: w.exchange, Method: w.method, Target: w.target, Session: w.session,
		Branch: locate.Compare(base, branch), Paired: len(trees) > 2,
	}
	if seen.Paired {
		seen.Control = locate.Compare(base, trees[2])
	}
	j.ledger.Observe(seen)
	if w.differs || len(seen.Branch) > 0 {
		j.locate(w, base, branch)
	}
}

// trees returns the tree of each side, or why one cannot be used.
func (j *Joiner) trees(w *outcome) ([]*trace.Tree, capture.Reason) {
	var trees []*trace.Tree
	begins := true
	for _, side := range w.sides() {
		tree, ok := j.store.Tree(side.TraceID)
		switch {
		case !ok:
			return nil, NoSpans
		case !tree.Whole():
			return nil, NotWhole
		}
		trees = append(trees, tree)
		begins = begins && side.begins(tree.Root)
	}
	if !begins && slices.ContainsFunc(trees, func(t *trace.Tree) bool { return t.Root.Service() != trees[0].Root.Service() }) {
		return nil, NotWhole
	}
	return trees, ""
}

// begins reports whether the root is what was asked. It need not be where
// something in between, such as a gateway, keeps its spans for itself; but then
// the sides begin with the same service.
func (a asked) begins(root *trace.Call) bool {
	for _, s := range []*trace.Span{root.Client, root.Server} {
		// B3 lets the server have the span of its caller.
		if s != nil && (s.Parent.IsZero() || s.Parent == a.parent || s.ID == a.parent) {
			return true
		}
	}
	return a.parent.IsZero()
}

// locate keeps where the traces of an outcome first differ; where they do not,
// that is kept too.
func (j *Joiner) locate(w *outcome, base, branch *trace.Tree) {
	list, known := j.locations[w.operation]
	if !known && len(j.locations) >= maxOperations {
		return
	}
	found := occurrence{rank: noise.Rank(w.exchange), Location: diff.Location{Exchange: w.exchange, Of: 1}}
	if place := locate.First(base, branch); place != nil {
		found.Location = place.Location(w.exchange)
	}
	at, _ := slices.BinarySearchFunc(list, found, func(a, b occurrence) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.Exchange, b.Exchange))
	})
	list = slices.Insert(list, at, found)
	j.locations[w.operation] = list[:min(len(list), maxLocations)]
}
