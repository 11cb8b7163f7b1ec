package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// replies reads one request after another and answers each by answer, which
// reports whether the connection stays open.
func replies(answer func(ctx context.Context, w net.Conn) bool) func(context.Context, net.Conn) {
	return func(ctx context.Context, c net.Conn) {
		r := bufio.NewReader(c)
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			if !answer(ctx, c) {
				return
			}
		}
	}
}

func says(text string) func(context.Context, net.Conn) bool {
	return func(_ context.Context, c net.Conn) bool {
		_, err := io.WriteString(c, text)
		return err == nil
	}
}

// drip sends a byte now and then, far too slowly for an answer in time.
func drip(ctx context.Context, c net.Conn) bool {
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
	for i := 0; ; i++ {
		b := byte(' ')
		if i < len(head) {
			b = head[i]
		}
		if _, err := c.Write([]byte{b}); err != nil {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// flood sends a chunked body of ten gigabytes, as much of it as is taken.
func flood(sent *atomic.Int64) func(context.Context, net.Conn) bool {
	chunk := "100000\r\n" + strings.Repeat("x", 1<<20) + "\r\n"
	return func(_ context.Context, c net.Conn) bool {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
		for range 10 << 10 {
			n, err := io.WriteString(c, chunk)
			sent.Add(int64(n))
			if err != nil {
				return false
			}
		}
		return true
	}
}

func TestProvidersThatMisbehaveGiveFindingsInClearWords(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", pingDocument)
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	tests := []struct {
		name  string
		serve func(context.Context, net.Conn)
		want  string
	}{
		{"hangs", hang, "no whole answer within 300ms"},
		{"closes at once", func(context.Context, net.Conn) {}, "the connection broke"},
		{"closes after the request", replies(func(context.Context, net.Conn) bool { return false }), "closed"},
		{"less than Content-Length", replies(func(ctx context.Context, c net.Conn) bool {
			says(head+"Content-Length: 100\r\n\r\n{\"ok\":true}")(ctx, c)
			return false
		}), "closed"},
		{"more than Content-Length", replies(says(head + "Content-Length: 2\r\n\r\n{\"ok\":true}")), ""},
		{"two lengths", replies(says(head + "Content-Length: 2\r\nContent-Length: 11\r\n\r\n{\"ok\":true}")), "Content-Length"},
		{"no HTTP", replies(says("220 mail.example ESMTP\r\n")), ""},
		{"nonsense", replies(says("\x00\x01\x02\x03\xff\r\n\r\n")), ""},
		{"a status that is none", replies(says("HTTP/1.1 abc OK\r\n\r\n")), ""},
		{"a bad chunk", replies(says(head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n")), "chunk"},
		{"slow drip", replies(drip), "no whole answer within 300ms"},
		{"an endless head", replies(func(_ context.Context, c net.Conn) bool {
			_, err := io.WriteString(c, head)
			for err == nil {
				_, err = io.WriteString(c, "X-More: "+strings.Repeat("y", 1000)+"\r\n")
			}
			return false
		}), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, r := contractRun(t, 1, spec, listens(t, tt.serve), "--timeout", "300ms")
			words, found := causes(e)["answered GET /ping"]
			if tt.name == "more than Content-Length" && !found {
				words, found = causes(e)["body-schema GET /ping"]
			}
			require.True(t, found, "%v", causes(e))
			assert.Contains(t, words, tt.want)
			assert.NotContains(t, words, "EOF", "that is a word of programmers")
			assert.LessOrEqual(t, len(e.Findings), 8, "%v", causes(e))
			assert.NotContains(t, r.stderr, "goroutine")

		})
	}
}

func TestAnOperationThatHangsIsNotAskedForEver(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	var hung atomic.Int64
	url := newThings(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || r.URL.Path != "/things" {
			return false
		}
		hung.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.Copy(io.Discard, r.Body) // until then the server does not see a client leave
		<-r.Context().Done()
		return true
	})
	e, _ := contractRun(t, 1, spec, url, "--timeout", "300ms", "--parallel", "4")
	assert.Contains(t, causes(e), "answered POST /things")
	assert.Positive(t, notRun(e)["operation-hangs"])
	assert.Less(t, hung.Load(), int64(60), "five in a row, what is under way beside them, and the finding asked again")
	for _, o := range e.Coverage.Operations {
		if o.Operation == "GET /things" {
			assert.Positive(t, o.Asked, "the others are asked")
		}
	}
}

func TestTenGigabytesAreNotTaken(t *testing.T) {
	var sent atomic.Int64
	spec := writeDocument(t, "openapi.yaml", pingDocument)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e, _ := contractRun(t, 1, spec, listens(t, replies(flood(&sent))), "--body-limit", "4194304", "--shrink", "0")
	runtime.ReadMemStats(&after)
	assert.Contains(t, causes(e)["answered GET /ping"], "limit of 4194304 bytes")
	assert.Less(t, sent.Load(), int64(1)<<30)
	assert.Less(t, after.Sys-before.Sys, uint64(512<<20))
}

func TestTheSameAnswerToEverythingIsAFewFindings(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	crash := func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("X-Request-Id", fmt.Sprint(time.Now().UnixNano()))
		return answering(500, fmt.Sprintf(`{"error":"boom","at":"%s"}`, time.Now().Format(time.RFC3339Nano)))(w, nil)
	}
	tests := []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request) bool
		want   string
		most   int
	}{
		{"500", crash, "no-server-error GET /things", 3 * 3},
		{"401", answering(401, `{"error":"who are you"}`), "valid-accepted GET /things", 3 * 4},
		{"redirect loop", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
			return true
		}, "status-declared GET /things", 3 * 4},
		{"HTML", func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>welcome</html>")
			return true
		}, "media-type GET /things", 3 * 60},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := contractRun(t, 1, spec, newThings(t, tt.answer))
			assert.Contains(t, causes(e), tt.want)
			assert.LessOrEqual(t, len(e.Findings), tt.most, "%v", causes(e))

		})
	}
}

func TestAProviderThatGoesAwayIsToldAsSuch(t *testing.T) {
	spec := writeDocument(t, "openapi.yaml", thingsDocument)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &http.Server{ReadHeaderTimeout: time.Minute}
	gone := interruptingAfter(5, func() { _ = l.Close() })
	s.Handler = &things{change: func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Connection", "close")
		return gone(w, r)
	}}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	r := twinspect(t.Context(), "contract-run", spec, "--provider", "http://"+l.Addr().String(), "--json", "--shrink", "0")
	require.ErrorIs(t, <-served, net.ErrClosed)
	e := evidenceOf(t, r)
	assert.Contains(t, []int{1, 3}, r.code)
	assert.Contains(t, strings.Join(e.Reasons, "\n"), "could not be reached")
	assert.Positive(t, notRun(e)["provider-gone"])
}
