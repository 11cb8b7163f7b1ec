package report

import (
	"fmt"
	"strconv"
	"strings"

	"twinspect.dev/diff"
)

// decided says in words what the samples prove: an e-value alone tells a reader
// nothing.
func decided(d *diff.Difference) string {
	switch d.Judgement {
	case diff.Regression:
		return "proven"
	case diff.Suspect:
		return inSessions(d) + needed(d)
	case diff.Accepted:
		return "accepted"
	}
	switch {
	case d.Category != "" && d.Category != diff.CauseNoise && d.Category != diff.CauseUnknown:
		return "explained: " + visible(string(d.Category))
	case d.Control > 0:
		return "explained: base differs from itself as often"
	}
	return "explained"
}

// inSessions says in how many sessions branch differed: within one a cause may
// show many times, and counts once.
func inSessions(d *diff.Difference) string {
	if d.BranchSessions == 0 {
		return ""
	}
	return "seen in " + plural(d.BranchSessions, "session") + ", "
}

func needed(d *diff.Difference) string {
	if d.MoreSamples == 0 {
		return map[bool]string{true: "too few samples to tell", false: "too few to tell"}[d.BranchSessions == 0]
	}
	return plural(d.MoreSamples, "more sample") + " needed"
}

// remedies complete "environment: ".
var remedies = map[diff.Remedy]string{
	diff.Retry:     "retry once the sides are up",
	diff.AskAgain:  "ask the same requests again until the test decides",
	diff.Refresh:   "refresh the credentials, or record anew",
	diff.Escalate:  "show it to those who changed the branch",
	diff.Configure: "change a rule, a route or the data of the environment",
}

func remedyText(r diff.Remedy) string {
	if text, ok := remedies[r]; ok {
		return text
	}
	return visible(string(r))
}

// cause writes the category with its remedy, or "".
func cause(c diff.Category, r diff.Remedy) string {
	parts := make([]string, 0, 2)
	if c != "" {
		parts = append(parts, visible(string(c)))
	}
	if r != "" {
		parts = append(parts, remedyText(r))
	}
	return strings.Join(parts, ": ")
}

// told reports whether the cause of d says more than its judgement: that a
// regression is one, and noise is noise, goes without saying.
func told(d *diff.Difference) bool {
	switch d.Category {
	case "":
		return d.Remedy != ""
	case diff.CauseRegression:
		return d.Judgement != diff.Regression && d.Judgement != diff.Accepted
	case diff.CauseNoise:
		return d.Judgement != diff.Noise
	}
	return true
}

// approval writes who has accepted a difference and until when, reason why.
func approval(a *diff.Acceptance) string {
	s := "accepted by " + visible(a.By)
	if a.Expires != "" {
		s += " until " + visible(a.Expires)
	}
	if a.Where != "" {
		s += " (" + visible(a.Where) + ")"
	}
	return s
}

// located names the first span that differs.
func located(l *diff.Location) string {
	s := "first differing span: " + visible(l.Service+" "+l.Span) + ": " + visible(l.What)
	if l.Of > 1 {
		s += fmt.Sprintf(" (in %s of %s)", grouped(l.Same), grouped(l.Of))
	}
	return s
}

// chain writes the way to the span through the services.
func chain(l *diff.Location) string { return visible(strings.Join(l.Path, " → ")) }

// confirmed says what asking again decided.
func confirmed(c *diff.Confirmation) string {
	s := fmt.Sprintf("%s asked again %s: %s decided", plural(c.Suspects, "suspect"), plural(c.Times, "time"),
		grouped(c.Suspects-min(c.Left, c.Suspects)))
	if c.NotSeenAgain > 0 {
		s += fmt.Sprintf(" (%s did not come again)", grouped(c.NotSeenAgain))
	}
	if c.Left > 0 {
		s += fmt.Sprintf(", %s left", grouped(c.Left))
	}
	if n := len(c.NotAsked); n > 0 {
		s += fmt.Sprintf("; could not be asked: %s", fit(listed(c.NotAsked, maxCounts), nameColumns))
	}
	return s
}

// nameColumns bounds the name of a file inside a sentence.
const nameColumns = 60

// known says what noise of earlier runs explained.
func known(p *diff.ProfileInfo) string {
	return fmt.Sprintf("known from %s explained %s (%s)", plural(p.Runs, "earlier run"),
		plural(p.Explained, "difference"), fit(p.File, nameColumns))
}

// tooBlind reports whether more was missed than the run allows.
func tooBlind(s *diff.SelfCheck) bool { return s.MissedShare() > s.MaxMissed }

// checked says how blind the run is.
func checked(s *diff.SelfCheck) string {
	if s.Mutations == 0 {
		return "no answer could be changed on purpose, so nothing is known of what the run would miss"
	}
	text := fmt.Sprintf("%s put into real answers of branch, one at a time: this run would miss %s (%s, at most %s may be), prove %s and suspect %s",
		plural(s.Mutations, "fault"), grouped(s.Missed), percent(s.Missed, s.Mutations), rate(s.MaxMissed),
		percent(s.Proven, s.Mutations), percent(s.Suspected, s.Mutations))
	if s.Untried > 0 {
		text += fmt.Sprintf("; %s left untried for want of time", plural(s.Untried, "answer"))
	}
	return text
}

// rate writes a share in percent with at most three digits.
func rate(share float64) string { return strconv.FormatFloat(100*share, 'g', 3, 64) + "%" }

// blinded names what was missed at a place, and what hides it.
func blinded(b *diff.BlindSpot) string {
	s := fmt.Sprintf("%s of %s missed", grouped(b.Missed), grouped(b.Tried))
	if len(b.Mutations) > 0 {
		s += ": " + visible(faultNames(b.Mutations))
	}
	if len(b.By) > 0 {
		s += "; hidden by " + visible(strings.Join(b.By, ", "))
	}
	return s
}

// earned says what the rule hid, or "" where that is not known.
func earned(r *diff.RuleInfo) string {
	switch {
	case r.Matched == 0:
		return "matched nothing"
	case r.Control > 0:
		return fmt.Sprintf("hid %s of base's own differences, %s of branch's", grouped(r.Control), grouped(r.Branch))
	case r.Branch > 0:
		return fmt.Sprintf("hid none of base's own differences, %s of branch's", grouped(r.Branch))
	}
	return ""
}

// trouble writes the findings of a category in one line. The report's sentence
// says what to do; without one the remedy does.
func trouble(t *diff.Trouble) string {
	s := counted(t)
	switch {
	case t.What == "":
		return s + ": " + remedyText(t.Remedy)
	case t.Remedy != "":
		s += ", " + visible(string(t.Remedy))
	}
	return s + ": " + visible(t.What)
}

func counted(t *diff.Trouble) string {
	unit := strings.TrimSuffix(t.Unit, "s")
	if unit == "" {
		unit = "finding"
	}
	return plural(t.Count, visible(unit))
}

// ruled joins what the rule earned and its problems into a line.
func ruled(r *diff.RuleInfo) string {
	var parts []string
	if s := earned(r); s != "" && (r.Matched > 0 || len(r.Problems) == 0) {
		parts = append(parts, s)
	}
	for _, p := range r.Problems {
		parts = append(parts, strings.TrimSuffix(visible(p), "."))
	}
	return strings.Join(parts, "; ")
}
