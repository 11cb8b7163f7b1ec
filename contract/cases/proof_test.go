package cases

import (
	"os"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/contract/openapi"
)

// What is found of a request in parts is what is found of it as a whole, with each
// draft of each document: those that become cases, and those that do not.
func TestProofsInPartsAreThoseOfTheWhole(t *testing.T) {
	n := 0
	if racing {
		t.Skip("one goroutine makes them: there is nothing to race, and it takes a minute")
	}
	for _, g := range append(libraryGenerators(t), parts(t)) {
		n += sameInParts(t, g)
	}
	if path := os.Getenv("TWINSPECT_LARGE"); path != "" {
		doc, err := openapi.Load(path)
		assert.NoError(t, err)
		n += sameInParts(t, generator(doc, 1))
	}
	t.Log(n, "requests")
}

func sameInParts(t *testing.T, g *Generator) int {
	t.Helper()
	n := 0
	for _, op := range g.Document.Operations {
		p := g.plan(op)
		c := newCollector(p)
		c.positives()
		c.negatives()
		for i := range c.drafts {
			d := &c.drafts[i]
			req, err := g.Codec.Encode(op, &d.request)
			if err != nil {
				continue
			}
			n++
			whole := answer{found: g.Conformer.Sent(op, &req), err: (*proof)(nil).reaches(p, &req), key: keyOf(&req)}
			inParts := []answer{{found: p.proof.sent(p, &req), err: p.proof.reaches(p, &req), key: whole.key}}
			if d.answer != nil {
				inParts = append(inParts, *d.answer)
			}
			for _, got := range inParts {
				if !reflect.DeepEqual(whole, got) {
					assert.Equal(t, whole, got, "%s %s: %+v", op.Name, d.name, req)
				}
			}
		}
	}
	return n
}
