package credentials

import (
	"encoding/base64"
	"hash/fnv"
	"math/rand/v2"
	"strings"
)

// madeUp has the form of many tokens: it is for where there is no right one.
const madeUp = "0123456789abcdef0123456789abcdef"

// wrong returns a credential that is refused, of the form of the right one, which
// may be "". It depends on the right one's form alone, so that nothing of a secret can
// be told from it.
func (s *scheme) wrong(right string) string {
	if s.basic() {
		return wrongPassword(right)
	}
	word := ""
	if i := strings.LastIndexByte(right, ' '); i >= 0 {
		word, right = right[:i+1], right[i+1:] // an apiKey such as "Token abc"
	}
	if right == "" {
		right = madeUp
	}
	if signed, ok := wrongSignature(s.Name, right); ok {
		return word + signed
	}
	for seed := uint64(0); ; seed++ {
		if w := scrambled(random(s.Name, seed), right); w != right {
			return word + w
		}
	}
}

func random(name string, seed uint64) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(h.Sum64(), seed))
}

// wrongPassword keeps the user, so that the password is what is wrong.
func wrongPassword(right string) string {
	user := "nobody"
	if text, err := base64.StdEncoding.DecodeString(right); err == nil && len(text) > 0 {
		user, _, _ = strings.Cut(string(text), ":")
	}
	// No password of anybody: its characters are drawn, once and for all.
	return base64.StdEncoding.EncodeToString([]byte(user + ":wrong-Vq7mT2xZk9"))
}

// wrongSignature keeps header and claims of a JSON Web Token (RFC 7515 section 7.1),
// and gives it a signature of the same length.
func wrongSignature(name, right string) (string, bool) {
	i := strings.LastIndexByte(right, '.')
	if !strings.HasPrefix(right, "eyJ") || strings.Count(right, ".") != 2 {
		return "", false
	}
	old, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(right[i+1:], "="))
	if err != nil || len(old) < 8 {
		old = make([]byte, 32) // that of HS256, in the place of none
	}
	signature, rng := make([]byte, len(old)), random(name, 0)
	for i := range signature {
		signature[i] = byte(rng.Uint32())
	}
	return right[:i+1] + base64.RawURLEncoding.EncodeToString(signature), true
}

const (
	digits  = "0123456789"
	lowers  = "abcdefghijklmnopqrstuvwxyz"
	uppers  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	hexOnly = "abcdefABCDEF" + digits
)

// scrambled draws each letter and digit from the alphabet of the token, and keeps the
// rest: separators tell programs what the token is. A token without letters and
// digits gets some at its end.
func scrambled(rng *rand.Rand, right string) string {
	alphabet := alphabetOf(right)
	if alphabet == "" {
		return right + "x"
	}
	out := []byte(right)
	for i, c := range out {
		if strings.IndexByte(digits+lowers+uppers, c) >= 0 {
			out[i] = alphabet[rng.IntN(len(alphabet))]
		}
	}
	return string(out)
}

// alphabetOf returns the digits and letters that tokens of the kind have.
func alphabetOf(right string) string {
	alphabet, hex := "", true
	for _, class := range []string{digits, lowers, uppers} {
		if strings.ContainsAny(right, class) {
			alphabet += class
		}
	}
	for _, c := range right {
		hex = hex && (strings.ContainsRune(hexOnly, c) || !strings.ContainsRune(alphabet, c))
	}
	if !hex {
		return alphabet
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(hexOnly, r) {
			return r
		}
		return -1
	}, alphabet)
}
