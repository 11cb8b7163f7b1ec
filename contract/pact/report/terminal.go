package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/diff/report/look"
)

// TerminalOptions says how [Terminal] writes. The zero value is plain text, 80
// columns wide.
type TerminalOptions = look.TerminalOptions

// The limits of a report that is not verbose. A result that failed takes at most 40
// lines, so that all is below some 2,000 lines, and below 100 for what people have.
const (
	maxReasons      = 6
	maxPacts        = 50
	maxResults      = 40 // of a pact
	maxMismatches   = 8  // of a result
	mismatchLines   = 3
	descriptionRows = 2
	noteLines       = 2
	curlLines       = 4
)

// Terminal writes e for a person at a terminal: the verdict and why, then each
// pact's interactions with what does not match.
func Terminal(w io.Writer, e *Evidence, o TerminalOptions) error {
	t := &terminal{look.NewTerminal(w, o)}
	t.verdict(e)
	shown := t.Cut(len(e.Pacts), maxPacts)
	for i := range e.Pacts[:shown] {
		t.pact(&e.Pacts[i])
	}
	t.Left(len(e.Pacts)-shown, " pacts")
	t.account(e)
	return t.Flush()
}

type terminal struct{ *look.Terminal }

func verdictStyle(v contract.Verdict) look.Style {
	switch v {
	case contract.Pass:
		return look.Green
	case contract.Fail:
		return look.Red
	}
	return look.Yellow
}

func (t *terminal) verdict(e *Evidence) {
	m := meaningOf(e.Verdict)
	t.Line(t.Paint(verdictStyle(m.Verdict), m.Title), "  ", t.Paint(look.Bold, look.Fit(e.headline(), t.Width-len(m.Title)-2)))
	t.Line("  ", t.Paint(look.Faint, look.Fit(fmt.Sprintf("exit code %d: %s", m.Code, m.Text), t.Width-2)))
	shown := t.Cut(len(e.Reasons), maxReasons)
	for _, reason := range e.Reasons[:shown] {
		t.Hanging("  - ", reason, noteLines)
	}
	t.Left(len(e.Reasons)-shown, " reasons")
	from := "files"
	if e.Broker != "" {
		from = e.Broker
	}
	t.Line("  ", t.Paint(look.Faint, look.Fit(fmt.Sprintf("provider %s, pacts from %s, by %s", e.Provider, from, e.Tool), t.Width-2)))
}

func (t *terminal) pact(p *Pact) {
	t.Heading(verdictStyle(p.Verdict), look.Fit(p.Consumer+" → "+p.Provider, t.Width/2), look.Fit(says(p.Counts), t.Width/2-2))
	if s := p.standing(); s != "" {
		t.Line("  ", t.Paint(look.Yellow, s))
	}
	for _, n := range p.Notices {
		t.Hanging("  ", n, noteLines)
	}
	order := worstFirst(p.Results, t.Verbose)
	shown := t.Cut(len(order), maxResults)
	for _, r := range order[:shown] {
		t.result(r)
	}
	t.Left(len(order)-shown, " interactions")
}

// worstFirst leaves the results in their order, unless there are so many that those
// that did not pass could be out of sight. What was not asked for is left out, but
// for who wants all.
func worstFirst(all []verify.Result, verbose bool) []*verify.Result {
	var out []*verify.Result
	for i := range all {
		if verbose || all[i].Reason != verify.NotSelected {
			out = append(out, &all[i])
		}
	}
	if len(out) > maxResults && !verbose {
		slices.SortStableFunc(out, func(a, b *verify.Result) int { return cmp.Compare(rank(a), rank(b)) })
	}
	return out
}

func rank(r *verify.Result) int {
	if bad(r) {
		return 0
	}
	return 1
}

func (t *terminal) result(r *verify.Result) {
	s := signOf(r.Outcome)
	for i, line := range look.Wrap(r.Description, t.Width-4) {
		switch {
		case i == 0:
			t.Line("  ", t.Paint(s.style, s.mark), " ", line)
		case t.Verbose || i < descriptionRows:
			t.Line("    ", line)
		}
	}
	if line := about(r); line != "" && (t.Verbose || bad(r)) {
		t.Line("      ", t.Paint(look.Faint, look.Fit(line, t.Width-6)))
	}
	if line := given(r); line != "" && (t.Verbose || bad(r)) {
		t.Line("      ", t.Paint(look.Faint, look.Fit(line, t.Width-6)))
	}
	if line := why(r); line != "" && r.Reason != verify.NotSelected {
		t.Hanging("      ", line, mismatchLines)
	}
	t.mismatches(r)
	for _, n := range r.Notes {
		t.Hanging("      note: ", n, noteLines)
	}
	if r.Curl != "" {
		t.curl(r.Curl)
	}
}

func (t *terminal) mismatches(r *verify.Result) {
	shown := t.Cut(len(r.Mismatches), maxMismatches)
	for i := range r.Mismatches[:shown] {
		m := &r.Mismatches[i]
		t.Hanging("      ", told(m), mismatchLines)
		if v := values(m); v != "" {
			t.Hanging("        ", v, noteLines)
		}
	}
	t.Left(len(r.Mismatches)-shown, " mismatches")
}

// curl writes a line for a shell as it is, so that it can be copied: longer than the
// terminal where it is, but never without end.
func (t *terminal) curl(line string) {
	width := t.Width * curlLines
	if t.Verbose {
		width = max(len(line), 1)
	}
	t.Line("      $ ", look.Fit(line, width))
}

func (t *terminal) account(e *Evidence) {
	if len(e.Account) == 0 || !t.Verbose {
		return
	}
	t.Heading(look.Bold, "ACCOUNT", "what became of the interactions")
	for i := range e.Account {
		t.Line("  ", look.Fit(stageLine(&e.Account[i]), t.Width-2))
	}
}
