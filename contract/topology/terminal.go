package topology

import (
	"fmt"
	"io"

	"twinspect.dev/diff/report/look"
)

// The limits of a terminal that is not verbose: below 200 lines.
const (
	maxServiceLines   = 30
	maxOperationLines = 5 // of a service
	maxLinkLines      = 40
	maxRootLines      = 10
)

// Terminal writes g for a person at a terminal: the services with their
// operations, who calls whom, and what traces begin with. Its errors are w's.
func Terminal(w io.Writer, g *Graph, o Options) error {
	t := &terminal{look.NewTerminal(w, look.TerminalOptions{Color: o.Color, Width: o.Width, Verbose: o.Verbose}), g}
	t.head(o.Title)
	t.services()
	t.calls()
	t.roots()
	return t.Flush()
}

type terminal struct {
	*look.Terminal
	g *Graph
}

func (t *terminal) head(title string) {
	title = look.Fit(title, t.Width-12)
	t.Line(t.Paint(look.Bold, "TOPOLOGY"), "  ", title)
	for _, line := range look.Wrap(summary(t.g), t.Width-2) {
		t.Line("  ", t.Paint(look.Faint, line))
	}
	for _, line := range look.Wrap(leftText(t.g), t.Width-2) {
		t.Line("  ", t.Paint(look.Yellow, line))
	}
}

// summary tells what was seen.
func summary(g *Graph) string {
	text := fmt.Sprintf("%s of %s, %s, %s", look.Plural(g.Traces, "trace"), look.Plural(g.Spans, "span"),
		look.Plural(uint64(len(g.Services)), "service"), look.Plural(uint64(len(g.Edges)), "edge"))
	if broken := g.Traces - g.Whole; broken > 0 {
		text += fmt.Sprintf("; spans are missing in %s of the traces", look.Percent(broken, g.Traces))
	}
	if !g.From.IsZero() {
		text += fmt.Sprintf("; %s, from %s", look.Lasted(g.From, g.To), g.From.Format("2006-01-02 15:04:05 UTC"))
	}
	return text
}

// leftText tells what the limits left out; "" for nothing.
func leftText(g *Graph) string {
	if g.Left.Total() == 0 {
		return ""
	}
	l := &g.Left
	return fmt.Sprintf("calls beyond the limits, which are in the sums alone: %s of further services, %s of further operations, %s between further pairs, %s of further kinds, %s of further beginnings",
		look.Grouped(l.Services), look.Grouped(l.Operations), look.Grouped(l.Edges), look.Grouped(l.Links), look.Grouped(l.Roots))
}

func (t *terminal) services() {
	t.Heading(look.Bold, "SERVICES", "calls to each, and of which operations")
	if len(t.g.Services) == 0 {
		t.Line("  none")
		return
	}
	grid := look.Grid{t.tallyHead(look.Left("service, operation"))}
	var failing []bool
	row := func(name string, sum *Tally) {
		grid = append(grid, t.tally(sum, look.Left(name)))
		failing = append(failing, sum.Errors > 0)
	}
	order := busiest(len(t.g.Services), func(i int) uint64 { return t.g.Services[i].Calls })
	shown := t.Cut(len(order), maxServiceLines)
	for _, i := range order[:shown] {
		s := &t.g.Services[i]
		name := nameOf(s.Name)
		if s.Role != Instrumented {
			name += " (" + string(s.Role) + ")"
		}
		row(name, &s.Tally)
		ops := busiest(len(s.Operations), func(i int) uint64 { return s.Operations[i].Calls })
		some := t.Cut(len(ops), maxOperationLines)
		for n, j := range ops[:some] {
			branch := "├ "
			if n == len(ops)-1 {
				branch = "└ "
			}
			row(branch+nameOf(s.Operations[j].Name), &s.Operations[j].Tally)
		}
		if some < len(ops) {
			grid = append(grid, t.row([]look.Cell{look.Left("└ … " + look.Plural(uint64(len(ops)-some), "more operation"))}, "", "", "", "", ""))
			failing = append(failing, false)
		}
	}
	t.painted(grid, failing)
	t.Left(len(order)-shown, " services")
}

