// Package units counts the messages of gRPC and the frames of WebSocket in bytes
// that may be cut anywhere and of which some may be missing.
package units

import "twinspect.dev/capture"

// counter counts units one after the other. Each is seen and open from its first
// byte on, and written, filtered or dropped once.
type counter struct {
	// lost is set once it is no longer known where units begin, and at the end.
	lost bool
	open bool
	why  capture.Incomplete // why the unit at hand is not whole
}

// see counts the unit at hand as seen, once.
func (c *counter) see(t *capture.Stats) {
	if !c.open {
		c.open = true
		t.Seen++
		t.Open++
	}
}

// hurt notes that the unit at hand is not whole. The first reason stays.
func (c *counter) hurt(why capture.Incomplete) {
	if c.why == "" {
		c.why = why
	}
}

// over ends the unit at hand. It reports whether that is whole, which the
// caller then counts; else it is dropped.
func (c *counter) over(t *capture.Stats) (whole bool) {
	t.Open--
	why := c.why
	*c = counter{}
	if why != "" {
		t.Drop(capture.Reason(why), 1)
	}
	return why == ""
}

// lose drops the unit at hand, or the one that begins here, and with it the
// place where the next one begins.
func (c *counter) lose(why capture.Incomplete, t *capture.Stats) {
	c.see(t)
	c.hurt(why)
	c.over(t)
	c.lost = true
}

// End ends the direction; why is "" where its end was seen. A unit that it cuts
// is malformed unless there is a better reason.
func (c *counter) End(why capture.Incomplete, t *capture.Stats) {
	if why == "" {
		why = capture.Malformed
	}
	if c.open {
		c.lose(why, t)
	}
	c.lost = true
}
