package tlswire

import "twinspect.dev/capture"

// passing counts the records of a connection that is given on as it is.
type passing struct {
	d      *Decrypter
	reason capture.Reason
	seen   bool
	half   [2]walk
}

// walk goes from header to header.
type walk struct {
	header [headerSize]byte
	have   int   // of the header
	left   int64 // of the record
	lost   bool  // it is not known where a record begins
}

func (p *passing) data(dir int, b []byte) {
	if p.reason == NotTLS {
		if !p.seen {
			p.d.count(NotTLS, 1)
		}
		p.seen = true
		return
	}
	w := &p.half[dir]
	for len(b) > 0 && !w.lost {
		b = p.step(w, b)
	}
}

func (p *passing) step(w *walk, b []byte) []byte {
	if w.left > 0 {
		n := min(w.left, int64(len(b)))
		w.left -= n
		return b[n:]
	}
	n := copy(w.header[w.have:], b)
	w.have += n
	if w.have < headerSize {
		return nil
	}
	size, ok := recordSize(w.header[:])
	p.d.count(p.reason, 1)
	w.have, w.left, w.lost = 0, int64(size-headerSize), !ok
	return b[n:]
}

func (p *passing) gap(dir int, n int64) {
	w := &p.half[dir]
	switch {
	case p.reason == NotTLS || w.lost:
	case n <= w.left:
		w.left -= n
	default:
		w.lost = true
		p.d.count(p.reason, 1)
	}
}
