package cases

import (
	"bytes"
	"fmt"
	"strings"

	"twinspect.dev/contract"
)

// malformation is a body that is not of its media type.
type malformation struct {
	name string
	rule contract.Rule
	// media is the Content-Type, "" the one that the whole body had.
	media string
	raw   []byte
	// why completes "It ...".
	why string
}

// malformed collects bodies that are not of their media type.
func (c *collector) malformed(t *part) {
	if len(t.valid) == 0 {
		return
	}
	raw, media, err := c.encoded(t.set(c.ordinary, t.valid[0].Data))
	if err != nil {
		c.gap("body", contract.RuleMalformed, "it cannot be sent: "+err.Error())
		return
	}
	found := malformations(media, raw)
	if t.required {
		found = append(found, malformation{name: "empty", raw: []byte{}, why: "has no bytes"})
	}
	for _, m := range found {
		if m.media == "" {
			m.media = media
		}
		if m.rule == "" {
			m.rule = contract.RuleMalformed
		}
		c.negative(draft{
			rule: m.rule, at: "body", name: join(c.prefix(t), string(m.rule), m.name), rank: rankRest, request: withRaw(c.ordinary, m.media, m.raw),
			why: fmt.Sprintf("%s is rejected: it %s.", c.subject(t, ""), m.why),
		})
	}
}

// malformations returns bodies that are not of a media type. There are none of
// application/x-www-form-urlencoded, whose reading never fails (WHATWG URL section
// 5.1), nor of types that are not read.
func malformations(media string, raw []byte) []malformation {
	kind := base(media)
	switch {
	case isJSON(media):
		return malformedJSON(raw)
	case isXML(media):
		return malformedXML(raw)
	case strings.HasPrefix(kind, "multipart/"):
		return malformedMultipart(kind, raw)
	case strings.HasPrefix(kind, "text/"):
		return []malformation{{name: "not-utf-8", rule: contract.RuleUnicode, media: kind + "; charset=utf-8", raw: []byte("a\xff"),
			why: "has a byte that is in no UTF-8 text"}}
	}
	return nil
}

// malformedJSON breaks the grammar of RFC 8259. What that leaves to the reader is
// not among it: a mark of byte order before the text, surrogates that are alone in
// escapes, names that come twice.
func malformedJSON(raw []byte) []malformation {
	out := []malformation{
		{name: "bracket", raw: concat(raw, "}"), why: "has a bracket too many"},
		{name: "not-utf-8", rule: contract.RuleUnicode, raw: texted(raw, "\xff"), why: "has a byte that is in no UTF-8 text"},
		{name: "overlong", rule: contract.RuleUnicode, raw: texted(raw, "\xc0\x80"), why: "has NUL in two bytes, which UTF-8 forbids"},
		{name: "control", rule: contract.RuleUnicode, raw: texted(raw, "\x00"), why: "has a control character that is not escaped"},
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) < 2 {
		return out
	}
	last := raw[len(raw)-1]
	if last == '}' || last == ']' || last == '"' {
		out = append(out, malformation{name: "truncated", raw: raw[: len(raw)-1 : len(raw)-1], why: "ends before its last byte"})
	}
	if last == '}' || last == ']' {
		comma := concat(raw[:len(raw)-1], ","+string(last))
		out = append(out, malformation{name: "trailing-comma", raw: comma, why: "has a comma before the last bracket"})
	}
	return out
}

// texted puts a text of these bytes into a JSON text: as a name of an object, as an
// element of a list, else in place of it.
func texted(raw []byte, content string) []byte {
	text := `"` + content + `"`
	raw = bytes.TrimSpace(raw)
	if len(raw) < 2 {
		return []byte(text)
	}
	comma := ","
	if inner := bytes.TrimSpace(raw[1 : len(raw)-1]); len(inner) == 0 {
		comma = ""
	}
	switch raw[0] {
	case '{':
		return concat([]byte("{"+text+":null"+comma), string(raw[1:]))
	case '[':
		return concat([]byte("["+text+comma), string(raw[1:]))
	}
	return []byte(text)
}

// malformedXML breaks the grammar of XML 1.0 section 2.1.
func malformedXML(raw []byte) []malformation {
	out := []malformation{{name: "bracket", raw: concat(raw, "<"), why: "has a bracket after its end"}}
	if i := bytes.LastIndex(raw, []byte("</")); i > 0 {
		out = append(out,
			malformation{name: "truncated", raw: raw[:i:i], why: "does not close its first element"},
			malformation{name: "crossed", raw: concat(raw[:i], "</x-other>"), why: "closes its first element by another name"})
	}
	return out
}

// malformedMultipart breaks RFC 2046 section 5.1.
func malformedMultipart(kind string, raw []byte) []malformation {
	const other = "another-boundary-than-that-of-the-body"
	out := []malformation{
		{name: "boundary", media: kind + "; boundary=" + other, raw: raw, why: "has another boundary than it says"},
		{name: "no-boundary", media: kind, raw: raw, why: "does not say its boundary"},
	}
	if i := bytes.LastIndex(raw, []byte("\r\n--")); i > 0 {
		out = append(out, malformation{name: "truncated", raw: raw[:i:i], why: "ends before its last boundary"})
	}
	return out
}

// concat returns the bytes with more after them, in memory of its own.
func concat(raw []byte, more string) []byte {
	return append(raw[:len(raw):len(raw)], more...)
}
