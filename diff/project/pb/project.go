package pb

import (
	"errors"
	"strings"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// ErrMediaType is returned for a Content-Type that is none of protobuf's.
var ErrMediaType = errors.New("media type is not one of protobuf")

// Project appends the JSON of one body to dst: what [Descriptors.ProjectPair]
// does for two. Values without description may be read in another way than in
// the next body; compare what ProjectPair gives.
func (d *Descriptors) Project(dst []byte, method, contentType string, body []byte) ([]byte, error) {
	sides := []side{{dst: dst, body: body}}
	if err := d.project(sides, method, contentType); err != nil {
		return dst, err
	}
	return sides[0].json, sides[0].err
}

// ProjectPair appends the JSON of two answers to the same request to baseDst and
// otherDst. Values of which no descriptor tells are read alike in both.
//
// The method is the path of gRPC, "/pkg.Service/Method", to whose response type
// the bodies belong; a prefix before it and a query behind it do not matter. For
// plain protobuf the parameters messageType, proto and type of the Content-Type
// may name the type too (and encoding=delimited says that there are several
// messages). Where neither names a type that is known, and for nil Descriptors,
// bodies are told in the wire view.
//
// The JSON of a unary answer is an object, and that of a streaming one an array.
// The body of a unary answer without a message gives nothing at all. gRPC-Web has
// {"message": ..., "trailers": {...}}, Connect's streams {"message": ...,
// "end": {...}}, with "messages" where there may be several. Compressed messages
// are decompressed; one that cannot be is {"#compressed": "base64"}. Messages of
// other formats than protobuf are their JSON, or base64.
//
// The error is ErrMediaType, or a *PairError; then the body that could be
// written was, and the other's dst is as it was given.
//
// Descriptors may be used by any number of goroutines at the same time.
func (d *Descriptors) ProjectPair(baseDst, otherDst []byte, method, contentType string, base, other []byte) (baseJSON, otherJSON []byte, err error) {
	sides := []side{{dst: baseDst, body: base}, {dst: otherDst, body: other}}
	if err := d.project(sides, method, contentType); err != nil {
		return baseDst, otherDst, err
	}
	if sides[0].err != nil || sides[1].err != nil {
		err = &PairError{Base: sides[0].err, Other: sides[1].err}
	}
	return sides[0].json, sides[1].json, err
}

// side is one of the bodies that are written together.
type side struct {
	dst, body []byte
	content   content
	json      []byte // dst and what was written; after an error, dst
	err       error
}

// encoders keeps the buffers of past bodies.
var encoders = sync.Pool{New: func() any { return new(encoder) }}

// maxKept is how many fields a buffer may hold that is kept for the next body:
// 1.5 MiB of them.
const maxKept = 64 << 10

// project writes all sides. It does so twice where there are values without
// description: once it collects them, and then it knows their shapes.
func (d *Descriptors) project(sides []side, method, contentType string) error {
	m, ok := mediaOf(contentType)
	if !ok {
		return ErrMediaType
	}
	w := writer{media: m}
	w.message, w.stream = d.typeOf(method, m)
	e := encoders.Get().(*encoder)
	defer e.release()
	e.d, e.pools = d, &pools{left: MaxFields}
	for i := range sides {
		s := &sides[i]
		s.json = s.dst
		if s.content, s.err = m.split(s.body); s.err == nil {
			w.side(e, s)
		}
	}
	if !e.pools.settle() {
		return nil
	}
	for i := range sides {
		if s := &sides[i]; s.err == nil {
			w.side(e, s)
		}
	}
	return nil
}

func (e *encoder) release() {
	if cap(e.fields) > maxKept || cap(e.keys) > maxKept || cap(e.entries) > maxKept {
		return
	}
	*e = encoder{fields: e.fields[:0], entries: e.entries[:0], keys: e.keys[:0], last: e.last[:0]}
	encoders.Put(e)
}

// typeOf returns the type of the messages, nil where it is not known, and whether
// there may be several.
func (d *Descriptors) typeOf(method string, m media) (*message, bool) {
	if d == nil {
		return nil, true
	}
	if named := d.messages[protoreflect.FullName(m.message)]; named != nil {
		return named, m.framing == delimited
	}
	method, _, _ = strings.Cut(method, "?")
	if i := strings.LastIndexByte(method, '/'); i >= 0 {
		method = method[strings.LastIndexByte(method[:i], '/')+1:]
	}
	if found, ok := d.methods[method]; ok {
		return found.output, found.stream || m.framing == delimited
	}
	return nil, true
}
