package rules

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/diff/jsondiff"
)

// TestWhatIsCoveredIsSelected holds the decision without documents against
// documents: it may miss a cover, and never claims one that is none.
func TestWhatIsCoveredIsSelected(t *testing.T) {
	segments := []string{".a", ".b", ".*", "[0]", "[*]", "[-1]", "[0:2]", "['a','b']", "..a", "..*", "[?@.a]"}
	query := func(t *rapid.T) *pattern {
		text := "$" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(segments), 0, 3).Draw(t, "segments"), "")
		p, err := newPattern(text)
		require.NoError(t, err)
		return p
	}
	claims := 0
	rapid.Check(t, func(t *rapid.T) {
		p, q, root := query(t), query(t), sample(t, 3)
		for _, below := range []bool{false, true} {
			if !p.coversAll(q, below) {
				continue
			}
			claims++
			each(root, nil, func(at jsondiff.Path) {
				if q.match(at, root, below) {
					require.True(t, p.match(at, root, below), "%s covers %s, and not %s", p.text, q.text, at)
				}
			})
		}
	})
	assert.Positive(t, claims)
}
