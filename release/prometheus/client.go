package prometheus

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// Settled is how long the end of a look lies in the past at least: Prometheus' default
// bound for a scrape, 10 s, whose samples have the time of its beginning, and as much
// again for clocks and writing.
const Settled = 20 * time.Second

// Options says which server is asked.
type Options struct {
	// URL is that of the server, such as "http://prometheus:9090" or one with a path
	// before "/api". A name and a password in it are sent by basic authentication, and
	// are in no error.
	URL string
	// Header is sent with each request, such as Authorization or X-Scope-OrgID. Its
	// values are in no error.
	Header http.Header
	// Client makes the requests, nil is one of its own; of its fields only the
	// transport is used.
	Client *http.Client
	// Timeout bounds a look; 0 is 30 seconds: a look must be done long before the next
	// one, and a server that is well takes milliseconds a query.
	Timeout time.Duration
	// MaxResponse bounds each answer, decompressed, in bytes; 0 is 64 MiB. A sample is
	// some 25 bytes of JSON: a thousand series, scraped every second for half an hour,
	// or every 15 seconds for seven.
	MaxResponse int64
}

const (
	defaultTimeout     = 30 * time.Second
	defaultMaxResponse = 64 << 20
)

// Client asks one server. It may be used from any goroutine.
type Client struct {
	api     v1.API
	idle    interface{ CloseIdleConnections() }
	server  string // its URL, for people
	secrets *strings.Replacer
	timeout time.Duration
}

// New returns a client; it asks nothing yet.
func New(o Options) (*Client, error) {
	u, err := serverURL(o.URL)
	if err != nil {
		return nil, err
	}
	header := o.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	secrets := authorize(u, header)
	transport := &limited{header: header, max: o.MaxResponse}
	if transport.max <= 0 {
		transport.max = defaultMaxResponse
	}
	if o.Client != nil && o.Client.Transport != nil {
		transport.next = o.Client.Transport
	} else {
		transport.next = http.DefaultTransport.(*http.Transport).Clone()
	}
	client := &http.Client{Transport: transport, CheckRedirect: sameHost}
	a, err := api.NewClient(api.Config{Address: u.String(), Client: client})
	if err != nil {
		return nil, errors.New("the URL of Prometheus cannot be used")
	}
	c := &Client{api: v1.NewAPI(a), idle: client, server: u.String(), secrets: replacer(secrets), timeout: o.Timeout}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	return c, nil
}

// Close ends idle connections. Looks under way go on.
func (c *Client) Close() { c.idle.CloseIdleConnections() }

// serverURL never has the URL in its error: a password may stand in it.
func serverURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("the URL of Prometheus is not one: write http://HOST:PORT")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, errors.New("the URL of Prometheus needs http:// or https:// and a host")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the URL of Prometheus has a query or a fragment: leave it out")
	}
	return u, nil
}

// authorize moves name and password from the URL into the header, and returns what
// must not be told.
func authorize(u *url.URL, header http.Header) (secrets []string) {
	if u.User != nil {
		password, _ := u.User.Password()
		pair := u.User.Username() + ":" + password
		if header.Get("Authorization") == "" {
			header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
		}
		secrets = append(secrets, pair, password)
		u.User = nil
	}
	for _, values := range header {
		for _, v := range values {
			_, token, _ := strings.Cut(v, " ")
			secrets = append(secrets, v, token)
		}
	}
	return secrets
}

// shortSecret is what no credential is shorter than; hiding less would hide words.
const shortSecret = 4

func replacer(secrets []string) *strings.Replacer {
	var pairs []string
	for _, s := range secrets {
		if len(s) >= shortSecret {
			pairs = append(pairs, s, "[redacted]")
		}
	}
	return strings.NewReplacer(pairs...)
}
