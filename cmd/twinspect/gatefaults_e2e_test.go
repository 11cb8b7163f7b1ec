//go:build e2e && linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	postgresstand "twinspect.dev/fixtures/stand/postgres"
	"twinspect.dev/release"
)

// databaseAway stops PostgreSQL in two ways; the gate holds and says why.
func (g *gateSite) databaseAway(t *testing.T, pg *postgresstand.Server, server string) {
	s := released("ci", "good")
	g.everywhere(t, server, s, release.Promote)
	require.NoError(t, pg.Pause())
	g.everywhere(t, server, s, release.Hold, "could not be")
	require.NoError(t, pg.Resume())
	g.becomes(t, server, s, release.Promote, release.Passed)
	pg.Halt()
	g.everywhere(t, server, s, release.Hold, "the database is away")
	assert.NotNil(t, reasonOf(g.byCommand(t, server, s, release.Hold), release.Faulty))
	require.NoError(t, pg.Restart(t.Context()))
	g.becomes(t, server, s, release.Promote, release.Passed)
	g.everywhere(t, server, s, release.Promote)
}

// replicaKilled kills a replica while documents are on their way to it: what it
// acknowledged the other one has, and nothing half.
func (g *gateSite) replicaKilled(t *testing.T, stays string, dies *gateServed, good gathered) {
	const pushes, before = 50, 10
	data, err := os.ReadFile(good[release.Diff])
	require.NoError(t, err)
	var documents [pushes][]byte
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	enough := make(chan struct{})
	var pushing sync.WaitGroup
	for i := range documents {
		documents[i] = bytes.Replace(data, []byte(`"tool": "twinspect`), fmt.Appendf(nil, `"tool": "%d twinspect`, i), 1)
		require.NotEqual(t, data, documents[i])
		pushing.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, dies.url+"/api/v1/evidence?"+query(released("plain", "killed")), bytes.NewReader(documents[i]))
			if !assert.NoError(t, err) {
				return
			}
			r.Header.Set("Authorization", "Bearer "+g.token["ci"])
			r.Header.Set("Content-Type", "application/json")
			status, _, err := answered(r)
			if err != nil || status != http.StatusCreated {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if acknowledged[idOf(documents[i])] = true; len(acknowledged) == before {
				close(enough)
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(patience):
	}
	require.NoError(t, dies.cmd.Process.Kill())
	pushing.Wait()
	t.Logf("%d of %d were acknowledged", len(acknowledged), pushes)
	require.GreaterOrEqual(t, len(acknowledged), before)
	for _, document := range documents {
		status, kept := g.call(t, "ci", http.MethodGet, stays+"/api/v1/evidence/"+idOf(document)+"/document", "")
		if acknowledged[idOf(document)] || status != http.StatusNotFound {
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, string(document), string(kept))
		}
	}
}

// termTime is how long a server may take to end: it waits 15 s for what is under way,
// and Kubernetes 30 s for it.
const termTime = 20 * time.Second

// terminated ends a server by SIGTERM while somebody listens to its events, and then one
// while somebody pushes so slowly that it is cut off.
func (g *gateSite) terminated(t *testing.T, good gathered) {
	store := "sqlite:" + g.path("terminated.db")
	server, s := g.serve(t, store), released("plain", "good")
	id := g.push(t, server.url, s, good[release.Diff])
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events := g.listen(ctx, t, server.url)
	<-events.open
	assert.Zero(t, server.terminate(t), "a stream ends by itself")
	<-events.done

	server = g.serve(t, store)
	slow := g.pushSlowly(ctx, t, server.url, good[release.Diff])
	<-slow.open
	assert.Equal(t, 2, server.terminate(t), "it says that something was cut off")
	assert.Contains(t, server.said.String(), "some requests were cut off")
	cancel()
	<-slow.done

	again := g.serve(t, store)
	assert.Equal(t, release.Promote, g.verdict(t, again.url, s).Decision)
	status, _ := g.call(t, "ci", http.MethodGet, again.url+"/api/v1/evidence/"+id, "")
	assert.Equal(t, http.StatusOK, status)
	status, body := g.call(t, "ci", http.MethodGet, again.url+"/api/v1/evidence?service=plain&digest="+url.QueryEscape(image("slow")), "")
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{"items":[]}`, string(body), "what came half is not there")
}

// terminate ends a server as Kubernetes does, and returns its exit code.
func (s *gateServed) terminate(t *testing.T) int {
	t.Helper()
	began := time.Now()
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGTERM))
	<-s.read
	_ = s.cmd.Wait() // the code says it
	assert.Less(t, time.Since(began), termTime)
	return s.cmd.ProcessState.ExitCode()
}

// hanging is a request under way.
type hanging struct{ open, done chan struct{} }

func (g *gateSite) listen(ctx context.Context, t *testing.T, server string) hanging {
	t.Helper()
	h := hanging{make(chan struct{}), make(chan struct{})}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/api/v1/events?after=0", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+g.token["ci"])
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	go func() {
		defer close(h.done)
		defer resp.Body.Close()
		var all bytes.Buffer
		buffer, told := make([]byte, 4096), false
		for {
			n, err := resp.Body.Read(buffer)
			all.Write(buffer[:n])
			if !told && strings.Contains(all.String(), "event: evidence") {
				told = true
				close(h.open)
			}
			if err != nil {
				return
			}
		}
	}()
	return h
}

// pushSlowly sends the first half of a document, and no more.
func (g *gateSite) pushSlowly(ctx context.Context, t *testing.T, server, file string) hanging {
	t.Helper()
	h := hanging{make(chan struct{}), make(chan struct{})}
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	body := &halfBody{data: data[:len(data)/2], ended: ctx.Done()}
	// The server asks to go on once it reads the body: the request is under way then.
	reading := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got100Continue: func() { close(h.open) }})
	r, err := http.NewRequestWithContext(reading, http.MethodPost, server+"/api/v1/evidence?"+query(released("plain", "slow")), body)
	require.NoError(t, err)
	r.ContentLength = int64(len(data))
	r.Header.Set("Authorization", "Bearer "+g.token["ci"])
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Expect", "100-continue")
	go func() {
		defer close(h.done)
		status, answer, err := answered(r)
		if err == nil {
			assert.GreaterOrEqual(t, status, 400, string(answer))
		}
	}()
	return h
}

// halfBody is a body whose second half never comes.
type halfBody struct {
	data  []byte
	ended <-chan struct{}
}

func (b *halfBody) Read(p []byte) (int, error) {
	if len(b.data) > 0 {
		n := copy(p, b.data)
		b.data = b.data[n:]
		return n, nil
	}
	<-b.ended
	return 0, context.Canceled
}
