package jsontree

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func read(text string, depth, values int) (any, error) {
	r := &Reader{Decoder: jsontext.NewDecoder(strings.NewReader(text)), Depth: depth, Values: values}
	return r.Value()
}

func TestValuesKeepTheirNumbersAsWritten(t *testing.T) {
	got, err := read(`{"a":[1.50,"x",null,true],"b":{}}`, 8, 100)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{
		"a": []any{json.Number("1.50"), "x", nil, true},
		"b": map[string]any{},
	}, got)
}

func TestBoundsHold(t *testing.T) {
	_, err := read(`[[[1]]]`, 2, 100)
	require.ErrorIs(t, err, ErrTooDeep)
	_, err = read(`[1,2,3]`, 8, 3)
	require.ErrorIs(t, err, ErrTooMany)
	_, err = read(`[1,2`, 8, 100)
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrTooDeep)
}
