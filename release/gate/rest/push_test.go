package rest_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/gate/client"
	"twinspect.dev/release/gate/rest"
	"twinspect.dev/release/store"
)

func TestThousandsOfPushesAtOnceAreAllFiled(t *testing.T) {
	s := serve(t)
	n := 1000
	if os.Getenv("TWINSPECT_MANY_PUSHES") != "" {
		n = 10_000 // a minute on two busy cores
	}
	text := compared(t, 500, diff.Pass)
	c, err := client.New(client.Config{URL: s.http.URL, Token: tokenOf("catalog"), Transport: &http.Transport{MaxConnsPerHost: 200, MaxIdleConnsPerHost: 200}, Timeout: 2 * time.Minute})
	require.NoError(t, err)
	var most atomic.Uint64
	done := make(chan struct{})
	var watch, pushes sync.WaitGroup
	watch.Go(func() {
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), m.HeapInuse))
			}
		}
	})
	began := time.Now()
	var failed atomic.Int64
	for i := range n {
		pushes.Go(func() {
			document := strings.Replace(text, "traffic.twin", fmt.Sprintf("traffic-%d.twin", i), 1)
			_, err := c.Push(t.Context(), []byte(document), release.Subject{Service: "catalog", Digest: image}, release.Origin{})
			if err != nil {
				failed.Add(1)
				t.Log(err)
			}
		})
	}
	pushes.Wait()
	took := time.Since(began)
	close(done)
	watch.Wait()
	assert.Zero(t, failed.Load())
	filed, before := 0, ""
	for {
		page, err := s.store.Evidence(t.Context(), store.EvidenceFilter{Service: "catalog", Before: before, Limit: store.MaxLimit})
		require.NoError(t, err)
		if filed += len(page); len(page) < store.MaxLimit {
			break
		}
		before = page[len(page)-1].ID
	}
	assert.Equal(t, n, filed)
	assert.Less(t, most.Load(), uint64(1<<30))
	t.Logf("%d pushes in %s, %.0f/s, heap at most %d MiB, client and server", n, took.Round(time.Millisecond), float64(n)/took.Seconds(), most.Load()>>20)
}

func TestStreamsAreInOrderGoOnAndEnd(t *testing.T) {
	ending := make(chan struct{})
	s := serve(t, func(c *rest.Config) { c.Ending = ending })
	push := func(n uint64) { require.Equal(t, 201, s.do("all", "POST", pushTo, compared(t, n, diff.Pass)).status) }
	push(101)
	push(102)
	lines := func(after string, want int) (ids []string, rest *bufio.Scanner) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.http.URL+"/api/v1/events?service=catalog", http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+tokenOf("reader"))
		r.Header.Set("Last-Event-ID", after)
		got, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = got.Body.Close() })
		require.Equal(t, "text/event-stream", got.Header.Get("Content-Type"))
		rest = bufio.NewScanner(got.Body)
		for len(ids) < want && rest.Scan() {
			if id, ok := strings.CutPrefix(rest.Text(), "id: "); ok {
				ids = append(ids, id)
			}
		}
		return ids, rest
	}
	ids, _ := lines("0", 2)
	assert.Equal(t, []string{"1", "2"}, ids)
	push(103)
	ids, rest := lines("2", 1)
	assert.Equal(t, []string{"3"}, ids)
	assert.Equal(t, 403, s.do("reader", "GET", "/api/v1/events?service=cart-1", "").status)
	assert.Equal(t, 200, s.do("reader", "HEAD", "/api/v1/events", "").status)
	close(ending)
	for rest.Scan() { // until the server ends it
	}
	assert.NoError(t, rest.Err())
}

func TestABodyThatIsTooLongGivesItsRoomBack(t *testing.T) {
	s := serve(t)
	a := s.do("all", "POST", pushTo, strings.Repeat(" ", 64<<20+1))
	assert.Equal(t, http.StatusRequestEntityTooLarge, a.status)
	assert.Equal(t, http.StatusCreated, s.do("all", "POST", pushTo, compared(t, 500, diff.Pass)).status, "its room was given back")
}
