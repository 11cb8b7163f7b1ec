package recorded

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

const (
	// Most is how many requests are kept of an operation: each becomes a case that a
	// person looks through.
	Most = 20
	// alike is how many of them may have the same parameters and fields and bring
	// nothing that those before did not have.
	alike = 4
	// maxBody is how long a body may be on the wire, in bytes: two hundred lines.
	maxBody = 16 << 10
	// maxTotal bounds the bodies and targets of all that is kept, in bytes of the
	// wire; decoded they take ten times that.
	maxTotal = 16 << 20
	// maxKnown is how many requests of an operation are remembered as seen: some 50
	// KB, of the 1,223 operations of the largest published document 60 MB. What is
	// beyond is looked at again.
	maxKnown = 1024
)

// choice is what is kept of one operation.
type choice struct {
	kept     []kept
	known    map[[16]byte]bool
	replaced uint64
}

// kept is one request.
type kept struct {
	request contract.Request
	shape   string
	news    bool // it brought something
	size    int
}

// request takes the request of an exchange, or says why not.
func (l *learner) request(e *capture.Exchange) capture.Reason {
	op := l.doc.Operation(l.doc.Name(e.Request.Method, e.Request.Target))
	switch {
	case op == nil:
		return NoOperation
	case e.Response.Status < 200 || e.Response.Status > 299:
		return NotAccepted
	case len(e.Request.Body) > maxBody:
		return Large
	}
	r, problems := l.codec.Decode(op, &e.Request)
	if len(problems) > 0 || r.Method != "" || r.Target != "" || r.Body != nil && r.Body.Raw != nil {
		return Breaks
	}
	if len(l.conformer.Request(op, &r)) > 0 {
		return Breaks
	}
	l.strip(&r)
	if len(l.conformer.Request(op, &r)) > 0 {
		return Credential
	}
	return l.choose(op, e, r)
}

// strip takes credentials out of a request: they come from elsewhere, and change.
func (l *learner) strip(r *contract.Request) {
	r.Cookie = nil
	drop := []string{"authorization", "proxy-authorization", "cookie"}
	for _, s := range l.doc.Schemes {
		if s.Type != "apiKey" {
			continue
		}
		switch s.In {
		case "header":
			drop = append(drop, strings.ToLower(s.Param))
		case "query":
			r.Query = without(r.Query, func(name string) bool { return name == s.Param })
		}
	}
	r.Header = without(r.Header, func(name string) bool { return slices.Contains(drop, strings.ToLower(name)) })
}

func without(values map[string]any, drop func(name string) bool) map[string]any {
	maps.DeleteFunc(values, func(name string, _ any) bool { return drop(name) })
	if len(values) == 0 {
		return nil
	}
	return values
}

func (l *learner) choose(op *openapi.Operation, e *capture.Exchange, r contract.Request) capture.Reason {
	c := l.choices[op.Name]
	if c == nil {
		c = &choice{known: make(map[[16]byte]bool)}
		l.choices[op.Name] = c
	}
	sum := digest(&r)
	if c.known[sum] {
		return Repeated
	}
	if len(c.known) < maxKnown {
		c.known[sum] = true
	}
	switch secret, err := l.secret(op, e, &r); {
	case err != nil:
		return Breaks
	case secret:
		return Secret
	}
	k := kept{request: r, shape: shape(&r), size: len(e.Request.Target) + len(e.Request.Body)}
	k.news = l.meter.Brings(op, &r) > 0
	return l.keep(c, k)
}

// keep keeps a request that brings something new, in the place of one that does not
// where there are enough.
func (l *learner) keep(c *choice, k kept) capture.Reason {
	same := 0
	for i := range c.kept {
		if c.kept[i].shape == k.shape {
			same++
		}
	}
	k.news = k.news || same == 0
	free := len(c.kept)
	switch {
	case !k.news && (same >= alike || len(c.kept) == Most):
		return Enough
	case len(c.kept) == Most:
		free = slices.IndexFunc(c.kept, func(old kept) bool { return !old.news })
		if free < 0 {
			return Enough
		}
	}
	if l.size+k.size > maxTotal {
		return Memory
	}
	if free < len(c.kept) {
		l.size -= c.kept[free].size
		c.kept = slices.Delete(c.kept, free, free+1)
		c.replaced++
	}
	l.size += k.size
	c.kept = append(c.kept, k)
	return ""
}

// secret reports whether what would be kept has something that looks like a secret
// and was not redacted. It is written as it would be sent, as what is secret is
// known by the names of fields.
func (l *learner) secret(op *openapi.Operation, e *capture.Exchange, r *contract.Request) (bool, error) {
	written, err := l.codec.Encode(op, r)
	if err != nil {
		return false, err
	}
	return len(l.secrets.Check(&capture.Exchange{ID: e.ID, Context: e.Context, Request: written})) > 0, nil
}

// digest tells requests apart by their values.
func digest(r *contract.Request) (sum [16]byte) {
	data, err := json.Marshal(r) // members sorted
	if err != nil {
		return sum // no decoded value is one that JSON does not have
	}
	whole := sha256.Sum256(data)
	return [16]byte(whole[:16])
}

// shape lists what is there of a request: parameters, and the fields of its body
// with the elements of a list as one.
func shape(r *contract.Request) string {
	places := make(map[string]bool)
	for part, values := range map[string]map[string]any{"path": r.Path, "query": r.Query, "header": r.Header} {
		for name := range values {
			places[part+" "+name] = true
		}
	}
	if r.Body != nil {
		places["body "+r.Body.MediaType] = true
		fields(places, "", r.Body.Value, 0)
	}
	return strings.Join(slices.Sorted(maps.Keys(places)), "\n")
}

// maxDepth is how deep the shape of a body is told apart.
const maxDepth = 8

func fields(places map[string]bool, at string, v any, depth int) {
	if depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			places[at+"/"+name] = true
			fields(places, at+"/"+name, member, depth+1)
		}
	case []any:
		for _, element := range v {
			fields(places, at+"/*", element, depth+1)
		}
	case nil:
		places[at+" null"] = true
	}
}
