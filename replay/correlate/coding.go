package correlate

import (
	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
)

// maxDecoded is twice the longest body that a recorder keeps by default. What
// decodes to more is not looked into.
const maxDecoded = 16 << 20

// maxKept is the largest decoded body whose memory a walker keeps for the next.
const maxKept = 1 << 20

// decode undoes the content codings; without any it returns the body itself.
func decode(m *capture.Message) ([]byte, error) {
	d := coding.Decoder{Limit: maxDecoded}
	return d.Decode(nil, m.Body, coding.Of(m.Header))
}
