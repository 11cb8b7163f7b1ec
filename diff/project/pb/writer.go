package pb

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// writer writes the messages of a body.
type writer struct {
	media   media
	message *message // nil where it is not known
	stream  bool
}

func (w *writer) side(e *encoder, s *side) {
	from := len(s.dst)
	e.out, e.start = s.dst, from
	e.max = from + min(MaxOutput, minOutput+maxGrowth*s.content.size())
	e.fields, e.entries, e.keys, e.depth = e.fields[:0], e.entries[:0], e.keys[:0], 0
	if s.err = w.content(e, s.content); s.err != nil {
		s.json = s.dst
		return
	}
	s.json = e.out
}

func (c *content) size() int {
	n := len(c.tail)
	for i := range c.units {
		n += c.units[i].to - c.units[i].from
	}
	return n
}

func (w *writer) content(e *encoder, c content) error {
	switch w.media.framing {
	case bare:
		return w.unit(e, c.units[0])
	case grpcWeb:
		return w.enveloped(e, c, "trailers", appendTrailers)
	case connect:
		return w.enveloped(e, c, "end", appendEnd)
	}
	return w.units(e, c.units)
}

// units writes messages as an array where there may be several.
func (w *writer) units(e *encoder, units []unit) error {
	if !w.isList(units) {
		if len(units) == 0 {
			return nil
		}
		return w.unit(e, units[0])
	}
	e.out = append(e.out, '[')
	for _, u := range units {
		e.out = comma(e.out)
		if err := w.unit(e, u); err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	return nil
}

func (w *writer) isList(units []unit) bool { return w.stream || len(units) > 1 }

// enveloped writes the messages and, beside them, the frame that ends the body.
func (w *writer) enveloped(e *encoder, c content, name string, appendTail func(dst, tail []byte) ([]byte, error)) error {
	e.out = append(e.out, '{')
	if w.isList(c.units) {
		e.out = append(e.out, `"messages":`...)
	} else if len(c.units) > 0 {
		e.out = append(e.out, `"message":`...)
	}
	err := w.units(e, c.units)
	if err != nil {
		return err
	}
	if c.tail != nil {
		e.out = append(appendString(comma(e.out), name), ':')
		e.out, err = appendTail(e.out, c.tail)
	}
	e.out = append(e.out, '}')
	return err
}

func (w *writer) unit(e *encoder, u unit) error {
	e.src = u.src
	root := field{off: int32(u.from), bits: uint64(u.to - u.from), typ: protowire.BytesType}
	var err error
	switch {
	case u.opaque:
		e.out = append(appendBase64(append(e.out, `{"#compressed":`...), u.data()), '}')
	case w.media.codec == "json":
		err = e.json(u)
	case w.media.codec != "proto":
		e.out = appendBase64(e.out, u.data())
	case w.message != nil:
		err = e.object(w.message, []field{root})
	default:
		err = e.untypedMessage(root)
	}
	if u.decoded {
		err = inDecoded(err)
	}
	return err
}

// json writes a message that is JSON already.
func (e *encoder) json(u unit) error {
	if !json.Valid(u.data()) {
		return malformed(u.from, "the message is not JSON")
	}
	e.out = append(e.out, bytes.TrimSpace(u.data())...)
	return nil
}

func appendEnd(dst, tail []byte) ([]byte, error) {
	if !json.Valid(tail) {
		return dst, malformed(0, "the end of the stream is not JSON")
	}
	return append(dst, bytes.TrimSpace(tail)...), nil
}

// appendTrailers writes gRPC-Web's trailers, lines as those of HTTP/1. Values of
// the same name are joined (RFC 9110 section 5.3).
func appendTrailers(dst, tail []byte) ([]byte, error) {
	values := make(map[string][]string)
	for line := range strings.Lines(string(tail)) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if name != "" || value != "" {
			values[name] = append(values[name], value)
		}
	}
	dst = append(dst, '{')
	for _, name := range slices.Sorted(maps.Keys(values)) {
		dst = append(appendString(comma(dst), name), ':')
		dst = appendString(dst, strings.Join(values[name], ", "))
	}
	return append(dst, '}'), nil
}
