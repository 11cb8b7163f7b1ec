package selfcheck

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/noise"
)

func TestStoredRecordsAreReadBackAsTheyWere(t *testing.T) {
	c := New(Options{Budget: time.Hour, Rules: rulesOf(t, "  - path: $.a\n    ignore: true\n    reason: noise\n")})
	c.Observe(jsonAnswers(1, "GET /p", `{"a":1,"b":{"\ud800":"secret"}}`, `{"a":1,"b":{"\ud800":"secret"}}`))
	c.beyond = 3
	var p Partial
	for r := range c.Partial().Records() {
		data, err := json.Marshal(r)
		require.NoError(t, err)
		assert.NotContains(t, string(data), "secret", "no values")
		var back Record
		require.NoError(t, json.Unmarshal(data, &back))
		require.NoError(t, p.Add(back))
	}
	merged := New(Options{Rules: rulesOf(t, "  - path: $.a\n    ignore: true\n    reason: noise\n")})
	merged.Merge(&p, nil)
	assert.Equal(t, text(t, c.report(judged{}.known())), text(t, merged.report(judged{}.known())))
}

func TestAnOperationIsMergedUnderTheNameThatItHasThere(t *testing.T) {
	c := New(Options{Budget: time.Hour})
	c.Observe(jsonAnswers(1, "GET /p", `1`, `1`))
	c.Observe(jsonAnswers(2, "GET /q", `1`, `1`))
	merged := New(Options{})
	merged.Merge(c.Partial(), func(string) string { return "(other operations)" })
	s := merged.report(judged{}.known())
	require.Len(t, s.Operations, 1)
	assert.EqualValues(t, 2, s.Answers)
}

func TestRecordsThatNoCheckerWritesAreRefused(t *testing.T) {
	place := Place{Part: diff.Body, Path: "$.a"}
	good := Trial{Place: place, Mutation: Null, Changes: []Change{{place, diff.Retyped, class.All}}}
	with := func(change func(*Trial)) Record {
		trial := good
		trial.Changes = append([]Change(nil), good.Changes...)
		change(&trial)
		return Record{Operation: "GET /", Rank: 1, Trials: []Trial{trial}}
	}
	for name, r := range map[string]Record{
		"unknown mutation":  with(func(t *Trial) { t.Mutation = "else" }),
		"unknown part":      with(func(t *Trial) { t.Place.Part = "latency" }),
		"long path":         with(func(t *Trial) { t.Place.Path = noise.Text(strings.Repeat("x", 2000)) }),
		"unknown kind":      with(func(t *Trial) { t.Changes[0].Kind = diff.Slower }),
		"no class":          with(func(t *Trial) { t.Changes[0].Values = 0 }),
		"class beyond":      with(func(t *Trial) { t.Changes[0].Values = 1 << 31 }),
		"hidden and told":   with(func(t *Trial) { t.Rules = []int{3} }),
		"no line":           with(func(t *Trial) { t.Changes, t.Rules = nil, []int{0} }),
		"many rules":        with(func(t *Trial) { t.Changes, t.Rules = nil, make([]int, maxRules+1) }),
		"many changes":      with(func(t *Trial) { t.Changes = make([]Change, maxChanges+1) }),
		"twice":             {Trials: []Trial{good, good}},
		"many trials":       {Trials: make([]Trial, maxPerAnswer+1)},
		"untried, and not":  {Untried: true, Trials: []Trial{good}},
		"skipped of none":   {Untried: true, Skipped: 1},
		"too many skipped":  {Skipped: 1 << 60},
		"beyond, and trial": {Beyond: 1, Trials: []Trial{good}},
		"too many beyond":   {Beyond: 1 << 60},
	} {
		assert.Error(t, new(Partial).Add(r), name)
	}
	var p Partial
	require.NoError(t, p.Add(with(func(*Trial) {})))
	assert.Error(t, p.Add(with(func(*Trial) {})), "the same answer twice")
	require.NoError(t, p.Add(Record{Beyond: 1}))
	assert.Error(t, p.Add(Record{Beyond: 1}))
}

func FuzzRecord(f *testing.F) {
	c := New(Options{Budget: time.Hour})
	c.Observe(jsonAnswers(1, "GET /p", `{"a":1}`, `{"a":1}`))
	for r := range c.Partial().Records() {
		data, err := json.Marshal(r)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"beyond":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Record
		var p Partial
		if json.Unmarshal(data, &r) != nil || p.Add(r) != nil {
			return
		}
		c := New(Options{})
		c.Merge(&p, nil)
		s := c.report(judged{}.known())
		if s.Mutations != s.Proven+s.Suspected+s.Missed {
			t.Fatal(s)
		}
		var again Partial
		for r := range c.Partial().Records() {
			if err := again.Add(r); err != nil && !strings.Contains(err.Error(), "twice") {
				t.Fatal(err)
			}
		}
	})
}

func TestNoValueOfAnAnswerIsInARecord(t *testing.T) {
	secrets := []string{"hunter-2222", "abc-token-def", "sess-9876", "4111-1111"}
	c := New(Options{Budget: time.Hour})
	for i := range 4 {
		base := answer(200, "application/json", `{"password":"hunter-2222","list":["token=abc-token-def"],"n":"4111-1111"}`, "Set-Cookie", "sid=sess-9876")
		branch := answer(200, "application/json", `{"password":"hunter-2222","list":["x"],"n":"4111-1111"}`, "Set-Cookie", "sid=sess-9876")
		c.Observe(answers(i, "GET /p", base, branch))
	}
	records := text(t, recordsOf(c.Partial()))
	for _, secret := range secrets {
		assert.NotContains(t, records, secret)
	}
	assert.Contains(t, records, "password")
	assert.Empty(t, c.tester.existing)
}
