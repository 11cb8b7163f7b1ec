package capture_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func TestTraceOfReadsEachForm(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	tests := []struct {
		name        string
		header      capture.Header
		trace, span string
	}{
		{"traceparent", capture.Header{{Name: "Traceparent", Value: "00-" + trace + "-" + span + "-01"}}, trace, span},
		{"b3 in one field", capture.Header{{Name: "b3", Value: trace + "-" + span + "-1"}}, trace, span},
		{"b3 in several fields", capture.Header{{Name: "x-b3-traceid", Value: "4BF92F3577B34DA6"}, {Name: "X-B3-SpanId", Value: span}}, "4bf92f3577b34da6", span},
		{"uber-trace-id without leading zeros", capture.Header{{Name: "uber-trace-id", Value: trace + "%3Af067aa0ba902b7:0:1"}}, trace, span},
		{"traceparent comes first", capture.Header{{Name: "b3", Value: span + "-" + span}, {Name: "traceparent", Value: "00-" + trace + "-" + span + "-00"}}, trace, span},
		{"all zeros are no trace", capture.Header{{Name: "traceparent", Value: "00-00000000000000000000000000000000-" + span + "-01"}}, "", ""},
		{"a traceparent that is none gives way to b3", capture.Header{{Name: "traceparent", Value: "00-" + trace + "-" + span}, {Name: "b3", Value: span + "-" + span}}, span, span},
		{"a b3 that is none gives way to uber-trace-id", capture.Header{{Name: "b3", Value: "0"}, {Name: "uber-trace-id", Value: trace + ":" + span + ":0:1"}}, trace, span},
		{"a trace without a span", capture.Header{{Name: "X-B3-TraceId", Value: trace}}, "", ""},
		{"what is not hexadecimal", capture.Header{{Name: "b3", Value: strings.Repeat("g", 32) + "-" + span}}, "", ""},
		{"an id that is too long", capture.Header{{Name: "uber-trace-id", Value: trace + "0:" + span + ":0:1"}}, "", ""},
		{"b3 that only denies sampling", capture.Header{{Name: "b3", Value: "0"}}, "", ""},
		{"none", nil, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			gotTrace, gotSpan := capture.TraceOf(test.header)
			assert.Equal(t, test.trace, gotTrace)
			assert.Equal(t, test.span, gotSpan)
		})
	}
}

func FuzzTraceOf(f *testing.F) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	f.Add("traceparent", "00-"+trace+"-"+span+"-01")
	f.Add("b3", trace+"-"+span+"-1")
	f.Add("uber-trace-id", "A3ce%3af067aa0ba902b7%3A0:1")
	f.Add("X-B3-TraceId", trace)
	f.Add("B3", "-")
	f.Fuzz(func(t *testing.T, name, value string) {
		h := capture.Header{{Name: name, Value: value}, {Name: "X-B3-SpanId", Value: span}}
		traceID, spanID := capture.TraceOf(h)
		require.Equal(t, traceID == "", spanID == "")
		if traceID == "" {
			return
		}
		require.Contains(t, []int{16, 32}, len(traceID))
		require.Len(t, spanID, 16)
		require.Empty(t, strings.Trim(traceID+spanID, "0123456789abcdef"))
		require.NotEmpty(t, strings.Trim(traceID, "0"))
		require.NotEmpty(t, strings.Trim(spanID, "0"))
	})
}
