// Package pattern makes strings that match, and that do not match, an ECMA-262
// regular expression, which is what "pattern" in JSON Schema holds (JSON Schema
// Validation 2020-12 section 6.3.3).
//
// An expression is read as with the flag u, where that makes a difference: a
// character is a code point. What programs write besides is taken as Annex B of
// ECMA-262 takes it, such as "\-" and a "{" that is no quantifier.
package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
)

const (
	// maxExpression bounds the length of an expression in bytes. The longest in the
	// documents that people publish are those of RFC 3986 and RFC 5322, 7 KB.
	maxExpression = 64 << 10
	// matchTime bounds one match by backtracking. A string of a few hundred
	// characters takes microseconds where the expression does not explode.
	matchTime = 50 * time.Millisecond
)

// errSlow tells that a match was given up.
var errSlow = errors.New("matching takes too long")

// Pattern is an expression that was read. It is safe for many goroutines.
type Pattern struct {
	expr string
	root node
	// linear is there where the expression needs no backtracking, else back is.
	linear *regexp.Regexp
	back   *regexp2.Regexp
	// hints are the classes in its lookaheads: a string that is made of them has
	// better chances.
	hints []class
}

// New reads an expression. The error says what is wrong with it and where.
func New(expr string) (*Pattern, error) {
	if len(expr) > maxExpression {
		return nil, fmt.Errorf("the expression has %d bytes, more than %d", len(expr), maxExpression)
	}
	root, loose, err := parse(expr)
	if err != nil {
		return nil, err
	}
	p := &Pattern{expr: expr, root: root, hints: hintsOf(root)}
	if !loose {
		if p.linear, err = regexp.Compile(written(root, goSyntax)); err == nil {
			return p, nil
		}
	}
	p.back, err = regexp2.Compile(written(root, ecmaSyntax), regexp2.ECMAScript)
	if err != nil {
		return nil, fmt.Errorf("compile %q: %w", expr, err)
	}
	p.back.MatchTimeout = matchTime
	return p, nil
}

// String returns the expression.
func (p *Pattern) String() string { return p.expr }

// Match reports whether the expression matches somewhere in s. One that takes
// more than 50 ms does not.
func (p *Pattern) Match(s string) bool {
	ok, err := p.match(s)
	return ok && err == nil
}

func (p *Pattern) match(s string) (bool, error) {
	if p.linear != nil {
		return p.linear.MatchString(s), nil
	}
	ok, err := p.back.MatchString(s)
	if err != nil {
		return false, errSlow
	}
	return ok, nil
}
