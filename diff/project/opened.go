package project

import (
	"bytes"
	"encoding/base64"

	"twinspect.dev/capture/coding"
)

// Forms are the ways in which a string can be read as a document: a bit each.
// Some strings can be read in more than one, as base64 and base64url are often
// the same.
type Forms uint16

// Token is the form of a JSON Web Token (RFC 7519). Its projection is an object
// of "header", "payload" and, where there is one, "signature".
const Token Forms = 1

// bare is the form of a JSON object or array. The forms of base64 (RFC 4648), as
// they stand in encodings, follow it; then those of base64 of gzip.
const (
	bare        Forms = 2
	firstBase64       = 2
	firstGzip         = firstBase64 + 4
)

var encodings = [4]*base64.Encoding{
	base64.StdEncoding.Strict(), base64.URLEncoding.Strict(), base64.RawStdEncoding.Strict(), base64.RawURLEncoding.Strict(),
}

const (
	// minOpened is the shortest string that holds more than an empty document in
	// base64.
	minOpened = 2
	// maxOpened bounds the work for one string: some hundred times what services
	// put into one.
	maxOpened = 1 << 20
	// maxUnzipped is how long the document of a gzip'd string may become.
	maxUnzipped = 4 << 20
)

// Opener opens strings. It keeps its buffers. The zero value is ready to use. It
// is not for concurrent use.
type Opener struct {
	codings coding.Decoder
	plain   []byte
	zipped  []byte
}

// Append appends the JSON object or array that s holds to dst, and returns the
// forms in which s holds it; 0 if it does not, and dst as it was.
func (o *Opener) Append(dst, s []byte) ([]byte, Forms) {
	if len(s) < minOpened || len(s) > maxOpened {
		return dst, 0
	}
	if isContainer(trimSpace(s)) {
		return append(dst, s...), bare
	}
	switch s[0] {
	case 'e':
		if out, ok := o.token(dst, s); ok {
			return out, Token
		}
		return o.base64(dst, s)
	case 'W', 'H': // '[', and the magic number of gzip
		return o.base64(dst, s)
	}
	return dst, 0
}

// token opens a token in the compact form of RFC 7515.
func (o *Opener) token(dst, s []byte) ([]byte, bool) {
	header, rest, _ := bytes.Cut(s, []byte{'.'})
	payload, signature, found := bytes.Cut(rest, []byte{'.'})
	if !found || bytes.IndexByte(signature, '.') >= 0 || !isBase64URL(signature) {
		return dst, false
	}
	start := len(dst)
	dst = append(dst, `{"header":`...)
	mark := len(dst)
	dst, ok := o.segment(dst, header)
	if !ok || !bytes.Contains(dst[mark:], []byte(`"alg"`)) {
		return dst[:start], false
	}
	dst, ok = o.segment(append(dst, `,"payload":`...), payload)
	if !ok {
		return dst[:start], false
	}
	if len(signature) > 0 {
		dst = append(append(append(dst, `,"signature":"`...), signature...), '"')
	}
	return append(dst, '}'), true
}

func isBase64URL(s []byte) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// segment opens a part of a token, which is an object.
func (o *Opener) segment(dst, s []byte) ([]byte, bool) {
	var err error
	o.plain, err = base64.RawURLEncoding.Strict().AppendDecode(o.plain[:0], s)
	if plain := trimSpace(o.plain); err == nil && isContainer(plain) && plain[0] == '{' {
		return append(dst, plain...), true
	}
	return dst, false
}

// base64 opens a document in base64, gzip'd or not.
func (o *Opener) base64(dst, s []byte) ([]byte, Forms) {
	forms := base64Forms(s)
	for i, encoding := range encodings {
		if forms&(1<<(firstBase64+i)) == 0 {
			continue
		}
		plain, err := encoding.AppendDecode(o.plain[:0], s)
		if o.plain = plain; err != nil {
			return dst, 0
		}
		break
	}
	if forms == 0 {
		return dst, 0
	}
	plain := o.plain
	if bytes.HasPrefix(plain, []byte{0x1f, 0x8b}) {
		o.codings.Limit = maxUnzipped
		unzipped, err := o.codings.Decode(o.zipped, plain, []string{"gzip"})
		if err != nil {
			return dst, 0
		}
		o.zipped, plain, forms = unzipped, unzipped, forms<<(firstGzip-firstBase64)
	}
	if plain = trimSpace(plain); !isContainer(plain) {
		return dst, 0
	}
	return append(dst, plain...), forms
}

// base64Forms returns the forms that s has by its characters and length.
func base64Forms(s []byte) Forms {
	digits := bytes.TrimRight(s, "=")
	padding := len(s) - len(digits)
	const padded, raw, standard, url = 0b0011, 0b1100, 0b0101, 0b1010
	forms := Forms(0b1111)
	if padding > 0 {
		forms &= padded
	}
	if len(s)%4 != 0 {
		forms &= raw
	}
	for _, c := range digits {
		switch {
		case c == '+' || c == '/':
			forms &= standard
		case c == '-' || c == '_':
			forms &= url
		case !isBase64URL([]byte{c}):
			return 0
		}
	}
	return forms << firstBase64
}
