package store

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"syscall"

	"github.com/minio/minio-go/v7"
	kafkago "github.com/segmentio/kafka-go"

	"twinspect.dev/capture/kafka"
)

// Passing reports whether an error of a store, or of a topic that is read, may
// pass by itself: what serves it is away, overloaded or full. Everything that is
// not known to pass, a missing topic and refused credentials among it, does not.
func Passing(err error) bool {
	var code kafkago.Error
	var answer minio.ErrorResponse
	var number syscall.Errno
	switch {
	case err == nil, errors.Is(err, context.Canceled), untrusted(err):
		return false
	case errors.As(err, &code):
		return code != kafkago.UnknownTopicOrPartition && kafka.Passing(code)
	case errors.As(err, &answer):
		return answer.StatusCode >= http.StatusInternalServerError && answer.StatusCode != http.StatusNotImplemented ||
			answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout
	case ofNetwork(err):
		return true
	}
	return errors.As(err, &number) && slices.Contains(passing, number)
}

// passing are what a file system says that is away or full for a time, shared
// ones among them.
var passing = []syscall.Errno{
	syscall.EAGAIN, syscall.EDQUOT, syscall.EINTR, syscall.EIO, syscall.ENOSPC, syscall.ESTALE, syscall.ETIMEDOUT,
}

// untrusted reports whether the other side is not who it should be, or speaks no
// TLS.
func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &certificate) || errors.As(err, &record)
}

// ofNetwork leaves net.Error alone, which every number of the system is.
func ofNetwork(err error) bool {
	var op *net.OpError
	var name *net.DNSError
	var timeout interface{ Timeout() bool }
	return errors.As(err, &op) || errors.As(err, &name) || errors.As(err, &timeout) && timeout.Timeout() ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
