package send

import (
	"context"
	"fmt"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// NotReady is the error of a side that gives no HTTP answer. Fault tells one that
// nobody listens at from one that misbehaves.
type NotReady struct {
	Fault replay.Fault
	text  string
}

// Error names the side and its URL and says what to look at.
func (e *NotReady) Error() string { return e.text }

// Health sends one GET and returns nil if there is any HTTP answer, whatever
// its status. The error is a [*NotReady], or that of ctx.
//
// Where the protocol is Auto it also learns what the side speaks: with TLS both
// versions are offered, without it HTTP/2 is tried where HTTP/1.1 gets no answer.
func (c *Client) Health(ctx context.Context) error {
	path := c.cfg.HealthPath
	if path == "" {
		path = "/"
	}
	var ask replay.Ask
	ask.Request.Method, ask.Request.Target, ask.Request.Proto = "GET", path, "HTTP/1.1"
	if c.tls != nil {
		ask.Request.Proto = protoH2
	}
	ask.Request.Header = capture.Header{{Name: "User-Agent", Value: "twinspect"}, {Name: "Accept", Value: "*/*"}}
	a := c.Send(ctx, &ask)
	if answered(&a) || c.auto() && c.tls == nil && c.onlyH2(ctx, &a, &ask) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	name := strings.TrimSpace("side " + string(c.cfg.Side))
	return &NotReady{a.Fault, fmt.Sprintf("%s is not ready: GET %s%s: %s: %s: %s", name, strings.TrimRight(c.cfg.URL.Redacted(), "/"), path, a.Fault, a.Err, c.advice(&a))}
}

func answered(a *replay.Answer) bool { return a.OK() || a.Fault == replay.TooLarge }

// onlyH2 tries HTTP/2 after HTTP/1.1 was answered in no form of it, and remembers
// that it alone is spoken.
func (c *Client) onlyH2(ctx context.Context, a *replay.Answer, ask *replay.Ask) bool {
	if a.Fault != replay.Malformed && a.Fault != replay.Reset {
		return false
	}
	ask.Request.Proto = protoH2
	b, spoke := c.sendH2(ctx, ask, time.Now())
	if !spoke || !answered(&b) {
		return false
	}
	c.speaks.Store(speaksOnlyH2)
	return true
}

// advice says what a person can do about a fault.
func (c *Client) advice(a *replay.Answer) string {
	switch a.Fault {
	case replay.Refused:
		return "start the service, or correct the host and port"
	case replay.Timeout:
		return "see whether the service hangs, or allow it more time"
	case replay.Malformed:
		if isHTTP2(a.Request.Proto) {
			return "see whether the port speaks HTTP/2, or set the protocol to http1"
		}
		if c.tls == nil {
			return "see whether the port speaks HTTP/1.1, or needs https://"
		}
		return "see whether the port speaks HTTP/1.1"
	case replay.Failed:
		if c.tls != nil {
			return "see whether the port speaks TLS and its certificate is trusted"
		}
	}
	return "see the service's log"
}
