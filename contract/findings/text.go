package findings

import (
	"fmt"
	"unicode/utf8"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/contract"
)

// MaxShown is how much of a body is shown, in bytes: two screens of text.
const MaxShown = 16 << 10

// maxDecoded bounds what a body may become without its content coding; it is the
// client's own bound for bodies as they come.
const maxDecoded = 16 << 20

// Text makes a message readable.
func Text(m *capture.Message) contract.Text {
	t := contract.Text{Size: m.BodySize}
	for _, f := range m.Header {
		t.Header = append(t.Header, f.Name+": "+f.Value)
	}
	body, err := Plain(m)
	switch {
	case err != nil:
		t.Body = fmt.Sprintf("(%v)", err)
	case !utf8.Valid(body):
		t.Body = fmt.Sprintf("(%d bytes that are no text)", len(body))
	case len(body) > MaxShown:
		end := MaxShown
		for !utf8.RuneStart(body[end]) {
			end--
		}
		t.Body = string(body[:end]) + "…"
	default:
		t.Body = string(body)
	}
	return t
}

// Plain returns the body of a message without its content coding.
func Plain(m *capture.Message) ([]byte, error) {
	names := coding.Of(m.Header)
	if len(names) == 0 {
		return m.Body, nil
	}
	d := coding.Decoder{Limit: maxDecoded, Ratio: coding.TextRatio, Cut: m.Incomplete != ""}
	return d.Decode(nil, m.Body, names)
}
