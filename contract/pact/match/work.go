package match

import (
	"regexp"
	"time"

	"twinspect.dev/contract/pattern"
)

// maxSlow is how long the expressions of one message may take together: 100 of those
// that pattern gives up on after 50 ms each.
const maxSlow = 5 * time.Second

// work counts what one message takes, and keeps the expressions that were read.
type work struct {
	left     int
	slow     time.Duration
	patterns map[string]matcher
}

// noticed is what is longer than an expression takes on ordinary texts, even on a busy
// machine, so that many quick ones do not add up.
const noticed = 10 * time.Millisecond

type matcher func(string) bool

func newWork() *work { return &work{left: MaxSteps, patterns: map[string]matcher{}} }

// step reports whether there is time for one more.
func (w *work) step() bool {
	w.left--
	return w.exceeded() == ""
}

func (w *work) exceeded() string {
	switch {
	case w.left < 0:
		return "not all was compared: there is too much"
	case w.slow > maxSlow:
		return "not all was compared: the regular expressions take too long"
	}
	return ""
}

// match reports whether the whole of a text matches an expression, and whether the
// expression can be read.
func (w *work) match(expr, text string) (matches, readable bool) {
	m, ok := w.patterns[expr]
	if !ok {
		m = compile(expr)
		w.patterns[expr] = m
	}
	if m == nil || !w.step() {
		return false, m != nil
	}
	begin := time.Now()
	matches = m(text)
	if took := time.Since(begin); took > noticed {
		w.slow += took
	}
	return matches, true
}

// compile reads an expression that must match the whole text: those of ECMA-262, and
// those of Java and Rust that Go reads, such as "(?i)".
func compile(expr string) matcher {
	whole := "^(?:" + expr + ")$"
	if p, err := pattern.New(whole); err == nil {
		return p.Match
	}
	if re, err := regexp.Compile(whole); err == nil {
		return re.MatchString
	}
	return nil
}
