package rules

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
)

// kinds returns the problems as "line kind".
func kinds(problems []Problem) []string {
	list := []string{}
	for _, p := range problems {
		list = append(list, string(rune('0'+p.Line))+" "+string(p.Kind))
	}
	return list
}

func TestRulesAreCheckedWithoutEvidence(t *testing.T) {
	for name, c := range map[string]struct {
		rules string
		want  []string
	}{
		"sound":             {"  - {path: $.a, class: uuid, reason: r}\n  - {path: $.b, class: uuid, reason: r, expires: 2027-01-01}\n", []string{}},
		"expired":           {"  - {path: $.a, ignore: true, reason: r, expires: 2026-11-21}\n", []string{"3 expired"}},
		"expires soon":      {"  - {path: $.a, ignore: true, reason: r, expires: 2026-12-05}\n", []string{"3 expiring"}},
		"expires later":     {"  - {path: $.a, ignore: true, reason: r, expires: 2026-12-06}\n", []string{}},
		"the whole body":    {"  - {path: $, ignore: true, reason: r}\n", []string{"3 over-broad"}},
		"every member":      {"  - {path: '$.*', ignore: true, reason: r}\n", []string{"3 over-broad"}},
		"every value":       {"  - {path: '$..*', ignore: true, reason: r}\n", []string{"3 over-broad"}},
		"any value":         {"  - {path: '$..*', class: any, reason: r}\n", []string{"3 over-broad"}},
		"every id":          {"  - {path: '$..id', ignore: true, reason: r}\n", []string{}},
		"every status":      {"  - {part: status, ignore: true, reason: r}\n", []string{"3 over-broad"}},
		"every header":      {"  - {header: '*', ignore: true, reason: r}\n", []string{"3 over-broad"}},
		"all latencies":     {"  - {part: latency, ignore: true, reason: r}\n", []string{}},
		"all of one":        {"  - {part: body, operation: GET /a, ignore: true, reason: r}\n", []string{"3 hides-operation"}},
		"twice":             {"  - {path: $.a, class: uuid, reason: r}\n  - {path: $.a, class: uuid, reason: s}\n", []string{"4 duplicate"}},
		"twice, one is old": {"  - {path: $.a, class: uuid, reason: r, expires: 2026-01-01}\n  - {path: $.a, class: uuid, reason: s}\n", []string{"3 expired"}},
		"below an ignored":  {"  - {path: $.a, ignore: true, reason: r}\n  - {path: '$.a.b[*].c', class: uuid, reason: s}\n", []string{"4 shadowed"}},
		"beside an ignored": {"  - {path: $.a, ignore: true, reason: r}\n  - {path: $.b, class: uuid, reason: s}\n", []string{}},
		"above an ignored":  {"  - {path: $.a.b, ignore: true, reason: r}\n  - {path: $.a, ignore: true, reason: s}\n", []string{}},
		"by a wildcard":     {"  - {path: '$.a[*]', ignore: true, reason: r}\n  - {path: '$.a[3]', class: uuid, reason: s}\n", []string{"4 shadowed"}},
		"wider than it":     {"  - {path: '$.a[3]', ignore: true, reason: r}\n  - {path: '$.a[*]', class: uuid, reason: s}\n", []string{}},
		"by a descendant":   {"  - {path: '$..b', ignore: true, reason: r}\n  - {path: '$.a.b', class: uuid, reason: s}\n", []string{"4 shadowed"}},
		"a descendant":      {"  - {path: '$.a', ignore: true, reason: r}\n  - {path: '$.a..b', class: uuid, reason: s}\n", []string{"4 shadowed"}},
		"by filter":         {"  - {path: '$.a[?@.x]', ignore: true, reason: r}\n  - {path: '$.a[0]', class: uuid, reason: s}\n", []string{}},
		"a filter":          {"  - {path: '$.a[*]', ignore: true, reason: r}\n  - {path: '$.a[?@.x]', class: uuid, reason: s}\n", []string{"4 shadowed"}},
		"another status":    {"  - {path: $.a, status: 200, ignore: true, reason: r}\n  - {path: $.a, status: 2xx, class: uuid, reason: s}\n", []string{}},
		"a wider status":    {"  - {path: $.a, status: 2xx, ignore: true, reason: r}\n  - {path: $.a, status: 201, class: uuid, reason: s}\n", []string{"4 shadowed"}},
		"a wider operation": {"  - {path: $.a, operation: GET *, ignore: true, reason: r}\n  - {path: $.a, operation: GET /a*, class: uuid, reason: s}\n", []string{"4 shadowed"}},
		"other operations":  {"  - {path: $.a, operation: GET /a, ignore: true, reason: r}\n  - {path: $.a, class: uuid, reason: s}\n", []string{}},
		"class by class":    {"  - {path: $.a, class: number, reason: r}\n  - {path: $.a, tolerance: {absolute: 1}, reason: s}\n", []string{"4 shadowed"}},
		"class by nearness": {"  - {path: $.a, tolerance: {absolute: 1}, reason: r}\n  - {path: $.a, class: number, reason: s}\n", []string{}},
		"null after class":  {"  - {path: $.a, class: number, reason: r}\n  - {path: $.a, null-equals-missing: true, reason: s}\n", []string{}},
		"header by pattern": {"  - {header: X-*, ignore: true, reason: r}\n  - {header: X-Id, class: uuid, reason: s}\n", []string{"4 shadowed"}},
		"second key":        {"  - {path: $.a, key: id, reason: r}\n  - {path: $.a, key: sku, reason: s}\n", []string{"4 shadowed"}},
		"key and unordered": {"  - {path: $.a, key: id, reason: r}\n  - {path: $.a, unordered: true, reason: s}\n", []string{}},
		"second name":       {"  - {path: $.a, rename: b, reason: r}\n  - {path: $.a, rename: c, reason: s}\n", []string{"4 shadowed"}},
	} {
		t.Run(name, func(t *testing.T) {
			set := parse(t, "version: 1\nrules:\n"+c.rules)
			assert.Equal(t, c.want, kinds(Check(set, nil)))
			told := 0
			for _, r := range set.Info().Rules {
				told += len(r.Problems)
			}
			assert.Len(t, c.want, told, "the evidence tells the same")
		})
	}
	assert.Nil(t, Check(nil, nil))
}

