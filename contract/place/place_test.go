package place

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
)

func TestWhatIsPutIsThereAndTheRequestIsAsItWas(t *testing.T) {
	for _, p := range []contract.Place{"path id", "query limit", "header If-Match", "cookie session", "body /name", "body /lines/0/sku", "body"} {
		body := map[string]any{"name": "a", "lines": []any{map[string]any{"sku": "x"}}}
		r := contract.Request{Query: map[string]any{"page": "1"}, Body: &contract.Body{MediaType: "application/json", Value: body}}
		with, err := Put(r, p, "new")
		require.NoError(t, err, p)
		v, ok := Get(&with, p)
		assert.True(t, ok, p)
		assert.Equal(t, "new", v, p)
		assert.True(t, Has(&with, p), p)
		assert.Equal(t, contract.Request{Query: map[string]any{"page": "1"}, Body: &contract.Body{MediaType: "application/json", Value: map[string]any{"name": "a", "lines": []any{map[string]any{"sku": "x"}}}}}, r, p)
	}
}

func TestATargetIsTextAndStandsForItself(t *testing.T) {
	with, err := Put(contract.Request{}, "target", "/a?b=c")
	require.NoError(t, err)
	assert.Equal(t, "/a?b=c", with.Target)
	assert.True(t, Has(&with, "target"))
	assert.False(t, Has(&contract.Request{}, "target"))
}

func TestWhereNothingCanBePutIsAnError(t *testing.T) {
	raw := contract.Request{Body: &contract.Body{Raw: []byte("{")}}
	for p, r := range map[contract.Place]contract.Request{
		"status": {}, "target": {}, "body /a": raw, "body /a/0": {Body: &contract.Body{Value: map[string]any{"a": "text"}}},
	} {
		_, err := Put(r, p, 1)
		assert.Error(t, err, p)
	}
	assert.True(t, Has(&raw, "body /a"), "a body that is sent as it is says everything in it")
}
