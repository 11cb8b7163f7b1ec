package send

import (
	"fmt"
	"net/url"
	"strings"

	"twinspect.dev/capture"
)

// Protocol says over which version of HTTP requests are sent.
type Protocol string

// The protocols.
const (
	// Auto sends over HTTP/2 what was recorded over HTTP/2, and gRPC, where the
	// side speaks it; all else over HTTP/1.1.
	//
	// For https the side says so by ALPN (RFC 7301). For http there is no such
	// word: gRPC, which has no other form, is sent with prior knowledge (RFC 9113
	// section 3.3), and for what else was recorded over HTTP/2 the first such
	// request waits for the side's answer to the preface, two seconds at most.
	// What it answered is remembered; nothing of a request is sent before.
	Auto Protocol = "auto"
	// HTTP1 sends everything over HTTP/1.1, gRPC too.
	HTTP1 Protocol = "http1"
	// H2 sends everything over HTTP/2 with TLS.
	H2 Protocol = "h2"
	// H2C sends everything over HTTP/2 without TLS, with prior knowledge.
	H2C Protocol = "h2c"
)

// What is known of a side's versions of HTTP where the protocol is Auto.
const (
	speaksUnknown = iota
	speaksHTTP1   // not HTTP/2
	speaksH2      // HTTP/2, and perhaps HTTP/1.1
	speaksOnlyH2  // HTTP/1.1 was tried in vain
)

func checkProtocol(p Protocol, u *url.URL) error {
	secure := u.Scheme == "https"
	switch {
	case p != "" && p != Auto && p != HTTP1 && p != H2 && p != H2C:
		return fmt.Errorf("send to %s: protocol %q is none of auto, http1, h2 and h2c", u.Redacted(), p)
	case p == H2 && !secure:
		return fmt.Errorf("send to %s: h2 is HTTP/2 with TLS: give an https:// URL, or the protocol h2c", u.Redacted())
	case p == H2C && secure:
		return fmt.Errorf("send to %s: h2c is HTTP/2 without TLS: give an http:// URL, or the protocol h2", u.Redacted())
	}
	return nil
}

// wantsH2 reports whether req is sent over HTTP/2 as far as is known.
func (c *Client) wantsH2(req *capture.Request) bool {
	switch c.cfg.Protocol {
	case H2, H2C:
		return true
	case HTTP1:
		return false
	}
	speaks := c.speaks.Load()
	switch {
	case speaks == speaksOnlyH2:
		return true
	case c.tls == nil && isGRPC(req):
		return true
	case speaks == speaksHTTP1:
		return false
	}
	return isHTTP2(req.Proto) || isGRPC(req)
}

// mustH2 reports whether there is no other way to send what wantsH2.
func (c *Client) mustH2(req *capture.Request) bool {
	return c.cfg.Protocol == H2 || c.cfg.Protocol == H2C || c.speaks.Load() == speaksOnlyH2 || c.tls == nil && isGRPC(req)
}

func isHTTP2(proto string) bool { return proto == protoH2 || proto == "HTTP/2" }

// isGRPC tells the content types of gRPC over HTTP/2; those of gRPC-Web differ.
func isGRPC(req *capture.Request) bool {
	const grpc = "application/grpc"
	for i := range req.Header {
		f := &req.Header[i]
		if len(f.Name) != len("content-type") || len(f.Value) < len(grpc) || !strings.EqualFold(f.Name, "content-type") {
			continue
		}
		rest := f.Value[len(grpc):]
		return strings.EqualFold(f.Value[:len(grpc)], grpc) && (rest == "" || rest[0] == '+' || rest[0] == ';')
	}
	return false
}
