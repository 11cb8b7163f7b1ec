package selfcheck

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/noise"
)

func TestACleanRunFindsEveryMutation(t *testing.T) {
	c := New(Options{Budget: time.Hour})
	for i := range 50 {
		c.Observe(jsonAnswers(i, "GET /p", product(i), product(i)))
	}
	s := c.report(judged{}.known())
	assert.EqualValues(t, DefaultPerOperation, s.Answers)
	assert.Greater(t, s.Mutations, uint64(8*70))
	assert.Equal(t, s.Mutations, s.Proven, text(t, s.Blind))
	assert.Equal(t, []diff.SelfCheckOperation{{Name: "GET /p", Mutations: s.Mutations}}, s.Operations)
	assert.Equal(t, DefaultMaxMissed, s.MaxMissed)
	assert.Zero(t, s.Untried)
}

func TestARuleThatHidesAPlaceIsNamedAsWhatBlindsIt(t *testing.T) {
	set := rulesOf(t, "  - path: $.price\n    ignore: true\n    reason: it changes\n  - path: $.tags\n    unordered: true\n    reason: a set\n")
	c := New(Options{Rules: set, Budget: time.Hour})
	for i := range 20 {
		c.Observe(jsonAnswers(i, "GET /p", product(i), product(i)))
	}
	s := c.report(judged{}.known())
	price := spotAt(s, "$.price")
	require.NotNil(t, price, text(t, s))
	assert.Equal(t, price.Tried-8, price.Missed, "another name is an added member, which no rule hides")
	assert.Equal(t, []string{"twinspect.yaml:3"}, price.By)
	assert.Contains(t, price.Mutations, "null")
	tags := spotAt(s, "$.tags")
	require.NotNil(t, tags)
	assert.Equal(t, []string{"swap"}, tags.Mutations)
	assert.Equal(t, []string{"twinspect.yaml:6"}, tags.By)
	assert.Len(t, s.Blind, 2, text(t, s.Blind))
}

func TestNoiseBlindsToValuesOfItsClassAlone(t *testing.T) {
	noisy := judged{{Operation: "GET /p", Place: diff.Place{Part: diff.Body, Path: "$.at"}, Kind: diff.Changed}: class.Time}
	c := New(Options{Budget: time.Hour})
	for i := range 20 { // branch differs in the time by itself
		c.Observe(jsonAnswers(i, "GET /p", product(i), strings.Replace(product(i), "T10:", "T11:", 1)))
	}
	s := c.report(noisy.known())
	require.Len(t, s.Blind, 1, text(t, s.Blind))
	assert.Equal(t, "$.at", s.Blind[0].Path)
	assert.Equal(t, []string{"character"}, s.Blind[0].Mutations)
	assert.Equal(t, []string{"noise (base differs in 43 %)"}, s.Blind[0].By)
}

func TestADifferenceThatIsThereAnywayFindsNoOtherMutation(t *testing.T) {
	set := rulesOf(t, "  - path: $.b\n    ignore: true\n    reason: it changes\n")
	c := New(Options{Rules: set, Budget: time.Hour})
	c.Observe(jsonAnswers(1, "GET /p", `{"a":1,"b":[{"c":1},{"c":2}]}`, `{"a":2,"b":[{"c":1},{"c":2}]}`))
	s := c.report(judged{}.known())
	for _, path := range []string{"$.b", "$.b[*]", "$.b[*].c"} {
		spot := spotAt(s, path)
		require.NotNil(t, spot, path)
		assert.Equal(t, []string{"twinspect.yaml:3"}, spot.By)
	}
	for _, r := range c.operations["GET /p"].entries[0].trials {
		if r.Place.Path == "$.a" {
			assert.NotEqual(t, Decrement, r.Mutation, "that would make branch equal to base")
		}
	}
}

func TestAPlaceThatARuleHidesIsNotFoundByWhatBranchDiffersAround(t *testing.T) {
	set := rulesOf(t, "  - path: $[*].b\n    ignore: true\n    reason: it changes\n")
	c := New(Options{Rules: set, Budget: time.Hour})
	c.Observe(jsonAnswers(1, "GET /p", `[{"id":1,"b":1},{"id":2,"b":2}]`, `[{"id":2,"b":2},{"id":1,"b":1}]`))
	spot := spotAt(c.report(judged{}.known()), "$[*].b")
	require.NotNil(t, spot)
	assert.Equal(t, []string{"twinspect.yaml:3"}, spot.By)
	assert.Contains(t, spot.Mutations, "null")
}

func TestAChangeBehindTheEndOfACutValueIsFound(t *testing.T) {
	long := strings.Repeat("word ", 400)
	c := New(Options{Budget: time.Hour})
	c.Observe(answers(1, "GET /p", answer(200, "text/plain", "x"+long), answer(200, "text/plain", "y"+long)))
	s := c.report(judged{}.known())
	assert.Equal(t, s.Mutations, s.Proven, text(t, s.Blind))
}

