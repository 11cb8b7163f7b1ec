package rewrite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

const benchRules = `
rewrite:
  - {body: $.customer.id, set: 17, operation: "POST /orders"}
  - {set-header: {name: X-A, value: b}, operation: "PUT /customers/{id}"}
  - {path: {match: ^/v1/(.*)$, replace: /v2/$1}, operation: "GET /v1/*"}
`

func benchSend(b *testing.B, text string, req capture.Request) {
	s := parse(b, text).Side(replay.Base, echo)
	ask := &replay.Ask{Recorded: &capture.Exchange{Request: req}}
	b.ReportAllocs()
	for b.Loop() {
		ask.Request = req
		_ = s.Send(b.Context(), ask)
	}
}

func BenchmarkWithoutAnyRule(b *testing.B) {
	benchSend(b, "", request("GET", "/products/17?x=1", "", "Host", "a", "Accept", "*/*"))
}

func BenchmarkWithoutMatchingRule(b *testing.B) {
	benchSend(b, benchRules, request("GET", "/products/17?x=1", "", "Host", "a", "Accept", "*/*"))
}

func order() string {
	var lines []string
	for i := range 12 {
		lines = append(lines, fmt.Sprintf(`{"sku": "anvil-%d", "count": %d, "price": "12.50", "at": "2026-11-01T10:00:0%dZ"}`, i, i, i%10))
	}
	return `{"customer": {"id": 4711, "name": "Ada"}, "lines": [` + strings.Join(lines, ", ") + `]}`
}

func BenchmarkOneBodyEditOf1KB(b *testing.B) {
	doc := order()
	b.SetBytes(int64(len(doc)))
	benchSend(b, benchRules, request("POST", "/orders", doc, "Content-Type", "application/json"))
}

func BenchmarkDescendantBodyEditOf1KB(b *testing.B) {
	benchSend(b, "rewrite:\n  - {body: '$..sku', set: x}\n", request("POST", "/orders", order(), "Content-Type", "application/json"))
}

func BenchmarkDatesOf1KB(b *testing.B) {
	benchSend(b, "dates: {shift: 24h}\n", request("POST", "/orders", order(), "Content-Type", "application/json"))
}

func TestARequestWithoutAMatchingRuleCostsNoAllocation(t *testing.T) {
	req := request("GET", "/products/17?x=1", "", "Host", "a")
	s := parse(t, benchRules).Side(replay.Base, echo)
	ask := &replay.Ask{Recorded: &capture.Exchange{Request: req}}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		ask.Request = req
		_ = s.Send(t.Context(), ask)
	}))
}
