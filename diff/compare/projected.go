package compare

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
	"twinspect.dev/diff/project"
	"twinspect.dev/diff/project/pb"
	"twinspect.dev/diff/rules"
)

// Protobuf turns bodies of protobuf messages into JSON. *[pb.Descriptors] is one.
type Protobuf interface {
	// ProjectPair appends the JSON of two answers to the same request, read alike
	// where no descriptor tells how. Messages that gRPC compressed come
	// uncompressed. method is the path of a gRPC method, "/package.Service/Method",
	// or "" where it is not known; contentType is application/grpc,
	// application/grpc-web or application/protobuf with what may follow it. A
	// [*pb.PairError] says which body breaks the grammar of its media type, or
	// passes a bound ([project.LimitError]); the other was written.
	ProjectPair(baseDst, otherDst []byte, method, contentType string, base, other []byte) (baseJSON, otherJSON []byte, err error)
}

// SetProtobuf makes the comparer compare bodies of protobuf messages by their
// JSON. Without it, and with nil, they are compared by hash.
func (c *Comparer) SetProtobuf(p Protobuf) { c.protobuf = p }

// projections compares two bodies of the same format by their projections.
func (c *Comparer) projections(x, y *body) {
	base, other, errX, errY := c.project(x, y)
	c.baseDoc, c.otherDoc = keep(base), keep(other)
	switch {
	case errX == nil && errY == nil:
		c.projected(x, y, base, other)
	case errX != nil && errY != nil || isLimit(errX) || isLimit(errY) || len(x.data)+len(y.data) == max(len(x.data), len(y.data)):
		c.plainer(x, y)
	default:
		at := "body"
		var syntax *project.SyntaxError
		if errors.As(errX, &syntax) || errors.As(errY, &syntax) {
			at = fmt.Sprintf("line %d", syntax.Line)
		}
		c.malformed(soundness(x, errX), soundness(y, errY), at)
	}
}

// project returns the projections of two bodies. That of one without content is
// empty.
func (c *Comparer) project(x, y *body) (base, other []byte, errX, errY error) {
	base, other = c.baseDoc[:0], c.otherDoc[:0]
	if x.format == asProtobuf {
		return c.messages(base, other, x, y)
	}
	if len(x.data) > 0 {
		base, errX = project.Append(base, x.data, x.contentType)
	}
	if len(y.data) > 0 {
		other, errY = project.Append(other, y.data, y.contentType)
	}
	return base, other, errX, errY
}

// messages appends the JSON of protobuf messages.
func (c *Comparer) messages(base, other []byte, x, y *body) (baseJSON, otherJSON []byte, errX, errY error) {
	dataX, errX := c.uncompressed(&c.plain, x)
	dataY, errY := c.uncompressed(&c.otherPlain, y)
	if errX != nil || errY != nil {
		return base, other, errX, errY
	}
	baseJSON, otherJSON, err := c.protobuf.ProjectPair(base, other, c.method, cmp.Or(x.contentType, y.contentType), dataX, dataY)
	var pair *pb.PairError
	if errors.As(err, &pair) {
		return baseJSON, otherJSON, pair.Base, pair.Other
	}
	return baseJSON, otherJSON, err, err
}

// uncompressed returns the messages of a body without the compression that gRPC
// gave each. buf is used again.
func (c *Comparer) uncompressed(buf *[]byte, b *body) ([]byte, error) {
	if b.messages == "" || len(b.data) == 0 || !isGRPC(strings.ToLower(b.contentType)) {
		return b.data, nil
	}
	plain, err := project.AppendUncompressed((*buf)[:0], b.data, b.messages, &c.codings)
	*buf = keep(plain)
	return plain, err
}

// projected compares two projections.
func (c *Comparer) projected(x, y *body, base, other []byte) {
	c.markup = x.format == asXML || x.format == asHTML
	err := c.compareDocuments(base, other)
	c.endOrder()
	c.markup = false
	if err != nil {
		c.plainer(x, y)
	}
}

// plainer compares two bodies by the next plainer form.
func (c *Comparer) plainer(x, y *body) {
	if x.isText() && y.isText() {
		c.text(x.data, y.data)
		return
	}
	c.opaque(x.data, y.data, nil)
}

func isLimit(err error) bool { return errors.As(err, new(*project.LimitError)) }

func soundness(b *body, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s, %d bytes", b.format, len(b.data))
}

// keep returns the buffer to use next time.
func keep(buf []byte) []byte {
	if cap(buf) > maxKept {
		return nil
	}
	return buf
}

// methodOf returns the path of the gRPC method that an operation stands for, or
// "" where its path has another form.
func methodOf(operation string) string {
	_, path, _ := strings.Cut(operation, " ")
	service, method, found := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !found || service == "" || method == "" || strings.ContainsAny(service+method, "/{}?* ") || path[0] != '/' {
		return ""
	}
	return path
}

// order is the changes of the order of one element's children, as they are told.
type order struct {
	path           jsondiff.Path // to the member, nil for none
	removed, added []string      // names, as JSON strings
}

// reordered takes in the changes of the order of elements, and reports whether
// ch is one. Names that only come or go are told by their elements.
func (c *Comparer) reordered(ch *jsondiff.Change) bool {
	n := len(ch.Path)
	if n > 0 && ch.Path[n-1].Index >= 0 {
		n--
	}
	if n == 0 || ch.Path[n-1].Name != project.Order || ch.Path[n-1].Index >= 0 {
		c.endOrder()
		return false
	}
	if !slices.Equal(c.order.path, ch.Path[:n]) {
		c.endOrder()
		c.order.path = slices.Clone(ch.Path[:n])
	}
	if n == len(ch.Path) {
		return ch.Kind != diff.Reordered
	}
	if ch.Base != nil {
		c.order.removed = append(c.order.removed, string(ch.Base))
	}
	if ch.Other != nil {
		c.order.added = append(c.order.added, string(ch.Other))
	}
	return true
}

// endOrder tells of the names that left one place of an order for another, among
// others that only came or went.
func (c *Comparer) endOrder() {
	o := c.order
	c.order = order{}
	var moved []string
	for _, name := range o.removed {
		if i := slices.Index(o.added, name); i >= 0 {
			moved = append(moved, name)
			o.added = slices.Delete(o.added, i, i+1)
		}
	}
	if len(moved) == 0 {
		return
	}
	names := []byte("[" + strings.Join(moved, ",") + "]")
	c.decided(&rules.Item{Part: diff.Body, Path: o.path, Kind: diff.Reordered, Base: names, Other: names})
}
