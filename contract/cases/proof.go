package cases

import (
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/openapi"
)

// proof remembers what was found of the requests of one operation, of which most
// differ from each other in one part. nil remembers nothing. It is for one
// goroutine.
type proof struct {
	prover  *conform.Prover
	reached map[road]error
}

// road is what decides which operation a request comes to.
type road struct{ method, path string }

func newProof(g *Generator, op *openapi.Operation) *proof {
	return &proof{prover: g.Conformer.Prover(op), reached: map[road]error{}}
}

// sent returns where a request does not keep to the document.
func (m *proof) sent(p *plan, req *capture.Request) []conform.Violation {
	if m == nil {
		return p.g.Conformer.Sent(p.op, req)
	}
	return m.prover.Sent(req)
}

// reaches tells why a request would not come to the operation.
func (m *proof) reaches(p *plan, req *capture.Request) error {
	path, _, _ := strings.Cut(req.Target, "?")
	if m == nil {
		return p.reaches(req.Method, path)
	}
	at := road{req.Method, path}
	err, known := m.reached[at]
	if !known {
		err = p.reaches(at.method, at.path)
		m.reached[at] = err
	}
	return err
}

// reaches tells why a target would not come to the operation: segments of dots are
// taken out on the way (RFC 3986 section 5.2.4), control characters are refused by
// many proxies (section 7.3), and an empty value, or one like a concrete path of
// the document, is another path.
func (p *plan) reaches(method, path string) error {
	for segment := range strings.SplitSeq(path, "/") {
		switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
		case ".", "..":
			return fmt.Errorf("a path segment %s is taken out on the way", segment)
		}
		if strings.Contains(segment, "%0") || strings.Contains(segment, "%1") || strings.Contains(segment, "%7F") {
			return fmt.Errorf("control characters in a path are refused on the way")
		}
	}
	if name := p.g.Document.Name(method, path); name != p.op.Name {
		return fmt.Errorf("the path is that of another operation: %q", name)
	}
	return nil
}
