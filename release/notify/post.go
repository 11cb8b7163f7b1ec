package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// tryTime bounds one try: the services answer within seconds.
	tryTime = 10 * time.Second
	// maxAnswer bounds what is read of an answer; the errors of the services are lines.
	maxAnswer = 64 << 10
)

// client returns a client that follows no redirection, which would lead a message, and
// its signature, to somewhere that nobody wrote down.
func client(t http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: t, Timeout: tryTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// transport is for some requests a minute to some hosts. Headers of an answer have as
// much room as its body.
func transport() *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: tryTime, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxAnswer,
	}
}

// post tries once.
func (n *Notifier) post(ctx context.Context, d *Destination, l *letter) answer {
	now := n.now()
	r := compose(d, l, n.base, now)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(r.body))
	if err != nil {
		return answer{why: "its URL cannot be used"}
	}
	req.Header = r.header
	resp, err := n.client.Do(req)
	if err != nil {
		return answer{again: true, why: failure(err)}
	}
	defer func() { _ = resp.Body.Close() }() // it was read, or cannot be
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{again: true, why: failure(err)}
	}
	a := forms[d.Kind].judge(resp.StatusCode, resp.Header, body, n.now())
	a.why = scrub(d, a.why)
	return a
}

// failure says why there was no answer, without anything of the URL.
func failure(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var timeout net.Error
	var in *url.Error
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &in) {
		err = in.Err
	}
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.As(err, &dns):
		return "its host was not found"
	case errors.As(err, &op):
		return fmt.Sprintf("%s failed: %v", op.Op, op.Err)
	case errors.As(err, &certificate):
		return fmt.Sprintf("its certificate is not to be trusted: %v", certificate.Err)
	case errors.Is(err, context.Canceled):
		return "the try was ended"
	}
	return fmt.Sprintf("the connection failed (%T)", err)
}

// scrub takes secrets out of what a service answered, which may quote them.
func scrub(d *Destination, text string) string {
	secrets := []string{string(d.URL), string(d.Sign)}
	if u, err := url.Parse(string(d.URL)); err == nil {
		secrets = append(secrets, u.RequestURI(), u.RawQuery, u.EscapedPath())
		secrets = append(secrets, strings.Split(u.Path, "/")...)
		for _, values := range u.Query() {
			secrets = append(secrets, values...)
		}
	}
	for _, h := range d.Headers {
		secrets = append(secrets, string(h.Value))
		secrets = append(secrets, strings.Fields(string(h.Value))...)
	}
	for _, s := range secrets {
		if len(s) >= 6 { // what is shorter is no secret, and stands in common words
			text = strings.ReplaceAll(text, s, hidden)
		}
	}
	return text
}
