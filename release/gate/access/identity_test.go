package access

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture/rulefile"
)

func TestAnIdentityMayWhatOneOfItsScopesLets(t *testing.T) {
	id := Identity{Name: "ci", scopes: []Scope{
		{Services: []string{"catalog", "shop-*"}, May: []Action{Push, Stop}},
		{Services: []string{"*"}, May: []Action{Read}},
	}}
	tests := []struct {
		action  Action
		service string
		may     bool
	}{
		{Push, "catalog", true}, {Push, "shop-cart", true}, {Push, "shop", false}, {Push, "catalog2", false}, {Push, "", false},
		{Read, "catalog", true}, {Read, "anything", true}, {Read, "", true},
		{Override, "catalog", false}, {"", "catalog", false},
		{Stop, "shop-*", true}, {Stop, "shop-a*", true}, {Stop, "*", false}, {Stop, "sho*", false},
	}
	for _, test := range tests {
		assert.Equal(t, test.may, id.May(test.action, test.service), "%s %q", test.action, test.service)
	}
}

func TestNobodyMayNothing(t *testing.T) {
	for _, a := range Actions {
		assert.False(t, From(t.Context()).May(a, "catalog"), a)
		assert.Empty(t, From(t.Context()).Services(a))
	}
}

// A pattern that is covered stands for no service that is not.
func TestAPatternIsCoveredOnlyWithAllThatItStandsFor(t *testing.T) {
	part := rapid.StringOfN(rapid.SampledFrom([]rune("ab*-")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		scope, asked := part.Draw(t, "scope"), part.Draw(t, "asked")
		id := Identity{scopes: []Scope{{Services: []string{scope}, May: []Action{Stop}}}}
		if !id.May(Stop, asked) {
			return
		}
		service := asked
		for strings.Contains(service, "*") {
			service = strings.Replace(service, "*", rapid.StringOfN(rapid.SampledFrom([]rune("ab-")), 0, 3, -1).Draw(t, "text"), 1)
		}
		require.True(t, rulefile.Glob(asked, service))
		require.True(t, id.May(Stop, service), "%q is let by %q, as %q", service, scope, asked)
	})
}

func TestForbiddenSaysWhatWouldLetIt(t *testing.T) {
	err := Identity{Name: "ci"}.Check(Push, "catalog")
	var forbidden *Forbidden
	require.ErrorAs(t, err, &forbidden)
	assert.EqualError(t, err, "ci may not push for catalog; a scope with services: [catalog] and may: [push] would let it")
	assert.EqualError(t, Identity{}.Check(Policy, ""), `nobody who is known may not policy for all services; a scope with services: ["*"] and may: [policy] would let it`)
	assert.NotContains(t, Identity{Name: "ci"}.Check(Push, "a\x1b[2J\nb").Error(), "\x1b")
}

func TestTokensAreRandomAndFoundByTheirHash(t *testing.T) {
	a, hashA := New()
	b, hashB := New()
	assert.NotEqual(t, a, b)
	assert.Len(t, a, len(prefix)+43)
	hashes := []Hash{hashA, hashB, HashOf("short")}
	assert.Equal(t, 0, find(hashes, a))
	assert.Equal(t, 1, find(hashes, b))
	for name, wrong := range map[string]string{"": "", "short": "short", "cut": a[:len(a)-1], "longer": a + "x", "long": strings.Repeat("a", 1<<20), "the hash": hashA.String()} {
		assert.Equal(t, -1, find(hashes, wrong), name)
	}
	again, err := ParseHash(hashA.String())
	require.NoError(t, err)
	assert.Equal(t, hashA, again)
}
