package replay

import (
	"context"

	"twinspect.dev/capture"
)

// Ask is one request to one side, on its way through the side's senders. One
// goroutine uses it at a time.
type Ask struct {
	// Recorded is the exchange that is sent again. It must not be changed. Its
	// ID is that of the copy.
	Recorded *capture.Exchange
	// Session is the key under which order is kept: the recorded one, and another
	// for each copy.
	Session string
	// Copy tells the copies of one recording apart that are sent in the same run,
	// from 0.
	Copy uint64
	// Links is what the run's [Linker] found, nil where that was nothing.
	Links Links
	// Request is what will be sent: at first what was recorded. A sender may set
	// its fields before it passes the ask on, and must not write to the memory
	// that they refer to: that is the recording's.
	Request capture.Request
}

// Sender asks one side.
//
// Send gives the answer to ask.Request and fills all of it but Side; a failure
// is an answer too, with its Fault. It returns soon after ctx is canceled, with
// the fault [Canceled]. It is called from many goroutines at once, and keeps
// neither the ask nor its recorded exchange.
//
// A sender that changes requests or looks at answers wraps the next one.
type Sender interface {
	Send(ctx context.Context, ask *Ask) Answer
}

// SenderFunc is a function that is a [Sender].
type SenderFunc func(ctx context.Context, ask *Ask) Answer

// Send implements [Sender].
func (f SenderFunc) Send(ctx context.Context, ask *Ask) Answer { return f(ctx, ask) }

// Linker finds the earlier exchanges whose answers an exchange needs, such as the
// one that created what is read now.
type Linker interface {
	// Link is called once for each exchange that is sent, in the order in which
	// they are read and from one goroutine; nil stands for no need. Nothing of e
	// may be kept.
	Link(e *capture.Exchange) Links
}

// Links is what one exchange needs.
type Links interface {
	// Needs returns the recorded IDs of exchanges that Link was called for
	// before. The exchange is sent after all sides answered these.
	Needs() []capture.ID
}

// Feedback hears of every outcome, to slow a run down or to end it.
type Feedback interface {
	// Observe is called from one goroutine at a time, at the same time as a
	// [Pacer]. An error ends the run and is returned by it.
	Observe(o *Outcome) error
}
