package schema

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPatternsMeanWhatECMASays(t *testing.T) {
	for _, c := range []struct {
		expr, text string
		want       bool
	}{
		{`^\d+$`, "12", true},
		{`^\d+$`, "12\n", false},
		{`^\d+$`, "१२", false},
		{`^\w+$`, "é", false},
		{`^\s$`, "\u00a0", true},
		{`^\s$`, "\ufeff", true},
		{`^\s$`, "\v", true},
		{`^\S$`, "\u2028", false},
		{`^[\S]$`, "é", true},
		{`^[^\s]$`, "\u3000", false},
		{`^.$`, "\u2028", false},
		{`^.$`, "\r", false},
		{`^.$`, "😀", true},
		{`^[]$`, "", false},
		{`^[^]$`, "\n", true},
		{`^\u0041\x42\u{43}\cJ$`, "ABC\n", true},
		{`^\ud83d\ude00$`, "😀", true},
		{`^[\w-]+$`, "a-b", true},
		{`^[a\-z]+$`, "a-z", true},
		{`^[a\-z]+$`, "b", false},
		{`^[[:alpha:]]$`, "a]", true},
		{`^[a-z-[aeiou]]$`, "[]", true},
		{`^[a-z&&[b]]$`, "&]", true},
		{`^[+--]$`, ",", true},
		{`^(?=.*\d)(?!.*x).{2,3}$`, "a1", true},
		{`^(?=.*\d)(?!.*x).{2,3}$`, "a1\n", false},
		{`^(?=a)[^\S]?a$`, "a", true},
		{`^(?<=)\bé`, "é", false},
		{`^(a)\1$`, "aa", true},
		{`^(?<q>['"])x\k<q>$`, `'x'`, true},
		{`^a{0,2000}$`, strings.Repeat("a", 1500), true},
		{`^{id}$`, "{id}", true},
		{`^\p{Lu}\p{Letter}\p{Script=Greek}$`, "Éaβ", true},
		{`^(?!x)\p{Lu}$`, "É", true},
		{`^\/a\-b\_c\@$`, "/a-b_c@", true},
		{`a|^b$`, "xa", true},
		{`^[\b]$`, "\b", true},
		{`^[\d-x]+$`, "1-x", true},
		{`^\W$`, "[", true},
		{`^[\W_]+$`, "^_]", true},
		{`^(?!a)\W$`, "\\", true},
		{`^\D$`, "٣", true},
	} {
		p, err := compilePattern(c.expr)
		if assert.NoError(t, err, c.expr) {
			assert.Equal(t, c.want, p.MatchString(c.text), "%s on %q", c.expr, c.text)
		}
	}
}

func TestRefusesWhatIsNoPattern(t *testing.T) {
	for _, expr := range []string{
		`(`, `)`, `[`, `[a`, `*`, `a**`, `a++`, `(?i)a`, `(?P<a>b)`, `\A`, `\Z`, `\h`, `\`, `\x4`, `\u12`, `\cé`, `\p{Nonsense}`,
		`\pL`, `[b-a]`, `a{2,1}`, `(?>a)`, `\k<a`, `(?<a`, "\xff", `[\B]`, `\01`,
	} {
		_, err := compilePattern(expr)
		assert.Error(t, err, expr)
	}
}

func TestMatchThatTakesTooLongIsNone(t *testing.T) {
	p, err := compilePattern(`^(?=(a+)+$)(a+)+b$`)
	require.NoError(t, err)
	_, err = p.match(strings.Repeat("a", 60) + "c")
	assert.Error(t, err)
}

func FuzzPattern(f *testing.F) {
	f.Add(`^(?=.*\d)[a-z\]]{2,}$`, "a1")
	f.Add(`^[^\s\S-]\u{1F600}\p{L}\cA(?<a>b)\k<a>$`, "x")
	f.Fuzz(func(_ *testing.T, expr, text string) {
		if len(expr) > 200 || len(text) > 200 {
			return
		}
		if p, err := compilePattern(expr); err == nil {
			p.MatchString(text)
		}
	})
}
