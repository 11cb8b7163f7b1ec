package h2

// Chain tells whether bytes of a direction may be HTTP/2 of which the beginning
// was not captured: an unbroken row of plausible frames from its first byte on.
type Chain struct {
	head   [HeaderSize]byte
	n      int // bytes of head
	left   int // bytes of the payload to come
	frames int
	other  bool // a frame was not DATA
	broken bool
}

// Restart begins again where the row was broken.
func (c *Chain) Restart() {
	if c.broken {
		*c = Chain{}
	}
}

// Break ends the row.
func (c *Chain) Break() { c.broken = true }

// Likely reports whether the row is proof enough: two frames, one of which is
// not DATA, for a header of DATA on a low stream is mostly zeros.
func (c *Chain) Likely() bool { return !c.broken && c.frames >= 2 && c.other }

// Feed takes bytes up to the end of the next frame header and returns how many,
// and whether a header ended.
func (c *Chain) Feed(p []byte) (n int, header bool) {
	if c.broken {
		return len(p), false
	}
	whole := len(p)
	n = min(c.left, len(p))
	c.left -= n
	k := copy(c.head[c.n:], p[n:])
	c.n += k
	n += k
	if c.n < HeaderSize {
		return n, false
	}
	if !Plausible(&c.head) {
		c.broken = true
		return whole, false
	}
	h := ParseHeader(&c.head)
	c.n, c.left = 0, h.Length
	c.frames = min(c.frames+1, 2)
	c.other = c.other || h.Type != Data
	return n, true
}
