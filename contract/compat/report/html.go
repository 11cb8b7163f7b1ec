package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/diff/report/look"
)

//go:generate go run ../../../diff/report/page/build ./page

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

// The bounds of a page in bytes, together below 5 MB: what stands around these
// parts is below 1 MB, most of it the drawing and the lists.
const (
	maxConsumerBytes = 1_600_000
	maxChangeBytes   = 2_200_000
)

// HTML writes r as one file to look at in a browser, of at most 5 MB. It loads
// nothing: styles and scripts are inside, its content security policy forbids all
// else, and without scripts it lacks nothing but the choice of the theme. Where not
// all fits, what concerns nobody is left out first, and the page says how much is
// left to the evidence.
func HTML(w io.Writer, r *impact.Report) error {
	t, err := template.New("parts").Funcs(look.Funcs()).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("parse page: %w", err)
	}
	p := &page{t: t, view: viewOf(r)}
	changes := p.changes() // first, as the consumers refer to those that are shown
	p.fill("page", p.view)
	p.consumers()
	p.fill("changes", p.view)
	p.b.Write(changes)
	p.fill("rules", p.view)
	p.fill("rest", p.view)
	if p.err != nil {
		return fmt.Errorf("fill page: %w", p.err)
	}
	_, err = p.b.WriteTo(w)
	return err
}

// page is a page that is being filled; the first error stays in err.
type page struct {
	t    *template.Template
	view *view
	b    bytes.Buffer
	err  error
}

func (p *page) fill(name string, v any) { p.b.Write(p.render(name, v)) }

func (p *page) render(name string, v any) []byte {
	var b bytes.Buffer
	if err := p.t.ExecuteTemplate(&b, name, v); err != nil && p.err == nil {
		p.err = err
	}
	return b.Bytes()
}

// more says how many are not shown.
func more(n int, noun string) []byte {
	if n == 0 {
		return nil
	}
	return fmt.Appendf(nil, "\n<p class=\"more\">%s: the JSON evidence has them.</p>", look.Plural(uint64(n), "more "+noun)) //nolint:gosec // lengths
}

// consumers writes them until the room is filled; the worst off come first.
func (p *page) consumers() {
	list := p.view.Report.Consumers
	if len(list) == 0 {
		p.b.WriteString("  <p class=\"none\">No consumers were given: what they depend on is not known.</p>")
		return
	}
	p.b.WriteString("  <div class=\"entries\">")
	room := maxConsumerBytes
	for i := range list {
		text := p.render("consumer", p.view.consumer(i))
		if room -= len(text); room < 0 {
			p.b.Write(more(len(list)-i, "consumer"))
			break
		}
		p.b.Write(text)
	}
	p.b.WriteString("\n  </div>")
}

// changes renders the groups of changes. Each may take half of the room that is
// left, so that none is without any.
func (p *page) changes() []byte {
	var b bytes.Buffer
	left := maxChangeBytes
	for _, g := range p.view.Groups {
		b.Write(p.render("group", g))
		room := left / 2
		for i, c := range g.changes {
			v := p.view.change(c)
			text := p.render("change", v)
			if len(text) > room || i == maxRows {
				b.Write(more(len(g.changes)-i, "change"))
				break
			}
			room -= len(text)
			left -= len(text)
			b.Write(text)
			p.view.shown(c, v.Anchor)
		}
		b.WriteString("\n  </details>")
	}
	return b.Bytes()
}
