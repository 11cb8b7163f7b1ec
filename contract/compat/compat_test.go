package compat

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
)

// document makes one of an operation whose request and answer have the schema.
func document(tb testing.TB, name, schema string) *openapi.Document {
	tb.Helper()
	text := `{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":` +
		schema + `}}},"responses":{"200":{"description":"","content":{"application/json":{"schema":` + schema + `}}}}}}}}`
	d, err := openapi.Loader{Plain: true}.Parse(name, []byte(text))
	require.NoError(tb, err)
	require.NotNil(tb, d.Operation("POST /a"), "%v", d.Problems)
	return d
}

// found lists what is told, as "breaking request-type-narrowed body /a".
func found(tb testing.TB, old, next *openapi.Document) []string {
	tb.Helper()
	changes, err := Compare(old, next)
	require.NoError(tb, err)
	list := []string{}
	for _, c := range changes {
		list = append(list, strings.TrimSpace(strings.Join([]string{string(c.Level), c.ID, string(c.At)}, " ")))
	}
	return list
}

func TestWhatNarrowsBreaksRequestsAndWhatWidensBreaksAnswers(t *testing.T) {
	assert.Equal(t, []string{"breaking request-max-length-decreased body", "safe response-max-length-decreased body"},
		found(t, document(t, "old", `{"type":"string"}`), document(t, "new", `{"type":"string","maxLength":3}`)))
	assert.Equal(t, []string{"safe request-max-length-increased body", "breaking response-max-length-increased body"},
		found(t, document(t, "old", `{"type":"string","maxLength":3}`), document(t, "new", `{"type":"string"}`)))
}
