package contractfile

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/contract"
	"twinspect.dev/contract/shape"
)

func one(fields ...contract.Field) *contract.Contract {
	return &contract.Contract{Consumer: "a", Provider: "b", Interactions: []contract.Interaction{{
		Operation: "GET /x", Calls: 40, Responses: []contract.Answer{{Status: 200, Calls: 40, MediaType: "application/json", Fields: fields}},
	}}}
}

func texts(changes []Change) (out []string) {
	for _, c := range changes {
		out = append(out, c.String())
	}
	return out
}

func TestHowAFieldHasChangedIsTold(t *testing.T) {
	text := func(n, of uint64) contract.Field {
		return contract.Field{At: "body", Seen: n, Of: of, Types: map[string]uint64{"string": n}}
	}
	enum := func(words ...string) contract.Field {
		f := text(40, 40)
		f.Values = map[string]uint64{}
		for _, w := range words {
			f.Values[w] = 40 / uint64(len(words))
		}
		return f
	}
	form := func(class string) contract.Field { f := text(40, 40); f.Class = class; return f }
	number := func(types ...string) contract.Field {
		f := contract.Field{At: "body", Seen: 40, Of: 40, Types: map[string]uint64{}}
		for _, name := range types {
			f.Types[name] = 40 / uint64(len(types))
		}
		return f
	}
	usage := func(s contract.State, of uint64) contract.Field {
		f := text(40, 40)
		f.Usage = contract.Usage{State: s, Of: of}
		if s == contract.Used {
			f.Usage.Evidence = []contract.Evidence{{How: contract.Exact, Into: "answer GET /y body"}}
		}
		return f
	}
	many := text(40, 40)
	many.Many = true
	for name, c := range map[string]struct {
		old, new contract.Field
		kind     Kind
		want     string
	}{
		"optional":      {text(40, 40), text(30, 40), NowOptional, "became optional: it is there in 75 % of 40"},
		"always":        {text(30, 40), text(40, 40), NowAlways, "is always there now, in 40"},
		"always, thin":  {text(30, 40), text(3, 3), "", ""},
		"type":          {number("integer"), text(40, 40), TypeChanged, "is string, was integer"},
		"also null":     {text(40, 40), number("string", "null"), TypeChanged, "is null or string, was string"},
		"fractions":     {number("integer"), number("integer", "number"), TypeChanged, "is number, was integer"},
		"no fractions":  {number("number"), number("integer"), "", ""},
		"type gone":     {number("string", "null"), text(40, 40), TypeChanged, "is string, was null or string"},
		"gone, thin":    {number("string", "null"), text(4, 4), "", ""},
		"value":         {enum("a", "b"), enum("a", "b", "c"), ValueNew, "has new values: c"},
		"value missing": {enum("a", "b"), enum("a"), "", ""},
		"not an enum":   {enum("a", "b"), many, ValueNew, "is no longer one of a, b"},
		"form":          {form("uuid"), form(""), FormChanged, "is no longer always uuid"},
		"form found":    {form(""), form("uuid"), "", ""},
		"used":          {usage(contract.Seen, 40), usage(contract.Used, 40), NowUsed, "is used now (exact in answer GET /y body)"},
		"not used":      {usage(contract.Used, 40), usage(contract.Seen, 40), NoLongerUsed, "is no longer used in 40 calls"},
		"not used thin": {usage(contract.Used, 40), usage(contract.Seen, 3), NoLongerUsed, "was not seen to be used in 3 calls"},
		"same":          {enum("a"), enum("a"), "", ""},
	} {
		got := Drift(one(c.old), one(c.new))
		if c.kind == "" {
			assert.Empty(t, got, name)
			continue
		}
		if assert.Len(t, got, 1, name) {
			assert.Equal(t, c.kind, got[0].Kind, name)
			assert.Equal(t, "GET /x 200 body: "+c.want, got[0].String(), name)
		}
	}
}

