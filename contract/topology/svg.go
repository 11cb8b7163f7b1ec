package topology

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/diff/report/look"
)

// What is drawn: a picture of more cannot be read, and the tables have it all. The
// limits bound the time too: the crossings of a layer are counted by pairs.
const (
	maxDrawn      = 60  // services, those with most calls
	maxDrawnEdges = 240 // likewise
	maxBoxLines   = 4   // operations in a box
)

// SVG draws g as a picture, for a page whose styles import page/style/graph.css. The
// callers that send no spans stand as an arrow without a beginning. mark may be nil. Everything that a
// mark says is there as text too.
func SVG(g *Graph, mark func(service string) Mark) template.HTML {
	o := Options{Mark: mark}
	d := &drawing{g: g, o: &o}
	d.choose()
	heights := make([]float64, len(d.boxes))
	for i := range d.boxes {
		heights[i] = d.boxes[i].height()
	}
	arcs := make([]arc, len(d.edges))
	for i := range d.edges {
		arcs[i] = d.edges[i].arc
	}
	d.layout = arrange(heights, arcs)
	return template.HTML(d.draw()) //nolint:gosec // every text is escaped by text and attribute
}

// box is a service that is drawn.
type box struct {
	service *Service
	title   string
	lines   []boxLine
	mark    Mark
	loop    string // how often it calls itself
	entry   *Tally // the calls of those who send no spans
}

type boxLine struct{ left, right, class string }

// height has room for a title of 34 units, 18 a line, and a margin.
func (b *box) height() float64 {
	n := float64(len(b.lines))
	if b.mark.label() != "" {
		n++
	}
	if n == 0 {
		return 36
	}
	return 44 + 18*n
}

type drawnEdge struct {
	arc
	label string
	tone  Tone
	fails bool
	calls uint64
}

type drawing struct {
	g      *Graph
	o      *Options
	boxes  []box
	edges  []drawnEdge
	layout *layout
	left   string
	b      strings.Builder
}

// choose picks what is drawn.
func (d *drawing) choose() {
	g := d.g
	order := busiest(len(g.Services), func(i int) uint64 { return g.Services[i].Calls + g.Services[i].Spans })
	kept := slices.Clone(order[:min(len(order), maxDrawn)])
	slices.Sort(kept)
	index := map[string]int{}
	for _, i := range kept {
		index[g.Services[i].Name] = len(d.boxes)
		d.boxes = append(d.boxes, d.box(&g.Services[i]))
	}
	edges := busiest(len(g.Edges), func(i int) uint64 { return g.Edges[i].Calls })
	edges = slices.Clone(edges[:min(len(edges), maxDrawnEdges)])
	slices.Sort(edges)
	for _, i := range edges {
		e := &g.Edges[i]
		from, ok := index[e.Caller]
		to, known := index[e.Provider]
		switch {
		case !ok || !known:
		case from == to:
			d.boxes[from].loop = trafficText(g, &e.Tally)
		default:
			tone := d.boxes[from].mark.Calls[e.Provider]
			d.edges = append(d.edges, drawnEdge{arc{from, to}, trafficText(g, &e.Tally), tone, e.Errors > 0, e.Calls})
		}
	}
	if n := len(g.Services) - len(kept) + len(g.Edges) - len(edges); n > 0 {
		d.left = fmt.Sprintf("%s and %s with the fewest calls are not drawn; the tables have them.",
			look.Plural(uint64(len(g.Services)-len(kept)), "service"), look.Plural(uint64(len(g.Edges)-len(edges)), "edge"))
	}
	d.outside(index)
}

// outside adds the calls of those who send no spans.
func (d *drawing) outside(index map[string]int) {
	for i := range d.g.Roots {
		r := &d.g.Roots[i]
		to, ok := index[r.Service]
		if !ok || r.Begin != Request {
			continue
		}
		b := &d.boxes[to]
		if b.entry == nil {
			b.entry = &Tally{}
		}
		b.entry.Calls += r.Calls
		b.entry.Errors += r.Errors
	}
}

func (d *drawing) box(s *Service) box {
	b := box{service: s, title: nameOf(s.Name), mark: d.o.mark(s.Name)}
	ops := busiest(len(s.Operations), func(i int) uint64 { return s.Operations[i].Calls })
	shown := min(len(ops), maxBoxLines)
	if len(ops) == maxBoxLines+1 {
		shown = len(ops)
	}
	for _, i := range ops[:shown] {
		op := &s.Operations[i]
		line := boxLine{left: nameOf(op.Name), right: d.often(op.Calls)}
		if op.Errors > 0 {
			line.class = " fails"
		}
		b.lines = append(b.lines, line)
	}
	if n := len(ops) - shown; n > 0 {
		b.lines = append(b.lines, boxLine{left: "… " + strconv.Itoa(n) + " more operations"})
	}
	return b
}

func (d *drawing) often(calls uint64) string {
	if d.g.Seconds() == 0 {
		return look.Grouped(calls) + "×"
	}
	return rateText(d.g.Rate(calls))
}
