package impact

import (
	"fmt"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/promise"
)

// weigher says what changes mean to one consumer.
type weigher struct {
	old, new *openapi.Document
	contract *contract.Contract
	byName   map[string]*contract.Interaction
	unit     unit
}

func newWeigher(before, after *openapi.Document, c *contract.Contract, of unit) *weigher {
	w := &weigher{old: before, new: after, contract: c, unit: of, byName: make(map[string]*contract.Interaction, len(c.Interactions))}
	for i := range c.Interactions {
		w.byName[c.Interactions[i].Operation] = &c.Interactions[i]
	}
	return w
}

// weigh tells what a change is to the consumer; the level is Safe where it does
// not concern it.
func (w *weigher) weigh(c *compat.Change) Effect {
	it := w.byName[c.Operation]
	if it == nil || c.Level == compat.Safe {
		return Effect{Level: Safe}
	}
	e := Effect{
		Rule: c.ID, Operation: c.Operation, Status: c.Status, At: c.At, Calls: it.Calls, Of: it.Calls,
		Old: where(w.old, c.Old), New: where(w.new, c.New),
	}
	switch c.Direction {
	case compat.InResponse:
		w.response(&e, c, it)
	case compat.InRequest:
		w.request(&e, c, it)
	default:
		e.Level = ofChange(c.Level)
		e.Text = fmt.Sprintf("calls %s %s", c.Operation, w.unit.share(it.Calls, it.Calls))
	}
	return e
}

// ofChange is what a change is to who depends on it.
func ofChange(l compat.Level) Level {
	switch l {
	case compat.Breaking:
		return Breaks
	case compat.Risky:
		return Risk
	}
	return Safe
}

// response weighs what comes back by what the consumer uses of it.
func (w *weigher) response(e *Effect, c *compat.Change, it *contract.Interaction) {
	e.Level = Safe
	for i := range it.Responses {
		r := &it.Responses[i]
		if !statusFits(c.Status, r.Status) || c.MediaType != "" && r.MediaType != "" && c.MediaType != r.MediaType {
			continue
		}
		if c.At == "" || c.At == "status" || c.At == "body" {
			w.whole(e, c, r)
			continue
		}
		for j := range r.Fields {
			// What holds the place is used only for what is used in it, which has fields of
			// its own.
			if f := &r.Fields[j]; holds(c.At, f.At) {
				w.field(e, c, r, f)
			}
		}
	}
}

// whole weighs a change of all of a response: who was answered so depends on it.
func (w *weigher) whole(e *Effect, c *compat.Change, r *contract.Answer) {
	level := ofChange(c.Level)
	if worst(e.Level, level) == e.Level {
		return
	}
	e.Level, e.Calls, e.Of = level, r.Calls, r.Calls
	e.Text = fmt.Sprintf("is answered %d by %s in %s", r.Status, c.Operation, w.unit.count(r.Calls))
}

func (w *weigher) field(e *Effect, c *compat.Change, r *contract.Answer, f *contract.Field) {
	level := Safe
	switch f.Usage.State {
	case contract.Used:
		level = ofChange(c.Level)
	case contract.Seen:
		if c.Level == compat.Breaking {
			level = Notice
		}
	}
	if worst(e.Level, level) == e.Level && (level != e.Level || f.Usage.Calls <= e.Calls) {
		return
	}
	e.Level = level
	if f.Usage.State == contract.Used {
		e.Calls, e.Of = f.Usage.Calls, f.Usage.Of
		e.Text = fmt.Sprintf("uses %s of %s %s", f.At, c.Operation, w.unit.share(e.Calls, e.Of))
		return
	}
	e.Calls, e.Of = f.Seen, r.Calls
	e.Text = fmt.Sprintf("is given %s of %s %s; nothing shows that it uses it", f.At, c.Operation, w.unit.share(e.Calls, e.Of))
}

// request weighs what is asked for by what the consumer was seen to send.
func (w *weigher) request(e *Effect, c *compat.Change, it *contract.Interaction) {
	op := counterpart(w.new, c.Operation)
	if op == nil || c.At == "" || c.At == "body" {
		e.Level = ofChange(c.Level)
		e.Text = fmt.Sprintf("calls %s %s", c.Operation, w.unit.share(it.Calls, it.Calls))
		return
	}
	p := asked(w.new, op, c.At, c.MediaType)
	f := sent(it, c.At)
	if f == nil || f.Seen == 0 {
		w.unsent(e, c, it, p)
		return
	}
	e.Calls, e.Of = f.Seen, it.Calls
	if p.Always && f.Optional() {
		e.Calls, e.Of = f.Of-f.Seen, f.Of
		e.Level = ofChange(c.Level)
		e.Text = fmt.Sprintf("leaves out %s of %s, which is required now, %s", c.At, c.Operation, w.unit.share(e.Calls, f.Of))
		return
	}
	fit, keyword := fit(f, w.new, &p)
	switch {
	case !p.Declared, fit == unfit:
		e.Level = ofChange(c.Level)
	case fit == unsure:
		e.Level = worst(Notice, minLevel(ofChange(c.Level), Risk))
	default:
		e.Level = Safe // what it sends is still taken
	}
	e.Text = fmt.Sprintf("sends %s of %s %s", c.At, c.Operation, w.unit.share(e.Calls, e.Of))
	if keyword != "" {
		e.Text += ", with values that " + map[fitness]string{unfit: "break", unsure: "may break"}[fit] + " its " + keyword
	}
}

// unsent weighs a part that the consumer never sends: it matters only where it is
// required now.
func (w *weigher) unsent(e *Effect, c *compat.Change, it *contract.Interaction, p promise.Promise) {
	e.Level = Safe
	if p.Always && sentParent(it, c.At) {
		e.Level = ofChange(c.Level)
		e.Text = fmt.Sprintf("never sends %s of %s, which is required now, in %s", c.At, c.Operation, w.unit.count(it.Calls))
	}
}

func minLevel(a, b Level) Level {
	if a.rank() < b.rank() {
		return a
	}
	return b
}
