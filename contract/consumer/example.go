package consumer

import (
	"bytes"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/contract"
	"twinspect.dev/contract/join"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/shape"
)

// maxExample is how long the bodies of an example may be together, in bytes: some
// two hundred lines, which a person looks through.
const maxExample = 16 << 10

// candidate is the exchange that shows a response best, as far as one has come:
// the one with more fields before the others, then the shorter, then the first by
// its identity.
type candidate struct {
	example *contract.Sample
	fields  int
	size    int
	id      capture.ID
}

// offer takes the call for an example where that is better than what there is, and
// nothing in it looks like a secret.
func (c *candidate) offer(call *join.Call, secrets *redact.Redactor) {
	e := call.Exchange
	size := len(e.Request.Body) + len(e.Response.Body)
	if size > maxExample || !e.Complete() {
		return
	}
	n := candidate{size: size, id: e.ID}
	n.example, n.fields = show(e)
	if c.example != nil && !n.better(c) {
		return
	}
	shown := &capture.Exchange{ID: e.ID, Context: e.Context, Request: e.Request, Response: e.Response}
	shown.Request.Header = kept(e.Request.Header)
	shown.Response.Header = kept(e.Response.Header)
	if len(secrets.Check(shown)) == 0 {
		*c = n
	}
}

func (c *candidate) better(o *candidate) bool {
	switch {
	case c.fields != o.fields:
		return c.fields > o.fields
	case c.size != o.size:
		return c.size < o.size
	}
	return bytes.Compare(c.id[:], o.id[:]) < 0
}

// show makes an example of an exchange, and counts what its answer tells.
func show(e *capture.Exchange) (x *contract.Sample, fields int) {
	x = &contract.Sample{Target: e.Request.Target}
	x.Request, _ = shape.Tree(&e.Request.Message, schema.Request, maxExample)
	x.Response, _ = shape.Tree(&e.Response.Message, schema.Response, maxExample)
	x.RequestHeader, x.ResponseHeader = named(kept(e.Request.Header)), named(kept(e.Response.Header))
	return x, leaves(x.Response) + leaves(x.Request)
}

// kept are the fields of a header that belong to a contract.
func kept(h capture.Header) capture.Header {
	return slices.DeleteFunc(slices.Clone(h), func(f capture.Field) bool { return !shape.Matters(f.Name) })
}

func named(h capture.Header) map[string]string {
	if len(h) == 0 {
		return nil
	}
	m := make(map[string]string, len(h))
	for _, f := range h {
		if m[f.Name] != "" {
			m[f.Name] += ", "
		}
		m[f.Name] += strings.TrimSpace(f.Value)
	}
	return m
}

// leaves counts the values of a tree that hold no others.
func leaves(v any) (n int) {
	switch v := v.(type) {
	case nil:
		return 0
	case map[string]any:
		for _, child := range v {
			n += leaves(child)
		}
		return n
	case []any:
		for _, child := range v {
			n += leaves(child)
		}
		return n
	}
	return 1
}
