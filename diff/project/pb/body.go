package pb

import (
	"encoding/base64"
	"errors"

	"google.golang.org/protobuf/encoding/protowire"

	"twinspect.dev/capture/coding"
	"twinspect.dev/capture/grpcmsg"
)

// maxDecoded is how long the compressed messages of a body may become together:
// what a body may become by its content coding.
const maxDecoded = 32 << 20

// content is a body taken apart.
type content struct {
	units []unit
	// tail is the frame that ends a body, nil where there was none.
	tail []byte
}

// unit is one message of a body: src[from:to].
type unit struct {
	src      []byte
	from, to int
	decoded  bool // src is not the body
	opaque   bool // it is compressed in a way that is not known
}

func (u *unit) data() []byte { return u.src[u.from:u.to] }

func (m media) split(body []byte) (content, error) {
	if err := checkSize(body); err != nil {
		return content{}, err
	}
	switch m.framing {
	case bare:
		return content{units: []unit{{src: body, to: len(body)}}}, nil
	case delimited:
		return splitDelimited(body)
	}
	if !m.base64 {
		return m.splitFrames(body, false)
	}
	plain, err := decodeText(body)
	if err != nil {
		return content{}, err
	}
	c, err := m.splitFrames(plain, true)
	return c, inDecoded(err)
}

func splitDelimited(body []byte) (content, error) {
	var c content
	for at := 0; at < len(body); {
		size, n := protowire.ConsumeVarint(body[at:])
		if n < 0 || size > uint64(len(body)-at-n) {
			return c, malformed(at, "a message is cut")
		}
		if len(c.units) >= maxUnits {
			return c, errUnits
		}
		at += n + int(size)
		c.units = append(c.units, unit{src: body, from: at - int(size), to: at})
	}
	return c, nil
}

// maxUnits is how many messages a body may have: with 48 bytes each, half of what
// fields may take.
const maxUnits = 1 << 20

var errUnits = &LimitError{Limit: maxUnits, Unit: "messages"}

// splitFrames takes a body of gRPC or one of its relatives apart.
func (m media) splitFrames(body []byte, decoded bool) (content, error) {
	var c content
	u := unpacker{left: maxDecoded}
	at := 0
	for msg, err := range grpcmsg.Split(body) {
		var bad *grpcmsg.Error
		switch {
		case errors.As(err, &bad):
			return m.splitTail(c, body, bad)
		case len(c.units) >= maxUnits:
			return c, errUnits
		}
		at += grpcmsg.PrefixSize
		one := unit{src: body, from: at, to: at + len(msg.Data), decoded: decoded}
		if at = one.to; msg.Compressed && len(msg.Data) > 0 {
			u.unpack(&one)
		}
		c.units = append(c.units, one)
	}
	return c, nil
}

// splitTail reads the frame that is no message, which must be the last.
func (m media) splitTail(c content, body []byte, bad *grpcmsg.Error) (content, error) {
	flag := body[bad.Offset]
	if tail := m.framing.tail(); bad.Cut || tail == 0 || flag&^1 != tail {
		return c, malformed(bad.Offset, "%v", bad)
	}
	frame := append([]byte{flag & 1}, body[bad.Offset+1:]...)
	for msg, err := range grpcmsg.Split(frame) {
		if err != nil {
			return c, malformed(bad.Offset, "the last frame is cut")
		}
		last := unit{src: msg.Data, to: len(msg.Data)}
		if msg.Compressed {
			u := unpacker{left: maxDecoded}
			u.unpack(&last)
		}
		if last.opaque || len(frame) != grpcmsg.PrefixSize+len(msg.Data) {
			return c, malformed(bad.Offset, "what follows the messages is no trailers")
		}
		c.tail = append([]byte{}, last.data()...)
		break
	}
	return c, nil
}

// unpacker decompresses messages. Their coding stands in a header that is not at
// hand, but every coding is known by how it begins.
type unpacker struct {
	codings coding.Decoder
	left    int
}

func (u *unpacker) unpack(m *unit) {
	name := codingOf(m.data())
	if name == "" || u.left <= 0 {
		m.opaque = true
		return
	}
	u.codings.Limit = u.left
	plain, err := u.codings.Decode(nil, m.data(), []string{name})
	if err != nil {
		m.opaque = true
		return
	}
	u.left -= len(plain)
	*m = unit{src: plain, to: len(plain), decoded: true}
}

// codingOf names the coding by the magic number (RFC 1952 section 2.3.1, RFC 8878
// section 3.1.1, RFC 1950 section 2.2).
func codingOf(data []byte) string {
	switch {
	case len(data) > 2 && data[0] == 0x1f && data[1] == 0x8b:
		return "gzip"
	case len(data) > 4 && string(data[:4]) == "\x28\xb5\x2f\xfd":
		return "zstd"
	case len(data) > 2 && data[0]&0x0f == 8 && (int(data[0])<<8|int(data[1]))%31 == 0:
		return "deflate"
	}
	return ""
}

// decodeText decodes base64 that was written in parts: each may end with padding.
func decodeText(body []byte) ([]byte, error) {
	plain := make([]byte, 0, base64.StdEncoding.DecodedLen(len(body)))
	for at := 0; at < len(body); {
		end := paddingEnd(body, at)
		part, err := base64.StdEncoding.AppendDecode(plain, body[at:end])
		if err != nil {
			var bad base64.CorruptInputError
			errors.As(err, &bad)
			return nil, malformed(at+int(bad), "it is not base64")
		}
		plain, at = part, end
	}
	return plain, nil
}

// paddingEnd returns where the part that begins at from ends, behind its padding.
func paddingEnd(body []byte, from int) int {
	end := from
	for end < len(body) && body[end] != '=' {
		end++
	}
	for end < len(body) && body[end] == '=' {
		end++
	}
	return end
}

// inDecoded says of an error that its place is not one in the body.
func inDecoded(err error) error {
	var bad *MalformedError
	if errors.As(err, &bad) {
		bad.Decoded = true
	}
	return err
}
