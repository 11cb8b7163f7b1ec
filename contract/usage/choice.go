package usage

// The ways of an entry of a choice.
const (
	byValue way = iota
	byClass
)

// choices are the samples of what an origin gave and what the consumer did then,
// within one of its operations. Entries of what was given hold what a field said;
// those of what was sent, which outcome there was.
type choices struct {
	flow
	calls uint64
	names []string
	ids   map[string]uint16
	// at are the outcomes that are places of the answer.
	at map[*spot]entry
	// items are samples of the rows that the responses gave, nil for none.
	items *flow
	// list is what choices about items are of, and presence says that they are about
	// whether the answer has them.
	list     *spot
	presence bool
}

// choice returns the choices within an operation of the consumer, nil where there
// are too many.
func (f *Follower) choice(o *origin, context string) *choices {
	c := o.choices[context]
	if c == nil && f.flows < maxFlows {
		f.flows++
		c = &choices{flow: flow{flowKey: flowKey{context: context}}, ids: make(map[string]uint16), at: make(map[*spot]entry)}
		o.choices[context] = c
	}
	return c
}

// outcome returns the entry of an outcome, which there were too many of if false.
func (c *choices) outcome(name string) (entry, bool) {
	id, ok := c.ids[name]
	if !ok {
		if len(c.names) >= maxPlaces {
			return entry{}, false
		}
		id = uint16(len(c.names))
		c.ids[name] = id
		c.names = append(c.names, name)
	}
	return entry{at: id, hash: uint64(id)}, true
}

// there returns the entry of the outcome that something is at a place of a message.
func (c *choices) there(into string, at *spot) (entry, bool) {
	if e, ok := c.at[at]; ok {
		return e, true
	}
	e, ok := c.outcome(into + " " + string(at.place()))
	if ok {
		c.at[at] = e
	}
	return e, ok
}

// stated appends what the fields of some values say: each by its value, and by what
// it is.
func stated(to []entry, values []value) []entry {
	for i := range values {
		v := &values[i]
		e := entry{at: v.at.id, way: byValue, hash: v.hash}
		if v.kind == tree {
			e.hash = uint64(tree)
			to = append(to, e)
			continue
		}
		to = append(to, e)
		e.way, e.hash = byClass, v.class()
		to = append(to, e)
	}
	return to
}

// class tells what a decision may ask of a value of which there are many.
func (v *value) class() uint64 {
	c := uint64(v.kind) << 8
	switch {
	case v.kind == boolean:
		return v.hash
	case v.kind == text && v.text == "":
		return c | 1
	case v.kind == number && v.dec.c == 0:
		return c | 2
	case v.kind == number && v.dec.c < 0:
		return c | 3
	}
	return c
}
