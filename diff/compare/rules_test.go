package compare

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/rules"
)

const ruleFile = `version: 1
rules:
  - {header: Date, ignore: true, reason: the clock}
  - {header: Set-Cookie, class: hex, reason: a session}
  - {path: $.password, class: hex, reason: a secret of a known form}
  - {path: "$.tags", unordered: true, reason: a set}
  - {path: "$.items[?@.kind == 'ad'].price", ignore: true, reason: advertisements}
  - {path: "$.at", class: time, reason: the clock}
  - {part: status, status: 201, ignore: true, reason: either will do}
`

func TestRulesDecideOnTrueValues(t *testing.T) {
	set, err := rules.Parse("twinspect.yaml", []byte(ruleFile), time.Unix(0, 0))
	require.NoError(t, err)
	c := New(set)
	const typed = "Content-Type: application/json"
	base := answer(201, `{"password":"0123456789abcdef","tags":[1,2],"items":[{"kind":"ad","price":1},{"kind":"b","price":1}],"at":"2026-11-21T09:41:00Z"}`,
		typed, "Date: a", "Set-Cookie: s=0123456789ab")
	other := answer(200, `{"password":"fedcba9876543210","tags":[2,1],"items":[{"kind":"ad","price":2},{"kind":"b","price":2}],"at":"2026-11-21T09:41:01Z"}`,
		typed, "Date: b", "Set-Cookie: s=ba9876543210")
	var got []string
	c.Compare("GET /", base, other, func(ch diff.Change) { got = append(got, render(ch)) })
	assert.Equal(t, []string{`changed $.items[*].price at $.items[1].price: "1" -> "2"`}, got)

	broken := answer(200, `{"password":"no","tags":[1,2],"items":[{"kind":"ad","price":1},{"kind":"b","price":1}],"at":"0"}`,
		typed, "Set-Cookie: s=zz")
	var kinds []string
	c.Compare("GET /", base, broken, func(ch diff.Change) { kinds = append(kinds, string(ch.Kind)+" "+ch.Place.String()) })
	assert.Equal(t, []string{"class header set-cookie s", "class $.password", "class $.at"}, kinds)
}
