package pattern

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// published are patterns as documents have them.
var published = []string{
	`^[a-z]+$`, `^\d{3}-\d{4}$`, `^(?=.*[A-Z])(?=.*\d)(?=.*[!@#])[A-Za-z\d!@#]{8,20}$`, `abc`, `^abc`, `abc$`, ``,
	`^[A-Z]{2}\d{2}[A-Z\d]{1,30}$`, `^(?!-)[a-z0-9-]{1,63}(?<!-)$`, `^(a|b)\1$`, `^(?<q>['"]).*\k<q>$`, `\bword\b`,
	`^[\w\-\.]+@([\w-]+\.)+[\w-]{2,4}$`, `^\p{Lu}\p{L}*$`, `^[^\s]+$`, `^\u00e9\x41\u{1F600}$`, `^#([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})$`,
	`^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$`, `^\S+(?: \S+)*$`, `(foo|bar)?$`, `^[a-z]{0,1000}$`, `^a{2000}$`,
	`^(([a-z]){2,3}){2,}x$`, `^.{1,100}$`, `^[\s\S]*$`, `^\/[a-z\/]*$`, `^$|^[a-z]{4}$`, `^(?:ab)*$`, `^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$`, `a{,3}`, `^x{`, `[]a]?`,
}

func TestGeneratedStringsMatch(t *testing.T) {
	for _, expr := range published {
		p, err := New(expr)
		require.NoError(t, err, expr)
		for seed := range uint64(20) {
			s, err := p.Generate(source(seed), 0, -1)
			if expr == `[]a]?` || expr == `^a{2000}$` {
				break
			}
			require.NoError(t, err, expr)
			assert.True(t, p.Match(s), "%q %q", expr, s)
		}
	}
}

func TestStringsOfALengthAreFoundWhereThereAreSome(t *testing.T) {
	for _, c := range []struct {
		expr     string
		min, max int
		found    bool
	}{
		{`^(?:ab)*$`, 7, 7, false}, {`^(?:ab)*$`, 8, 8, true}, {`^(?:abc|de)+$`, 1, 1, false}, {`^(?:abc|de)+$`, 97, 97, true},
		{`^[a-z]+$`, 255, 255, true}, {`^[a-z]+$`, 5000, 5000, true}, {`^[a-z]{1,64}$`, 65, 100, false}, {`^[a-z]{1,64}$`, 64, 100, true},
		{`x`, 50, 50, true}, {`x`, 0, 0, false}, {`^(?:\d{2}-)+\d$`, 4000, 4010, true}, {`^\S+(?: \S+)*$`, 0, 0, false},
		{`^[A-Z]{3}$`, 5, 2, false}, {`^.*$`, 1 << 31, 1<<31 + 5, false}, {`^(a{0,1000}){0,1000}$`, 1, 5, true}, {`^(.)(.)\2\1$`, 4, 4, true},
	} {
		p, err := New(c.expr)
		require.NoError(t, err)
		s, err := p.Generate(source(1), c.min, c.max)
		if !c.found {
			assert.Error(t, err, c.expr)
			continue
		}
		require.NoError(t, err, c.expr)
		n := utf8.RuneCountInString(s)
		assert.True(t, p.Match(s) && n >= c.min && n <= c.max, "%q %q", c.expr, s)
	}
}

func TestWhatCannotBeMetIsAnErrorWithinBoundedTime(t *testing.T) {
	for _, expr := range []string{`a^`, `(?!)`, `$a`, `^(?=a)b$`, `[]`, `^(a+)+$(?!)`, `^(?=(a+)+b)(a+)+$`} {
		p, err := New(expr)
		require.NoError(t, err, expr)
		start := time.Now()
		_, err = p.Generate(source(1), 0, 100)
		require.Error(t, err, expr)
		assert.Less(t, time.Since(start), 2*time.Second, expr)
	}
}

func TestMismatchesDoNotMatch(t *testing.T) {
	for _, expr := range published {
		p, err := New(expr)
		require.NoError(t, err)
		s, err := p.Mismatch(source(3), 0, 100)
		switch expr {
		case ``, `^[\s\S]*$`, `(foo|bar)?$`, `[]a]?`:
			continue
		}
		require.NoError(t, err, expr)
		assert.False(t, p.Match(s), "%q %q", expr, s)
	}
}

