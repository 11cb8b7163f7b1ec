package run

import (
	"context"
	"sync"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/place"
	"twinspect.dev/contract/shrink"
)

// A finding may take this long to settle, or so many times as long as its example
// took: one that is found by hanging would take hours.
const (
	settleTime  = 5 * time.Second
	settleTimes = 8
)

// settle asks the examples of all findings again and makes them smaller.
func (r *Runner) settle(ctx context.Context) {
	queue := make(chan *found)
	var workers sync.WaitGroup
	for i := range r.cfg.Parallel {
		workers.Go(func() {
			w := r.worker(r.cfg.Parallel + i)
			w.settling = true
			for f := range queue {
				w.settleOne(ctx, f)
			}
		})
	}
	for _, f := range r.tally.findings.All() {
		queue <- f
	}
	close(queue)
	workers.Wait()
}

func (w *worker) settleOne(ctx context.Context, f *found) {
	var took time.Duration
	for i := range f.Of.seen {
		took += f.Of.seen[i].Latency
	}
	within, cancel := context.WithTimeout(ctx, max(settleTime, settleTimes*took))
	defer cancel()
	for range w.cfg.Again {
		if within.Err() != nil {
			break
		}
		came, asked := w.comes(within, f, &f.Of.cs)
		if !came && (!asked || within.Err() != nil) {
			break // given up midway: it says nothing
		}
		f.Asked++
		if came {
			f.Seen++
		}
	}
	f.Flaky = f.Seen < f.Asked
	left := 0
	if !f.Flaky && f.Asked > 0 {
		left = w.shrink(within, f)
	}
	f.Message = w.hideText(f.Message)
	f.Example = w.example(f)
	f.Example.Left = left
}

// comes asks a case and reports whether the finding's cause comes of it; then the
// case is the finding's example. asked is false where the provider was not there.
func (w *worker) comes(ctx context.Context, f *found, cs *contract.Case) (came, asked bool) {
	seen, halted := w.run(ctx, cs)
	broken, _ := w.verdicts(ctx, cs, seen, &halted)
	for _, b := range broken {
		if b.Check == f.Check && b.Cause == f.Cause && blamed(cs, &b) == f.Operation {
			f.Of = shown{*cs, seen}
			f.Message, f.At = b.Message, b.At
			return true, true
		}
	}
	return false, reasonOf(halted) != ProviderGone
}

// shrink makes the example smaller as long as the cause comes, and returns how many
// parts it does without.
func (w *worker) shrink(ctx context.Context, f *found) (left int) {
	broke := w.broke(&f.Of.cs, f.Of.seen)
	asks := w.cfg.Shrink
	for again := true; again; {
		again = false
		for smaller := range shrink.Smaller(&f.Of.cs) {
			if asks <= 0 || ctx.Err() != nil {
				return left
			}
			if !w.alike(&smaller, f.Of.seen, broke) {
				continue
			}
			asks--
			if came, _ := w.comes(ctx, f, &smaller); came {
				left++
				again = true
				break
			}
		}
	}
	return left
}

// broke returns where a negative case breaks the document, and by what.
func (w *worker) broke(cs *contract.Case, seen []contract.Observation) map[[2]string]bool {
	if cs.Kind != contract.Negative || len(seen) == 0 {
		return nil
	}
	places := map[[2]string]bool{}
	for _, v := range w.cfg.Conformer.Request(w.cfg.Document.Operation(cs.Steps[0].Operation), &seen[0].Request) {
		places[[2]string{string(v.At), v.Keyword}] = true
	}
	return places
}

// alike reports whether a smaller case is still of its kind: what was valid has to
// stay so, and what was not has to break the same, or the example would show
// something else. What earlier steps give is taken as it was given before.
func (w *worker) alike(cs *contract.Case, seen []contract.Observation, broke map[[2]string]bool) bool {
	for i := range cs.Steps {
		step := &cs.Steps[i]
		r := step.Request
		if r.Method != "" || r.Target != "" {
			continue // no operation of the document
		}
		if o := asked(seen, step, len(cs.Steps)); o != nil {
			for name, v := range o.Request.Path {
				if p := contract.At("path", name); !place.Has(&r, p) {
					r, _ = place.Put(r, p, v)
				}
			}
			for _, u := range step.Use {
				if v, err := taken(&o.Request, u.Into); err == nil {
					r, _ = place.Put(r, u.Into, v)
				}
			}
		}
		violations := w.cfg.Conformer.Request(w.cfg.Document.Operation(step.Operation), &r)
		if len(violations) != len(broke) {
			return false
		}
		for _, v := range violations {
			if !broke[[2]string{string(v.At), v.Keyword}] {
				return false
			}
		}
	}
	return true
}

// asked returns what was last seen of a step.
func asked(seen []contract.Observation, step *contract.Step, steps int) *contract.Observation {
	for i := range seen {
		if steps == 1 || seen[i].Exchange.Request.Method != "" && seen[i].Step < steps && sameShape(&seen[i], step) {
			return &seen[i]
		}
	}
	return nil
}

func sameShape(o *contract.Observation, step *contract.Step) bool {
	for _, u := range step.Use {
		if _, err := taken(&o.Request, u.Into); err != nil {
			return false
		}
	}
	return true
}
