package selfcheck_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"twinspect.dev/capture"
	"twinspect.dev/capture/grpcmsg"
	"twinspect.dev/diff"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/project/pb"
	"twinspect.dev/diff/rules"
	"twinspect.dev/diff/selfcheck"
)

const hideSecond = `version: 1
rules:
  - path: $[*]['2']
    ignore: true
    reason: to be blind on purpose
`

// TestMessagesAreTriedByTheirFields also where gRPC compressed them.
func TestMessagesAreTriedByTheirFields(t *testing.T) {
	set, err := rules.Parse("twinspect.yaml", []byte(hideSecond), start)
	require.NoError(t, err)
	m := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 300)
	m = protowire.AppendString(protowire.AppendTag(m, 2, protowire.BytesType), "two words")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err = z.Write(m)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for _, message := range []grpcmsg.Message{{Data: m}, {Data: zipped.Bytes(), Compressed: true}} {
		r := &capture.Response{Status: 200, Message: capture.Message{
			Header: capture.Header{{Name: "Content-Type", Value: "application/grpc"}, {Name: "Grpc-Encoding", Value: "gzip"}},
			Body:   grpcmsg.Append(nil, message),
		}}
		c := selfcheck.New(selfcheck.Options{Rules: set, Protobuf: (*pb.Descriptors)(nil), Budget: time.Hour})
		ledger := noise.New(noise.Limits{})
		for i := range 40 {
			id := capture.NewID("test", "c", start, uint64(i))
			c.Observe(&selfcheck.Answers{Operation: "POST /a.B/C", Exchange: id, Base: r, Branch: r})
			ledger.Observe(noise.Observation{Operation: "POST /a.B/C", Exchange: id.String(), Paired: true})
		}
		check := c.Report(ledger.Judge(0.05))
		assert.Equal(t, check.Mutations, check.Proven+check.Suspected+check.Missed)
		require.NotEmpty(t, check.Blind)
		for _, spot := range check.Blind {
			assert.True(t, strings.HasPrefix(spot.Path, "$[*]['2']"), "%v", spot)
			assert.Equal(t, []string{"twinspect.yaml:3"}, spot.By)
			assert.Equal(t, diff.Body, spot.Part)
		}
	}
}
