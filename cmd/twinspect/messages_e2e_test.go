//go:build e2e && linux

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"twinspect.dev/diff"
)

func TestCallsOfGRPCAreRecordedThroughTheProxyAndComparedByTheirFields(t *testing.T) {
	file := compiled(t, "shop.proto", shopProto)
	base, branch := shopServer{file: file, price: 1250}, shopServer{file: file, price: 1251}
	at, other := base.run(t), branch.run(t)
	recording := filepath.Join(t.TempDir(), "calls.twin")
	line, stop := background(t, "recording ", "capture", "--proxy", "127.0.0.1:0=h2c://"+at, "--grpc-reflection", at, "-o", recording)
	address, _, _ := strings.Cut(strings.TrimPrefix(line, "http://"), " ")
	for range 12 { // each over a connection of its own: a session
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		require.NoError(t, conn.Invoke(t.Context(), "/shop.Shop/List", base.message("Query"), base.message("Products")))
		require.NoError(t, conn.Close())
	}
	require.Zero(t, stop())
	found, _ := asked(t, 1, recording, at, other)
	assert.Equal(t, []string{"$.items[*].price"}, paths(found.Judged(diff.Regression)))
	asked(t, 0, recording, at, at)
}
