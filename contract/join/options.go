package join

import (
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

const (
	// DefaultMaxBytes has room for the largest trace that a tracing system shows
	// (Jaeger's answers of 40 thousand spans), decoded, and the messages of it.
	DefaultMaxBytes = 128 << 20
	// MinMaxBytes is the least that the buffers need: 64 bins of 4 KiB at each of
	// three levels, four times that.
	MinMaxBytes = 4 << 20
	// sampleShare is for what is remembered of an exchange to learn clocks by: 88 bytes,
	// in a list that grows by a half, by its class and by its connection. All take a
	// twelfth of the memory, beside the buffers; they are 32768 of the default.
	sampleShare = 4096
	// pairShare is for an exchange paired with a span: 72 bytes, in two lists that grow.
	// All take a quarter, while nothing is decoded.
	pairShare = 1024
	// clockShare is for a clock that was learned, 250 bytes with its place in a map. All
	// take a sixteenth.
	clockShare = 4096
	// DefaultSkew is what clocks of machines that keep time by NTP over a network
	// differ by at most, some tens of milliseconds, and a request on its way.
	DefaultSkew = 250 * time.Millisecond
)

// Options set how a [Joiner] works. The zero value is good.
type Options struct {
	// Dir is where the temporary file is, os.TempDir where it is "". It takes about
	// as much as a compressed recording, up to four times that where exchanges
	// without trace context are many.
	Dir string
	// MaxBytes bounds the memory, [DefaultMaxBytes] where it is 0, [MinMaxBytes] at
	// least: a quarter for what is read at once, half for the one trace that is
	// decoded. A trace that does not fit is left out and counted.
	MaxBytes int64
	// Operation names the provider's operation that the call is of. Where it is
	// nil, that is the method and the route of the span, else the target with its
	// identifiers folded.
	Operation func(provider string, node *trace.Call, e *capture.Exchange) string
	// Skew is how far the clocks of a recorder and of a traced service may be
	// apart, [DefaultSkew] where it is 0. It counts where no span's id tells.
	Skew time.Duration
}

func (o Options) withDefaults() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	o.MaxBytes = max(o.MaxBytes, MinMaxBytes)
	if o.Skew <= 0 {
		o.Skew = DefaultSkew
	}
	if o.Operation == nil {
		o.Operation = Operation
	}
	return o
}

// blockSize is what a bin holds before it is written.
func (o Options) blockSize() int {
	return int(min(max(o.MaxBytes/1024, 4<<10), 64<<10))
}

// The reasons under which spans and exchanges are not in any chain.
const (
	// BadSpan: the span has no ids.
	BadSpan capture.Reason = "bad-span"
	// DuplicateSpan: the same span came before; exporters deliver at least once.
	DuplicateSpan capture.Reason = "duplicate-span"
	// TraceTooLarge: the trace and its messages do not fit the memory.
	TraceTooLarge capture.Reason = "trace-too-large"
	// Duplicate: the same record came before.
	Duplicate capture.Reason = "duplicate"
	// RecordedTwice: the same call was recorded at another place too, and that
	// record is in the chain.
	RecordedTwice capture.Reason = "recorded-twice"
	// ExchangeTooLarge: the exchange alone takes more than a quarter of the memory.
	ExchangeTooLarge capture.Reason = "exchange-too-large"
	// Incomplete: the request or the status was not recorded.
	Incomplete capture.Reason = "incomplete"
	// NoSpans: the exchange's trace has no spans: it was not sampled, or they are
	// elsewhere.
	NoSpans capture.Reason = "trace-has-no-spans"
	// NoCallFits: no call is like it.
	NoCallFits capture.Reason = "no-call-fits"
	// Ambiguous: several calls are like it, or it is like a call that another
	// exchange is surer to be.
	Ambiguous capture.Reason = "ambiguous"
	// TooManyAlike: so many calls and exchanges of its trace, or of its time, are alike
	// that comparing each with each takes too long.
	TooManyAlike capture.Reason = "too-many-alike"
	// ClocksUnknown: a call is like it, but nothing tells that the clock of its
	// recorder agrees with that of the call's service.
	ClocksUnknown capture.Reason = "clocks-unknown"
	// WindowTooLarge: so many calls were made at its time that they do not fit the
	// memory.
	WindowTooLarge capture.Reason = "time-window-too-large"
	// NoExchange: the call was not recorded.
	NoExchange capture.Reason = "no-exchange"
)
