package compare

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
	"twinspect.dev/diff/project"
	"twinspect.dev/diff/rules"
)

// Protobuf turns bodies of protobuf messages into JSON.
type Protobuf interface {
	// Project appends the JSON of a body of messages to dst. Messages that gRPC
	// compressed come uncompressed. method is the path
	// of a gRPC method, "/package.Service/Method", or "" where it is not known;
	// contentType is application/grpc, application/grpc-web or
	// application/protobuf with what may follow it. An error says that body
	// breaks the grammar of its media type, unless it is a [project.LimitError];
	// dst is then as it was.
	Project(dst []byte, method, contentType string, body []byte) ([]byte, error)
}

// SetProtobuf makes the comparer compare bodies of protobuf messages by their
// JSON. Without it, and with nil, they are compared by hash.
func (c *Comparer) SetProtobuf(p Protobuf) { c.protobuf = p }

// projections compares two bodies of the same format by their projections.
func (c *Comparer) projections(x, y *body) {
	base, errX := c.project(c.baseDoc[:0], x)
	c.baseDoc = keep(base)
	other, errY := c.project(c.otherDoc[:0], y)
	c.otherDoc = keep(other)
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

// project appends the projection of a body to dst. Of a body without content it
// is nothing.
func (c *Comparer) project(dst []byte, b *body) ([]byte, error) {
	switch {
	case len(b.data) == 0:
		return dst, nil
	case b.format == asProtobuf:
		return c.messages(dst, b)
	}
	return project.Append(dst, b.data, b.contentType)
}

// messages appends the JSON of protobuf messages, which gRPC may have compressed
// each.
func (c *Comparer) messages(dst []byte, b *body) ([]byte, error) {
	data := b.data
	if b.messages != "" && isGRPC(strings.ToLower(b.contentType)) {
		plain, err := project.AppendUncompressed(c.plain[:0], data, b.messages, &c.codings)
		if c.plain = keep(plain); err != nil {
			return dst, err
		}
		data = plain
	}
	return c.protobuf.Project(dst, c.method, b.contentType, data)
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
