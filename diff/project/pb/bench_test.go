package pb_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"twinspect.dev/diff/project/pb"
)

// orders is an answer of some 60 KiB with a list, texts, times and maps.
func orders() []byte {
	var body string
	for i := range 400 {
		body += wire(29, wire(3, i, 4, i*1e9, 14, fmt.Sprintf("order number %d of many", i), 16, 1, 18, 3, 26, "one", 26, "two",
			31, wire(1, "colour", 2, "blue"), 41, 7, 51, wire(1, 1_700_000_000+i, 2, 5_000_000), 24, "\x01\x00\x00\x00\x02\x00\x00\x00"))
	}
	return []byte(frame(0, body))
}

// BenchmarkProjectPair tells the bytes of both bodies; protojson, which writes
// the same messages from dynamic ones, stands beside.
func BenchmarkProjectPair(b *testing.B) {
	d, types := schema(b)
	body := orders()
	run := func(name string, d *pb.Descriptors) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(2 * len(body)))
			b.ReportAllocs()
			var x, y []byte
			var err error
			for b.Loop() {
				x, y, err = d.ProjectPair(x[:0], y[:0], "/shop.Orders/Get", "application/grpc", body, body)
				require.NoError(b, err)
			}
		})
	}
	run("descriptors", d)
	run("wire", nil)
	b.Run("protojson", func(b *testing.B) {
		b.SetBytes(int64(2 * len(body)))
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			for range 2 {
				m := typeOf(b, types, "shop.Order").New().Interface()
				require.NoError(b, proto.Unmarshal(body[5:], m))
				var err error
				out, err = protojson.MarshalOptions{UseProtoNames: true}.MarshalAppend(out[:0], m)
				require.NoError(b, err)
			}
		}
	})
}
