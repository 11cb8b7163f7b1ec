package topology

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/diff/report/look"
)

// number writes a coordinate with at most one digit behind the point.
func number(f float64) string { return strconv.FormatFloat(float64(int64(f*10+0.5))/10, 'f', -1, 64) }

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

// text escapes what came from outside, cut to a number of columns.
func text(s string, columns int) string { return html.EscapeString(look.Fit(s, columns)) }

// whole escapes what came from outside for a title, which shows when it is pointed
// at; nobody reads more of it.
func whole(s string) string { return text(s, 200) }

// maxFit is the width that is drawn smaller where there is less room; wider drawings
// could not be read, and are scrolled.
const maxFit = 1600

func (d *drawing) draw() string {
	width, height := d.layout.size()
	fit := ""
	if width <= maxFit {
		fit = " fit"
	}
	d.add(`<svg class="topology%s" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-labelledby="topology-name topology-says">`, fit,
		number(width), number(height), number(width), number(height))
	d.add(`<title id="topology-name">Services and their calls</title><desc id="topology-says">%s</desc>`, html.EscapeString(d.says()))
	for _, tone := range []Tone{"", Breaks, AtRisk, Safe} {
		d.add(`<marker id="topology-arrow%s" class="arrow%s" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0.8 10 5 0 9.2z"/></marker>`,
			arrowID(tone), tone.class())
	}
	labels := make([]label, 0, len(d.layout.routes))
	for i := range d.layout.routes {
		labels = append(labels, d.line(&d.layout.routes[i]))
	}
	for i := range d.boxes {
		d.boxAt(&d.boxes[i], &d.layout.places[i])
	}
	d.labels(labels)
	d.add("</svg>")
	if d.left != "" {
		d.add(`<p class="left">%s</p>`, html.EscapeString(d.left))
	}
	return d.b.String()
}

func arrowID(t Tone) string {
	switch t {
	case Breaks:
		return "-breaks"
	case AtRisk:
		return "-at-risk"
	case Safe:
		return "-safe"
	}
	return ""
}

// says tells the drawing in words, as far as marks go; the tables tell the rest.
func (d *drawing) says() string {
	says := fmt.Sprintf("%s, %s between them.", look.Plural(uint64(len(d.g.Services)), "service"), look.Plural(uint64(len(d.g.Edges)), "edge"))
	for i := range d.boxes {
		if b := &d.boxes[i]; b.mark.label() != "" {
			says += " " + look.Fit(b.title, 80) + ": " + look.Fit(b.mark.label(), 80) + "."
		}
	}
	return says
}

type point struct{ x, y float64 }

// label is the text of a line, around a point.
type label struct {
	point
	lines []string
	edge  *drawnEdge
}

func (l *label) height() float64 { return labelLine*float64(len(l.lines)) + 2 }

// labelLine is the height of a line of 11 units, labelColumn about the width of its
// characters.
const labelLine, labelColumn = 14.0, 6.3

// line draws the way of an edge: a curve through the points of the layers that it
// crosses, level where it goes through one.
func (d *drawing) line(r *route) label {
	e := &d.edges[r.edge]
	var points []point
	for i, at := range r.places {
		p := &d.layout.places[at]
		y := p.y + p.height/2
		left, right := point{p.x, y}, point{p.x + boxWidth, y}
		if r.back {
			left, right = right, left
		}
		if i > 0 {
			points = append(points, left)
		}
		if i < len(r.places)-1 {
			points = append(points, right)
		}
	}
	points[0].y = d.port(r, 0)
	points[len(points)-1].y = d.port(r, len(r.places)-1)
	way := "M" + number(points[0].x) + " " + number(points[0].y)
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		if i%2 == 0 { // through a layer
			way += "L" + number(b.x) + " " + number(b.y)
			continue
		}
		bend := (b.x - a.x) / 2
		way += fmt.Sprintf("C%s %s %s %s %s %s", number(a.x+bend), number(a.y), number(b.x-bend), number(b.y), number(b.x), number(b.y))
	}
	fails := ""
	if e.fails {
		fails = " fails"
	}
	d.add(`<path class="line%s%s" d="%s" marker-end="url(#topology-arrow%s)"><title>%s to %s: %s</title></path>`, e.tone.class(), fails, way, arrowID(e.tone),
		whole(d.boxes[e.from].title), whole(d.boxes[e.to].title), html.EscapeString(e.label))
	middle := point{(points[0].x + points[1].x) / 2, (points[0].y + points[1].y) / 2}
	lines := strings.Split(e.label, " · ")
	if e.tone != "" {
		lines = append(lines, look.Fit(string(e.tone), 12))
	}
	return label{middle, lines, e}
}

