package compare

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestNoSecretIsPassedOverForWantOfAHint(t *testing.T) {
	pieces := []string{
		"Bearer ", "NEGOTIATE+", "basic ", "eyJhbGciOiJIUzI1NiJ9", "://ann:pw@", "passWord=", "passwd: ", "pwd=", "client_SECRET\":\"", "toKen=", "api_key=",
		"apikey=", "Authorization: ", "signature=", "paſſword=", "toKen=", "abcdef0123456789", "name=\"", "\" value=\"", ";", "\n", " ", "x", "é", "true",
	}
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), "")
		hints := hintsOf(s)
		for _, secret := range secretTexts {
			if secret.pattern.MatchString(s) {
				assert.NotZero(t, hints&secret.hint, "%q in %q", secret.pattern, s)
			}
		}
	})
}
