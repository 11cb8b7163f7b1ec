package notify

import (
	"log/slog"
	"net/http"
	"slices"

	"twinspect.dev/release"
)

// Secret is a text that is never shown: however it is printed, logged or marshaled, it
// says only that it is one.
type Secret string

const hidden = "[secret]"

// String implements [fmt.Stringer].
func (Secret) String() string { return hidden }

// GoString implements [fmt.GoStringer].
func (Secret) GoString() string { return hidden }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText implements [encoding.TextMarshaler].
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Kind says whose form a message has.
type Kind string

// The kinds of destinations.
const (
	Slack    Kind = "slack"
	Feishu   Kind = "feishu"
	DingTalk Kind = "dingtalk"
	WeCom    Kind = "wecom"
	Webhook  Kind = "webhook"
)

var kinds = []string{string(Slack), string(Feishu), string(DingTalk), string(WeCom), string(Webhook)}

// Event says what people are told of.
type Event string

// The events.
const (
	VerdictEvent  Event = "verdict"
	OverrideEvent Event = "override"
	StopEvent     Event = "stop"
)

var events = []string{string(VerdictEvent), string(OverrideEvent), string(StopEvent)}

var decisions = []string{string(release.Promote), string(release.Hold), string(release.Rollback)}

// Header is one field of the requests to a webhook.
type Header struct {
	Name  string
	Value Secret
}

// Destination is where messages go.
type Destination struct {
	Name string
	Kind Kind
	// URL is where they are posted. It holds the key that lets one do so.
	URL Secret
	// Sign is the key of the signature, "" where none is wanted.
	Sign Secret
	// Services are patterns with * for any text, Decisions those of verdicts, Events
	// what is told of; none of any is all.
	Services  []string
	Decisions []release.Decision
	Events    []Event
	// Headers are of a webhook.
	Headers []Header
}

// Config says who is told.
type Config struct {
	To []Destination
}

// wants reports whether a destination is to be told of a notice.
func (d *Destination) wants(n notice) bool {
	if len(d.Events) > 0 && !slices.Contains(d.Events, n.event) {
		return false
	}
	if n.event == VerdictEvent && len(d.Decisions) > 0 && !slices.Contains(d.Decisions, n.record.Decision) {
		return false
	}
	if len(d.Services) == 0 || len(n.services()) == 0 {
		return true // a stop that names none is for all
	}
	for _, wanted := range d.Services {
		if slices.ContainsFunc(n.services(), func(s string) bool { return overlap(wanted, s) }) {
			return true
		}
	}
	return false
}

// overlap reports whether some text has the form of both patterns, in which * stands
// for any text, none included. The name of a service is a pattern of one text. It takes
// time len(a)·len(b).
func overlap(a, b string) bool {
	row := make([]bool, len(b)+1) // row[j]: whether the rests of a and b from j have a common text
	for i := len(a); i >= 0; i-- {
		after := false // the row before, at j+1
		for j := len(b); j >= 0; j-- {
			before := row[j]
			switch {
			case i == len(a) && j == len(b):
				row[j] = true
			case i < len(a) && a[i] == '*':
				row[j] = before || j < len(b) && row[j+1]
			case j < len(b) && b[j] == '*':
				row[j] = row[j+1] || i < len(a) && before
			default:
				row[j] = i < len(a) && j < len(b) && a[i] == b[j] && after
			}
			after = before
		}
	}
	return row[0]
}

// header returns the fields of a request to a destination.
func (d *Destination) header() http.Header {
	h := http.Header{"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {"twinspect"}}
	for _, f := range d.Headers {
		h.Set(f.Name, string(f.Value))
	}
	return h
}
