package store_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff/shard/store"
)

// bucket returns the address of an empty store in a service of the test's own.
func bucket(t testing.TB) string {
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("evidence"))
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	return "s3://evidence/team/a?region=us-east-1&path-style=true&endpoint=" + server.URL
}

func TestABucketKeepsTheFirst(t *testing.T) { conform(t, bucket) }

func TestABadAddressOfABucketIsExplained(t *testing.T) {
	tests := []struct{ address, want string }{
		{"s3://", "want s3://bucket/prefix"},
		{"s3://key:secret@bucket/prefix", "no credentials in it"},
		{"s3://bucket?endpoint=ftp://x", "s3 endpoint"},
		{"s3://bucket?colour=red", "not known"},
		{"s3://bucket?path-style=maybe", "want true or false"},
		{"s3://bucket/a%20b", "s3 prefix"},
	}
	for _, tt := range tests {
		_, err := store.Open(t.Context(), tt.address)
		assert.ErrorContains(t, err, tt.want, tt.address)
	}
}

func TestAMissingBucketAndWrongCredentialsSayWhatToDo(t *testing.T) {
	address := strings.Replace(bucket(t), "s3://evidence", "s3://nowhere", 1)
	err := open(t, address).Put(t.Context(), "a", []byte("x"))
	assert.ErrorContains(t, err, "create it")
}
