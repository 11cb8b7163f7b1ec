package policyfile

import (
	"slices"
	"time"
)

// preset is what a metric is made of where the file does not say it.
type preset struct {
	counter   string
	bad       string
	histogram string
	unit      time.Duration
	// label and value are of a matcher that the sides have too, where they have none
	// of the label.
	label, value string
}

var presetNames = []string{"istio", "prometheus", "opentelemetry"}

// presets has them by name. Without a name it is the empty one.
var presets = map[string]preset{
	// Both sidecars count a request; one of them is enough
	// (https://istio.io/latest/docs/reference/config/metrics/).
	"istio": {
		counter: "istio_requests_total", bad: `response_code=~"5.."`,
		histogram: "istio_request_duration_milliseconds", unit: time.Millisecond,
		label: "reporter", value: "destination",
	},
	"prometheus": {
		counter: "http_requests_total", bad: `code=~"5.."`,
		histogram: "http_request_duration_seconds", unit: time.Second,
	},
	// Semantic conventions for HTTP metrics, as the Prometheus exporter names them:
	// there is no counter beside the histogram.
	"opentelemetry": {
		counter: "http_server_request_duration_seconds_count", bad: `http_response_status_code=~"5.."`,
		histogram: "http_server_request_duration_seconds", unit: time.Second,
	},
}

// narrow adds the preset's matcher to those of a side, which have labels.
func (p preset) narrow(side string, labels []string) string {
	if p.label == "" || slices.Contains(labels, p.label) || len(labels) == 0 {
		return side
	}
	return side + "," + p.label + `="` + p.value + `"`
}
