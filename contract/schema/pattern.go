package schema

import (
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
)

// matchTimeout bounds one match by the engine that goes back over what it read,
// for some patterns exponentially often.
const matchTimeout = 100 * time.Millisecond

// pattern is a regular expression of ECMA-262 with the flag u. Those without
// lookaround and back-references are matched by Go's own engine, in time linear
// in the text.
type pattern struct {
	source string
	linear *regexp.Regexp
	back   *regexp2.Regexp
}

// compilePattern compiles an expression; the error tells where it is none.
func compilePattern(source string) (*pattern, error) {
	translated, linear, err := translatePattern(source, false)
	if err != nil {
		return nil, err
	}
	p := &pattern{source: source}
	if linear {
		if p.linear, err = regexp.Compile(translated); err == nil {
			return p, nil
		}
	}
	// Go repeats no more than 1000 times; the other engine also judges the rest.
	if translated, _, err = translatePattern(source, true); err != nil {
		return nil, err
	}
	p.back, err = regexp2.Compile(translated, regexp2.ECMAScript)
	if err != nil {
		return nil, err
	}
	p.back.MatchTimeout = matchTimeout
	return p, nil
}

// MatchString reports whether the text has a match. One that takes too long has
// none.
func (p *pattern) MatchString(s string) bool {
	ok, err := p.match(s)
	return err == nil && ok
}

// match is [pattern.MatchString] with an error where the match took too long.
func (p *pattern) match(s string) (bool, error) {
	if p.linear != nil {
		return p.linear.MatchString(s), nil
	}
	return p.back.MatchString(s)
}

// String returns the expression as the document has it.
func (p *pattern) String() string { return p.source }
