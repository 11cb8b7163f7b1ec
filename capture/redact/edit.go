package redact

// editor replaces parts of src, from left to right, in new memory.
type editor struct {
	src, out []byte
	done     int
}

// replace puts with in the place of src[from:to]; nil leaves it. What was
// replaced before is not replaced again.
func (e *editor) replace(from, to int, with []byte) {
	if with == nil || from < e.done {
		return
	}
	if e.out == nil {
		e.out = make([]byte, 0, len(e.src)+len(with)-(to-from))
	}
	e.out = append(append(e.out, e.src[e.done:from]...), with...)
	e.done = to
}

// result returns the new text, nil where nothing was replaced.
func (e *editor) result() []byte {
	if e.out == nil {
		return nil
	}
	e.out = append(e.out, e.src[e.done:]...)
	e.done = len(e.src)
	return e.out
}
