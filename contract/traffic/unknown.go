package traffic

import (
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/operation"
	"twinspect.dev/contract"
	"twinspect.dev/contract/findings"
)

// maxShapes is how many shapes of undocumented requests are held with an example.
// Where there are more, those that turned out to be of one operation are put
// together; what is then too many is counted. Examples take 100 KB at most.
const maxShapes = findings.Max

// shape is undocumented requests that look alike.
type shape struct {
	method, target string // of the first
	count          uint64
	ids            []string
	statuses       map[int]uint64
	example        contract.Example
}

// unknown collects the requests to operations that the document does not have. What
// they are called is known once all were seen: that "/users/anna" is one of many.
type unknown struct {
	looks, learner *operation.Learner
	shapes         map[string]*shape
	over           uint64
}

func (u *unknown) init() {
	u.looks, u.learner = operation.NewLearner(), operation.NewLearner()
	u.shapes = make(map[string]*shape)
}

// undocumented notes a request that the document knows nothing of, and reports
// whether it was served. One that is refused, as those of scanners, shows no
// operation.
func (c *checker) undocumented(e *capture.Exchange) bool {
	if !served(e.Response.Status) {
		return false
	}
	c.check(contract.Documented).Broken++
	u := &c.unknown
	target := c.masked(e)
	u.learner.Observe(e.Request.Method, target)
	key := u.looks.Name(e.Request.Method, target)
	s := u.shapes[key]
	if s == nil {
		if len(u.shapes) >= maxShapes {
			u.shapes = u.merged()
			key = u.learner.Name(e.Request.Method, target)
			s = u.shapes[key]
		}
		if s == nil && len(u.shapes) >= maxShapes {
			u.over++
			return true
		}
	}
	if s == nil {
		s = &shape{method: e.Request.Method, target: target, statuses: make(map[int]uint64)}
		s.example = c.example(key, e)
		u.shapes[key] = s
	}
	s.add(e)
	return true
}

// masked returns the target without secrets: operations are named by it.
func (c *checker) masked(e *capture.Exchange) string {
	if c.Redact == nil {
		return e.Request.Target
	}
	only := capture.Exchange{ID: e.ID, Context: e.Context, Request: capture.Request{Method: e.Request.Method, Target: e.Request.Target, Proto: e.Request.Proto}}
	c.Redact(&only)
	return only.Request.Target
}

// served reports whether an answer shows that there is an operation. Some of those
// that show none come from what stands before the service.
func served(status int) bool {
	switch status {
	case 0, 401, 403, 404, 405, 410, 429, 501, 502, 503, 504:
		return false
	}
	return true
}

func (s *shape) add(e *capture.Exchange) {
	s.count++
	if len(s.ids) < 10 {
		s.ids = append(s.ids, e.ID.String())
	}
	if _, ok := s.statuses[e.Response.Status]; ok || len(s.statuses) < 20 {
		s.statuses[e.Response.Status]++
	}
}

// merged puts the shapes together that are of one operation, by what is known now.
func (u *unknown) merged() map[string]*shape {
	out := make(map[string]*shape, len(u.shapes))
	for _, key := range sorted(u.shapes) {
		s := u.shapes[key]
		name := u.learner.Name(s.method, s.target)
		to := out[name]
		if to == nil {
			out[name] = s
			continue
		}
		to.count += s.count
		to.ids = append(to.ids, s.ids...)
		to.ids = to.ids[:min(len(to.ids), 10)]
		for status, n := range s.statuses {
			to.statuses[status] += n
		}
	}
	return out
}

// report returns a finding for each operation that the document lacks.
func (c *checker) unknowns() (out []contract.Finding) {
	shapes := c.unknown.merged()
	for _, name := range sorted(shapes) {
		s := shapes[name]
		message := "the document has no operation " + name
		if methods := c.Document.Methods(c.path(s.target)); len(methods) > 0 {
			message = fmt.Sprintf("the document has no operation %s; of the path it has %s", name, strings.Join(methods, ", "))
		}
		s.example.Steps[0].Operation = name
		out = append(out, contract.Finding{
			Check: contract.Documented, Operation: name, At: "target", Cause: string(contract.Documented),
			Message: fmt.Sprintf("%s; requests to it were answered %s", message, statuses(s.statuses)),
			Count:   s.count, Cases: s.ids, Example: s.example,
		})
	}
	return out
}

// path returns the template of the document that a target fits by any method, "".
func (c *checker) path(target string) string {
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"} {
		if _, path, ok := strings.Cut(c.Document.Name(method, target), " "); ok {
			return path
		}
	}
	return ""
}

func statuses(of map[int]uint64) string {
	all := make([]int, 0, len(of))
	for status := range of {
		all = append(all, status)
	}
	slices.Sort(all)
	texts := make([]string, len(all))
	for i, status := range all {
		texts[i] = fmt.Sprintf("%d (%d)", status, of[status])
	}
	return strings.Join(texts, ", ")
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// maxCurl is how long a body is put into a line for a shell.
const maxCurl = 64 << 10

// example shows an exchange without its secrets.
func (c *checker) example(operation string, e *capture.Exchange) contract.Example {
	shown := e.Clone()
	if c.Redact != nil {
		c.Redact(shown)
	}
	step := contract.ExampleStep{
		Operation: operation, Exchange: e.ID.String(), Status: e.Response.Status, Fault: string(e.Response.Incomplete),
		Curl:    line(shown),
		Request: findings.Text(&shown.Request.Message), Response: findings.Text(&shown.Response.Message),
	}
	if took := e.Response.End.Sub(e.Request.Start); took > 0 && !e.Request.Start.IsZero() {
		step.Latency = float64(took.Microseconds()) / 1000
	}
	return contract.Example{Case: e.ID.String(), Why: "it was recorded", Steps: []contract.ExampleStep{step}}
}
