package store_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff/shard/store"
)

func TestWhatIsAwayPassesAndWhatIsWrongDoesNot(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	of := func(number syscall.Errno) error { return &fs.PathError{Op: "open", Path: "/mnt", Err: number} }
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"none", nil, false},
		{"a refused connection", fmt.Errorf("read: %w", refused), true},
		{"a request that was refused", &url.Error{Op: "Put", URL: "http://s3", Err: refused}, true},
		{"an unknown host", &net.DNSError{Err: "no such host", IsNotFound: true}, true},
		{"a closed connection", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), true},
		{"a time limit", context.DeadlineExceeded, true},
		{"an interruption", errors.Join(refused, context.Canceled), false},
		{"a stranger's certificate", &url.Error{Op: "Put", Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, false},
		{"no leader", fmt.Errorf("kafka: %w", kafkago.LeaderNotAvailable), true},
		{"no such topic", fmt.Errorf("kafka: %w", kafkago.UnknownTopicOrPartition), false},
		{"no right to the topic", kafkago.TopicAuthorizationFailed, false},
		{"an overloaded bucket", minio.ErrorResponse{StatusCode: http.StatusServiceUnavailable, Code: "SlowDown"}, true},
		{"no such bucket", minio.ErrorResponse{StatusCode: http.StatusNotFound, Code: minio.NoSuchBucket}, false},
		{"no conditional writes", minio.ErrorResponse{StatusCode: http.StatusNotImplemented}, false},
		{"a full disk", of(syscall.ENOSPC), true},
		{"a folder that is away", of(syscall.ESTALE), true},
		{"a folder of others", of(syscall.EACCES), false},
		{"anything else", store.ErrTooLarge, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, store.Passing(tt.err), "%v", tt.err) })
	}
}

func TestTheErrorsOfStoresThatAreAwayPass(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	away := l.Addr().String()
	require.NoError(t, l.Close())
	_, err = store.Open(t.Context(), "kafka://"+away+"/evidence")
	assert.True(t, store.Passing(err), "%v", err)

	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	s := open(t, "s3://evidence?region=us-east-1&path-style=true&endpoint=http://"+away)
	err = s.Put(t.Context(), "a", []byte("x"))
	assert.True(t, store.Passing(err), "%v", err)
}

func TestTheErrorOfAFileInThePlaceOfAFolderDoesNotPass(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	_, err := store.Open(t.Context(), file)
	require.Error(t, err)
	assert.False(t, store.Passing(err), "%v", err)
}