func TestEncodedAnswersAreChangedInWhatTheyContain(t *testing.T) {
	zip := func(body string) *capture.Response {
		encoded, err := coding.Encode([]string{"gzip"}, []byte(body))
		require.NoError(t, err)
		return answer(200, "application/json", string(encoded), "Content-Encoding", "gzip")
	}
	c := New(Options{Budget: time.Hour})
	c.Observe(answers(1, "GET /p", zip(product(1)), zip(product(1))))
	c.Observe(answers(2, "GET /q", zip(product(1)), answer(200, "application/json", product(1), "Content-Encoding", "gzip")))
	s := c.report(judged{}.known())
	require.Len(t, s.Operations, 2)
	assert.Greater(t, s.Operations[0].Mutations, uint64(70))
	assert.EqualValues(t, 5, s.Operations[1].Mutations, "where a coding is broken, that is the difference: three statuses and two fields")
	assert.Equal(t, s.Mutations, s.Proven, text(t, s.Blind))
}

func TestOutlooksAreCountedAndTheShareIsThatOfTheAnswersThatCanChange(t *testing.T) {
	c := New(Options{PerOperation: 4, Budget: time.Hour})
	for i := range 4 {
		body := `{"a":"xx"}`
		if i == 0 {
			body = `{"a":"xx","b":true}`
		}
		c.Observe(jsonAnswers(i, "GET /p", body, body))
	}
	shares := map[string]float64{}
	s := c.report(judgement{would: func(cell diff.Cell, _ class.Set, share float64) noise.Outlook {
		shares[cell.Path+" "+string(cell.Kind)] = share
		if cell.Path == "$.b" {
			return noise.Suspected
		}
		return noise.Proven
	}})
	assert.Equal(t, 1.0, shares["$.a removed"])
	assert.Equal(t, 0.25, shares["$.b removed"])
	assert.EqualValues(t, 4, s.Suspected, "drop, null, type and flip; another name is proven by what is added")
	assert.Equal(t, s.Mutations, s.Proven+s.Suspected+s.Missed)
}

func TestWithoutTimeAnswersStayUntriedAndAreCounted(t *testing.T) {
	now := start
	c := New(Options{Budget: time.Second, Now: func() time.Time { now = now.Add(300 * time.Millisecond); return now }})
	for i := range 20 {
		c.Observe(jsonAnswers(i, "GET /p", `1`, `1`))
		c.Observe(jsonAnswers(i, "GET /q", `1`, `1`))
	}
	s := c.report(judged{}.known())
	assert.EqualValues(t, 4, s.Answers)
	assert.EqualValues(t, 12, s.Untried)
	require.Len(t, s.Operations, 2, "each operation has its turn")
	assert.Equal(t, s.Operations[0].Mutations, s.Operations[1].Mutations)

	c = New(Options{Budget: -1})
	c.Observe(jsonAnswers(1, "GET /p", `1`, `1`))
	assert.Equal(t, &diff.SelfCheck{Untried: 1, MaxMissed: DefaultMaxMissed}, c.report(judged{}.known()))
}

func TestLargeAnswersDoNotWaitForTheEnd(t *testing.T) {
	c := New(Options{Budget: time.Hour})
	big := `["` + string(slices.Repeat([]byte("a b"), 2<<20)) + `"]`
	for i := range 8 {
		c.Observe(jsonAnswers(i, "GET /p", big, big))
		assert.LessOrEqual(t, c.pending, maxPending)
	}
	assert.Zero(t, c.report(judged{}.known()).Missed)
}

// observed is outcomes of several operations; some exchanges occur twice.
func observed(t *rapid.T) []*Answers {
	body := rapid.SampledFrom([]string{`{"a":1,"b":[1,2]}`, `{"a":"x"}`, `[]`, `{"m":{"k":1}}`})
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *Answers {
		operation := rapid.SampledFrom([]string{"GET /a", "GET /b", "HEAD /c"}).Draw(t, "operation")
		return jsonAnswers(rapid.IntRange(0, 30).Draw(t, "id"), operation, body.Draw(t, "base"), body.Draw(t, "branch"))
	}), 0, 40).Draw(t, "outcomes")
	for i, a := range list { // each was asked at its own time
		a.Branch.Start = start.Add(time.Duration(i))
	}
	return list
}

func TestMergedPartialsGiveTheReportOfOneChecker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := observed(t)
		opt := Options{PerOperation: rapid.IntRange(1, 4).Draw(t, "k"), Budget: time.Hour}
		whole := New(opt)
		parts := []*Checker{New(opt), New(opt), New(opt)}
		for _, a := range rapid.Permutation(list).Draw(t, "order") {
			parts[rapid.IntRange(0, 2).Draw(t, "part")].Observe(a)
		}
		for _, a := range list {
			whole.Observe(a)
		}
		merged := New(opt)
		for _, i := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "merge") {
			merged.Merge(parts[i].Partial(), nil)
		}
		want, got := whole.report(judged{}.known()), merged.report(judged{}.known())
		if text(nil, want) != text(nil, got) {
			t.Fatalf("want %s\ngot %s", text(nil, want), text(nil, got))
		}
		if text(nil, recordsOf(whole.Partial())) != text(nil, recordsOf(merged.Partial())) {
			t.Fatal("the records differ")
		}
	})
}

func recordsOf(p *Partial) []Record { return slices.Collect(p.Records()) }
