package schema

import (
	"encoding/json"
	"math/big"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// What is read with few digits is what exact arithmetic makes of it.
func TestShortNumbersAreExact(t *testing.T) {
	text := rapid.StringMatching(`-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,12})?|-?[1-9][0-9]{16,20}|-?[0-9]{1,3}e-?[0-9]{1,2}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		n := numberOf(json.Number(a))
		assert.Zero(t, n.rat().Cmp(x), a)
		assert.Equal(t, x.Cmp(y), n.compare(y), "%s and %s", a, b)
		assert.Equal(t, x.IsInt(), n.isInteger(), a)
		assert.Equal(t, x.IsInt(), isInteger(json.Number(a)), a)
		assert.Equal(t, x.Cmp(y) == 0, equal(json.Number(a), json.Number(b)), "%s and %s", a, b)
		assert.Equal(t, x.Cmp(y) == 0, string(canonical(nil, json.Number(a))) == string(canonical(nil, json.Number(b))), "%s and %s", a, b)
		if y.Sign() != 0 {
			assert.Equal(t, new(big.Rat).Quo(x, y).IsInt(), n.multipleOf(y), "%s and %s", a, b)
		}
		assert.Empty(t, measureNumber(a))
	})
	for _, none := range []string{"", "-", "--1", "1-", ".", "-.5x", "1..2", "0x1", "1/2", "+1", "1e"} {
		assert.NotEmpty(t, measureNumber(none), none)
	}
}

func TestUUIDsHaveTheirForm(t *testing.T) {
	form := regexp.MustCompile(`^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[0-9A-Fa-g]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F@]{12}.?`).Draw(t, "s")
		assert.Equal(t, form.MatchString(s), isUUID(s), s)
	})
	assert.False(t, isUUID(""))
}
