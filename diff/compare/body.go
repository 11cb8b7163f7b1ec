package compare

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
	"twinspect.dev/diff/rules"
)

const (
	// maxDecoded is how long a body may become by decoding: some hundred times
	// what services answer, and little enough that four sides of it fit into a
	// small machine's memory.
	maxDecoded = 32 << 20
	// maxKept is how long a buffer may be that is kept for the next body.
	maxKept = 4 << 20
)

// body is the content of one answer.
type body struct {
	wire        []byte // as it was sent
	codings     []string
	contentType string
	messages    string // how gRPC compressed its messages, or ""
	format      format
	data        []byte // decoded
	err         error  // why data is missing
}

func newBody(r *capture.Response, head bool) *body {
	if isBodiless(head, r.Status) {
		return &body{}
	}
	contentType := r.Header.Get("Content-Type")
	return &body{
		wire:        r.Body,
		codings:     coding.Of(r.Header),
		contentType: contentType,
		messages:    r.Header.Get("Grpc-Encoding"),
		format:      formatOf(contentType),
	}
}

// bodies compares the contents.
func (c *Comparer) bodies(x, y *body) {
	if bytes.Equal(x.wire, y.wire) && slices.Equal(x.codings, y.codings) {
		return
	}
	c.baseBytes, c.otherBytes = c.decode(x, c.baseBytes), c.decode(y, c.otherBytes)
	switch inX, inY := errors.Is(x.err, coding.ErrDamaged), errors.Is(y.err, coding.ErrDamaged); {
	case x.err != nil && y.err != nil, x.err != nil && !inX, y.err != nil && !inY:
		c.opaque(x.wire, y.wire, whyNot(x.err, y.err))
	case inX || inY:
		c.malformed(contentState(x, "content-encoding"), contentState(y, "content-encoding"), "content-encoding")
	case !bytes.Equal(x.data, y.data):
		c.contents(x, y)
	}
}

// whyNot joins the reasons for which two bodies were not decoded.
func whyNot(base, other error) error {
	switch {
	case base == nil:
		return other
	case other == nil || base.Error() == other.Error():
		return base
	}
	return fmt.Errorf("base: %w, other: %w", base, other)
}

// decode fills in the data of b. It returns the buffer to use next time.
func (c *Comparer) decode(b *body, buf []byte) []byte {
	b.data, b.err = c.codings.Decode(buf, b.wire, b.codings)
	if b.err != nil || len(b.codings) == 0 || cap(b.data) > maxKept {
		return buf
	}
	return b.data
}

// contents compares two decoded bodies that are not the same bytes.
func (c *Comparer) contents(x, y *body) {
	switch {
	case len(x.data) == 0:
		x.format, x.contentType = y.format, y.contentType
	case len(y.data) == 0:
		y.format, y.contentType = x.format, x.contentType
	}
	switch f := c.commonFormat(x, y); f {
	case asJSON:
		c.documents(x.data, y.data)
	case asText:
		c.text(x.data, y.data)
	case asBytes:
		c.opaque(x.data, y.data, nil)
	default:
		c.projections(x, y)
	}
}

func (c *Comparer) jsonOptions() jsondiff.Options {
	opt := jsondiff.Options{
		Array: func(path jsondiff.Path) jsondiff.ArrayRule { return c.scope.Array(c.absolute(path)) },
	}
	if c.scope.Renames() { // comparisons without are faster
		opt.Rename = func(path jsondiff.Path, name string) (string, bool) {
			return c.scope.Rename(c.absolute(path), name)
		}
	}
	return opt
}

// byteOrderMark may stand before JSON (RFC 8259 section 8.1).
var byteOrderMark = []byte("\ufeff")

// documents compares two bodies that should be JSON.
func (c *Comparer) documents(x, y []byte) {
	if bytes.HasPrefix(x, byteOrderMark) && bytes.HasPrefix(y, byteOrderMark) {
		x, y = x[len(byteOrderMark):], y[len(byteOrderMark):]
	}
	err := c.compareDocuments(x, y)
	var syntax *jsondiff.SyntaxError
	switch {
	case errors.As(err, &syntax):
		c.brokenDocument(x, y, syntax)
	case err != nil:
		c.opaque(x, y, err)
	}
}

// compareDocuments compares two JSON texts, one of which may be missing.
func (c *Comparer) compareDocuments(x, y []byte) error {
	if len(x) == 0 || len(y) == 0 {
		c.missingDocument(x, y)
		return nil
	}
	c.scope.Documents(x, y)
	return c.json.Compare(x, y, c.jsonOptions(), c.member)
}

// missingDocument tells of a body that one side does not have.
func (c *Comparer) missingDocument(x, y []byte) {
	ch := jsondiff.Change{Kind: diff.Removed, Base: x}
	if len(x) == 0 {
		ch = jsondiff.Change{Kind: diff.Added, Other: y}
	}
	c.scope.Documents(x, y)
	c.member(ch)
}

// brokenDocument tells of a body that is not JSON. Where neither is, they are
// compared as text.
func (c *Comparer) brokenDocument(x, y []byte, found *jsondiff.SyntaxError) {
	base, other := fmt.Sprintf("JSON, %d bytes", len(x)), fmt.Sprintf("JSON, %d bytes", len(y))
	if found.Side == jsondiff.Other {
		other = fmt.Sprintf("not JSON at line %d, column %d: %s", found.Line, found.Column, found.Msg)
		c.malformed(base, other, fmt.Sprintf("line %d", found.Line))
		return
	}
	if err := c.json.Check(y, c.jsonOptions()); errors.As(err, new(*jsondiff.SyntaxError)) {
		c.text(x, y)
		return
	}
	base = fmt.Sprintf("not JSON at line %d, column %d: %s", found.Line, found.Column, found.Msg)
	c.malformed(base, other, fmt.Sprintf("line %d", found.Line))
}

func contentState(b *body, what string) string {
	if b.err != nil {
		return fmt.Sprintf("%d bytes, %v", len(b.wire), b.err)
	}
	return fmt.Sprintf("%d bytes, sound %s", len(b.wire), what)
}

// malformed tells that one side's body breaks a grammar; the values say how.
func (c *Comparer) malformed(base, other, at string) {
	it := rules.Item{Part: diff.Body, Kind: diff.Malformed, Base: []byte(base), Other: []byte(other)}
	if c.keeps(&it) {
		c.tell(it, "", at, clip(base, len(base)), clip(other, len(other)))
	}
}

// opaque compares two bodies by hash. reason says why, where their media type
// does not.
func (c *Comparer) opaque(x, y []byte, reason error) {
	if bytes.Equal(x, y) {
		return
	}
	it := rules.Item{Part: diff.Body, Kind: diff.Changed, Base: x, Other: y}
	switch {
	case len(x) == 0:
		it.Kind, it.Base = diff.Added, nil
	case len(y) == 0:
		it.Kind, it.Other = diff.Removed, nil
	}
	if c.keeps(&it) {
		c.tell(it, "bytes", "bytes", describe(it.Base, reason), describe(it.Other, reason))
	}
}

// describe names bytes by their number and the beginning of their SHA-256 hash.
func describe(b []byte, reason error) string {
	if b == nil {
		return ""
	}
	s := fmt.Sprintf("%d bytes, sha256 %.8x", len(b), sha256.Sum256(b))
	if reason != nil {
		s += " (not decoded: " + reason.Error() + ")"
	}
	return s
}
