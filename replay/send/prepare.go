package send

import (
	"net/url"

	"twinspect.dev/capture"
)

// Prepare returns the request as [Client.Send] would send it, and sends nothing.
// It shares memory with req.
func (c *Client) Prepare(req *capture.Request) (capture.Request, error) { return c.prepare(req) }

// URL returns where requests are sent. It must not be changed.
func (c *Client) URL() *url.URL { return c.cfg.URL }
