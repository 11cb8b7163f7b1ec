package schema

import (
	"time"

	"github.com/dlclark/regexp2"
)

// matchTimeout bounds one match: the engine goes back over what it read, for
// some patterns exponentially often.
const matchTimeout = 100 * time.Millisecond

type pattern struct{ re *regexp2.Regexp }

func compilePattern(expr string) (*pattern, error) {
	re, err := regexp2.Compile(expr, regexp2.ECMAScript|regexp2.Unicode)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = matchTimeout
	return &pattern{re}, nil
}

// MatchString reports whether the text has a match.
func (p *pattern) MatchString(s string) bool {
	ok, err := p.match(s)
	return err == nil && ok
}

func (p *pattern) match(s string) (bool, error) { return p.re.MatchString(s) }

func (p *pattern) String() string { return p.re.String() }
