package rewrite

import (
	"errors"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
)

// maxDecoded is four times the longest body that a recorder keeps: enough for
// text, which compresses to a quarter and less.
const maxDecoded = 32 << 20

// decode undoes the content codings. Without any it returns the body itself.
func decode(r *capture.Request) ([]byte, capture.Reason) {
	d := coding.Decoder{Limit: maxDecoded, Ratio: coding.TextRatio}
	plain, err := d.Decode(nil, r.Body, coding.Of(r.Header))
	switch {
	case err == nil:
		return plain, ""
	case errors.Is(err, coding.ErrUnknown):
		return nil, UnknownCoding
	case errors.Is(err, coding.ErrTooLong):
		return nil, DecodedLimit
	}
	return nil, Undecodable
}
