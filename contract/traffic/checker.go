package traffic

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/coverage"
	"twinspect.dev/contract/findings"
	"twinspect.dev/contract/openapi"
)

// Why an exchange was not held against the document. One that is not whole is
// counted under the reason of its request, or else of its answer; what there is of
// it is looked at all the same.
const (
	// Unknown: a request to an operation that the document does not have.
	Unknown capture.Reason = "undocumented"
	// Refused: such a request that the provider refused.
	Refused capture.Reason = "undocumented-refused"
	// Preflight: a browser's question whether it may send another request (Fetch
	// section 4.8), which is not an operation of the service.
	Preflight capture.Reason = "preflight"
	// Unusable: its operation cannot be used: see the problems of the document.
	Unusable capture.Reason = "unusable-operation"
)

// checker holds exchanges against a document, one at a time.
type checker struct {
	Suite
	Options
	meter     *coverage.Meter
	started   time.Time
	stats     capture.Stats
	exchanges uint64 // that were read
	made      map[contract.Check]*contract.CheckInfo
	kinds     map[contract.Kind]*contract.KindCount
	found     findings.Set[contract.Example]
	unknown   unknown
	unusable  map[string]uint64
}

func newChecker(s Suite, o Options) *checker {
	c := &checker{
		Suite: s, Options: o, started: time.Now(),
		meter:    coverage.New(s.Document, s.Schemas, s.Conformer),
		made:     make(map[contract.Check]*contract.CheckInfo),
		kinds:    make(map[contract.Kind]*contract.KindCount),
		unusable: make(map[string]uint64),
	}
	for _, k := range []contract.Kind{contract.Positive, contract.Negative} {
		c.kinds[k] = &contract.KindCount{Kind: k}
	}
	c.unknown.init()
	return c
}

// read reads the recording to its end.
func (c *checker) read(ctx context.Context, src capture.Source) error {
	records, err := capture.Copy(ctx, capture.SinkFunc(func(ctx context.Context, e *capture.Exchange) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.stats.Seen++
		c.exchanges++
		switch reason, lost := c.exchange(e); {
		case reason == "":
			c.stats.Written++
		case lost:
			c.stats.Drop(reason, 1)
		default:
			c.stats.Filter(reason, 1)
		}
		return nil
	}), src, c.Damaged)
	for reason, n := range records.Dropped {
		c.stats.Seen += n
		c.stats.Drop(reason, n)
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// exchange holds one exchange against the document, and says why it was not, or
// not all of it, and whether that is a loss.
func (c *checker) exchange(e *capture.Exchange) (reason capture.Reason, lost bool) {
	if e.Request.Method == "" || e.Request.Target == "" {
		return capture.Reason(or(e.Request.Incomplete, capture.Unseen)), true
	}
	name := c.Document.Name(e.Request.Method, e.Request.Target)
	if name == "" && e.Request.Method == http.MethodHead { // as GET is (RFC 9110 section 9.3.2)
		name = c.Document.Name(http.MethodGet, e.Request.Target)
	}
	switch {
	case name == "" && preflight(&e.Request):
		return Preflight, false
	case name == "":
		c.check(contract.Documented).Made++
		if c.undocumented(e) {
			return Unknown, false
		}
		return Refused, false
	}
	op := c.Document.Operation(name)
	if op == nil {
		c.unusable[name]++
		return Unusable, false
	}
	c.documented(op, e)
	return left(e)
}

func or(r, otherwise capture.Incomplete) capture.Incomplete {
	if r == "" {
		return otherwise
	}
	return r
}

// left tells what of an exchange is not there.
func left(e *capture.Exchange) (capture.Reason, bool) {
	switch {
	case e.Request.Incomplete != "":
		return capture.Reason(e.Request.Incomplete), true
	case e.Response.Incomplete != "":
		return capture.Reason(e.Response.Incomplete), true
	case e.Response.Status == 0:
		return capture.Reason(capture.Unseen), true
	}
	return "", false
}

// preflight reports whether a request is one of CORS.
func preflight(r *capture.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Has("Origin") && r.Header.Has("Access-Control-Request-Method")
}

func (c *checker) documented(op *openapi.Operation, e *capture.Exchange) {
	c.check(contract.Documented).Made++
	examined := c.Conformer.Examine(op, &e.Request, &e.Response)
	for _, check := range examined.Made {
		c.check(check).Made++
	}
	broken, kind := examined.Broken, contract.Positive
	if e.Request.Incomplete == "" && e.Request.Method == op.Method {
		more, kept := c.request(op, e)
		broken = append(broken, more...)
		if !kept {
			kind = contract.Negative
		}
	}
	if e.Response.Incomplete == "" && e.Response.Status != 0 {
		c.meter.Fields(op, &e.Response)
	}
	k := c.kinds[kind]
	k.Made++
	if len(broken) == 0 {
		k.Passed++
		return
	}
	k.Broken++
	for _, b := range broken {
		c.check(b.Check).Broken++
		c.find(op.Name, e, b)
	}
}

// request holds a request against the document. It is the provider that keeps to
// the document or does not: what it refused is no finding, what it accepted is.
func (c *checker) request(op *openapi.Operation, e *capture.Exchange) (broken []contract.Broken, kept bool) {
	r, problems := c.Codec.Decode(op, &e.Request)
	var violations []conform.Violation
	if len(problems) > 0 {
		violations = c.Conformer.Sent(op, &e.Request)
	} else {
		violations = c.Conformer.Request(op, &r)
	}
	c.meter.Recorded(op, &r, violations, e)
	if e.Response.Status < 200 || e.Response.Status > 299 {
		return nil, len(violations) == 0
	}
	c.check(contract.RequestKept).Made++
	for i := range violations {
		broken = append(broken, c.accepted(op, &r, &violations[i]))
	}
	return broken, len(violations) == 0
}

// accepted tells of a request that breaks the document and was answered 2xx.
func (c *checker) accepted(op *openapi.Operation, r *contract.Request, v *conform.Violation) contract.Broken {
	at := v.At
	if part, within := at.Split(); part == "body" && r.Body != nil {
		at = contract.At(part, c.Conformer.RequestBody(op, r.Body.MediaType).Fold(r.Body.Value, within))
	}
	return contract.Broken{
		Check: contract.RequestKept, At: v.At,
		Cause:   conform.Bound(strings.Join([]string{string(contract.RequestKept), v.Keyword, string(at)}, " ")),
		Message: "a request was accepted that breaks the document: " + v.Message,
	}
}

func (c *checker) check(name contract.Check) *contract.CheckInfo {
	info := c.made[name]
	if info == nil {
		info = &contract.CheckInfo{Check: name}
		c.made[name] = info
	}
	return info
}

// find adds what an exchange broke to the finding of its cause.
func (c *checker) find(operation string, e *capture.Exchange, b contract.Broken) {
	f := c.found.Add(operation, e.ID.String(), b)
	if f != nil && f.Count == 1 {
		f.Of = c.example(operation, e)
	}
}
