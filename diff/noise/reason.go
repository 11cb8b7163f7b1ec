package noise

import (
	"fmt"

	"twinspect.dev/diff"
)

// reason says in a sentence why the candidate was judged so.
func reason(c *candidate) string {
	switch {
	case c.class:
		return classReason(c) + sessionsOf(c) + outlook(c)
	case !c.Paired:
		return unpairedReason(c) + sessionsOf(c) + outlook(c)
	}
	return pairedReason(c) + sessionsOf(c) + outlook(c)
}

// sessionsOf says what was tested where that is less than what was counted.
func sessionsOf(c *candidate) string {
	if c.test == untested || c.x >= c.BranchOnly && (c.Paired || c.x >= c.Branch) || c.Judgement == diff.Noise {
		return ""
	}
	return fmt.Sprintf("; seen in %s on branch alone, in %d on control alone", inSessions(c.x), c.y)
}

func inSessions(n uint64) string {
	if n == 1 {
		return "1 session"
	}
	return fmt.Sprintf("%d sessions", n)
}

func pairedReason(c *candidate) string {
	branch := fmt.Sprintf("branch differs in %d of %d", c.Branch, c.N)
	if c.explained {
		return c.prior.reason() + ", which explains the " + fmt.Sprint(c.Branch) + " of branch in this one"
	}
	if c.Control == 0 {
		return branch + ", base never differs from itself"
	}
	base := fmt.Sprintf("base differs from itself in %d of %d", c.Control, c.N)
	switch c.Judgement {
	case diff.Noise:
		return base + ", which explains the " + fmt.Sprint(c.Branch) + " of branch"
	case diff.Regression:
		return fmt.Sprintf("%s (%s), more often than %s (%s)", branch, percent(c.Branch, c.N), base, percent(c.Control, c.N))
	}
	return branch + ", " + base
}

func classReason(c *candidate) string {
	s := fmt.Sprintf("the value changes by itself, but as a %s; branch's is none in %d of %d", c.Learned, c.Branch, c.N)
	if c.Control > 0 {
		return s + fmt.Sprintf(", control's in %d", c.Control)
	}
	return s + ", control's always is one"
}

func unpairedReason(c *candidate) string {
	s := fmt.Sprintf("branch differs in %d of %d", c.Branch, c.N)
	switch {
	case c.cell.operation.paired > 0:
		return s + " that have no answer of control to compare with"
	case c.test == untested:
		return s + "; no control side was asked, so that noise cannot be told from it"
	case c.y == 0:
		return s + ", never the other way round; no control side was asked"
	}
	return s + fmt.Sprintf(", the other way round in %d; no control side was asked", c.y)
}

// outlook says for a suspect what would decide it.
func outlook(c *candidate) string {
	switch {
	case c.Judgement != diff.Suspect || c.test == untested:
		return ""
	case c.MoreSamples > 0:
		return fmt.Sprintf("; too few to tell, about %d more would", c.MoreSamples)
	}
	return "; not enough to tell"
}

func percent(n, of uint64) string {
	return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(of))
}