// port is where a line meets its box: the lines of one side stand below each other
// in the order of where they come from.
func (d *drawing) port(r *route, end int) float64 {
	at := r.places[end]
	near := 1
	if end > 0 {
		near = end - 1
	}
	p := &d.layout.places[at]
	side := p.to
	if d.layout.places[r.places[near]].layer < p.layer {
		side = p.from
	}
	side = slices.Clone(side)
	slices.SortStableFunc(side, func(a, b int) int { return d.layout.places[a].at - d.layout.places[b].at })
	i := slices.Index(side, r.places[near])
	step := min(14, (p.height-16)/float64(len(side)))
	return p.y + p.height/2 + (float64(i)-float64(len(side)-1)/2)*step
}

// labels writes the texts of the lines where they cover no other.
func (d *drawing) labels(list []label) {
	slices.SortStableFunc(list, func(a, b label) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y)) })
	for i := range list {
		l := &list[i]
		if i > 0 {
			if o := &list[i-1]; o.x == l.x {
				l.y = max(l.y, o.y+(o.height()+l.height())/2)
			}
		}
		d.label(l)
	}
}

func (d *drawing) label(l *label) {
	class, columns := l.edge.tone.class(), 0
	if l.edge.fails {
		class += " fails"
	}
	for _, line := range l.lines {
		columns = max(columns, look.Width(line))
	}
	w, top := labelColumn*float64(columns)+8, l.y-l.height()/2
	d.add(`<g class="rate%s"><rect x="%s" y="%s" width="%s" height="%s" rx="5"/>`, class, number(l.x-w/2), number(top), number(w), number(l.height()))
	for i, line := range l.lines {
		d.add(`<text x="%s" y="%s">%s</text>`, number(l.x), number(top+labelLine*float64(i)+12), html.EscapeString(line))
	}
	d.add("</g>")
}

func (d *drawing) boxAt(b *box, p *place) {
	class := b.mark.Tone.class()
	if b.service.Role != Instrumented {
		class += " outer"
	}
	d.add(`<g class="box%s" transform="translate(%s %s)"><title>%s</title><rect width="%s" height="%s" rx="9"/>`, class, number(p.x), number(p.y),
		whole(b.title), number(boxWidth), number(p.height))
	const titleColumns, lineColumns, saysColumns, sideColumns, rateColumns = 23, 28, 26, 8, 8
	d.entry(b)
	side, columns := b.side(), titleColumns
	if side != "" {
		columns -= sideColumns
	}
	d.add(`<text class="name" x="12" y="23">%s</text>`, text(b.title, columns))
	if side != "" {
		d.add(`<text class="quiet-text end" x="%s" y="23">%s</text>`, number(boxWidth-12), html.EscapeString(side))
	}
	y := 44.0
	if says := b.mark.label(); says != "" {
		d.add(`<text class="says" x="12" y="%s">%s</text>`, number(y), text(says, saysColumns))
		y += 18
	}
	for _, line := range b.lines {
		columns := lineColumns
		if line.right != "" {
			columns -= rateColumns
		}
		d.add(`<text class="op%s" x="12" y="%s">%s</text>`, line.class, number(y), text(line.left, columns))
		if line.right != "" {
			d.add(`<text class="quiet-text end" x="%s" y="%s">%s</text>`, number(boxWidth-12), number(y), html.EscapeString(line.right))
		}
		y += 18
	}
	d.add("</g>")
}

// entry draws the arrow from outside, level with the box's title.
func (d *drawing) entry(b *box) {
	if b.entry == nil {
		return
	}
	says := trafficText(d.g, b.entry)
	d.add(`<path class="line" d="M-58 18H0" marker-end="url(#topology-arrow)"><title>from outside: %s</title></path><text class="quiet-text" x="-58" y="12">outside</text>`, html.EscapeString(says))
}

// side says beside the name what the service is, when it is none of ours, and
// whether it calls itself.
func (b *box) side() string {
	switch {
	case b.service.Role != Instrumented:
		return string(b.service.Role)
	case b.loop != "":
		return "↻ itself"
	}
	return ""
}
