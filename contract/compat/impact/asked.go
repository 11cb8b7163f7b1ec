package impact

import (
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pointer"
	"twinspect.dev/contract/promise"
)

// asked is what an operation asks for at a place of a request.
func asked(doc *openapi.Document, op *openapi.Operation, at contract.Place, mediaType string) promise.Promise {
	part, name := at.Split()
	if part == "body" {
		return askedBody(doc, op, name, mediaType)
	}
	for _, p := range op.Parameters {
		if p.In != part || p.Name != name && (part != "header" || !strings.EqualFold(p.Name, name)) {
			continue
		}
		found := promise.Promise{Declared: true}
		if p.Schema != "" {
			found = promise.Look(doc, p.Schema, nil)
		}
		found.Always = p.Required
		return found
	}
	return promise.Promise{Open: part == "header"}
}

func askedBody(doc *openapi.Document, op *openapi.Operation, name, mediaType string) promise.Promise {
	if op.Body == nil || len(op.Body.Media) == 0 {
		return promise.Promise{}
	}
	m := op.Body.Media[0]
	if mediaType != "" {
		if m = message.Best(op.Body.Media, mediaType); m == nil {
			return promise.Promise{}
		}
	}
	if m.Schema == "" {
		return promise.Promise{Open: true}
	}
	return promise.Look(doc, m.Schema, pointer.Split(name))
}

// sent is the field that a consumer sends at a place, nil where there is none.
func sent(it *contract.Interaction, at contract.Place) *contract.Field {
	for i := range it.Request {
		f := &it.Request[i]
		if touches(at, f.At) && holds(f.At, at) && holds(at, f.At) {
			return f
		}
	}
	return nil
}

// sentParent reports whether the consumer sends what holds a place: a parameter
// always lies in a request, a field of a body only in a body, or in an object of it.
func sentParent(it *contract.Interaction, at contract.Place) bool {
	part, name := at.Split()
	if part != "body" {
		return true
	}
	tokens := pointer.Split(name)
	if len(tokens) == 0 {
		return true
	}
	parent := ""
	for _, t := range tokens[:len(tokens)-1] {
		parent = pointer.Join(parent, t)
	}
	f := sent(it, contract.At("body", parent))
	return f != nil && f.Seen > 0
}

func where(doc *openapi.Document, p openapi.Place) string {
	if doc == nil || p == "" {
		return ""
	}
	return doc.Where(p)
}

// counterpart is the operation of a document that takes the same requests as the
// one of that name: parameters of the path may have other names.
func counterpart(doc *openapi.Document, name string) *openapi.Operation {
	if op := doc.Operation(name); op != nil {
		return op
	}
	want := unnamed(name)
	for _, op := range doc.Operations {
		if unnamed(op.Name) == want {
			return op
		}
	}
	return nil
}

// unnamed takes the names of parameters out of an operation's name.
func unnamed(operation string) string {
	var b strings.Builder
	for rest := operation; ; {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteString("{}")
		_, rest, _ = strings.Cut(after, "}")
	}
}
