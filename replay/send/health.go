package send

import (
	"context"
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// Health sends one GET and returns nil if there is any HTTP answer, whatever
// its status. The error names the side and its URL and says what to look at.
func (c *Client) Health(ctx context.Context) error {
	path := c.cfg.HealthPath
	if path == "" {
		path = "/"
	}
	var ask replay.Ask
	ask.Request.Method, ask.Request.Target = "GET", path
	ask.Request.Header = capture.Header{{Name: "User-Agent", Value: "twinspect"}, {Name: "Accept", Value: "*/*"}}
	a := c.Send(ctx, &ask)
	if a.OK() || a.Fault == replay.TooLarge {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	name := strings.TrimSpace("side " + string(c.cfg.Side))
	return fmt.Errorf("%s is not ready: GET %s%s: %s: %s: %s", name, strings.TrimRight(c.cfg.URL.String(), "/"), path, a.Fault, a.Err, c.advice(&a))
}

// advice says what a person can do about a fault.
func (c *Client) advice(a *replay.Answer) string {
	switch a.Fault {
	case replay.Refused:
		return "start the service, or correct the host and port"
	case replay.Timeout:
		return "see whether the service hangs, or allow it more time"
	case replay.Malformed:
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
