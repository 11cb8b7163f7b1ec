package compat

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
)

// body returns the schema of a document's body in a direction.
func body(tb testing.TB, d *openapi.Document, direction schema.Direction) *schema.Schema {
	tb.Helper()
	op := d.Operation("POST /a")
	place := op.Body.Media[0].Schema
	if direction == schema.Response {
		place = op.Responses[0].Media[0].Schema
	}
	s, err := schema.New(d).Schema(place, direction)
	require.NoError(tb, err)
	return s
}

// TestWhatIsSaidToBeSafeIsSafeForValues holds every pair of the schemas of the cases
// against values: where nothing breaks, answers of the new document fit the old one,
// and requests of the old document fit the new one.
func TestWhatIsSaidToBeSafeIsSafeForValues(t *testing.T) {
	var list []*openapi.Document
	var texts []string
	for _, c := range schemaCases {
		if strings.Contains(c.a+c.b, "x-extensible-enum") {
			continue // who was told that a list grows is not broken by it
		}
		for _, s := range []string{c.a, c.b} {
			list, texts = append(list, document(t, "d.json", s)), append(texts, s)
		}
	}
	g := values.New(1)
	made := 0
	for i, old := range list {
		for j, next := range list {
			changes, err := Compare(old, next)
			require.NoError(t, err)
			for direction, from := range map[schema.Direction]Direction{schema.Request: InRequest, schema.Response: InResponse} {
				if !safe(changes, from) {
					continue
				}
				writer, reader := body(t, old, direction), body(t, next, direction)
				if direction == schema.Response {
					writer, reader = reader, writer
				}
				sent, _ := g.Valid(writer)
				for _, v := range sent {
					made++
					assert.True(t, reader.Valid(v.Data), "%s: %s to %s: %v", direction, texts[i], texts[j], v.Data)
				}
			}
		}
	}
	assert.Greater(t, made, 1000)
}

func safe(changes []Change, d Direction) bool {
	for _, c := range changes {
		if c.Direction == d && c.Level != Safe {
			return false
		}
	}
	return true
}
