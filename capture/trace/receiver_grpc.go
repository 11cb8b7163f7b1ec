package trace

import (
	"compress/flate"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
)

// isCorrupt reports whether the bytes of gzip are damaged, rather than missing
// because the connection broke.
func isCorrupt(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt) || errors.Is(err, io.EOF)
}

// serveGRPC bounds how many requests are read at the same time: gRPC reads a
// message before it is handled. What never is so is counted here.
func (r *Receiver) serveGRPC(w http.ResponseWriter, req *http.Request) {
	if !r.enter(req.Context()) {
		r.count(busy.reason)
		r.refuseUnread(w)
		return
	}
	defer r.leave()
	call := &grpcCall{}
	r.grpc.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), callKey{}, call)))
	switch {
	case call.refused != nil:
		r.count(call.refused.reason)
	case call.taken:
		r.count("")
	default:
		r.count(BadRequest)
	}
}

// refuseUnread answers with a header alone (gRPC over HTTP/2, "Trailers-Only").
func (r *Receiver) refuseUnread(w http.ResponseWriter) {
	s := status.Convert(r.refuseGRPC(busy))
	details, _ := proto.Marshal(s.Proto())
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Grpc-Status", strconv.Itoa(int(s.Code())))
	h.Set("Grpc-Message", s.Message())
	h.Set("Grpc-Status-Details-Bin", base64.RawStdEncoding.EncodeToString(details))
	w.WriteHeader(http.StatusOK)
}

type callKey struct{}

// grpcCall is what became of one request.
type grpcCall struct {
	refused *refusal
	taken   bool
}

// traceService describes the TraceService of OTLP. Its request is read as a message
// that knows no field, and so keeps the bytes: they are read as those of HTTP are.
var traceService = grpc.ServiceDesc{
	ServiceName: collectorpb.TraceService_ServiceDesc.ServiceName,
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{MethodName: "Export", Handler: func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var in emptypb.Empty
		if err := decode(&in); err != nil {
			return nil, err
		}
		return srv.(*Receiver).exportGRPC(ctx, in.ProtoReflect().GetUnknown())
	}}},
}

func (r *Receiver) exportGRPC(ctx context.Context, raw []byte) (*collectorpb.ExportTraceServiceResponse, error) {
	call, _ := ctx.Value(callKey{}).(*grpcCall)
	if call == nil {
		return nil, status.Error(codes.Internal, "called from outside of the receiver")
	}
	var b batch
	if err := b.tracesData(raw); err != nil {
		call.refused = badRequest(http.StatusBadRequest, err)
		return nil, r.refuseGRPC(call.refused)
	}
	out, refused := r.take(&b)
	if refused != nil {
		call.refused = refused
		return nil, r.refuseGRPC(refused)
	}
	call.taken = true
	return out, nil
}

// refuseGRPC says when to send the request again: RESOURCE_EXHAUSTED without
// RetryInfo means never (OTLP specification, "Failures").
func (r *Receiver) refuseGRPC(why *refusal) error {
	s := status.New(why.code, why.Error())
	if why.again() {
		if with, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(r.opts.RetryAfter)}); err == nil {
			s = with
		}
	}
	return s.Err()
}
