package report

import (
	"fmt"
	"strconv"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
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
		return "explained: " + look.Visible(string(d.Category))
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
	return "seen in " + look.Plural(d.BranchSessions, "session") + ", "
}

func needed(d *diff.Difference) string {
	if d.MoreSamples == 0 {
		return map[bool]string{true: "too few samples to tell", false: "too few to tell"}[d.BranchSessions == 0]
	}
	return look.Plural(d.MoreSamples, "more sample") + " needed"
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
	return look.Visible(string(r))
}

// cause writes the category with its remedy, or "".
func cause(c diff.Category, r diff.Remedy) string {
	parts := make([]string, 0, 2)
	if c != "" {
		parts = append(parts, look.Visible(string(c)))
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
	s := "accepted by " + look.Visible(a.By)
	if a.Expires != "" {
		s += " until " + look.Visible(a.Expires)
	}
	if a.Where != "" {
		s += " (" + look.Visible(a.Where) + ")"
	}
	return s
}

// located names the first span that differs.
func located(l *diff.Location) string {
	s := "first differing span: " + look.Visible(l.Service+" "+l.Span) + ": " + look.Visible(l.What)
	if l.Of > 1 {
		s += fmt.Sprintf(" (in %s of %s)", look.Grouped(l.Same), look.Grouped(l.Of))
	}
	return s
}

// chain writes the way to the span through the services.
func chain(l *diff.Location) string { return look.Visible(strings.Join(l.Path, " → ")) }

// confirmed says what asking again decided.
func confirmed(c *diff.Confirmation) string {
	s := fmt.Sprintf("%s asked again %s: %s decided", look.Plural(c.Suspects, "suspect"), look.Plural(c.Times, "time"),
		look.Grouped(c.Suspects-min(c.Left, c.Suspects)))
	if c.NotSeenAgain > 0 {
		s += fmt.Sprintf(" (%s did not come again)", look.Grouped(c.NotSeenAgain))
	}
	if c.Left > 0 {
		s += fmt.Sprintf(", %s left", look.Grouped(c.Left))
	}
	if n := len(c.NotAsked); n > 0 {
		s += fmt.Sprintf("; could not be asked: %s", look.Fit(listed(c.NotAsked, maxCounts), nameColumns))
	}
	return s
}

// nameColumns bounds the name of a file inside a sentence.
const nameColumns = 60

// known says what noise of earlier runs explained.
func known(p *diff.ProfileInfo) string {
	return fmt.Sprintf("known from %s explained %s (%s)", look.Plural(p.Runs, "earlier run"),
		look.Plural(p.Explained, "difference"), look.Fit(p.File, nameColumns))
}

// tooBlind reports whether more was missed than the run allows.
func tooBlind(s *diff.SelfCheck) bool { return s.MissedShare() > s.MaxMissed }

// checked says how blind the run is.
func checked(s *diff.SelfCheck) string {
	if s.Mutations == 0 {
		return "no answer could be changed on purpose, so nothing is known of what the run would miss"
	}
	text := fmt.Sprintf("%s put into real answers of branch, one at a time: this run would miss %s (%s, at most %s may be), prove %s and suspect %s",
		look.Plural(s.Mutations, "fault"), look.Grouped(s.Missed), look.Percent(s.Missed, s.Mutations), rate(s.MaxMissed),
		look.Percent(s.Proven, s.Mutations), look.Percent(s.Suspected, s.Mutations))
	if s.Untried > 0 {
		text += fmt.Sprintf("; %s left untried for want of time", look.Plural(s.Untried, "answer"))
	}
	return text
}

// rate writes a share in percent with at most three digits.
func rate(share float64) string { return strconv.FormatFloat(100*share, 'g', 3, 64) + "%" }

// blinded names what was missed at a place, and what hides it.
func blinded(b *diff.BlindSpot) string {
	s := fmt.Sprintf("%s of %s missed", look.Grouped(b.Missed), look.Grouped(b.Tried))
	if len(b.Mutations) > 0 {
		s += ": " + look.Visible(faultNames(b.Mutations))
	}
	if len(b.By) > 0 {
		s += "; hidden by " + look.Visible(strings.Join(b.By, ", "))
	}
	return s
}

// earned says what the rule hid, or "" where that is not known.
func earned(r *diff.RuleInfo) string {
	switch {
	case r.Matched == 0:
		return "matched nothing"
	case r.Control > 0:
		return fmt.Sprintf("hid %s of base's own differences, %s of branch's", look.Grouped(r.Control), look.Grouped(r.Branch))
	case r.Branch > 0:
		return fmt.Sprintf("hid none of base's own differences, %s of branch's", look.Grouped(r.Branch))
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
		s += ", " + look.Visible(string(t.Remedy))
	}
	return s + ": " + look.Visible(t.What)
}

func counted(t *diff.Trouble) string {
	unit := strings.TrimSuffix(t.Unit, "s")
	if unit == "" {
		unit = "finding"
	}
	return look.Plural(t.Count, look.Visible(unit))
}

// ruled joins what the rule earned and its problems into a line.
func ruled(r *diff.RuleInfo) string {
	var parts []string
	if s := earned(r); s != "" && (r.Matched > 0 || len(r.Problems) == 0) {
		parts = append(parts, s)
	}
	for _, p := range r.Problems {
		parts = append(parts, strings.TrimSuffix(look.Visible(p), "."))
	}
	return strings.Join(parts, "; ")
}
