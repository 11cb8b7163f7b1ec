package httpwire

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture"
)

func TestTraceContext(t *testing.T) {
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
		{"b3 that only denies sampling", capture.Header{{Name: "b3", Value: "0"}}, "", ""},
		{"none", nil, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			gotTrace, gotSpan := traceContext(test.header)
			assert.Equal(t, test.trace, gotTrace)
			assert.Equal(t, test.span, gotSpan)
		})
	}
}
