package explore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
)

func numbered(n int) func(string) ([]contract.Case, error) {
	return func(operation string) ([]contract.Case, error) {
		cases := make([]contract.Case, n)
		for i := range cases {
			cases[i] = contract.Case{ID: fmt.Sprint(operation, "/", i), Operation: operation, Kind: contract.Positive, Rule: contract.Rule(fmt.Sprint(i % 3))}
		}
		return cases, nil
	}
}

func TestEveryCaseIsGivenOutOnce(t *testing.T) {
	p := &Plan{Operations: []string{"a", "b", "c"}, Make: numbered(100)}
	seen := map[string]int{}
	for cs, err := range p.Cases() {
		require.NoError(t, err)
		seen[cs.ID]++
		p.Heard(cs.Operation, false)
	}
	require.Len(t, seen, 300)
	for id, n := range seen {
		assert.Equal(t, 1, n, id)
	}
}

func TestCasesThatAreNotHeldAreMadeAgain(t *testing.T) {
	made := 0
	p := &Plan{Operations: []string{"a", "b", "c"}}
	p.Make = func(operation string) ([]contract.Case, error) {
		made++
		return numbered(maxHeld / 2)(operation)
	}
	n := 0
	for range p.Cases() {
		n++
	}
	assert.Equal(t, maxHeld/2*3, n)
	assert.Greater(t, made, 3)
}

func TestAnOperationThatShowsSomethingNewGetsMoreOfTheTime(t *testing.T) {
	now := time.Unix(0, 0)
	given := map[string]int{}
	p := &Plan{
		Operations: []string{"dull", "fruitful", "other"}, Make: numbered(10), Until: now.Add(time.Second), Now: func() time.Time { return now },
		Random: func(operation string, _ *rand.Rand) (contract.Case, bool) {
			return contract.Case{Operation: operation}, true
		},
	}
	for cs, err := range p.Cases() {
		require.NoError(t, err)
		given[cs.Operation]++
		p.Heard(cs.Operation, cs.Operation == "fruitful" && given["fruitful"]%4 == 0)
		now = now.Add(time.Millisecond / 10)
	}
	assert.Greater(t, given["fruitful"], 2*given["dull"])
	assert.Greater(t, given["dull"], 100, "none is forgotten")
}

func TestWithoutTimeLeftTheRestIsTold(t *testing.T) {
	now := time.Unix(0, 0)
	p := &Plan{Operations: []string{"a", "b"}, Make: numbered(50), Until: now.Add(time.Second), Now: func() time.Time { return now }}
	given, left := 0, 0
	for range p.Cases() {
		if given++; given == 20 {
			now = now.Add(time.Minute)
		}
	}
	for range p.Left() {
		left++
	}
	assert.Equal(t, 20, given)
	assert.Equal(t, 80, left)
}

func TestAnOperationWithoutRandomCasesIsLeft(t *testing.T) {
	p := &Plan{
		Operations: []string{"a"}, Make: numbered(3), Until: time.Now().Add(time.Hour),
		Random: func(string, *rand.Rand) (contract.Case, bool) { return contract.Case{}, false },
	}
	n := 0
	for range p.Cases() {
		n++
	}
	assert.Equal(t, 3, n)
}

func TestAnErrorEndsThePlan(t *testing.T) {
	broken := errors.New("broken")
	p := &Plan{Operations: []string{"a"}, Make: func(string) ([]contract.Case, error) { return nil, broken }}
	n := 0
	for _, err := range p.Cases() {
		n++
		require.ErrorIs(t, err, broken)
	}
	assert.Equal(t, 1, n)
}

func TestEachRuleHasItsFirstCaseEarly(t *testing.T) {
	var cases []contract.Case
	for i, rule := range []contract.Rule{"minimum", "minimum", "minimum", "maximum", "type", "type"} {
		cases = append(cases, contract.Case{ID: fmt.Sprint(i), Kind: contract.Negative, Rule: rule})
	}
	cases = append(cases, contract.Case{ID: "s", Kind: contract.Sequence, Rule: contract.RuleLifecycle})
	var ids string
	for _, cs := range InTurn(cases) {
		ids += cs.ID
	}
	assert.Equal(t, "s034152", ids)
}
