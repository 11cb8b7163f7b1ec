package h2

import "slices"

// maxRows bounds the rows that a Finder follows. Random bytes begin fewer than
// one in a thousand offsets of the default window, of which hardly one goes on; a
// body of frames within frames begins a few more.
const maxRows = 256

// Finder finds where frames begin again after a gap. A few frame headers in a
// row prove nothing: a body may hold frames, as a tunnel or an upload of a capture
// does. So every offset at which the first frame may begin is followed to where
// that frame would end, and from there on. The first true header is among them,
// for it lies no further from the gap than a frame is long, and the row that
// begins with it never breaks. Once all of them have begun, and all rows that
// have not broken meet at one offset, a frame begins there for certain. No
// earlier offset is certain, for a row of frames in a body may lead to its end.
type Finder struct {
	sender Sender
	last   []byte
	at     int   // the offset of last
	from   int   // the first offset where a row may begin
	ends   []int // where the rows lead that have not broken, in order
}

// NewFinder returns a finder for what a sender sends.
func NewFinder(from Sender) *Finder {
	return &Finder{sender: from, last: make([]byte, 0, HeaderSize)}
}

// Last returns the bytes that may yet belong to the frame that is found: fewer
// than a header has.
func (f *Finder) Last() []byte { return f.last }

// Feed takes bytes up to where it is proven where a frame begins: ahead bytes
// after those taken, or with Last. However the bytes are cut, the result is one.
func (f *Finder) Feed(p []byte) (n, ahead int, found bool) {
	for _, b := range p {
		n++
		if f.last = append(f.last, b); len(f.last) < HeaderSize {
			continue
		}
		f.look()
		f.last = f.last[:copy(f.last, f.last[1:])]
		f.at++
		if f.window() {
			continue
		}
		switch len(f.ends) {
		case 0:
			f.from = f.at // the sender breaks the rules
		case 1:
			return n, f.meet(), true
		}
	}
	return n, 0, false
}

// meet keeps of the last bytes those from where the rows meet.
func (f *Finder) meet() (ahead int) {
	over := f.ends[0] - f.at
	f.last = f.last[min(over, len(f.last)):]
	return max(over-HeaderSize+1, 0)
}

// window reports whether the first true header may begin at the offset at hand:
// behind the rest of a cut one and a payload.
func (f *Finder) window() bool { return f.at-f.from < HeaderSize+f.sender.MaxFrame }

// look follows the frame that may begin at the offset at hand.
func (f *Finder) look() {
	led := len(f.ends) > 0 && f.ends[0] == f.at
	if led {
		f.ends = slices.Delete(f.ends, 0, 1)
	}
	head := (*[HeaderSize]byte)(f.last)
	if !led && !f.window() || !f.sender.mayBegin(head) {
		return
	}
	next := f.at + HeaderSize + ParseHeader(head).Length
	if i, known := slices.BinarySearch(f.ends, next); !known {
		f.ends = slices.Insert(f.ends, i, next)
	}
	if len(f.ends) > maxRows {
		f.ends, f.from = f.ends[:0], f.at+1
	}
}
