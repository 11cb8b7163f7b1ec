package send

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

var errNoPlace = fmt.Errorf("no connection became free: %w", errPastDeadline)

// failure is an error of no more special kind: a request that cannot be sent as
// it is, TLS that cannot be agreed on, a closed client.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// fail makes err the fault of a.
func (c *Client) fail(ctx context.Context, a *replay.Answer, err error) {
	var bad malformed
	var dial *dialError
	var failed failure
	res := &a.Response
	switch {
	case ctx.Err() != nil:
		a.Fault, err = replay.Canceled, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case errors.Is(err, errTooLarge):
		a.Fault = replay.TooLarge
		err = fmt.Errorf("%w of %d bytes", err, c.cfg.MaxBody)
	case errors.As(err, &bad):
		a.Fault = replay.Malformed
	case errors.As(err, &dial):
		a.Fault = replay.Refused
	case timedOut(err):
		a.Fault = replay.Timeout
		err = fmt.Errorf("no whole answer within %s", c.cfg.Timeout)
	case errors.As(err, &failed):
		a.Fault = replay.Failed
	default:
		a.Fault = replay.Reset
	}
	a.Err = strings.ToValidUTF8(err.Error(), "\uFFFD")
	res.Incomplete = missing(a.Fault, err, res)
	if res.End.IsZero() {
		res.End = time.Now()
	}
}

func timedOut(err error) bool {
	var ne net.Error
	return errors.Is(err, errPastDeadline) || errors.As(err, &ne) && ne.Timeout()
}

// missing says in the domain's terms why the response is not whole.
func missing(f replay.Fault, err error, res *capture.Response) capture.Incomplete {
	switch {
	case f == replay.Refused:
		return capture.Refused
	case f == replay.Timeout:
		return capture.Timeout
	case f == replay.Malformed:
		return capture.Malformed
	case f == replay.TooLarge:
		return capture.BodyLimit
	case f == replay.Reset && !errors.Is(err, errEarly):
		return capture.Reset
	}
	return res.Incomplete
}

// died reports whether err is the end of a connection, not of the time for the
// exchange nor of the run.
func died(ctx context.Context, err error) bool {
	var bad malformed
	return ctx.Err() == nil && !timedOut(err) && !errors.As(err, &bad)
}
