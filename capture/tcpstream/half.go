package tcpstream

import (
	"bytes"
	"slices"
	"time"
)

// maxWindow is the largest window that TCP can announce: 65535 bytes scaled by
// 14 bits (RFC 7323 section 2.3). Nothing further away belongs to the stream.
const maxWindow = 1 << 30

// half is one direction of a connection. Positions count from the first byte of
// the stream and do not wrap.
type half struct {
	known   bool   // base is known
	guessed bool   // base is only the other side's first acknowledgement
	seen    bool   // a segment of this direction was seen
	base    uint32 // sequence number of position 0
	next    int64  // position of the next byte to deliver
	acked   int64  // what the other side has acknowledged
	waived  int64  // acknowledgements up to here no longer hold data back
	mark    int64  // acked when the present wait began
	fin     int64  // position of the FIN, -1 before it is seen
	lostAt  int64  // the last gap reached from here
	lostEnd int64  // to here
	strays  int    // segments out of the window in a row
	reset   bool   // this side sent a RST that ends the connection
	// challenged: it sent one that does not, but may be answered by another
	// that was not captured.
	challenged bool
	ended      bool
	endAt      time.Time
	queue      []chunk // ordered by position, without overlap
	size       int     // what the chunks in queue cost
}

// minCost is what a chunk costs at least in the limits on buffers. With the
// default of 4 MiB no more than 4096 chunks wait in a connection, however small
// they are: each takes 100 bytes beside its own, and one that is inserted moves
// those behind it.
const minCost = 1 << 10

func (c *chunk) cost() int { return max(len(c.data), minCost) }

// chunk is a piece of a segment that waits for the bytes before it.
type chunk struct {
	at      time.Time
	pos     int64
	acked   int64
	data    []byte
	missing int64
	counts  bool // the piece that stands for its segment in the account
}

func (c *chunk) end() int64 { return c.pos + int64(len(c.data)) + c.missing }

// start sets the sequence number of position 0.
func (h *half) start(seq uint32) {
	if h.known {
		h.acked = int64(int32(h.base + uint32(h.acked) - seq))
	}
	h.base, h.known, h.guessed = seq, true, false
}

// position unwraps a sequence number: of all positions that have it, the one
// nearest to the next byte.
func (h *half) position(seq uint32) int64 {
	return h.next + int64(int32(seq-(h.base+uint32(h.next))))
}

// begin fixes position 0 when the first payload of a direction arrives. A base
// that the other side's acknowledgement gave is kept where bytes after it may
// just be missing (at most limit of them), and corrected otherwise.
func (h *half) begin(seq uint32, limit int) {
	if !h.known {
		h.start(seq)
	}
	if h.guessed && !h.seen {
		if off := h.position(seq); off < 0 || off > int64(limit) {
			h.start(seq)
		}
	}
	h.seen, h.guessed = true, false
}

// missing returns the length of the hole before the first waiting chunk, or
// before the FIN where nothing waits.
func (h *half) missing() int64 {
	end := h.next
	switch {
	case len(h.queue) > 0 && (h.fin < 0 || h.queue[0].pos < h.fin):
		end = h.queue[0].pos
	case h.fin >= 0:
		end = h.fin
	}
	return max(end-h.next, 0)
}

// end returns the position behind all that was seen.
func (h *half) end() int64 {
	if n := len(h.queue); n > 0 {
		return h.queue[n-1].end()
	}
	return h.next
}

// passed reports whether the other side has acknowledged a hole as a whole.
func (h *half) passed(acked int64) bool {
	n := h.missing()
	return n > 0 && h.next+n <= acked
}

// insert keeps those parts of c that are neither delivered nor waiting. It
// reports whether anything was kept and whether a repeated part differed.
func (h *half) insert(c chunk) (kept, conflict bool) {
	i, _ := slices.BinarySearchFunc(h.queue, c.pos, func(q chunk, pos int64) int {
		if q.end() <= pos {
			return -1
		}
		return 1
	})
	c.counts = true
	for i < len(h.queue) && h.queue[i].pos < c.end() {
		q := &h.queue[i]
		conflict = conflict || differ(q, &c)
		if c.pos < q.pos {
			h.place(i, c.cut(q.pos))
			c.counts, kept = false, true
			i++
		}
		if c.end() <= h.queue[i].end() {
			return kept, conflict
		}
		c.trim(h.queue[i].end())
		i++
	}
	h.place(i, c)
	return true, conflict
}

// place copies a chunk into the queue.
func (h *half) place(i int, c chunk) {
	c.data = bytes.Clone(c.data)
	h.size += c.cost()
	h.queue = slices.Insert(h.queue, i, c)
}

// pop takes the first chunk from the queue.
func (h *half) pop() chunk {
	c := h.queue[0]
	h.queue[0] = chunk{}
	h.queue = h.queue[1:]
	if len(h.queue) == 0 {
		h.queue = nil
	}
	h.size -= c.cost()
	return c
}

// cut returns the part of c before pos.
func (c chunk) cut(pos int64) chunk {
	n := pos - c.pos
	if n >= int64(len(c.data)) {
		c.missing = n - int64(len(c.data))
		return c
	}
	c.data, c.missing = c.data[:n], 0
	return c
}

// trim removes the part of c before pos.
func (c *chunk) trim(pos int64) {
	n := min(pos-c.pos, int64(len(c.data)))
	c.data = c.data[n:]
	c.missing -= pos - c.pos - n
	c.pos = pos
}

// differ compares the bytes that both chunks hold.
func differ(a, b *chunk) bool {
	from := max(a.pos, b.pos)
	to := min(a.pos+int64(len(a.data)), b.pos+int64(len(b.data)))
	if from >= to {
		return false
	}
	return !bytes.Equal(a.data[from-a.pos:to-a.pos], b.data[from-b.pos:to-b.pos])
}
