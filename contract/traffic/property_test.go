package traffic

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/fixtures/shop"
)

func TestAnyTrafficIsCountedAndBalances(t *testing.T) {
	s := suite(t, shop.OpenAPI)
	methods := rapid.SampledFrom([]string{"", "GET", "POST", "HEAD", "OPTIONS", "\x00", "DELETE"})
	targets := rapid.OneOf(rapid.SampledFrom([]string{"", "*", "/", "/products", "/products/1", "http://h/products?limit=x", "//", "/products?%zz"}), rapid.String())
	bodies := rapid.OneOf(rapid.SampledFrom([]string{"", "{", "[]", `{"items":[{"id":1}]}`, "\x1f\x8b"}), rapid.String())
	reasons := rapid.SampledFrom([]capture.Incomplete{"", "", capture.Unseen, capture.Gap, capture.BodyLimit})
	message := func(rt *rapid.T) capture.Message {
		body := bodies.Draw(rt, "body")
		return capture.Message{Body: []byte(body), BodySize: int64(len(body)), Incomplete: reasons.Draw(rt, "incomplete"),
			Header: capture.Header{{Name: "Content-Type", Value: rapid.SampledFrom([]string{"application/json", "", "a/b;;", "text/html"}).Draw(rt, "type")},
				{Name: "Content-Encoding", Value: rapid.SampledFrom([]string{"", "gzip", "x"}).Draw(rt, "coding")}}}
	}
	rapid.Check(t, func(rt *rapid.T) {
		var all []capture.Exchange
		for range rapid.IntRange(0, 8).Draw(rt, "n") {
			all = append(all, capture.Exchange{
				Request:  capture.Request{Method: methods.Draw(rt, "method"), Target: targets.Draw(rt, "target"), Message: message(rt)},
				Response: capture.Response{Status: rapid.IntRange(-1, 700).Draw(rt, "status"), Message: message(rt)},
			})
		}
		r, err := Check(t.Context(), source(all, len(all)), s, Options{})
		require.NoError(rt, err)
		require.NoError(rt, r.Account.Balance())
		require.EqualValues(rt, len(all), r.Requests)
		require.NotEmpty(rt, r.Reasons)
		if r.Verdict == contract.Pass {
			require.Empty(rt, r.Findings)
			require.NotEmpty(rt, all)
		}
		for _, k := range r.Cases {
			require.Equal(rt, k.Made, k.Passed+k.Broken)
		}
	})
}
