// Package coverage measures how much of a document was reached by the cases that
// were asked.
package coverage

import (
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Meter measures. It is used by one goroutine at a time.
type Meter struct {
	doc       *openapi.Document
	schemas   *schema.Set
	conformer *conform.Conformer
	asked     map[string]uint64
}

// New returns a meter of a document.
func New(doc *openapi.Document, schemas *schema.Set, c *conform.Conformer) *Meter {
	return &Meter{doc: doc, schemas: schemas, conformer: c, asked: make(map[string]uint64)}
}

// See takes what a case gave into account.
func (m *Meter) See(cs *contract.Case, seen []contract.Observation) {
	for i := range seen {
		if s := seen[i].Step; s >= 0 && s < len(cs.Steps) {
			m.asked[cs.Steps[s].Operation]++
		}
	}
}

// Coverage returns what was reached so far. gaps tell why something was not.
func (m *Meter) Coverage(_ []contract.Gap) contract.Coverage {
	var c contract.Coverage
	for _, op := range m.doc.Operations {
		c.Operations = append(c.Operations, contract.OperationCoverage{Operation: op.Name, Asked: m.asked[op.Name]})
	}
	return c
}
