package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
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
)

// HTML writes r as one file to look at in a browser. It loads nothing: styles,
// scripts and the evidence are inside, and its content security policy forbids
// all else. Without scripts it still shows the verdict, the account, the
// operations and the first differences. Errors are those of [JSON].
func HTML(w io.Writer, r *diff.Report) error {
	r, err := evidenceOf(r)
	if err != nil {
		return err
	}
	data, err := json.Marshal(r) // escapes <, > and &, so that no element ends in it
	if err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	page, err := template.New("page").Funcs(pageFuncs).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("parse page: %w", err)
	}
	return page.Execute(w, viewOf(r, data))
}

var pageFuncs = template.FuncMap{
	"visible":  visible,
	"grouped":  grouped,
	"plural":   plural,
	"percent":  percent,
	"evidence": evidence,
	"ms":       milliseconds,
	"worse":    worsening,
	"ranked":   ranked[string],
	"reasons":  ranked[capture.Reason],
	"rate":     rate,
	"pace":     paceLine,
	"uses":     usesOf,
	"mostused": mostUsed,
	"sub":      func(a, b uint64) uint64 { return a - min(a, b) },
	"rates":    rates,
	"decided":  decided,
	"when":     func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") },
	"base":     func(d diff.Difference, e diff.Example) string { return visible(baseValue(d.Kind, &e)) },
	"branch":   func(d diff.Difference, e diff.Example) string { return visible(branchValue(d.Kind, &e)) },
	"asked":    func(e diff.Example) string { return asked(&e) },
}

// view is what the template shows.
type view struct {
	Report         *diff.Report
	Meaning        meaning
	Tally          tally
	Lasted         string
	Worth, Noise   staticView
	Operations     []operationView
	OperationsLeft uint64
	Account        []stageView
	Unmatched      uint64

	Policy template.HTML
	Style  template.CSS
	Script template.JS
	Data   template.JS
}

func viewOf(r *diff.Report, data []byte) *view {
	v := &view{
		Report: r, Meaning: meaningOf(r.Verdict), Tally: tallyOf(r), Lasted: lasted(r.Started, r.Ended),
		Account: stagesOf(r.Account),
		Policy:  policy(pageScript, pageStyle),
		Style:   template.CSS(pageStyle), //nolint:gosec // our own bundle
		Script:  template.JS(pageScript), //nolint:gosec // our own bundle
		Data:    template.JS(data),       //nolint:gosec // JSON with <, > and & escaped
	}
	v.Unmatched = v.Tally.UnmatchedRules
	v.Worth = staticViewOf(append(judged(r, diff.Regression), judged(r, diff.Suspect)...))
	v.Noise = staticViewOf(judged(r, diff.Noise))
	v.Operations = operationViews(r)
	if n := len(v.Operations); n > maxStaticOperations {
		v.Operations, v.OperationsLeft = v.Operations[:maxStaticOperations], uint64(n-maxStaticOperations)
	}
	return v
}

// policy allows the page its own script and style and nothing else: no
// network, no frames, no markup made from strings (Trusted Types).
func policy(script, style string) template.HTML {
	return template.HTML(fmt.Sprintf( //nolint:gosec // hashes
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'; trusted-types 'none'; require-trusted-types-for 'script'">`,
		sourceHash(script), sourceHash(style)))
}

func sourceHash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
