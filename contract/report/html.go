package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

//go:generate go run ../../diff/report/page/build ./page

// The page: its template, and what page/build of diff-run's report bundles from
// the sources beside it.
var (
	//go:embed page/page.html
	pageTemplate string
	//go:embed page/bundle/page.js
	pageScript string
	//go:embed page/bundle/page.css
	pageStyle string
)

// The bounds of a page in bytes, together below 5 MB: what stands around these
// parts is below 200 KB, of which the lists are half.
const (
	maxFindingBytes   = 2_400_000
	maxOperationBytes = 1_400_000 // a row takes about 600: 2,300 operations
	maxItemBytes      = 800_000   // packed
)

// HTML writes r as one file to look at in a browser, of at most 5 MB. It loads
// nothing: styles, scripts and the evidence are inside, and its content security
// policy forbids all else. Where not all fits, bodies are cut shorter, those of
// the last findings first, and the page says what is left to the evidence.
// Without scripts it still shows all but the single items of the coverage. Each
// finding has a fragment of its own, see [Anchor]. Errors are those of [JSON].
func HTML(w io.Writer, r *contract.Report) error {
	if err := checkNumbers(r); err != nil {
		return err
	}
	t, err := template.New("page").Funcs(look.Funcs()).Funcs(pageFuncs).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("parse page: %w", err)
	}
	p := &page{t: t, view: viewOf(r)}
	p.fill("page", p.view)
	p.findings()
	p.fill("coverage", p.view)
	p.operations()
	p.fill("rest", p.view)
	p.items()
	p.fill("tail", p.view)
	if p.err != nil {
		return fmt.Errorf("fill page: %w", p.err)
	}
	_, err = p.b.WriteTo(w)
	return err
}

var pageFuncs = template.FuncMap{
	"inc":    func(i int) int { return i + 1 },
	"notrun": func(k contract.KindCount) string { return listed(k.NotRun, 0) },
}

// page is a page that is being filled; the first error stays in err.
type page struct {
	t    *template.Template
	view *view
	b    bytes.Buffer
	err  error
}

func (p *page) fill(name string, v any) { p.write(p.render(name, v)) }

func (p *page) write(text []byte) { p.b.Write(text) }

func (p *page) render(name string, v any) []byte {
	var b bytes.Buffer
	if err := p.t.ExecuteTemplate(&b, name, v); err != nil && p.err == nil {
		p.err = err
	}
	return b.Bytes()
}

// findings writes the findings by operation. Each may take what is left when
// those behind it take the least.
func (p *page) findings() {
	const least = 2000 // bytes of a finding without bodies, mostly
	groups := grouped(p.view.Report.Findings)
	room, behind, left := maxFindingBytes, len(p.view.Report.Findings), 0
	for _, g := range groups {
		p.write([]byte("\n<section class=\"group\"><h3 class=\"code\">" + template.HTMLEscapeString(brief(g.Operation, nameColumns)) + "</h3>"))
		for _, f := range g.Findings {
			behind--
			text := p.finding(f, room-least*behind, behind)
			if len(text) > room {
				left++
				continue
			}
			room -= len(text)
			p.write(text)
		}
		p.write([]byte("\n</section>"))
	}
	if left > 0 {
		fmt.Fprintf(&p.b, "\n<p class=\"left\">%s: the JSON evidence has them.</p>", look.Plural(uint64(left), "more finding"))
	}
}

// cuts are the lengths to which a body may be cut.
var cuts = []int{16 << 10, 4 << 10, 1 << 10, 200, 0}

// finding renders f with bodies as long as room allows.
func (p *page) finding(f *contract.Finding, room, behind int) []byte {
	var text []byte
	for _, cut := range cuts {
		v := findingViewOf(f, cut)
		n := len(p.view.Report.Findings)
		v.Open = n <= maxOpen || behind == n-1
		if text = p.render("finding", v); len(text) <= room {
			break
		}
	}
	return text
}

// maxOpen is how many findings are all shown open; of more, which would hide each
// other, the first is.
const maxOpen = 3

func (p *page) operations() {
	v := p.view
	room := maxOperationBytes
	for i := range v.Report.Coverage.Operations {
		text := p.render("operation", v.operation(i))
		if room -= len(text); room < 0 {
			v.OperationsLeft = uint64(len(v.Report.Coverage.Operations) - i)
			return
		}
		p.write(text)
	}
}
