package trace

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"twinspect.dev/capture"
)

// refusal is why a request is not taken, and how that is said.
type refusal struct {
	reason capture.Reason
	status int
	code   codes.Code
	err    error
}

func (e *refusal) Error() string { return e.err.Error() }

func (e *refusal) Unwrap() error { return e.err }

// again reports whether the program shall send the request again.
func (e *refusal) again() bool {
	return e.status == http.StatusTooManyRequests || e.status == http.StatusServiceUnavailable
}

var (
	busy = &refusal{Busy, http.StatusServiceUnavailable, codes.ResourceExhausted,
		errors.New("too many requests are read at the same time; send this again later")}
	full    = &refusal{QueueFull, http.StatusTooManyRequests, codes.ResourceExhausted, errQueueFull}
	closing = &refusal{Closing, http.StatusServiceUnavailable, codes.Unavailable, errQueueClosed}
)

func badRequest(httpStatus int, err error) *refusal {
	return &refusal{BadRequest, httpStatus, codes.InvalidArgument, err}
}

// maxRequestSpans is eight batches of the collector (send_batch_size).
const maxRequestSpans = 8 * 8192

// take puts the spans of a request in the queue and returns what to say of those
// that had no valid ids.
func (r *Receiver) take(b *batch) (*collectorpb.ExportTraceServiceResponse, *refusal) {
	if len(b.spans) > maxRequestSpans {
		return nil, &refusal{ReasonTooLarge, http.StatusRequestEntityTooLarge, codes.InvalidArgument,
			fmt.Errorf("%d spans in one request; send at most %d", len(b.spans), maxRequestSpans)}
	}
	err := r.queue.put(b)
	switch {
	case errors.Is(err, errQueueFull):
		return nil, full
	case err != nil:
		return nil, closing
	}
	var out collectorpb.ExportTraceServiceResponse
	if b.bad > 0 {
		out.PartialSuccess = &collectorpb.ExportTracePartialSuccess{
			RejectedSpans: int64(b.bad), ErrorMessage: errSpanIDs.Error(),
		}
	}
	return &out, nil
}

// serveHTTP answers as the OTLP specification says under "OTLP/HTTP Response".
func (r *Receiver) serveHTTP(w http.ResponseWriter, req *http.Request) {
	media, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	out, refused := r.export(w, req, media)
	if refused != nil {
		r.count(refused.reason)
		r.refuse(w, media, refused)
		return
	}
	r.count("")
	respond(w, media, http.StatusOK, out)
}

func (r *Receiver) export(w http.ResponseWriter, req *http.Request, media string) (*collectorpb.ExportTraceServiceResponse, *refusal) {
	switch {
	case req.URL.Path != "/v1/traces":
		return nil, badRequest(http.StatusNotFound, fmt.Errorf("no such path: traces are taken at /v1/traces, not %q", clip(req.URL.Path)))
	case req.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return nil, badRequest(http.StatusMethodNotAllowed, errors.New("traces are sent by POST"))
	case media != protobufType && media != jsonType:
		return nil, badRequest(http.StatusUnsupportedMediaType, fmt.Errorf("content-type %q; want %s or %s", media, protobufType, jsonType))
	}
	if !r.enter(req.Context()) {
		return nil, busy
	}
	defer r.leave()
	raw, refused := r.body(w, req)
	if refused != nil {
		return nil, refused
	}
	var b batch
	read := b.tracesData
	if media == jsonType {
		read = b.otlpJSON
	}
	if err := read(raw); err != nil {
		return nil, badRequest(http.StatusBadRequest, err)
	}
	return r.take(&b)
}

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

func (r *Receiver) body(w http.ResponseWriter, req *http.Request) ([]byte, *refusal) {
	limit := int64(r.opts.MaxRequest)
	var in io.Reader = http.MaxBytesReader(w, req.Body, limit)
	switch coding := req.Header.Get("Content-Encoding"); coding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, unread(err)
		}
		in = z
	default:
		return nil, badRequest(http.StatusUnsupportedMediaType, fmt.Errorf("content-encoding %q; want gzip or none", clip(coding)))
	}
	raw, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = &http.MaxBytesError{Limit: limit}
	}
	if err != nil {
		return nil, unread(err)
	}
	return raw, nil
}

// unread says why a body could not be read: it is too long, it is not what its
// coding says, or it never came whole.
func unread(err error) *refusal {
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return &refusal{ReasonTooLarge, http.StatusRequestEntityTooLarge, codes.InvalidArgument, err}
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), isCorrupt(err):
		return badRequest(http.StatusBadRequest, err)
	}
	return &refusal{Broken, http.StatusBadRequest, codes.InvalidArgument, err}
}

func (r *Receiver) refuse(w http.ResponseWriter, media string, why *refusal) {
	if why.again() {
		seconds := max(1, int(r.opts.RetryAfter.Round(time.Second)/time.Second))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	respond(w, media, why.status, &status.Status{Code: int32(why.code), Message: why.Error()})
}

// respond writes a message in the form of the request. The program may be gone.
func respond(w http.ResponseWriter, media string, code int, m proto.Message) {
	var raw []byte
	if media == jsonType {
		raw, _ = protojson.Marshal(m)
	} else {
		media = protobufType
		raw, _ = proto.Marshal(m)
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(code)
	_, _ = w.Write(raw)
}
