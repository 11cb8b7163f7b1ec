package match

import (
	"bytes"
	"net/http"
	"strings"
	"unicode/utf8"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/contract/pact"
)

// kind is how bodies are compared.
type kind string

const (
	asJSON      kind = "JSON"
	asXML       kind = "XML"
	asForm      kind = "a form"
	asMultipart kind = "multipart"
	asText      kind = "text"
	asBinary    kind = "binary"
)

// kindOf returns the kind of a content type, "" where it is of none of them.
func kindOf(contentType string) kind {
	media := pact.Media(contentType)
	switch {
	case pact.IsJSONType(contentType):
		return asJSON
	case isXML(media):
		return asXML
	case media == "application/x-www-form-urlencoded":
		return asForm
	case strings.HasPrefix(media, "multipart/"):
		return asMultipart
	case strings.HasPrefix(media, "text/"):
		return asText
	}
	return ""
}

func isXML(media string) bool {
	return media == "application/xml" || media == "text/xml" || strings.HasSuffix(media, "+xml")
}

// sniff finds the kind of a body that no content type tells.
func sniff(data []byte) kind {
	start := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case bytes.HasPrefix(start, []byte("<?xml")):
		return asXML
	case bytes.HasPrefix(start, []byte("{")), bytes.HasPrefix(start, []byte("[")):
		return asJSON
	case !utf8.Valid(data):
		return asBinary
	}
	return asText
}

// message compares the body of a recorded request or response, its content codings
// undone.
func (c *checker) message(want *pact.Body, got *capture.Message) {
	if want.Presence == pact.Missing {
		return
	}
	if got.Incomplete != "" && len(got.Body) == 0 && got.BodySize != 0 {
		c.add("body", nil, nil, "the body was not recorded: %s", got.Incomplete)
		return
	}
	decoder := coding.Decoder{Limit: pact.MaxSize, Ratio: coding.TextRatio}
	data, err := decoder.Decode(nil, got.Body, coding.Of(got.Header))
	if err != nil {
		c.add("body", nil, nil, "the body cannot be decoded: %s", err)
		return
	}
	c.body(want, got.Header.Get("Content-Type"), data)
}

// body compares bodies. One that is not spoken of may be any; one that is null or
// empty must be so.
func (c *checker) body(want *pact.Body, contentType string, got []byte) {
	text := want.Bytes()
	switch {
	case want.Presence == pact.Missing:
	case len(got) > pact.MaxSize:
		c.add("body", nil, nil, "the body is longer than %d bytes", pact.MaxSize)
	case want.Presence != pact.Present || len(text) == 0:
		if len(got) > 0 && (want.Presence != pact.Null || string(bytes.TrimSpace(got)) != "null") {
			c.add("body", nil, string(got[:min(len(got), MaxText)]), "no body is expected")
		}
	case len(got) == 0:
		c.add("body", string(text), nil, "the body is missing")
	default:
		c.present(want, text, contentType, got)
	}
}

func (c *checker) present(want *pact.Body, text []byte, contentType string, got []byte) {
	at, unreadable := root(c.rules[pact.InBody])
	c.unreadable(unreadable)
	if done := c.byContentType(at, contentType, got); done {
		return
	}
	k := wantKind(want, text)
	if g := gotKind(k, contentType, got); g != k && (want.ContentType != "" || want.IsJSON) {
		c.add("body", want.ContentType, contentType, "%s is expected, the content type says %s", k, g)
		return
	}
	switch k {
	case asJSON:
		c.json(at, want, text, got)
	case asXML:
		c.xml(at, text, got)
	case asForm:
		c.form(at, text, got)
	case asMultipart:
		c.multipart(at, want.ContentType, contentType, text, got)
	default:
		c.bytes(at, text, got)
	}
}

// wantKind is that of the content type, or else what the body looks like.
func wantKind(want *pact.Body, text []byte) kind {
	k := kindOf(want.ContentType)
	switch {
	case k != "":
		return k
	case want.IsJSON:
		return asJSON
	case want.ContentType == "":
		return sniff(text)
	case want.Hint == "TEXT":
		return asText
	}
	return asBinary
}

// gotKind is that of the content type. A content type that is none of the kinds, and
// none at all, is no contradiction to the expected one.
func gotKind(want kind, contentType string, got []byte) kind {
	k := kindOf(contentType)
	switch {
	case k == "", k == asText && want == asBinary:
		return want
	case k == asText && sniff(got) == want:
		return want
	}
	return k
}

// byContentType compares by a rule about the content type of the whole body, which
// stands for comparing the content.
func (c *checker) byContentType(at cursor, contentType string, got []byte) bool {
	best := at.best()
	if best == nil || len(best.list.Rules) != 1 || best.list.Rules[0].Name() != "contentType" {
		return false
	}
	if why := contentFits(best.list.Rules[0].Text("value"), contentType, got); why != "" {
		c.add("body", best.list.Rules[0].Text("value"), contentType, "%s", why)
	}
	return true
}

func (c *checker) json(at cursor, want *pact.Body, text, got []byte) {
	w := want.Value
	if !want.IsJSON {
		tree, err := pact.ParseJSON(text)
		if err != nil {
			c.bytes(at, text, got)
			return
		}
		w = tree
	}
	g, err := pact.ParseJSON(got)
	if err != nil {
		c.add("body", nil, nil, "JSON is expected: the body is not well-formed")
		return
	}
	c.value(at, w, g)
}

// bytes compares whole bodies: as one text by rules, or else byte by byte.
func (c *checker) bytes(at cursor, want, got []byte) {
	if best := at.best(); best != nil && len(best.list.Rules) > 0 {
		c.text(at.place(), &best.list, string(want), string(got))
		return
	}
	if !bytes.Equal(want, got) {
		c.add(at.place(), preview(want), preview(got), "another content is expected")
	}
}

// preview shows text, and of binary its type alone.
func preview(data []byte) string {
	if !utf8.Valid(data) {
		return http.DetectContentType(data)
	}
	return string(data[:min(len(data), MaxText+utf8.UTFMax)])
}
