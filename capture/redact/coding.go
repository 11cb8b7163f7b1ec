package redact

import (
	"errors"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
)

// maxDecoded is four times the longest body that a recorder keeps: enough for
// text, which compresses to a quarter and less.
const maxDecoded = 32 << 20

// decode undoes the codings. Of a body that was cut it returns what there is.
func decode(codings []string, body []byte, cut bool) ([]byte, capture.Reason) {
	d := coding.Decoder{Limit: maxDecoded, Ratio: coding.TextRatio, Cut: cut}
	plain, err := d.Decode(nil, body, codings)
	return plain, reasonOf(err)
}

// encode applies the codings anew.
func encode(codings []string, plain []byte) ([]byte, capture.Reason) {
	body, err := coding.Encode(codings, plain)
	return body, reasonOf(err)
}

func reasonOf(err error) capture.Reason {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, coding.ErrUnknown):
		return UnknownCoding
	case errors.Is(err, coding.ErrTooLong):
		return DecodedLimit
	}
	return Undecodable
}
