package jsondiff

// span is a place in a document; the zero span stands for a missing value.
type span struct{ start, end uint32 }

// way is where the comparison stands. Names are turned into strings only for
// steps that are asked for.
type way struct {
	steps []wayStep
	made  Path // the leading steps that were asked for
	buf   []byte
	names map[string]string
}

// wayStep is one step; see Step.
type wayStep struct {
	name    span // a member's name with its quotes
	index   int32
	other   bool   // name stands in the other document
	escaped bool   // name may hold an escape
	id      uint32 // of the step in the changes, 0 while it is not there
}

// maxNames bounds the names that are kept to spare making them anew for each
// change: 1024 of at most 64 bytes hold the members of an ordinary interface, in
// about 100 KiB.
const (
	maxNames   = 1024
	maxNameLen = 64
)

func (w *way) reset() {
	w.steps, w.made = w.steps[:0], w.made[:0]
	if len(w.names) >= maxNames {
		clear(w.names)
	}
}

func (w *way) enter() { w.steps = append(w.steps, wayStep{}) }

func (w *way) enterMember(name ref) {
	w.steps = append(w.steps, memberStep(name))
}

func memberStep(name ref) wayStep {
	n := name.node()
	return wayStep{name: span{n.start, n.end}, index: -1, other: name.t.side == Other, escaped: n.escaped}
}

func (w *way) enterElement(i int) { w.steps = append(w.steps, wayStep{index: int32(i)}) }

// turn replaces the last step.
func (w *way) turn(s wayStep) {
	top := len(w.steps) - 1
	w.steps[top] = s
	if len(w.made) > top {
		w.made = w.made[:top]
	}
}

func (w *way) leave() {
	w.steps = w.steps[:len(w.steps)-1]
	w.made = w.made[:min(len(w.made), len(w.steps))]
}

// path returns the first n steps. They are valid until the next change of the
// way.
func (w *way) path(docs *[2][]byte, n int) Path {
	for _, s := range w.steps[min(n, len(w.made)):n] {
		w.made = append(w.made, w.step(docs, s.name, int(s.index), s.other, s.escaped))
	}
	return w.made[:n:n]
}

func (w *way) step(docs *[2][]byte, name span, index int, other, escaped bool) Step {
	if index >= 0 {
		return Step{Index: index}
	}
	src := docs[0]
	if other {
		src = docs[1]
	}
	text := src[name.start+1 : name.end-1]
	if escaped {
		w.buf = appendText(w.buf[:0], src[name.start:name.end])
		text = w.buf
	}
	return Step{Name: w.name(text), Index: -1}
}

// name returns text as a string, the same one for the same text mostly.
func (w *way) name(text []byte) string {
	if s, ok := w.names[string(text)]; ok {
		return s
	}
	s := string(text)
	if len(s) <= maxNameLen && len(w.names) < maxNames {
		if w.names == nil {
			w.names = map[string]string{}
		}
		w.names[s] = s
	}
	return s
}
