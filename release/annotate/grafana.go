package annotate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/release"
)

const (
	// tries bounds how often a request is sent, tryTime how long one takes.
	tries   = 3
	tryTime = 10 * time.Second
	// maxWait bounds how long Grafana may ask to wait: a pipeline waits for it.
	maxWait = 30 * time.Second
	// maxAnswer bounds what is read of an answer, which is a line.
	maxAnswer = 64 << 10
	// maxMessage bounds what is quoted of it.
	maxMessage = 300
)

// Options say which Grafana is told.
type Options struct {
	// URL is where Grafana is, with its path where it has one. It begins with https, or
	// with http on this machine.
	URL string
	// Plain lets it begin with http elsewhere too, as within a cluster: the token is
	// then seen by whoever sees the traffic.
	Plain bool
	// Token is that of a service account, which may write annotations
	// (annotations:create, and annotations:write to end them).
	Token string
	// Organization is its number where the token is of more than one, 0 else.
	Organization int64
	// Transport sends the requests; nil is one of its own.
	Transport http.RoundTripper
}

// Grafana writes annotations. It may be used from many goroutines at once.
type Grafana struct {
	base   *url.URL
	header http.Header
	client *http.Client
	token  string
}

// Error is that Grafana did not take an annotation.
type Error struct {
	Status  int    // of HTTP
	Message string // Grafana's, bounded
}

// Error says what to do where it is known.
func (e *Error) Error() string {
	text := fmt.Sprintf("Grafana answered %d", e.Status)
	if e.Message != "" {
		text += ": " + e.Message
	}
	switch e.Status {
	case http.StatusUnauthorized:
		text += "; is the token that of a service account, and not expired?"
	case http.StatusForbidden:
		text += "; the service account needs the permissions annotations:create and annotations:write"
	}
	return text
}

// NewGrafana returns a client, or what is wrong with the options.
func NewGrafana(o Options) (*Grafana, error) {
	base, err := url.Parse(o.URL)
	switch {
	case err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http":
		return nil, errors.New("the URL of Grafana is not whole; it is such as https://grafana.example")
	case base.User != nil:
		return nil, errors.New("the URL of Grafana has a password in it; give the token of a service account instead")
	case base.Scheme == "http" && !o.Plain && !isLoopback(base.Hostname()):
		return nil, errors.New("the URL of Grafana does not begin with https, so the token would be sent in the clear")
	case strings.TrimSpace(o.Token) == "" || strings.ContainsFunc(strings.TrimSpace(o.Token), func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("the token of Grafana is empty, or none")
	case o.Organization < 0:
		return nil, errors.New("the organization of Grafana is a number from 1, or 0 for that of the token")
	}
	base.RawQuery, base.Fragment = "", ""
	token := strings.TrimSpace(o.Token)
	g := &Grafana{base: base, token: token, header: http.Header{
		"Authorization": {"Bearer " + token}, "Accept": {"application/json"},
		"Content-Type": {"application/json"}, "User-Agent": {"twinspect"},
	}}
	if o.Organization > 0 {
		g.header.Set("X-Grafana-Org-Id", strconv.FormatInt(o.Organization, 10))
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: tryTime,
			IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxAnswer,
		}
	}
	g.client = &http.Client{Transport: o.Transport, Timeout: tryTime, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the token is for the server that was named
	}}
	return g, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Push writes the annotation of a deployment and returns its ID. It is one of the whole
// organization, which dashboards show by its tags, such as deployment and
// service:catalog. A failure of Grafana's is an [*Error].
func (g *Grafana) Push(ctx context.Context, d release.Deployment) (id int64, err error) {
	if d.At.IsZero() {
		return 0, errors.New("the deployment does not say when it was")
	}
	answer, err := g.send(ctx, http.MethodPost, g.base.JoinPath("api", "annotations"), annotate(d))
	if err != nil {
		return 0, err
	}
	var a struct{ ID int64 }
	if err := json.Unmarshal(answer, &a); err != nil || a.ID <= 0 {
		return 0, errors.New("what answered is not Grafana: it gave the annotation no ID")
	}
	return a.ID, nil
}

// Close closes idle connections.
func (g *Grafana) Close() { g.client.CloseIdleConnections() }

// send tries again where nothing was written for certain: what was written twice would
// be there twice.
func (g *Grafana) send(ctx context.Context, method string, to *url.URL, body any) (answer []byte, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		answer, wait, err := g.try(ctx, method, to, text)
		if err == nil || wait < 0 || try == tries {
			return answer, err
		}
		timer := time.NewTimer(max(wait, time.Duration(try)*time.Second))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// try sends once. wait is how long to wait before another try, negative for none.
func (g *Grafana) try(ctx context.Context, method string, to *url.URL, body []byte) (answer []byte, wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, -1, err
	}
	req.Header = g.header.Clone()
	resp, err := g.client.Do(req)
	if err != nil {
		return nil, againAfter(err), fmt.Errorf("tell Grafana: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read, or cannot be
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, -1, fmt.Errorf("read the answer of Grafana: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return answer, -1, nil
	}
	return nil, waitFor(resp), &Error{Status: resp.StatusCode, Message: g.message(answer)}
}

// againAfter is 0 where no connection was made, so that nothing was sent.
func againAfter(err error) time.Duration {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return 0
	}
	return -1
}

// waitFor says how long an answer asks to wait, negative where it is final.
func waitFor(resp *http.Response) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return -1
	}
	s, err := strconv.ParseUint(strings.TrimSpace(resp.Header.Get("Retry-After")), 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(s)*time.Second, maxWait)
}

// message reads {"message":"…"}, in one line and without the token.
func (g *Grafana) message(answer []byte) string {
	var a struct{ Message string }
	if err := json.Unmarshal(answer, &a); err != nil {
		return ""
	}
	text := []rune(strings.Join(strings.Fields(strings.ReplaceAll(a.Message, g.token, "[secret]")), " "))
	if len(text) > maxMessage {
		text = append(text[:maxMessage-1], '…')
	}
	return string(text)
}
