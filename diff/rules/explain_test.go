package rules

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/diff"
)

func difference(path string, kind diff.Kind, examples ...diff.Example) *diff.Difference {
	return &diff.Difference{
		Cell:     diff.Cell{Operation: "GET /", Place: diff.Place{Part: diff.Body, Path: path}, Kind: kind},
		Examples: examples,
	}
}

func TestExplainTellsWhatEveryRuleSays(t *testing.T) {
	set := parse(t, `version: 1
rules:
  - {path: '$.a[*].b', ignore: true, reason: r, expires: 2026-01-01}
  - {path: '$.a[*].b', ignore: true, operation: GET /other, reason: r}
  - {path: '$.a[*].b', ignore: true, status: 404, reason: r}
  - {path: '$.a[?@.x].b', ignore: true, reason: r}
  - {path: '$.a[0].b', ignore: true, reason: r}
  - {path: '$.a', key: id, reason: r}
  - {path: '$.a[*].b', key: id, reason: r}
  - {path: '$.a[*].b', tolerance: {absolute: 1}, reason: r}
  - {path: '$.a[*].b', class: integer, reason: r}
  - {path: '$.a', ignore: true, reason: r}
`)
	outcomes := func(status int, d *diff.Difference, e *diff.Example) []Outcome {
		var list []Outcome
		for _, s := range set.Explain("GET /", status, ItemOf(d, e)) {
			assert.NotEmpty(t, s.Why)
			list = append(list, s.Outcome)
		}
		return list
	}
	d := difference("$.a[*].b", diff.Changed, diff.Example{At: "$.a[3].b", Base: "1", Branch: "2.5"})
	assert.Equal(t, []Outcome{Expired, OtherOperation, OtherStatus, Undecided, Elsewhere, Elsewhere, Aligns, Keeps, Breaks, NotAsked}, outcomes(200, d, &d.Examples[0]))
	assert.Equal(t, Undecided, outcomes(0, d, &d.Examples[0])[2], "the status is not known")
	d.Kind = diff.Class
	assert.Equal(t, Breaks, outcomes(200, d, &d.Examples[0])[8])
	d.Kind, d.Examples[0].Branch = diff.Removed, ""
	assert.Equal(t, []Outcome{Keeps, Keeps, Hides}, outcomes(200, d, &d.Examples[0])[7:])
	assert.Equal(t, []Outcome{Keeps, Keeps, Hides}, outcomes(200, d, nil)[7:], "by the place alone")
	assert.Zero(t, set.Counts()[9], "nothing is counted")
	assert.Nil(t, (*Set)(nil).Explain("GET /", 200, Item{}))
}

func TestItemsOfFieldsAndOtherBodies(t *testing.T) {
	d := &diff.Difference{Cell: diff.Cell{Place: diff.Place{Part: diff.Header, Path: "set-cookie sid; path"}, Kind: diff.Added}}
	it := ItemOf(d, &diff.Example{At: "set-cookie sid; path", Branch: "/"})
	assert.Equal(t, Item{Part: diff.Header, Name: "set-cookie", Kind: diff.Added, Other: []byte("/")}, it)
	assert.Nil(t, ItemOf(difference("text", diff.Changed), nil).Path)
	assert.Nil(t, ItemOf(difference("$[", diff.Changed), nil).Path, "what is no path is the whole body")
}
