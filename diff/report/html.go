package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

//go:generate go run ./page/build ./page

// The page: its template, and what page/build bundles from the sources beside
// it.
var (
	//go:embed page/page.html
	pageTemplate string
	//go:embed page/bundle/page.js
	pageScript string
	//go:embed page/bundle/page.css
	pageStyle string
)

// The bounds of the tables that are there without scripts. With scripts every
// difference is shown, drawn as it comes into sight.
const (
	maxStaticDifferences = 100
	maxStaticOperations  = 1000
	staticColumns        = 300 // of a value
)

// HTML writes r as one file to look at in a browser, of at most 5 MB where the
// report's texts besides its differences are not longer. It loads nothing:
// styles, scripts and the evidence are inside, and its content security policy
// forbids all else. Where not all examples fit, those of the most important
// differences are there, and the page says what is left to the evidence. Without
// scripts it still shows the verdict, the account, the operations and the first
// differences. Each difference has a fragment of its own, see [Anchor]. Errors
// are those of [JSON].
func HTML(w io.Writer, r *diff.Report) error {
	r, err := evidenceOf(r)
	if err != nil {
		return err
	}
	page, err := template.New("page").Funcs(look.Funcs()).Funcs(pageFuncs).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("parse page: %w", err)
	}
	var head, tail bytes.Buffer
	v := viewOf(r)
	if err := errors.Join(page.Execute(&head, v), page.ExecuteTemplate(&tail, "tail", v)); err != nil {
		return fmt.Errorf("fill page: %w", err)
	}
	const elements = 1000 // more than the tags around what is packed take
	data, err := pack(r, maxPage-head.Len()-tail.Len()-elements)
	if err != nil {
		return err
	}
	if _, err := head.WriteTo(w); err != nil {
		return err
	}
	if err := data.write(w, tail.String()); err != nil {
		return err
	}
	_, err = io.WriteString(w, "</body>\n</html>\n")
	return err
}

var pageFuncs = template.FuncMap{
	"evidence": evidenceText,
	"worse":    worsening,
	"ranked":   ranked[string],
	"reasons":  ranked[capture.Reason],
	"rate":     rate,
	"pace":     paceLine,
	"uses":     usesOf,
	"mostused": mostUsed,
	"sub":      func(a, b uint64) uint64 { return a - min(a, b) },
	"rates":    rates,
	"decided":  func(d diff.Difference) string { return decided(&d) },
	"base":     func(d diff.Difference, e diff.Example) string { return look.Fit(baseValue(d.Kind, &e), staticColumns) },
	"branch": func(d diff.Difference, e diff.Example) string {
		return look.Fit(branchValue(d.Kind, &e), staticColumns)
	},
	"approval":  approval,
	"located":   located,
	"faults":    faultNames,
	"cause":     func(d diff.Difference) string { return cause(d.Category, d.Remedy) },
	"counted":   func(t diff.Trouble) string { return counted(&t) },
	"remedy":    remedyText,
	"earned":    func(r diff.RuleInfo) string { return earned(&r) },
	"confirmed": confirmed,
	"known":     known,
	"anchor":    Anchor,
	"anchored":  operationAnchor,
	"asked":     func(e diff.Example) string { return asked(&e) },
}

// view is what the template shows.
type view struct {
	Report         *diff.Report
	Meaning        meaning
	Tally          tally
	Lasted         string
	Worth, Noise   staticView
	Accepted       staticView
	Checked        *selfCheckView
	RulesExplained bool
	Operations     []operationView
	OperationsLeft uint64
	Account        []stageView
	Unmatched      uint64

	Policy template.HTML
	Style  template.CSS
	Script template.JS
}

func viewOf(r *diff.Report) *view {
	v := &view{
		Report: r, Meaning: meaningOf(r.Verdict), Tally: tallyOf(r), Lasted: look.Lasted(r.Started, r.Ended),
		Account: stagesOf(r.Account),
		Policy:  look.Policy(pageScript, pageStyle),
		Style:   template.CSS(pageStyle), //nolint:gosec // our own bundle
		Script:  template.JS(pageScript), //nolint:gosec // our own bundle
	}
	v.Unmatched = v.Tally.UnmatchedRules
	v.Worth = staticViewOf(append(judged(r, diff.Regression), judged(r, diff.Suspect)...))
	v.Accepted = staticViewOf(judged(r, diff.Accepted))
	v.Noise = staticViewOf(judged(r, diff.Noise))
	v.Checked = selfCheckViewOf(r)
	v.RulesExplained = r.Rules != nil && explained(r.Rules.Rules)
	v.Operations = operationViews(r)
	if n := len(v.Operations); n > maxStaticOperations {
		v.Operations, v.OperationsLeft = v.Operations[:maxStaticOperations], uint64(n-maxStaticOperations)
	}
	return v
}
