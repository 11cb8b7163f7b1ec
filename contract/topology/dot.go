package topology

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"twinspect.dev/diff/report/look"
)

// dotColors are those of X11 for the tones.
var dotColors = map[Tone]string{Breaks: "firebrick", AtRisk: "darkorange3", Safe: "forestgreen"}

var dotShapes = map[Role]string{Database: "cylinder", Broker: "cds", Outside: "ellipse"}

// DOT writes g in the language of Graphviz (graphviz.org/doc/info/lang.html), for
// "dot -Tsvg". Its errors are w's.
func DOT(w io.Writer, g *Graph, o Options) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, "digraph topology {")
	fmt.Fprintf(b, "  graph [rankdir=LR, label=%s, fontname=\"Helvetica\"];\n", quoted(o.Title))
	fmt.Fprintln(b, "  node [shape=box, style=rounded, fontname=\"Helvetica\"];\n  edge [fontname=\"Helvetica\", fontsize=10];")
	for i := range g.Services {
		s := &g.Services[i]
		m := o.mark(s.Name)
		label := nameOf(s.Name)
		if s.Calls > 0 {
			label += "\n" + trafficText(g, &s.Tally) + "\np95 " + tookText(s.Latency.P95)
		}
		if m.label() != "" {
			label += "\n" + m.label()
		}
		fmt.Fprintf(b, "  %s [label=%s", quoted(s.Name), quoted(label))
		if shape := dotShapes[s.Role]; shape != "" {
			fmt.Fprintf(b, ", shape=%s, style=solid", shape)
		}
		writeTone(b, m.Tone)
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		m := o.mark(e.Caller)
		label := trafficText(g, &e.Tally)
		if t := m.Calls[e.Provider]; t != "" {
			label += "\n" + string(t)
		}
		fmt.Fprintf(b, "  %s -> %s [label=%s", quoted(e.Caller), quoted(e.Provider), quoted(label))
		writeTone(b, m.Calls[e.Provider])
	}
	fmt.Fprintln(b, "}")
	return b.Flush()
}

func writeTone(b *bufio.Writer, t Tone) {
	if color := dotColors[t]; color != "" {
		fmt.Fprintf(b, ", color=%s, fontcolor=%s, penwidth=2", color, color)
	}
	fmt.Fprintln(b, "];")
}

// quoted writes a string of DOT, in which a backslash begins an escape of labels.
// Lines are made visible one by one.
func quoted(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(look.Visible(line))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}

// trafficText tells how often a call is made, and how often it fails.
func trafficText(g *Graph, t *Tally) string {
	text := rateText(g.Rate(t.Calls))
	if g.Seconds() == 0 {
		text = look.Grouped(t.Calls) + "×"
	}
	if t.Errors > 0 {
		text += " · " + look.Percent(t.Errors, t.Calls) + " failed"
	}
	return text
}