func TestProblemsHaveAPlaceAndARemedy(t *testing.T) {
	p := Check(parse(t, "version: 1\nrules:\n  - {path: $, ignore: true, reason: r}\n"), nil)
	require.Len(t, p, 1)
	assert.Equal(t, "twinspect.yaml:3:6: the rule hides every difference of the body; name the values that may differ, and the operations in which they may", p[0].String())
}

func TestRulesAreCheckedByWhatTheyDid(t *testing.T) {
	set := parse(t, `version: 1
rules:
  - {path: $.time, class: time, reason: earns its place}
  - {path: $.gone, class: time, reason: r}
  - {path: $.total, tolerance: {absolute: 1}, reason: hides the branch}
  - {path: $.a, ignore: true, operation: GET /old, reason: r}
  - {path: $.old, rename: new, reason: branch alone has it}
  - {path: $.new, ignore: true, reason: not in the evidence}
  - {path: $.kept, ignore: true, reason: not in the evidence either}
`)
	report := &diff.Report{
		Sides:      []diff.SideInfo{{Side: "control", Asked: 9, Answered: 9}},
		Operations: []diff.Operation{{Name: "GET /"}},
		Rules: &diff.RulesInfo{Rules: []diff.RuleInfo{
			{What: "tolerance 1 at $.total", Matched: 20, Branch: 20},
			{What: "class time at $.time (expired 2026-01-01, not applied)", Matched: 40, Branch: 20, Control: 20},
			{What: "class time at $.gone"}, {What: "ignore $.a in GET /old"},
			{What: "rename to new of $.old", Matched: 50, Branch: 50},
		}},
		Differences: []diff.Difference{{Cell: diff.Cell{Operation: "GET /", Place: diff.Place{Part: diff.Body, Path: "$.kept.x"}, Kind: diff.Changed}}},
	}
	problems := Check(set, report)
	assert.Equal(t, []string{"4 matches-nothing", "5 hides-branch", "6 matches-nothing", "8 matches-nothing"}, kinds(problems))
	assert.Contains(t, problems[2].What, "no operation of the evidence is called GET /old")
	report.Sides = nil
	assert.Equal(t, []string{"4 matches-nothing", "6 matches-nothing", "8 matches-nothing"}, kinds(Check(set, report)), "without control nobody knows")
}

func TestRulesThatAreNeverReachedAreFoundByWatching(t *testing.T) {
	set := parse(t, `version: 1
rules:
  - {path: '$[?@.b]', ignore: true, reason: r}
  - {path: $.a.id, class: uuid, reason: r}
`)
	set.Watch()
	set.Control(false)
	scope := set.Scope("GET /", 200)
	scope.Documents([]byte(`{"a":{"b":1,"id":2}}`), []byte(`{"a":{"b":1,"id":3}}`))
	require.Equal(t, Hide, scope.Decide(body(diff.Changed, path("a", "id"), "2", "3")))
	problems := Check(set, &diff.Report{Rules: set.Info()})
	require.Equal(t, []string{"4 shadowed"}, kinds(problems))
	assert.Contains(t, problems[0].What, "that in line 3")
}

func TestOperationsOfWhichNothingIsLeftAreFound(t *testing.T) {
	for _, judged := range []bool{true, false} {
		set := parse(t, `version: 1
rules:
  - {path: $.time, operation: GET /noisy, class: time, reason: r}
  - {path: $.items, operation: GET /blind, ignore: true, reason: r}
`)
		report := &diff.Report{Sides: []diff.SideInfo{{Side: "control", Asked: 1, Answered: 1}}}
		if judged {
			for i := range 40 {
				set.Control(i%2 == 1)
				set.Scope("GET /noisy", 200).Decide(body(diff.Changed, path("time"), `"x"`, `"2026-11-21T10:00:00Z"`))
				if i%2 == 0 || i == 1 {
					set.Scope("GET /blind", 200).Decide(body(diff.Changed, path("items", 1), "2", "3"))
				}
			}
			report.Rules = set.Info()
		} else {
			report.Rules = &diff.RulesInfo{Rules: []diff.RuleInfo{
				{What: "class time at $.time in GET /noisy", Matched: 40, Branch: 20, Control: 20},
				{What: "ignore $.items in GET /blind", Matched: 21, Branch: 20, Control: 1},
			}}
		}
		problems := Check(set, report)
		require.Equal(t, []string{"4 hides-operation"}, kinds(problems))
		assert.Contains(t, problems[0].What, "every difference of GET /blind is hidden, 20 between base and branch and 1 between base and itself")
		report.Differences = []diff.Difference{{Cell: diff.Cell{Operation: "GET /blind"}}}
		assert.Empty(t, Check(set, report))
	}
}

func TestInfoTellsWhenARuleEnds(t *testing.T) {
	info := parse(t, "version: 1\nrules:\n  - {path: $.a, ignore: true, reason: r, expires: 2027-01-31}\n  - {path: $.b, ignore: true, reason: r}\n").Info()
	assert.Equal(t, "2027-01-31", info.Rules[0].Expires)
	assert.Empty(t, info.Rules[1].Expires)
}