func TestWhatFewCallsDidNotShowIsNotGone(t *testing.T) {
	old := sample(t)
	now := sample(t)
	now.Interactions = now.Interactions[:1]
	assert.Equal(t, []string{"GET /products/{id}: is not called in 1 call"}, texts(Drift(old, now)))
	assert.True(t, Drift(old, now)[0].Thin)
	now.Interactions[0].Calls = 1500
	assert.Equal(t, []string{"GET /products/{id}: is no longer called in 1,500 calls"}, texts(Drift(old, now)))
	assert.Equal(t, []string{"GET /products/{id}: is newly called: 22 calls"}, texts(Drift(now, old)))
}

func TestADriftIsReadAsADiff(t *testing.T) {
	old, now := sample(t), sample(t)
	op := &now.Interactions[1]
	op.Request = nil
	op.Responses[1] = contract.Answer{Status: 410, Calls: 2}
	var bodies []string
	for i := range 20 {
		bodies = append(bodies, fmt.Sprintf(`{"id":"p%d","price":"%d","status":"%s","total\u001b[2J":{"a":1}}`, i, i, []string{"active", "open"}[i%2]))
	}
	op.Responses[0].Fields = fields(t, bodies...)
	now.Interactions[0] = contract.Interaction{Operation: "PUT /products/{id}", Calls: 7}
	now.Interactions[0], now.Interactions[1] = now.Interactions[1], now.Interactions[0]
	for _, colour := range []bool{false, true} {
		var b bytes.Buffer
		require.NoError(t, DriftText(&b, Drift(old, now), colour))
		golden(t, fmt.Sprintf("drift-%v.txt", colour), b.Bytes())
	}
	assert.Empty(t, Drift(old, old))
}

func TestMergedContractsAreThatOfAllRecordings(t *testing.T) {
	drawn := rapid.Custom(func(t *rapid.T) *contract.Contract {
		c := &contract.Contract{Schema: contract.ContractSchema, Version: contract.ContractVersion, Consumer: "a", Provider: "b",
			From: time.Unix(rapid.Int64Range(1, 9).Draw(t, "from"), 0).UTC(), To: time.Unix(rapid.Int64Range(10, 19).Draw(t, "to"), 0).UTC()}
		for _, op := range []string{"GET /a", "GET /b"} {
			n := rapid.IntRange(0, 4).Draw(t, "calls")
			if n == 0 {
				continue
			}
			b := shape.NewBuilder()
			for range n {
				b.Begin()
				if rapid.Bool().Draw(t, "has") {
					b.Value("body", map[string]any{rapid.SampledFrom([]string{"x", "y"}).Draw(t, "key"): rapid.SampledFrom([]any{"EUR", nil, true}).Draw(t, "value")})
				}
			}
			c.Interactions = append(c.Interactions, contract.Interaction{Operation: op, Calls: uint64(n), For: map[string]uint64{"": uint64(n)},
				Responses: []contract.Answer{{Status: 200, Calls: uint64(n), MediaType: "application/json", Fields: b.Fields()}}})
		}
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawn.Draw(t, "a"), drawn.Draw(t, "b"), drawn.Draw(t, "c")
		ab, err := Merge(a, b)
		require.NoError(t, err)
		ba, err := Merge(b, a)
		require.NoError(t, err)
		require.Equal(t, ab, ba)
		left, err := Merge(ab, c)
		require.NoError(t, err)
		bc, err := Merge(b, c)
		require.NoError(t, err)
		right, err := Merge(a, bc)
		require.NoError(t, err)
		require.Equal(t, left, right)
		_, err = Encode(left)
		require.NoError(t, err)
	})
}

func TestContractsOfOtherPairsAreNotMerged(t *testing.T) {
	a, b := sample(t), sample(t)
	b.Provider = "other"
	_, err := Merge(a, b)
	assert.ErrorIs(t, err, ErrPair)
	m, err := Merge(a, a)
	require.NoError(t, err)
	assert.EqualValues(t, 44, m.Interactions[1].Calls)
	assert.Equal(t, map[string]uint64{"GET /cart": 40, "": 4}, m.Interactions[1].For)
	assert.Equal(t, sample(t), a, "neither is changed")
}
