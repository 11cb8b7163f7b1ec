package message

import (
	"sync"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Codec writes and reads the messages of one document. It may be used by many
// goroutines. What an operation needs is worked out when it is first asked for.
type Codec struct {
	nodes   nodes
	schemas validator

	plans  sync.Map // *openapi.Operation to *plan
	params sync.Map // *openapi.Parameter to *param
	shapes sync.Map // openapi.Place to *shape
	pool   sync.Pool
}

// nodes is what is asked of a document.
type nodes interface {
	Node(p openapi.Place) (any, openapi.Place, error)
}

// validator is what is asked of schemas.
type validator interface {
	Schema(p openapi.Place, d schema.Direction) (*schema.Schema, error)
}

// New returns the codec of a document and its schemas.
func New(doc *openapi.Document, schemas *schema.Set) *Codec {
	return &Codec{nodes: doc, schemas: schemas}
}

// valid reports whether a value keeps to the schema at a place. A schema that
// cannot be used, which is a problem of the document, forbids nothing.
func (c *Codec) valid(p openapi.Place, d schema.Direction, v any) bool {
	s, err := c.schemas.Schema(p, d)
	return err != nil || s.Valid(v)
}

// writer returns a writer with the memory of an earlier one.
func (c *Codec) writer() *writer {
	if w, ok := c.pool.Get().(*writer); ok {
		return w
	}
	return &writer{codec: c}
}

// maxKept is the greatest memory in bytes that a writer keeps for the next
// message: that of usual bodies. One body of many megabytes is not held on to.
const maxKept = 256 << 10

// maxMembers is the same for members, of 32 bytes each.
const maxMembers = 256

func (c *Codec) release(w *writer) {
	if cap(w.buf) > maxKept || cap(w.members) > maxMembers {
		return
	}
	w.buf = w.buf[:0]
	clear(w.members[:cap(w.members)]) // what was written is not held on to
	w.members = w.members[:0]
	c.pool.Put(w)
}

// writer collects the bytes of one message.
type writer struct {
	codec   *Codec
	buf     []byte
	members []member // of the objects that are being written, sorted within each
	proves  bool     // bodies are read again
}
