package topology

import (
	"io"
	"slices"
	"strings"

	"twinspect.dev/capture/trace"
	"twinspect.dev/diff/report/look"
)

// The bounds of a drawn chain that is not verbose.
const (
	maxChainLines = 60
	maxChainDepth = 24 // indents take two columns each
	maxAlike      = 2  // calls behind each other with the same name and outcome
)

// Draw writes the chain's tree for a person at a terminal: each call below the one
// that caused it, with its outcome and duration; those on the way to the call that
// was found are marked. Work inside a service is left out unless it is on the way,
// or o.Verbose. Its errors are w's.
func (c Chain) Draw(w io.Writer, o Options) error {
	t := look.NewTerminal(w, look.TerminalOptions{Color: o.Color, Width: o.Width, Verbose: o.Verbose})
	t.Line(t.Paint(look.Bold, "trace "+c.Tree.Trace.String()), "  ",
		t.Paint(look.Faint, look.Plural(uint64(c.Tree.Spans), "span")+", "+c.Tree.Root.Began.UTC().Format("2006-01-02 15:04:05.000 UTC")))
	d := &chainDrawing{chain: c, all: o.Verbose, on: map[*trace.Call]bool{}}
	for _, call := range c.Path {
		d.on[call] = true
	}
	d.lines(c.Tree.Root)
	shown := t.Cut(len(d.rows), maxChainLines)
	for i := range d.rows {
		if r := &d.rows[i]; i < shown || r.call == c.Call {
			d.write(t, r)
		}
	}
	t.Left(len(d.rows)-shown, " calls")
	return t.Flush()
}

// chainRow is one line: a call, or how many more there are like the one above.
type chainRow struct {
	call  *trace.Call
	depth int
	alike int
}

type chainDrawing struct {
	chain Chain
	all   bool
	on    map[*trace.Call]bool
	rows  []chainRow
}

// lines lists the rows from the top. It walks with a list of its own: a chain may
// be deep.
func (d *chainDrawing) lines(root *trace.Call) {
	stack := []chainRow{{call: root}}
	for len(stack) > 0 {
		r := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		below := r.depth
		if r.alike > 0 || d.shown(r.call) {
			d.rows = append(d.rows, r)
			below++
		}
		if r.alike > 0 {
			continue
		}
		rows := d.children(r.call, below)
		slices.Reverse(rows)
		stack = append(stack, rows...)
	}
}

func (d *chainDrawing) shown(c *trace.Call) bool {
	return !c.Synthetic() && (d.all || d.on[c] || !c.Inside())
}

// children lists the rows of a call's children, those alike folded.
func (d *chainDrawing) children(c *trace.Call, depth int) []chainRow {
	var rows []chainRow
	run := 0
	for i, child := range c.Children {
		if i > 0 && d.alike(c.Children[i-1], child) {
			run++
		} else {
			run = 0
		}
		switch last := len(rows) - 1; {
		case run < maxAlike:
			rows = append(rows, chainRow{call: child, depth: depth})
		case run == maxAlike:
			rows = append(rows, chainRow{call: child, depth: depth, alike: 1})
		default:
			rows[last].alike++
		}
	}
	return rows
}

// alike reports whether two leaves say the same; the call that was found is like
// no other.
func (d *chainDrawing) alike(a, b *trace.Call) bool {
	return !d.all && len(a.Children) == 0 && len(b.Children) == 0 && !d.on[a] && !d.on[b] && a.Service() == b.Service() &&
		a.Operation() == b.Operation() && a.Outcome() == b.Outcome()
}

func (d *chainDrawing) write(t *look.Terminal, r *chainRow) {
	indent := strings.Repeat("  ", min(r.depth, maxChainDepth))
	if r.alike > 0 {
		t.Line(t.Paint(look.Faint, "  "+indent+"  … "+look.Plural(uint64(r.alike), "more call")+" like this"))
		return
	}
	mark := "  "
	if d.on[r.call] {
		mark = "▸ "
	}
	const right = 24 // an outcome and a duration
	outcome := look.PadLeft(look.Fit(r.call.Outcome(), 12), 12)
	if r.call.Failed() {
		outcome = t.Paint(look.Red, outcome)
	}
	name := look.Fit(nameOf(r.call.Service())+"  "+nameOf(r.call.Operation()), max(t.Width-right-len(indent)-2, look.MinColumn))
	pad := max(0, t.Width-right-len(indent)-2-look.Width(name))
	if r.call == d.chain.Call {
		name = t.Paint(look.Bold, name)
	}
	t.Line(mark, indent, name, strings.Repeat(" ", pad), outcome, look.PadLeft(tookText(r.call.Duration()), right-12))
}