// painted writes a table whose failing rows are coloured.
func (t *terminal) painted(grid look.Grid, failing []bool) {
	for i, line := range grid.Aligned(t.Width) {
		switch {
		case i == 0:
			line = t.Paint(look.Faint, line)
		case failing[i-1]:
			line = t.Paint(look.Yellow, line)
		}
		t.Line(line)
	}
}

// nameOf makes the lack of a name show.
func nameOf(name string) string {
	if name == "" {
		return "(no name)"
	}
	return name
}

// narrow has no room for rates and medians.
const narrow = 70

// row joins the cells of a row, of the latter those that there is room for.
func (t *terminal) row(first []look.Cell, calls, rate, errors, p50, p95 string) []look.Cell {
	if t.Width < narrow {
		return append(first, look.Right(calls), look.Right(errors), look.Right(p95))
	}
	return append(first, look.Right(calls), look.Right(rate), look.Right(errors), look.Right(p50), look.Right(p95))
}

func (t *terminal) tallyHead(first ...look.Cell) []look.Cell {
	return t.row(first, "calls", "rate", "errors", "p50", "p95")
}

func (t *terminal) tally(s *Tally, first ...look.Cell) []look.Cell {
	if s.Calls == 0 {
		return t.row(first, "0", "–", "–", "–", "–")
	}
	return t.row(first, look.Grouped(s.Calls), rateText(t.g.Rate(s.Calls)), errorText(s), tookText(s.Latency.P50), tookText(s.Latency.P95))
}

func errorText(s *Tally) string {
	if s.Errors == 0 {
		return "0"
	}
	return look.Percent(s.Errors, s.Calls)
}

func (t *terminal) calls() {
	type pair struct {
		e *Edge
		l *Link
	}
	var all []pair
	for i := range t.g.Edges {
		for j := range t.g.Edges[i].Links {
			all = append(all, pair{&t.g.Edges[i], &t.g.Edges[i].Links[j]})
		}
	}
	if len(all) == 0 {
		return
	}
	t.Heading(look.Bold, "CALLS", "by whom, for what, and how often during one request")
	grid := look.Grid{t.callRow("caller", "for", "calls", "times", "each", "errors", "p95")}
	var failing []bool
	order := busiest(len(all), func(i int) uint64 { return all[i].l.Calls })
	shown := t.Cut(len(order), maxLinkLines)
	for _, i := range order[:shown] {
		e, l := all[i].e, all[i].l
		reason := l.For
		if reason == "" {
			reason = "–"
		}
		grid = append(grid, t.callRow(nameOf(e.Caller), reason, nameOf(e.Provider)+" "+nameOf(l.Operation),
			look.Grouped(l.Calls), perText(l), errorText(&l.Tally), tookText(l.Latency.P95)))
		failing = append(failing, l.Errors > 0)
	}
	t.painted(grid, failing)
	t.Left(len(order)-shown, " kinds of calls")
}

func (t *terminal) callRow(caller, reason, what, times, each, errors, p95 string) []look.Cell {
	first := []look.Cell{look.Left(caller), look.Left(reason), look.Left(what)}
	if t.Width < narrow {
		return append(first, look.Right(times), look.Right(errors))
	}
	return append(first, look.Right(times), look.Right(each), look.Right(errors), look.Right(p95))
}

func (t *terminal) roots() {
	if len(t.g.Roots) == 0 {
		return
	}
	t.Heading(look.Bold, "BEGINNINGS", "what traces begin with")
	grid := look.Grid{t.tallyHead(look.Left("service"), look.Left("operation"), look.Left("by"))}
	var failing []bool
	order := busiest(len(t.g.Roots), func(i int) uint64 { return t.g.Roots[i].Calls })
	shown := t.Cut(len(order), maxRootLines)
	for _, i := range order[:shown] {
		r := &t.g.Roots[i]
		grid = append(grid, t.tally(&r.Tally, look.Left(nameOf(r.Service)), look.Left(nameOf(r.Operation)), look.Left(string(r.Begin))))
		failing = append(failing, r.Errors > 0)
	}
	t.painted(grid, failing)
	t.Left(len(order)-shown, " beginnings")
}
