package broker

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// DefaultTimeout is for one request: publishing triggers webhooks and events in
	// the broker, which take seconds; common gateways wait for 30.
	DefaultTimeout = 30 * time.Second
	// DefaultAttempts get over the restart of a broker: pauses of 0.5, 1, 2 and 4
	// seconds lie between them.
	DefaultAttempts = 5
	// DefaultPause is before the second attempt; each pause is twice the one before.
	DefaultPause = 500 * time.Millisecond
	// maxPause bounds what a broker may ask for by Retry-After.
	maxPause = 30 * time.Second
	// DefaultMaxBody bounds an answer in bytes: the biggest Pact files that are known
	// have some MiB.
	DefaultMaxBody = 64 << 20
	// maxPacts bounds the pacts of one answer: one consumer has some, and a provider
	// with a thousand consumers is none that one run verifies.
	maxPacts = 10_000
)

// Config says where the broker is and who asks. Token or Username and Password are
// given, or neither; those in the URL count where no others are given.
type Config struct {
	URL                string
	Username, Password string
	Token              string
	// TLS is used for https, nil is the system's trust.
	TLS *tls.Config
	// Timeout bounds one request, Attempts how often one is sent, Pause what lies
	// between the first two, MaxBody an answer's bytes. 0 is the default of each.
	Timeout  time.Duration
	Attempts int
	Pause    time.Duration
	MaxBody  int64
	// Tool names the program and its version in what is published.
	Tool, ToolVersion string
}

// Client speaks with one broker. Its methods may be called from many goroutines at
// once.
type Client struct {
	cfg     Config
	index   *url.URL
	http    *http.Client
	secrets []string
}

// New checks cfg. It does not connect. Its errors hold no secrets.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errors.New("the URL of the broker must be http://HOST or https://HOST, with a path where it has one")
	}
	if u.User != nil && cfg.Token == "" && cfg.Username == "" {
		cfg.Username = u.User.Username()
		cfg.Password, _ = u.User.Password()
	}
	if cfg.Token != "" && cfg.Username != "" {
		return nil, errors.New("give the broker a token, or a user and a password, not both")
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	cfg.Timeout, cfg.Attempts = cmp.Or(cfg.Timeout, DefaultTimeout), cmp.Or(cfg.Attempts, DefaultAttempts)
	cfg.Pause, cfg.MaxBody = cmp.Or(cfg.Pause, DefaultPause), cmp.Or(cfg.MaxBody, DefaultMaxBody)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = cfg.TLS
	c := &Client{cfg: cfg, index: u}
	c.http = &http.Client{Transport: transport, CheckRedirect: c.redirect}
	for _, s := range []string{cfg.Token, cfg.Password, url.QueryEscape(cfg.Password), url.PathEscape(cfg.Password)} {
		if s != "" {
			c.secrets = append(c.secrets, s)
		}
	}
	return c, nil
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Format shows no secret by any verb.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "broker "+c.index.String()) }

// maxRedirects is that of browsers and of net/http, halved: each is asked anew for
// every request.
const maxRedirects = 5

func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if req.Method != via[0].Method {
		return fmt.Errorf("the broker redirects to %s://%s, which would turn a %s into a %s", req.URL.Scheme, req.URL.Host, via[0].Method, req.Method)
	}
	return c.ours(req.URL)
}

// ours refuses a URL of another origin: the credentials are not for it.
func (c *Client) ours(u *url.URL) error {
	if u.Scheme == c.index.Scheme && strings.EqualFold(origin(u), origin(c.index)) {
		return nil
	}
	return fmt.Errorf("the broker at %s://%s links to %s://%s: give it by the URL that it calls itself, or tell it its own (PACT_BROKER_BASE_URL, or X-Forwarded headers of its proxy)",
		c.index.Scheme, c.index.Host, u.Scheme, u.Host)
}

func origin(u *url.URL) string {
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	return u.Hostname() + ":" + port
}

// scrub takes the secrets out of a text.
func (c *Client) scrub(text string) string {
	for _, s := range c.secrets {
		text = strings.ReplaceAll(text, s, "[secret]")
	}
	return text
}
