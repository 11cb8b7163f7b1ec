package har

import (
	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
)

// maxShown bounds a decoded body that is written for viewers; the bytes of the
// wire are kept in any case. Browsers do not show more either.
const maxShown = 32 << 20

// undo returns the body without its content codings, and the body itself where
// that fails or is too long.
func undo(m *capture.Message) []byte {
	d := coding.Decoder{Limit: maxShown}
	plain, err := d.Decode(nil, m.Body, coding.Of(m.Header))
	if err != nil {
		return m.Body
	}
	return plain
}
