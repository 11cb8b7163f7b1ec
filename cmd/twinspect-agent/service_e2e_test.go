//go:build e2e && linux

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// service is what is recorded; it counts its requests.
type service struct {
	*httptest.Server
	served atomic.Int64
}

func newService(t *testing.T) *service {
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.served.Add(1)
		filler := strings.Repeat("x", 500)
		if n, _ := strconv.Atoi(r.FormValue("random")); n > 0 {
			filler = random(n)
		}
		fmt.Fprintf(w, `{"path":%q,"filler":%q}`, r.URL.Path, filler)
	}))
	t.Cleanup(s.Close)
	return s
}

// random is text of n letters that compression at most halves.
func random(n int) string {
	b := make([]byte, (n+1)/2)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)[:n]
}

func (s *service) port() string {
	u, _ := url.Parse(s.URL)
	return u.Port()
}

// client has one connection, and asks one request after the other.
type client struct {
	http.Client
	t *testing.T
	s *service
}

func (s *service) client(t *testing.T) (c *client, end func()) {
	transport := &http.Transport{}
	return &client{http.Client{Transport: transport}, t, s}, transport.CloseIdleConnections
}

func (c *client) ask(target string) bool {
	resp, err := c.Get(c.s.URL + target)
	if !assert.NoError(c.t, err) {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return assert.NoError(c.t, err)
}

// load asks the service over eight connections, n requests each, and closes
// them. The query goes with each request.
func (s *service) load(t *testing.T, n int, query string) {
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			c, end := s.client(t)
			defer end()
			for j := 0; j < n && c.ask(fmt.Sprintf("/items/%d-%d?%s", i, j, query)); j++ {
			}
		})
	}
	clients.Wait()
}

// traffic asks over so many connections, one request every 20 ms each, until it
// is stopped, which returns when all have their answer. The requests of a
// connection are for itemOf it.
func (s *service) traffic(t *testing.T, connections int) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for i := range connections {
		clients.Go(func() {
			c, end := s.client(t)
			defer end()
			pace := time.NewTicker(20 * time.Millisecond)
			defer pace.Stop()
			for n := 0; ctx.Err() == nil && c.ask(itemOf(i, n)); n++ {
				<-pace.C
			}
		})
	}
	return func() { cancel(); clients.Wait() }
}

func itemOf(connection, n int) string { return fmt.Sprintf("/items/%d/%d", connection, n) }
