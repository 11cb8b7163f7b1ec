package topology

import (
	"cmp"
	"slices"
)

// The layout is that of Sugiyama, Tagawa and Toda (1981): circles are broken, each
// box stands one layer behind the last that calls it, lines that cross a layer get
// a place in it, the layers are sorted by the middle of their neighbours, and the
// places by the same.

// place is a box, or a point of a line that crosses a layer.
type place struct {
	service  int // index into the boxes, -1 for a point
	layer    int
	at       int // its position within the layer
	height   float64
	x, y     float64 // of its left upper corner
	from, to []int   // places next to it, in the layers before and behind
}

// route is the way of an edge over places, the caller's first.
type route struct {
	edge   int
	places []int
	// back says that the edge closes a circle: it is drawn against the order of the
	// layers.
	back bool
}

type arc struct{ from, to int }

type layout struct {
	places []place
	layers [][]int
	routes []route
}

// gaps between boxes, in units of the drawing.
const (
	boxWidth   = 216.0
	layerGap   = 100.0
	rowGap     = 22.0
	pointGap   = 30.0 // the height of a point, so that labels of lines have room
	sweeps     = 12   // of ordering and of placing; more change nothing that shows
	pageMargin = 14.0
	entryWidth = 62.0 // of the arrow from outside, left of the boxes
)

// arrange lays out boxes of the given heights that are joined by arcs. The boxes
// and arcs stand in an order that does not change from run to run.
func arrange(heights []float64, arcs []arc) *layout {
	l := &layout{}
	backs := breakCircles(len(heights), arcs)
	layer := longestPaths(len(heights), arcs, backs)
	for i, h := range heights {
		l.places = append(l.places, place{service: i, layer: layer[i], height: h})
	}
	for i, a := range arcs {
		if a.from != a.to {
			l.route(i, a, backs[i])
		}
	}
	for i := range l.places {
		p := &l.places[i]
		for len(l.layers) <= p.layer {
			l.layers = append(l.layers, nil)
		}
		p.at = len(l.layers[p.layer])
		l.layers[p.layer] = append(l.layers[p.layer], i)
	}
	l.sort()
	l.put()
	return l
}

// breakCircles tells which arcs lead back to a box that is being gone through.
func breakCircles(n int, arcs []arc) []bool {
	const unseen, open, done = 0, 1, 2
	next, called := make([][]int, n), make([]bool, n)
	for i, a := range arcs {
		next[a.from] = append(next[a.from], i)
		called[a.to] = called[a.to] || a.from != a.to
	}
	backs, state, tried := make([]bool, len(arcs)), make([]int, n), make([]int, n)
	walk := func(root int) {
		stack := []int{root}
		state[root] = open
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			if tried[v] == len(next[v]) {
				state[v] = done
				stack = stack[:len(stack)-1]
				continue
			}
			i := next[v][tried[v]]
			tried[v]++
			switch to := arcs[i].to; state[to] {
			case open:
				backs[i] = true
			case unseen:
				state[to] = open
				stack = append(stack, to)
			}
		}
	}
	for _, begin := range []bool{true, false} { // those that nobody calls first
		for v := range n {
			if state[v] == unseen && (!begin || !called[v]) {
				walk(v)
			}
		}
	}
	return backs
}

// longestPaths gives each box the layer behind the last of its callers.
func longestPaths(n int, arcs []arc, backs []bool) []int {
	waiting, layer := make([]int, n), make([]int, n)
	next := make([][]int, n)
	for i, a := range arcs {
		if a.from == a.to {
			continue
		}
		if backs[i] {
			a.from, a.to = a.to, a.from
		}
		next[a.from] = append(next[a.from], a.to)
		waiting[a.to]++
	}
	var ready []int
	for v := range n {
		if waiting[v] == 0 {
			ready = append(ready, v)
		}
	}
	for len(ready) > 0 {
		v := ready[0]
		ready = ready[1:]
		for _, to := range next[v] {
			layer[to] = max(layer[to], layer[v]+1)
			if waiting[to]--; waiting[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	return layer
}

// route makes the points of an arc in the layers between its ends.
func (l *layout) route(edge int, a arc, back bool) {
	if back {
		a.from, a.to = a.to, a.from
	}
	way := []int{a.from}
	for at := l.places[a.from].layer + 1; at < l.places[a.to].layer; at++ {
		l.places = append(l.places, place{service: -1, layer: at, height: pointGap})
		way = append(way, len(l.places)-1)
	}
	way = append(way, a.to)
	for i := 1; i < len(way); i++ {
		l.places[way[i-1]].to = append(l.places[way[i-1]].to, way[i])
		l.places[way[i]].from = append(l.places[way[i]].from, way[i-1])
	}
	if back {
		slices.Reverse(way)
	}
	l.routes = append(l.routes, route{edge: edge, places: way, back: back})
}

// sort orders each layer by the middle of what its places are joined with, forth
// and back, and keeps the order with the fewest crossings.
func (l *layout) sort() {
	best, order := l.crossings(), l.order()
	for i := range sweeps {
		for n := range l.layers {
			at := n
			if i%2 == 1 {
				at = len(l.layers) - 1 - n
			}
			l.sortLayer(l.layers[at], i%2 == 1)
		}
		if c := l.crossings(); c < best {
			best, order = c, l.order()
		}
	}
	l.layers = order
	for _, layer := range l.layers {
		l.number(layer)
	}
}

func (l *layout) order() [][]int {
	order := make([][]int, len(l.layers))
	for i := range l.layers {
		order[i] = slices.Clone(l.layers[i])
	}
	return order
}

func (l *layout) number(layer []int) {
	for at, p := range layer {
		l.places[p].at = at
	}
}

func (l *layout) sortLayer(layer []int, behind bool) {
	middle := map[int]float64{}
	for _, p := range layer {
		near := l.places[p].from
		if behind {
			near = l.places[p].to
		}
		middle[p] = float64(l.places[p].at)
		if len(near) > 0 {
			sum := 0
			for _, q := range near {
				sum += l.places[q].at
			}
			middle[p] = float64(sum) / float64(len(near))
		}
	}
	slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(middle[a], middle[b]) })
	l.number(layer)
}

// crossings counts the lines between neighbouring layers that cross. There are at
// most a few hundred of them, see maxDrawnEdges.
func (l *layout) crossings() int {
	n := 0
	for _, layer := range l.layers {
		var lines []arc
		for _, p := range layer {
			for _, q := range l.places[p].to {
				lines = append(lines, arc{l.places[p].at, l.places[q].at})
			}
		}
		for i, a := range lines {
			for _, b := range lines[:i] {
				if (a.from-b.from)*(a.to-b.to) < 0 {
					n++
				}
			}
		}
	}
	return n
}
