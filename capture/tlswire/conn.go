package tlswire

import (
	"time"

	"twinspect.dev/capture"
)

// Consumer takes the plaintext of one connection, or its bytes as they are
// where it is passed on. Its calls have the meaning that the packages on both
// sides give them: Data the next bytes of a direction, valid during the call,
// and how many of the other direction their sender had received, negative where
// that is not known; Gap that bytes are missing; End that no more come.
type Consumer interface {
	Data(dir int, at time.Time, acked int64, p []byte)
	Gap(dir int, at time.Time, n int64, why capture.Incomplete)
	End(dir int, at time.Time, why capture.Incomplete)
}

// Conn decrypts one connection. Its methods take the ciphertext, directions as
// in the calls to its consumer. Who is the client is decided by who sends the
// ClientHello.
//
// A connection is passed on unchanged where it does not begin with a
// ClientHello, and where it cannot be decrypted. While a live key log may still
// bring the secret, up to 64 KiB of the connection wait for it.
type Conn struct {
	d    *Decrypter
	next Consumer
	// One of the three is set.
	opening *opening
	passing *passing
	halves  *[2]half
}

// Open returns the consumer of one connection, which calls next.
func (d *Decrypter) Open(next Consumer) *Conn {
	return &Conn{d: d, next: next, opening: newOpening()}
}

// Data takes the next bytes of a direction. at is given on with the plaintext
// of the records that p ends, acked as it was at their first byte.
func (c *Conn) Data(dir int, at time.Time, acked int64, p []byte) {
	switch {
	case len(p) == 0:
	case c.halves != nil:
		c.halves[dir].data(at, acked, p)
	case c.passing != nil:
		c.passing.data(dir, p)
		c.next.Data(dir, at, acked, p)
	default:
		c.hold(event{kind: dataEvent, dir: dir, at: at, acked: acked, n: int64(len(p))}, p)
	}
}

// Gap takes that n bytes of a direction are missing. The consumer is told
// before the next plaintext.
func (c *Conn) Gap(dir int, at time.Time, n int64, why capture.Incomplete) {
	switch {
	case n <= 0:
	case c.halves != nil:
		c.halves[dir].gap(at, n, why)
	case c.passing != nil:
		c.passing.gap(dir, n)
		c.next.Gap(dir, at, n, why)
	default:
		c.hold(event{kind: gapEvent, dir: dir, at: at, n: n, why: why}, nil)
	}
}

// End takes that a direction gives no more. The consumer is given the same
// reason, whether or not a close_notify came before, and before it a gap where
// the sender closed amid a record.
func (c *Conn) End(dir int, at time.Time, why capture.Incomplete) {
	switch {
	case c.halves != nil:
		c.halves[dir].end(at, why)
		c.next.End(dir, at, why)
	case c.passing != nil:
		c.next.End(dir, at, why)
	default:
		c.hold(event{kind: endEvent, dir: dir, at: at, why: why}, nil)
	}
}

// hold keeps an event until it is known what to do with the connection.
func (c *Conn) hold(e event, p []byte) {
	before := c.opening.cost
	c.opening.add(e, p)
	c.d.held += c.opening.cost - before
	plan, reason := c.opening.judge(c.d.keys)
	switch {
	case plan != nil:
		c.decrypt(plan)
	case reason != "":
		c.pass(reason)
	case c.opening.cost > maxHeld:
		c.pass(c.opening.overdue())
	case c.d.held > maxHeldTotal:
		c.pass(HoldLimit)
	}
}

// pass gives the connection on as it is from its beginning.
func (c *Conn) pass(reason capture.Reason) {
	o := c.opening
	c.opening, c.passing = nil, &passing{d: c.d, reason: reason}
	c.d.held -= o.cost
	o.replay(c)
}

func (c *Conn) decrypt(p *plan) {
	o := c.opening
	halves, err := newHalves(c, p, o.client)
	if err != nil {
		c.pass(UnsupportedCipher)
		return
	}
	c.opening, c.halves = nil, halves
	c.d.held -= o.cost
	o.replay(c)
}
