package project

import "encoding/json"

const (
	// growth and slack bound a projection by its body: see the package's text.
	growth = 32
	slack  = 4096
	// maxOutput is twice what a body may become by decoding.
	maxOutput = 64 << 20
)

func outputLimit(n int) int { return min(growth*n+slack, maxOutput) }

// writer writes a JSON text within a limit. What comes beyond it is left out, and
// over is set.
type writer struct {
	dst   []byte
	start int // where the text begins in dst
	limit int // of its bytes
	over  bool
}

func newWriter(dst []byte, n int) *writer {
	return &writer{dst: dst, start: len(dst), limit: outputLimit(n)}
}

// fits reports whether n more bytes may be written.
func (w *writer) fits(n int) bool {
	w.over = w.over || len(w.dst)-w.start+n > w.limit
	return !w.over
}

func (w *writer) raw(s string) {
	if w.fits(len(s)) {
		w.dst = append(w.dst, s...)
	}
}

func (w *writer) rawBytes(b []byte) {
	if w.fits(len(b)) {
		w.dst = append(w.dst, b...)
	}
}

// comma separates what comes from what stands before it in a container.
func (w *writer) comma() {
	if n := len(w.dst); n > w.start && w.dst[n-1] != '{' && w.dst[n-1] != '[' {
		w.raw(",")
	}
}

// name begins a member.
func (w *writer) name(s string) {
	w.comma()
	writeText(w, s)
	w.raw(":")
}

// attribute begins a member for an attribute.
func (w *writer) attribute(s string) {
	w.comma()
	w.raw(`"@`)
	writeEscaped(w, s)
	w.raw(`":`)
}

// container writes data as it is where it is a JSON object or array.
func (w *writer) container(data []byte) bool {
	data = trimSpace(data)
	if !isContainer(data) {
		return false
	}
	w.rawBytes(data)
	return true
}

// writeText writes a JSON string.
func writeText[T string | []byte](w *writer, s T) {
	w.raw(`"`)
	writeEscaped(w, s)
	w.raw(`"`)
}

// writeEscaped writes the inside of a JSON string. Bytes that are not UTF-8 stay.
func writeEscaped[T string | []byte](w *writer, s T) {
	if !w.fits(len(s)) {
		return
	}
	first := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		if !w.fits(len(s) - first) {
			return
		}
		w.dst = append(w.dst, s[first:i]...)
		w.dst = appendEscape(w.dst, c)
		first = i + 1
	}
	if w.fits(len(s) - first) {
		w.dst = append(w.dst, s[first:]...)
	}
}

func appendEscape(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// isContainer reports whether data, without white space around it, is a JSON
// object or array.
func isContainer(data []byte) bool {
	if len(data) < 2 {
		return false
	}
	first, last := data[0], data[len(data)-1]
	return (first == '{' && last == '}' || first == '[' && last == ']') && json.Valid(data)
}

// trimSpace cuts the white space of JSON off (RFC 8259 section 2).
func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
