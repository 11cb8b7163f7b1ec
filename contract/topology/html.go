package topology

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"twinspect.dev/diff/report/look"
)

//go:generate go run ../../diff/report/page/build ./page

// The page: its template, and what diff/report/page bundles from the sources
// beside it.
var (
	//go:embed page/page.html
	pageTemplate string
	//go:embed page/bundle/page.js
	pageScript string
	//go:embed page/bundle/page.css
	pageStyle string
)

// The bounds of a page: a row takes about 1 KB, so that it stays below 5 MB.
const (
	maxPageServices   = 300
	maxPageOperations = 2000 // in all
	maxPageLinks      = 1500
	maxPageRoots      = 300
	nameColumns       = 200
)

// HTML writes g as one file to look at in a browser: a map of the services and
// tables of all that was counted. It loads nothing, its content security policy
// forbids it, and without scripts it lacks nothing but the choice of the theme. Its
// errors are w's.
func HTML(w io.Writer, g *Graph, o Options) error {
	t, err := template.New("page").Funcs(look.Funcs()).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("parse page: %w", err)
	}
	if err := t.Execute(w, viewOf(g, &o)); err != nil {
		return fmt.Errorf("fill page: %w", err)
	}
	return nil
}

// view is what the template shows; its texts are visible already.
type view struct {
	Graph                              *Graph
	Title, When, Whole, Left, Rate     string
	Operations                         uint64
	Sum                                Tally
	Services                           []serviceView
	Links                              []linkView
	Roots                              []rootView
	ServicesLeft, LinksLeft, RootsLeft uint64
	SVG, Policy                        template.HTML
	Style                              template.CSS
	Script                             template.JS
}

type tallyView struct {
	Calls, Errors       uint64
	Rate, P50, P95, P99 string
}

type markView struct{ Class, Text string }

type operationView struct {
	Name     string
	Tally    tallyView
	Outcomes string
}

type serviceView struct {
	Name, Anchor, Role string
	Spans              uint64
	Mark               *markView
	Tally              tallyView
	Operations         []operationView
	More               uint64
}

type linkView struct {
	Caller, For, Provider, Operation, Anchor, Per, Outcomes string
	Mark                                                    *markView
	Tally                                                   tallyView
}

type rootView struct {
	Service, Operation, Begin string
	Tally                     tallyView
}

func viewOf(g *Graph, o *Options) *view {
	v := &view{
		Graph: g, Title: look.Fit(o.Title, nameColumns), Left: leftText(g), SVG: SVG(g, o.Mark),
		Policy: look.Policy(pageScript, pageStyle),
		Style:  template.CSS(pageStyle), //nolint:gosec // our own bundle
		Script: template.JS(pageScript), //nolint:gosec // our own bundle
	}
	v.When = "no time is known"
	if !g.From.IsZero() {
		v.When = g.From.Format("2 January 2006, 15:04:05 UTC") + ", " + look.Lasted(g.From, g.To)
	}
	v.Whole = "all whole"
	if g.Whole < g.Traces {
		v.Whole = look.Percent(g.Traces-g.Whole, g.Traces) + " lack spans"
	}
	for i := range g.Services {
		v.Operations += uint64(len(g.Services[i].Operations))
		v.Sum.Calls += g.Services[i].Calls
		v.Sum.Errors += g.Services[i].Errors
	}
	if g.Seconds() > 0 {
		v.Rate = rateText(g.Rate(v.Sum.Calls))
	}
	v.services(g, o)
	v.links(g, o)
	v.roots(g)
	return v
}

func (g *Graph) tallyView(t *Tally) tallyView {
	v := tallyView{Calls: t.Calls, Errors: t.Errors, Rate: rateText(g.Rate(t.Calls)), P50: "–", P95: "–", P99: "–"}
	if t.Calls > 0 {
		v.P50, v.P95, v.P99 = tookText(t.Latency.P50), tookText(t.Latency.P95), tookText(t.Latency.P99)
	}
	return v
}

// markClasses are those of marks in the styles of all pages.
var markClasses = map[Tone]string{Breaks: "regression", AtRisk: "suspect", Safe: "safe"}

func markOf(t Tone, text string) *markView {
	if text == "" {
		return nil
	}
	return &markView{markClasses[t], look.Fit(text, nameColumns)}
}

func anchorOf(service string) string { return look.Anchor("service", service) }
