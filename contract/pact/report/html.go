package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/diff/report/look"
)

//go:generate go run ../../../diff/report/page/build ./page

// The page: its template, and what diff/report/page bundles from the sources beside
// it.
var (
	//go:embed page/page.html
	pageTemplate string
	//go:embed page/bundle/page.js
	pageScript string
	//go:embed page/bundle/page.css
	pageStyle string
)

const (
	// maxPageBytes is what the interactions may take, below 5 MB with all around them.
	maxPageBytes = 4_000_000
	// leastResult is what an interaction takes at least: with less room none is tried.
	leastResult = 300
	// pageMisses and pageText bound one interaction, which then takes below 200 KB.
	pageMisses = 50
	pageText   = 2000 // columns
)

// HTML writes e as one file to look at in a browser, of at most 5 MB. It loads
// nothing, and its content security policy forbids it; without scripts it lacks
// nothing but the choice of the theme. Where not all fits, it says how many
// interactions are left to the evidence.
func HTML(w io.Writer, e *Evidence) error {
	t, err := template.New("page").Funcs(look.Funcs()).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("parse page: %w", err)
	}
	v := viewOf(e)
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "head", v); err != nil {
		return fmt.Errorf("fill page: %w", err)
	}
	room := maxPageBytes
	for i := range e.Pacts {
		if err := writePact(&b, t, &e.Pacts[i], &room); err != nil {
			return fmt.Errorf("fill page: %w", err)
		}
	}
	if err := t.ExecuteTemplate(&b, "tail", v); err != nil {
		return fmt.Errorf("fill page: %w", err)
	}
	_, err = b.WriteTo(w)
	return err
}

// writePact writes a pact and as many of its interactions as room has bytes for,
// those that did not pass first where not all do.
func writePact(b *bytes.Buffer, t *template.Template, p *Pact, room *int) error {
	if err := t.ExecuteTemplate(b, "pact", pactViewOf(p)); err != nil {
		return err
	}
	left := uint64(0)
	var one bytes.Buffer
	for _, r := range worstFirst(p.Results, false) {
		if *room < leastResult {
			left++
			continue
		}
		one.Reset()
		if err := t.ExecuteTemplate(&one, "result", resultViewOf(r)); err != nil {
			return err
		}
		if one.Len() > *room {
			left++
			continue
		}
		*room -= one.Len()
		b.Write(one.Bytes())
	}
	return t.ExecuteTemplate(b, "pact-end", left)
}

// view is what the template shows; its texts are visible already.
type view struct {
	Evidence *Evidence
	Verdict  meaning
	Headline string
	Numbers  []number
	Pacts    []pactView
	Lasted   string
	Policy   template.HTML
	Style    template.CSS
	Script   template.JS
}

type number struct {
	Title string
	N     uint64
	Class string
}

type pactView struct {
	*Pact
	Anchor, Says, Standing, Class, Title string
	Texts                                []string
}

type resultView struct {
	Class, Mark, Word                    string
	Description, About, Given, Why, Curl string
	Mismatches                           []mismatchView
	Notes                                []string
	Left                                 uint64
	Open                                 bool
}

type mismatchView struct{ Told, Expected, Actual string }

func viewOf(e *Evidence) *view {
	v := &view{
		Evidence: e, Verdict: meaningOf(e.Verdict), Headline: e.headline(), Lasted: look.Lasted(e.Started, e.Ended),
		Policy: look.Policy(pageScript, pageStyle),
		Style:  template.CSS(pageStyle), //nolint:gosec // our own bundle
		Script: template.JS(pageScript), //nolint:gosec // our own bundle
	}
	for _, o := range outcomes {
		n := number{Title: signOf(o).word, N: uint64(e.Counts[o])} //nolint:gosec // a count
		if n.N > 0 {
			n.Class = map[verify.Outcome]string{verify.Failed: "bad", verify.Pending: "warn", verify.NotRun: "warn"}[o]
		}
		v.Numbers = append(v.Numbers, n)
	}
	for i := range e.Pacts {
		v.Pacts = append(v.Pacts, pactViewOf(&e.Pacts[i]))
	}
	return v
}

func pactViewOf(p *Pact) pactView {
	m := meaningOf(p.Verdict)
	v := pactView{
		Pact: p, Anchor: look.Anchor("pact", p.Consumer, p.Provider, p.Source), Says: says(p.Counts), Standing: p.standing(), Title: m.Title,
		Class: map[string]string{"Pass": "safe", "Fail": "regression"}[m.Title],
	}
	if v.Class == "" {
		v.Class = "suspect"
	}
	for _, list := range [][]string{p.Reasons, p.Notices} {
		for _, text := range list {
			v.Texts = append(v.Texts, look.Fit(text, pageText))
		}
	}
	return v
}

func resultViewOf(r *verify.Result) resultView {
	s := signOf(r.Outcome)
	v := resultView{
		Class: s.class, Mark: s.mark, Word: s.word, Open: bad(r),
		Description: look.Fit(r.Description, pageText), About: look.Fit(about(r), pageText), Given: look.Fit(given(r), pageText),
		Why: look.Fit(why(r), pageText), Curl: look.Fit(r.Curl, pageText*4),
	}
	for i := range r.Mismatches {
		m := &r.Mismatches[i]
		if i == pageMisses {
			v.Left = uint64(len(r.Mismatches) - i) //nolint:gosec // a length
			break
		}
		v.Mismatches = append(v.Mismatches, mismatchView{look.Fit(told(m), pageText), look.Fit(m.Expected, pageText), look.Fit(m.Actual, pageText)})
	}
	for _, n := range r.Notes[:min(len(r.Notes), pageMisses)] {
		v.Notes = append(v.Notes, look.Fit(n, pageText))
	}
	return v
}
