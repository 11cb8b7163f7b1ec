package rulefile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture/rulefile"
)

func TestAStarOfAGlobStandsForAnyText(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"a*c", "abbc", true}, {"a*c", "ac", true}, {"a*c", "acb", false},
		{"*b*", "abc", true}, {"**", "x", true}, {"a", "", false}, {"*aab", "aaaab", true}, {"a*", "b", false},
	} {
		assert.Equal(t, c.want, rulefile.Glob(c.pattern, c.text), "%s %s", c.pattern, c.text)
	}
}
