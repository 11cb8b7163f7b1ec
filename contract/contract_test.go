package contract

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAStatusFitsItsPattern(t *testing.T) {
	tests := []struct {
		pattern string
		status  int
		want    bool
	}{
		{"404", 404, true}, {"404", 400, false}, {"4XX", 404, true}, {"4xx", 499, true}, {"4XX", 500, false},
		{"default", 200, true}, {"", 200, false}, {"40", 404, false}, {"2XX", 204, true},
	}
	for _, test := range tests {
		assert.Equal(t, test.want, StatusFits(test.pattern, test.status), "%s %d", test.pattern, test.status)
	}
}

func TestAPlaceIsAPartAndANameInIt(t *testing.T) {
	for place, want := range map[Place][2]string{
		At("query", "a b"): {"query", "a b"}, At("body", ""): {"body", ""}, At("body", "/a/0"): {"body", "/a/0"},
	} {
		part, name := place.Split()
		assert.Equal(t, want, [2]string{part, name}, place)
	}
}

func TestAUsersChecksComeLast(t *testing.T) {
	checks := []Check{"hook:b", Idempotent, "hook:a", Answered}
	slices.SortFunc(checks, CompareChecks)
	assert.Equal(t, []Check{Answered, Idempotent, "hook:a", "hook:b"}, checks)
}

func TestAnUnknownVerdictIsNoPass(t *testing.T) {
	for verdict, code := range map[Verdict]int{Pass: 0, Fail: 1, Inconclusive: 3, Interrupted: 130, "": 3, "great": 3} {
		assert.Equal(t, code, verdict.ExitCode(), verdict)
	}
}

func TestAnItemThatCannotBeBrokenIsCoveredByWhatKeepsToIt(t *testing.T) {
	assert.True(t, (&CoverItem{Positive: 1, CannotBreak: true}).Covered())
	assert.False(t, (&CoverItem{Positive: 1}).Covered())
	assert.True(t, (&CoverItem{Positive: 1, Negative: 1}).Covered())
}
