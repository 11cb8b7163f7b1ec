package send

import (
	"fmt"
	"strings"

	"twinspect.dev/capture"
)

const protoH2 = "HTTP/2.0"

// prepareH2 returns the request as it will be sent over HTTP/2, in the form that
// a recording of it has: the authority is a first field Host, the other names are
// in lower case, and what belongs to a connection is left out (RFC 9113 sections
// 8.2.2 and 8.3.1).
func (c *Client) prepareH2(req *capture.Request) (capture.Request, error) {
	sent, err := c.prepareTarget(req, protoH2)
	if err != nil {
		return sent, err
	}
	header, err := c.headerH2(req)
	if err != nil {
		return sent, failure{err}
	}
	sent.Header = header
	sent.Trailer, err = trailers(req, lower)
	return sent, err
}

func (c *Client) headerH2(req *capture.Request) (capture.Header, error) {
	host := c.host
	if c.cfg.KeepHost && req.Header.Has("Host") {
		host = req.Header.Get("Host")
	}
	h := headerWriter{out: make(capture.Header, 0, len(req.Header)+1), options: options(req.Header), host: true}
	h.out = append(h.out, capture.Field{Name: "Host", Value: host})
	h.body, h.announce = len(req.Body) > 0, len(req.Trailer) > 0
	length := capture.Field{Name: "content-length"}
	length.Value, h.framed = lengthH2(req)
	h.framing = length
	for i, f := range req.Header {
		if strings.HasPrefix(f.Name, ":") {
			continue
		}
		if err := checkField(f); err != nil {
			return nil, fmt.Errorf("header field %d: %w", i+1, err)
		}
		f.Name = lower(f.Name)
		if f.Name != "transfer-encoding" {
			h.add(f)
		}
	}
	return h.out, nil
}

// lengthH2 returns the value of Content-Length where one was recorded. HTTP/2
// needs none: the end of the stream tells the length.
func lengthH2(req *capture.Request) (string, bool) {
	recorded := ""
	for i := range req.Header {
		if kindOf(req.Header[i].Name) == lengthField {
			recorded = req.Header[i].Value
			return rightLength(recorded, len(req.Body)), true
		}
	}
	return "", false
}

// lower returns name with its letters of ASCII in lower case.
func lower(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' {
			return lowered(name)
		}
	}
	return name
}

func lowered(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
