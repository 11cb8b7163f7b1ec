package trace

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // requests may be compressed by it

	"twinspect.dev/capture"
)

// The reasons under which a receiver refuses requests. A program that is told to
// sends the request again, so what is refused is not yet lost.
const (
	// QueueFull: spans come faster than they are read.
	QueueFull capture.Reason = "queue-full"
	// Busy: too many requests are read at the same time.
	Busy capture.Reason = "receiver-busy"
	// Closing: the receiver takes no more.
	Closing capture.Reason = "receiver-closing"
	// BadRequest: the request is none of OTLP's for traces.
	BadRequest capture.Reason = "bad-request"
	// Broken: the connection broke, or its time was up, before the request was whole.
	Broken capture.Reason = "broken-request"
)

// ReceiverOptions bound a [Receiver]. The zero value is good.
type ReceiverOptions struct {
	// MaxRequest is how many bytes a request may have when it is decompressed, 20
	// MiB where it is 0: as the collector's receiver has it.
	MaxRequest int
	// MaxQueued bounds the bytes of spans that wait to be read, 64 MiB where it is
	// 0: about 50 thousand spans of 1.3 KiB.
	MaxQueued int64
	// MaxRequests are read at the same time, 8 where it is 0; further ones wait
	// RetryAfter and are then refused. With MaxRequest it bounds the memory: the
	// spans of a request take a few times its length.
	MaxRequests int
	// RetryAfter is when a refused request may be sent again, 1 s where it is 0.
	RetryAfter time.Duration
}

// Receiver takes spans from programs by OTLP 1.x: over HTTP (POST /v1/traces,
// protobuf and JSON, gzip) and gRPC (TraceService/Export) without TLS, both on the
// same listener. It is a [Source]: ReadSpan waits for the next one, and returns
// io.EOF after Close, when all that was taken is read.
type Receiver struct {
	opts   ReceiverOptions
	queue  *queue
	http   http.Server
	grpc   *grpc.Server
	slots  chan struct{}
	served chan struct{} // closed when the goroutine that serves has ended

	mu       sync.Mutex
	requests capture.Stats
	closing  bool
	handlers sync.WaitGroup
}

// NewReceiver serves on ln, which it closes, until Close.
func NewReceiver(ln net.Listener, o ReceiverOptions) *Receiver {
	r := &Receiver{opts: o.defaults(), served: make(chan struct{})}
	r.queue = newQueue(r.opts.MaxQueued)
	r.slots = make(chan struct{}, r.opts.MaxRequests)
	r.grpc = grpc.NewServer(grpc.MaxRecvMsgSize(r.opts.MaxRequest))
	r.grpc.RegisterService(&traceService, r)
	r.http = http.Server{
		Handler:           http.HandlerFunc(r.serve),
		ReadHeaderTimeout: 10 * time.Second,
		// Exporters give up after 10 s (OTEL_EXPORTER_OTLP_TIMEOUT).
		ReadTimeout: 30 * time.Second,
		// They send a batch every 5 s: a connection is kept for several of these.
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		Protocols:      new(http.Protocols),
		HTTP2:          &http.HTTP2Config{MaxConcurrentStreams: 64},
	}
	r.http.Protocols.SetHTTP1(true)
	r.http.Protocols.SetUnencryptedHTTP2(true)
	go r.listen(ln)
	return r
}

func (o ReceiverOptions) defaults() ReceiverOptions {
	if o.MaxRequest <= 0 {
		o.MaxRequest = 20 << 20
	}
	if o.MaxQueued <= 0 {
		o.MaxQueued = 64 << 20
	}
	if o.MaxRequests <= 0 {
		o.MaxRequests = 8
	}
	if o.RetryAfter <= 0 {
		o.RetryAfter = time.Second
	}
	return o
}

func (r *Receiver) listen(ln net.Listener) {
	defer close(r.served)
	if err := r.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		r.queue.close(fmt.Errorf("receive traces on %s: %w", ln.Addr(), err))
	}
}

// ReadSpan implements [Source].
func (r *Receiver) ReadSpan(ctx context.Context, sp *Span) error { return r.queue.take(ctx, sp) }

// Close takes no more connections, ends the requests that are being read, and
// makes ReadSpan return io.EOF once it has given what was taken. When ctx ends
// first, the rest of the connections are broken and its error is returned. It may
// be called at any time, more than once.
func (r *Receiver) Close(ctx context.Context) error {
	err := r.http.Shutdown(ctx)
	r.mu.Lock()
	r.closing = true
	r.mu.Unlock()
	if err != nil {
		err = errors.Join(err, r.http.Close())
	}
	<-r.served
	r.handlers.Wait()
	r.queue.close(nil)
	r.grpc.Stop()
	return err
}

// Account implements capture.Accounted: requests, of which the written ones were
// taken, then the spans of these. Spans that wait to be read are open. It may be
// called at any time, from any goroutine.
func (r *Receiver) Account() capture.Account {
	r.mu.Lock()
	requests := r.requests.Clone()
	r.mu.Unlock()
	return capture.Account{
		{Name: "trace requests", Unit: "requests", Stats: requests},
		{Name: "traces", Unit: "spans", Stats: r.queue.account()},
	}
}

func (r *Receiver) count(refused capture.Reason) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests.Seen++
	if refused == "" {
		r.requests.Written++
		return
	}
	r.requests.Drop(refused, 1)
}

// enter waits for a slot, for as long as a refused request would wait.
func (r *Receiver) enter(ctx context.Context) bool {
	wait := time.NewTimer(r.opts.RetryAfter)
	defer wait.Stop()
	select {
	case r.slots <- struct{}{}:
		return true
	case <-wait.C:
	case <-ctx.Done():
	}
	return false
}

func (r *Receiver) leave() { <-r.slots }

// begin joins the handlers that Close waits for.
func (r *Receiver) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closing {
		r.handlers.Add(1)
	}
	return !r.closing
}

func (r *Receiver) serve(w http.ResponseWriter, req *http.Request) {
	if !r.begin() {
		r.count(Closing)
		r.refuse(w, protobufType, closing)
		return
	}
	defer r.handlers.Done()
	if req.ProtoMajor == 2 && strings.HasPrefix(req.Header.Get("Content-Type"), "application/grpc") {
		r.serveGRPC(w, req)
		return
	}
	r.serveHTTP(w, req)
}