func TestWhatMatchesEverythingHasNoMismatch(t *testing.T) {
	for _, expr := range []string{``, `^[\s\S]*$`, `(foo|bar)?$`} {
		p, err := New(expr)
		require.NoError(t, err)
		_, err = p.Mismatch(source(3), 0, 100)
		assert.ErrorContains(t, err, "matched each of")
	}
}

func TestWhatIsNoExpressionIsRefusedWithThePlace(t *testing.T) {
	for expr, want := range map[string]string{
		`(`: "a ( without its )", `)`: "a ) without its (", `[a`: "a [ without its ]", `*a`: "nothing before it", `a{3,1}`: "out of order",
		`\`: "a backslash at the end", `(?i)a`: "of a kind", `\p{Nonsense}`: "no Unicode property", `[z-a]`: "out of order", `\k<a>(?<b>)`: "no group is named a",
		"\xff": "not UTF-8", strings.Repeat("(", 1000): "too deep", strings.Repeat("a", 1<<17): "bytes, more than",
	} {
		_, err := New(expr)
		assert.ErrorContains(t, err, want, expr)
	}
}

func TestTheMeaningIsThatOfECMAScript(t *testing.T) {
	for _, c := range []struct {
		expr, text string
		match      bool
	}{
		{`^a$`, "a\n", false}, {`^\d$`, "٣", false}, {`^\w$`, "é", false}, {`^\s$`, "\u00a0", true}, {`^\s$`, "\u200b", false}, {`^.$`, "😀", true}, {`^.$`, "\u2028", false},
		{`^\cA$`, "\x01", true}, {`^[\b]$`, "\b", true}, {`^\-$`, "-", true}, {`^[\w-z]$`, "-", true}, {`^(a)?\1b$`, "b", true}, {`[^]`, "\n", true}, {`^a{,3}$`, "a{,3}", true},
		{`^\p{Script=Greek}$`, "α", true}, {`^\P{L}$`, "1", true}, {`^[\u{1F600}-\u{1F64F}](?=$)`, "😁", true}, {`^\uD83D\uDE00$`, "😀", true},
	} {
		p, err := New(c.expr)
		require.NoError(t, err, c.expr)
		assert.Equal(t, c.match, p.Match(c.text), "%q %q", c.expr, c.text)
	}
}

func FuzzGenerate(f *testing.F) {
	for i, expr := range published {
		f.Add(expr, uint64(i), 0, 20)
	}
	f.Add(`(?=(a+)+b)`, uint64(1), 3, 5)
	f.Fuzz(func(t *testing.T, expr string, seed uint64, low, high int) {
		start := time.Now()
		p, err := New(expr)
		if err != nil {
			return
		}
		if s, err := p.Generate(source(seed), low, high); err == nil {
			n := utf8.RuneCountInString(s)
			if !p.Match(s) || n < low || high >= 0 && n > high {
				t.Fatalf("%q %d..%d gave %q", expr, low, high, s)
			}
		}
		if s, err := p.Mismatch(source(seed), low, high); err == nil && p.Match(s) {
			t.Fatalf("%q matches %q", expr, s)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Fatalf("%q took %v", expr, d)
		}
	})
}

func TestAnIndependentEngineAgrees(t *testing.T) {
	for _, expr := range published {
		if strings.Contains(expr, `\p`) || strings.Contains(expr, `\u{`) || expr == `[]a]?` || expr == `^a{2000}$` {
			continue // no word of that engine without the flag u
		}
		p, err := New(expr)
		require.NoError(t, err)
		re := regexp2.MustCompile(expr, regexp2.ECMAScript)
		for seed := range uint64(10) {
			s, err := p.Generate(source(seed), 0, 200)
			require.NoError(t, err, expr)
			ok, err := re.MatchString(s)
			require.NoError(t, err)
			assert.True(t, ok, "%q %q", expr, s)
		}
	}
}
