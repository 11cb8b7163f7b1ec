package tlswire

import (
	"bytes"
	"encoding/binary"
)

// find searches p for a record of application data that proves where the
// stream stands. It takes as much of p as there is room for.
func (h *half) find(p []byte) int {
	if h.buf == nil {
		if h.buf = h.c.d.buffer(); h.buf == nil {
			h.pos += int64(len(p))
			h.loss.bytes += int64(len(p))
			return len(p)
		}
	}
	n := min(maxRecord-len(h.buf), len(p))
	h.buf = append(h.buf, p[:n]...)
	h.pos += int64(n)
	h.scan(false)
	return n
}

// scan goes through the buffer. What cannot begin a record is missing; what
// begins one that is not whole stays, unless nothing follows.
func (h *half) scan(final bool) {
	b := h.buf
	base := h.pos // behind the buffer
	for h.search && len(b) > 0 {
		n := h.candidate(b)
		h.loss.bytes += int64(n)
		b = b[n:]
		size := len(b) + 1
		if len(b) >= headerSize {
			size, _ = recordSize(b)
		}
		if size > len(b) {
			if !final || len(b) == 0 {
				break
			}
			h.loss.bytes++
			b = b[1:]
			continue
		}
		h.pos = base - int64(len(b)-size)
		if f, ok := h.prove(b[:size]); ok {
			h.search = false
			h.accept(b[:size], f)
			b = b[size:]
			break
		}
		h.loss.bytes++
		b = b[1:]
		if h.budget <= 0 {
			h.loss.bytes += int64(len(b))
			h.pos = base
			h.kill(Unsynchronised)
			return
		}
	}
	h.pos = base
	h.keep(b)
}

// keep goes on with the rest of the buffer: as records where one was found.
func (h *half) keep(b []byte) {
	if h.dead {
		h.loss.bytes += int64(len(b))
		h.free()
		return
	}
	if h.search {
		h.buf = h.buf[:copy(h.buf[:cap(h.buf)], b)]
		if len(h.buf) == 0 {
			h.free()
		}
		return
	}
	old := h.buf
	h.buf = nil
	h.pos -= int64(len(b))
	for len(b) > 0 {
		b = b[h.step(b):]
	}
	h.c.d.release(old)
}

// candidate returns where in b the next plausible record header is, or may
// begin.
func (h *half) candidate(b []byte) int {
	for i := 0; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], typeApplication)
		if n < 0 {
			return len(b)
		}
		i += n
		if h.plausible(b[i:]) {
			return i
		}
	}
	return len(b)
}

// plausible reports whether b may begin a record of application data: every
// one has the version of TLS 1.2 (RFC 8446 section 5.1), and a length.
func (h *half) plausible(b []byte) bool {
	switch {
	case len(b) > 1 && b[1] != 3, len(b) > 2 && b[2] != 3:
		return false
	case len(b) < headerSize:
		return true
	}
	n := int(binary.BigEndian.Uint16(b[3:headerSize]))
	return n >= h.overhead()-8 && n <= maxPlain+maxExpansion
}
