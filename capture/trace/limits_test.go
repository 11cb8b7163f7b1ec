package trace

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"twinspect.dev/capture"
)

// inside wraps a message in fields, the innermost first.
func inside(msg []byte, numbers ...protowire.Number) []byte {
	for _, n := range numbers {
		msg = protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), msg)
	}
	return msg
}

func TestARequestOfEmptyElementsTakesNoMoreMemoryThanItself(t *testing.T) {
	const n = 1 << 20
	span := inside(bytes.Repeat([]byte{0xa}, 16), 1)
	span = append(span, inside(bytes.Repeat([]byte{0xb}, 8), 2)...)
	for name, msg := range map[string][]byte{
		"spans":      inside(bytes.Repeat([]byte{2<<3 | 2, 0}, n), 2, 1),
		"attributes": inside(append(bytes.Clone(span), bytes.Repeat([]byte{9<<3 | 2, 0}, n)...), 2, 2, 1),
		"events":     inside(append(bytes.Clone(span), bytes.Repeat([]byte{11<<3 | 2, 0}, n)...), 2, 2, 1),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var b batch
		require.NoError(t, b.tracesData(msg), name)
		runtime.ReadMemStats(&after)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(len(msg)), name)
	}
	for _, element := range []string{"{},", "null,"} {
		var b batch
		text := `{"scopeSpans":[{"spans":[` + strings.Repeat(element, n) + `{}]}]}`
		assert.ErrorIs(t, b.otlpJSON([]byte(`{"resourceSpans":[`+text+`]}`)), errDense)
	}
}

func TestARequestOfTooManySpansIsRefused(t *testing.T) {
	r, addr := receive(t, ReceiverOptions{})
	span := append(inside(bytes.Repeat([]byte{0xa}, 16), 1), inside(bytes.Repeat([]byte{0xb}, 8), 2)...)
	body := inside(bytes.Repeat(inside(span, 2), maxRequestSpans+1), 2, 1)
	assert.Equal(t, 413, post(t, "POST", "http://"+addr+"/v1/traces", protobufType, "", body).status)
	assert.Equal(t, map[capture.Reason]uint64{ReasonTooLarge: 1}, r.Account()[0].Dropped)
}

// What the generated messages read, the reader of the wire reads too, and alike.
func FuzzWireAgainstTheGeneratedMessages(f *testing.F) {
	f.Add(wire(f, 2))
	f.Add(inside(nil, 2, 2, 1))
	f.Fuzz(func(t *testing.T, in []byte) {
		var want tracepb.TracesData
		if proto.Unmarshal(in, &want) != nil {
			return
		}
		var names []string
		bad := uint64(0)
		for _, rs := range want.GetResourceSpans() {
			for _, scope := range rs.GetScopeSpans() {
				for _, s := range scope.GetSpans() {
					if len(s.GetTraceId()) != 16 || len(s.GetSpanId()) != 8 ||
						bytes.Count(s.GetTraceId(), []byte{0}) == 16 || bytes.Count(s.GetSpanId(), []byte{0}) == 8 {
						bad++
						continue
					}
					names = append(names, clip(s.GetName()))
				}
			}
		}
		var b batch
		if err := b.tracesData(in); err != nil {
			return // stricter, or another type of a field
		}
		require.Equal(t, bad, b.bad)
		require.Len(t, b.spans, len(names))
		for i := range names {
			require.Equal(t, names[i], clip(b.spans[i].Name))
		}
	})
}
