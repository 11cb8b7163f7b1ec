package cases

import (
	"os"
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
			want := g.Conformer.Sent(op, &req)
			assert.Equal(t, want, p.proof.sent(p, &req), "%s %s: %+v", op.Name, d.name, req)
			whole := (*proof)(nil).reaches(p, &req)
			assert.Equal(t, whole, p.proof.reaches(p, &req), d.name)
			if d.answer != nil {
				assert.Equal(t, answer{found: want, err: whole, key: keyOf(&req)}, *d.answer, d.name)
			}
		}
	}
	return n
}
