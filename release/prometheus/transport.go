package prometheus

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// errTooLarge ends the reading of an answer.
var errTooLarge = errors.New("the answer is too large")

// limited adds a header to each request and bounds what is read of each answer.
type limited struct {
	next   http.RoundTripper
	header http.Header
	max    int64
}

func (l *limited) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, values := range l.header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	resp, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &limitedBody{ReadCloser: resp.Body, left: l.max}
	return resp, nil
}

// CloseIdleConnections is found by http.Client.
func (l *limited) CloseIdleConnections() {
	if c, ok := l.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type limitedBody struct {
	io.ReadCloser
	left int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if b.left < 0 {
		return n, errTooLarge
	}
	return n, err
}

// maxRedirects is enough for a trailing slash and a login page to show themselves.
const maxRedirects = 3

// sameHost follows no redirect to elsewhere: the header with the credentials, and the
// answer that decides on a release, are of the server that was configured.
func sameHost(r *http.Request, via []*http.Request) error {
	if r.URL.Scheme != via[0].URL.Scheme || r.URL.Host != via[0].URL.Host {
		return fmt.Errorf("it redirects to %s, which is not followed", r.URL.Host)
	}
	if len(via) > maxRedirects {
		return errors.New("it redirects in circles")
	}
	return nil
}
