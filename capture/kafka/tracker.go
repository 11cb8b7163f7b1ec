package kafka

import "twinspect.dev/capture"

// tracker knows up to where a partition's records were processed without a hole:
// that offset may be committed.
type tracker struct {
	// low is the offset before which all is processed.
	low   int64
	queue []*delivery
}

// delivery is one record, or some offsets without one, that were passed.
type delivery struct {
	// next is the offset behind it.
	next int64
	done bool
	of   *tracker
}

// skip passes the offsets before next, which hold nothing to process.
func (t *tracker) skip(next int64) {
	if n := len(t.queue); n > 0 {
		if last := t.queue[n-1]; last.done {
			last.next = next
		} else {
			t.queue = append(t.queue, &delivery{next: next, done: true, of: t})
		}
		return
	}
	t.low = max(t.low, next)
}

// deliver passes a record that is still to be processed.
func (t *tracker) deliver(next int64) *delivery {
	d := &delivery{next: next, of: t}
	t.queue = append(t.queue, d)
	return d
}

// settle moves low over what is done.
func (t *tracker) settle() {
	n := 0
	for n < len(t.queue) && t.queue[n].done {
		t.low = max(t.low, t.queue[n].next)
		n++
	}
	clear(t.queue[:n])
	t.queue = t.queue[n:]
}

// pending are the deliveries that were not processed yet, by the exchange's ID.
// The same exchange may be delivered again before it was: then both are.
type pending map[capture.ID][]*delivery

func (p pending) add(id capture.ID, d *delivery) { p[id] = append(p[id], d) }

// processed marks the deliveries of id; of exchanges without an ID, which cannot
// be told apart, the oldest one.
func (p pending) processed(id capture.ID) {
	list := p[id]
	if len(list) == 0 {
		return
	}
	if id.IsZero() && len(list) > 1 {
		list[0].finish()
		p[id] = list[1:]
		return
	}
	for _, d := range list {
		d.finish()
	}
	delete(p, id)
}

func (d *delivery) finish() {
	d.done = true
	d.of.settle()
}
