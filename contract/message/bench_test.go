package message

import (
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// A usual request: five parameters and a body of 500 bytes. At most 5 µs, that
// 5,000 requests a second cost a fortieth of a core.
func BenchmarkEncode(b *testing.B) {
	c := codec(b, usual)
	p := func(in, name, schema string) *openapi.Parameter {
		return &openapi.Parameter{Name: name, In: in, Style: styles[in], Explode: styles[in] == "form", Schema: component(schema)}
	}
	op := posting("application/json", "Filter", nil)
	op.Path, op.BasePaths = "/products/{id}/reviews", []string{"/api/v2"}
	op.Parameters = []*openapi.Parameter{p("path", "id", "Int"), p("query", "limit", "Int"), p("query", "tags", "Texts"),
		p("header", "X-Request-Id", "Text"), p("cookie", "session", "Text")}
	body := tree(b, `{"id":17,"title":"A lamp for the desk, with a cord of two metres","price":"19.90","currency":"EUR","stock":250,
		"tags":["light","desk","office"],"active":true,"weight":1.25,"maker":{"name":"Lux & Sons","country":"DE","city":"Berlin"},
		"sizes":[{"w":10,"h":20,"d":5},{"w":12,"h":24,"d":6}],"description":"It stands where it is put and gives the light that one reads by, for years, without a flicker.",
		"created":"2026-01-01T00:00:00Z","changed":"2026-02-01T00:00:00Z","note":null}`)
	r := &contract.Request{Path: map[string]any{"id": number("17")},
		Query:  map[string]any{"limit": number("20"), "tags": []any{"a", "b"}},
		Header: map[string]any{"X-Request-Id": "3f0c1d"}, Cookie: map[string]any{"session": "abc"},
		Body: &contract.Body{MediaType: "application/json", Value: body}}
	req, err := c.Encode(op, r)
	require.NoError(b, err)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(req.BodySize)
		for b.Loop() {
			_, _ = c.Encode(op, r)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = c.Decode(op, &req)
		}
	})
	b.Logf("body of %d bytes", req.BodySize)
}
