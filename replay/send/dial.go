package send

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// dialError means that no connection was made.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// refusedALPN reports whether the server says that it speaks none of the
// protocols offered (RFC 7301 section 3.2). The type of the alert is not exported.
func refusedALPN(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" && strings.HasSuffix(op.Err.Error(), "no application protocol")
}

// connect makes a connection, without TLS.
func (c *Client) connect(ctx context.Context) (net.Conn, error) {
	nc, err := c.cfg.DialContext(ctx, c.network, c.address)
	if err != nil {
		return nil, &dialError{err}
	}
	return nc, nil
}

// handshake begins TLS on nc, which it closes where that fails.
func (c *Client) handshake(ctx context.Context, nc net.Conn, cfg *tls.Config) (*tls.Conn, error) {
	t := tls.Client(nc, cfg)
	err := t.HandshakeContext(ctx)
	if err == nil {
		return t, nil
	}
	_ = nc.Close()
	if refusedALPN(err) {
		switch {
		case c.auto() && cfg == c.tls:
			c.speaks.Store(speaksOnlyH2)
		case c.cfg.Protocol == H2:
			err = fmt.Errorf("the server does not agree to HTTP/2, set the protocol to auto or http1: %w", err)
		}
	}
	return nil, failure{fmt.Errorf("TLS handshake with %s: %w", c.address, err)}
}

// ParseURL reads the URL of a side: http, https, and a socket of Unix as
// unix:///run/app.sock, with a path of the side after a colon as in
// unix:///run/app.sock:/prefix (nginx writes it so), or as
// http+unix://%2Frun%2Fapp.sock/prefix, which [url.Parse] refuses. The answer is
// what [Config] takes.
func ParseURL(text string) (*url.URL, error) {
	rest, ok := strings.CutPrefix(text, "http+unix://")
	if !ok {
		u, err := url.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("URL of a side: %w", err)
		}
		return u, checkURL(u)
	}
	host, prefix, _ := strings.Cut(rest, "/")
	socket, err := url.PathUnescape(host)
	if err != nil {
		return nil, fmt.Errorf("URL of a side %q: the socket's path: %w", text, err)
	}
	u, err := url.Parse("unix://" + (&url.URL{Path: socket}).EscapedPath() + ":/" + prefix)
	if err != nil {
		return nil, fmt.Errorf("URL of a side %q: %w", text, err)
	}
	return u, checkURL(u)
}

// place says where connections go, and with what path requests begin.
func place(u *url.URL, dial string) (network, address, prefix string, err error) {
	network, address, prefix = "tcp", hostPort(u), strings.TrimRight(u.EscapedPath(), "/")
	if u.Scheme == "unix" {
		network, address, prefix = "unix", u.Path, ""
		if socket, rest, ok := strings.Cut(u.EscapedPath(), ":/"); ok {
			prefix = strings.TrimRight("/"+rest, "/")
			if address, err = url.PathUnescape(socket); err != nil {
				return "", "", "", fmt.Errorf("send to %q: the socket's path: %w", u.Redacted(), err)
			}
		}
	}
	if dial == "" {
		return network, address, prefix, nil
	}
	if socket, ok := strings.CutPrefix(dial, "unix:"); ok {
		if socket = strings.TrimPrefix(socket, "//"); socket == "" {
			return "", "", "", fmt.Errorf("send to %s: dial %q names no socket: want unix:/path", u.Redacted(), dial)
		}
		return "unix", socket, prefix, nil
	}
	if _, port, err := net.SplitHostPort(dial); err != nil || port == "" {
		return "", "", "", fmt.Errorf("send to %s: dial %q: want host:port or unix:/path", u.Redacted(), dial)
	}
	return "tcp", dial, prefix, nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func checkURL(u *url.URL) error {
	switch {
	case u == nil:
		return errors.New("send: no URL: give one such as http://127.0.0.1:8080")
	case u.Scheme == "unix" && (u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "/:") || u.Path == "/"):
		return fmt.Errorf("send to %q: want the absolute path of a socket, such as unix:///run/app.sock", u.Redacted())
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "unix":
		return fmt.Errorf("send to %q: the URL must begin with http://, https:// or unix://", u.Redacted())
	case u.Hostname() == "" && u.Scheme != "unix":
		return fmt.Errorf("send to %q: the URL has no host", u.Redacted())
	case u.User != nil:
		return fmt.Errorf("send to %q: credentials in the URL are not sent: set an Authorization field instead", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("send to %q: the URL must end with its path, without ? and #", u.Redacted())
	}
	return nil
}
