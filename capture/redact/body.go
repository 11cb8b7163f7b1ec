package redact

import (
	"bytes"
	"mime"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
)

// The reasons for which a body is withheld.
const (
	// Undecodable: the content coding is broken.
	Undecodable capture.Reason = "undecodable"
	// UnknownCoding: the content coding is not known.
	UnknownCoding capture.Reason = "unknown-coding"
	// DecodedLimit: the body decodes to more than 32 MiB, or to more than 200
	// times its length.
	DecodedLimit capture.Reason = "decoded-limit"
	// UnknownCharset: the text is not in a superset of ASCII.
	UnknownCharset capture.Reason = "unknown-charset"
)

// bodies counts what became of bodies.
type bodies struct {
	seen     uint64
	withheld [2]capture.Reason // of the request and the response, or ""
}

func (b bodies) plus(o bodies) bodies {
	return bodies{b.seen + o.seen, [2]capture.Reason{b.withheld[0], o.withheld[0]}}
}

// body replaces the secrets of a body, and withholds one that cannot be read.
func (p *pass) body(head capture.Header, m *capture.Message, request bool) bodies {
	p.cut = m.Incomplete != ""
	out, reason := p.coded(head, m.Body, request)
	p.cut = false
	switch {
	case reason != "":
		p.withhold(m, reason)
		return bodies{seen: 1, withheld: [2]capture.Reason{reason}}
	case out != nil:
		p.setBody(m, out)
	}
	return bodies{seen: 1}
}

func (p *pass) withhold(m *capture.Message, reason capture.Reason) {
	if p.check {
		p.findings = append(p.findings, Finding{Where: p.at(), Kind: "unreadable", Sample: string(reason)})
	}
	p.changed++
	m.Body = nil
	if m.Incomplete == "" {
		m.Incomplete = capture.Withheld
	}
}

// setBody puts out in the place of the body. A part that was cut off keeps the
// length that it had.
func (p *pass) setBody(m *capture.Message, out []byte) {
	if m.Incomplete == "" {
		if len(out) != len(m.Body) {
			m.Header = setLength(m.Header, len(out))
		}
		m.BodySize = int64(len(out))
	} else if m.BodySize >= 0 {
		m.BodySize = max(m.BodySize, int64(len(out)))
	}
	m.Body = out
}

// coded replaces the secrets below the content codings, and encodes again.
func (p *pass) coded(head capture.Header, body []byte, request bool) ([]byte, capture.Reason) {
	media := head.Get("Content-Type")
	if isWide(media) {
		return nil, UnknownCharset
	}
	codings := coding.Of(head)
	if len(codings) == 0 && hasPrefixFold(media, "application/grpc") {
		return p.grpc(body, head, request)
	}
	plain, reason := decode(codings, body, p.cut)
	if reason != "" {
		return nil, reason
	}
	var out []byte
	switch {
	case hasPrefixFold(media, "application/grpc"):
		out, reason = p.grpc(plain, head, request)
	case isWideText(plain, media):
		reason = UnknownCharset
	default:
		out = p.content(plain, media, request)
	}
	if reason != "" {
		return nil, reason
	}
	if out == nil {
		return nil, ""
	}
	return encode(codings, out)
}

// isWide reports whether the text has characters of two or four bytes, in which
// no detector finds anything.
func isWide(media string) bool {
	i := strings.IndexByte(media, ';')
	if i < 0 {
		return false
	}
	params := strings.ToLower(media[i:])
	for _, c := range []string{"utf-16", "utf16", "utf-32", "utf32", "ucs-2", "ucs-4", "utf-7", "ebcdic"} {
		if strings.Contains(params, c) {
			return true
		}
	}
	return false
}

// isWideText reports whether a text has such characters although its type does
// not say so: by its byte order mark, or as XML may do by its first "<" (XML 1.0
// appendix F).
func isWideText(v []byte, media string) bool {
	essence, _, _ := strings.Cut(media, ";")
	if essence = strings.TrimSpace(essence); essence != "" && !isText(essence) && !isXML(essence) {
		return false
	}
	return len(v) >= 4 && (v[0] == 0xFE && v[1] == 0xFF || v[0] == 0xFF && v[1] == 0xFE ||
		v[0] == 0 && v[1] == '<' || v[0] == '<' && v[1] == 0)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// content replaces the secrets of a body by its type.
func (p *pass) content(v []byte, media string, request bool) []byte {
	essence, _, _ := strings.Cut(media, ";")
	essence = strings.TrimSpace(essence)
	switch {
	case len(v) == 0:
		return nil
	case hasPrefixFold(essence, "multipart/"):
		if boundary := boundaryOf(media, v); boundary != "" {
			return p.multipart(v, boundary)
		}
		return p.text(v)
	case strings.EqualFold(essence, "application/x-www-form-urlencoded"):
		return p.pairs(v, inForm)
	case startsJSON(v, essence):
		return p.json(v)
	case isHTML(essence):
		return p.markup(v, true)
	case isXML(essence), bytes.HasPrefix(v, []byte("<?xml")):
		return p.markup(v, false)
	case isText(essence):
		return p.text(v)
	case essence == "" && request && looksForm(v):
		return p.pairs(v, inForm)
	}
	return p.runs(v)
}

// startsJSON reports whether v is scanned as JSON. What says so and does not
// begin so is left to the detectors; the events of a stream hold JSON by lines.
func startsJSON(v []byte, essence string) bool {
	if looksJSON(v) {
		return true
	}
	if strings.EqualFold(essence, "text/event-stream") {
		return true
	}
	if n := len(essence); n < 4 || !strings.EqualFold(essence[n-4:], "json") && !strings.EqualFold(essence, "application/json-seq") {
		return false
	}
	v = bytes.TrimLeft(v, " \t\r\n\x1e")
	return len(v) > 0 && (v[0] == '"' || v[0] == '-' || isDigit(v[0]) || looksJSON(v))
}

func isText(essence string) bool {
	return hasPrefixFold(essence, "text/") || hasPrefixFold(essence, "application/javascript") ||
		hasPrefixFold(essence, "application/graphql") || strings.HasSuffix(essence, "json")
}

func boundaryOf(media string, v []byte) string {
	if _, params, err := mime.ParseMediaType(media); err == nil && params["boundary"] != "" {
		return params["boundary"]
	}
	line, _, _ := bytes.Cut(v, []byte("\n")) // the type may be lost, or wrong
	line = bytes.TrimSpace(line)
	if len(line) > 2 && bytes.HasPrefix(line, []byte("--")) {
		return string(line[2:])
	}
	return ""
}

// looksForm reports whether v may be a form that nobody called one.
func looksForm(v []byte) bool {
	for _, c := range v[:min(len(v), 512)] {
		if c <= ' ' || c >= 0x7F || c == '<' || c == '"' {
			return false
		}
	}
	return bytes.IndexByte(v, '=') > 0
}

// minRun is the shortest run of text in binary data that is looked at: chance
// makes shorter ones that pass for an address.
const minRun = 8

// runs runs the detectors over the runs of printable text in binary data.
func (p *pass) runs(v []byte) []byte {
	ed := editor{src: v}
	cut := p.cut
	for from := 0; from < len(v); {
		to := from
		for to < len(v) && (v[to] >= ' ' && v[to] != 0x7F || isSpace(v[to])) {
			to++
		}
		if to-from >= minRun {
			p.cut = cut && to == len(v)
			ed.replace(from, to, p.value(v[from:to]))
		}
		from = to + 1
	}
	p.cut = cut
	return ed.result()
}
