package report

import (
	"html/template"
	"slices"
	"strings"

	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/contract/topology"
	"twinspect.dev/diff/report/look"
)

// maxDrawn is how many consumers are drawn, those that are worst off: below one
// another, 30 boxes take about three screens.
const maxDrawn = 30

// tones are those of the drawing.
var tones = map[impact.Level]topology.Tone{impact.Breaks: topology.Breaks, impact.Risk: topology.AtRisk, impact.Notice: topology.Safe, impact.Safe: topology.Safe}

// drawing is what the map shows: the consumers around their provider.
type drawing struct {
	graph topology.Graph
	marks map[string]topology.Mark
}

// draw draws the consumers, and tells how many it leaves out.
func draw(r *impact.Report) (picture template.HTML, undrawn uint64) {
	names := map[string]*impact.Consumer{}
	var list []*impact.Consumer
	for i := range r.Consumers {
		// One that is known by traffic and by a Pact file is drawn once, as it is worst.
		if k := &r.Consumers[i]; names[k.Name] == nil {
			names[k.Name] = k
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		return "", 0
	}
	shown := list[:min(len(list), maxDrawn)]
	provider := providerOf(r)
	d := &drawing{marks: map[string]topology.Mark{provider: {Text: "provider"}}}
	box := topology.Service{Name: provider, Role: topology.Instrumented}
	for _, k := range shown {
		d.consumer(provider, k)
		box.Calls += k.Calls
	}
	box.Operations = d.operations(shown)
	d.graph.Services = append(d.graph.Services, box)
	return topology.SVG(&d.graph, func(service string) topology.Mark { return d.marks[service] }), uint64(len(list) - len(shown))
}

func (d *drawing) consumer(provider string, k *impact.Consumer) {
	tone := tones[k.Level]
	d.graph.Edges = append(d.graph.Edges, topology.Edge{Caller: k.Name, Provider: provider, Tally: topology.Tally{Calls: k.Calls}})
	m := topology.Mark{Tone: tone, Text: markSays(k), Calls: map[string]topology.Tone{provider: tone}}
	if k.Name == provider {
		m.Text = "provider, " + m.Text
	} else {
		d.graph.Services = append(d.graph.Services, topology.Service{Name: k.Name, Role: topology.Instrumented})
	}
	d.marks[k.Name] = m
}

// markSays tells what becomes of a consumer, and by how many of its calls: those of
// its worst effect.
func markSays(k *impact.Consumer) string {
	text := badge(k.Level)
	if len(k.Effects) == 0 || k.Level != impact.Breaks && k.Level != impact.Risk {
		return text
	}
	return text + ": " + share(&k.Effects[0])
}

// share tells how many of the calls an effect concerns. Items of arrays can be more
// than the calls that hold them.
func share(e *impact.Effect) string {
	if e.Of == 0 || e.Calls > e.Of {
		return look.Grouped(e.Calls) + "×"
	}
	if e.Calls == e.Of {
		return "all of " + look.Grouped(e.Of)
	}
	return look.Grouped(e.Calls) + " of " + look.Grouped(e.Of)
}

// operations are those of the provider that effects are about, with the calls of
// these consumers; those that break one are drawn as failing.
func (d *drawing) operations(consumers []*impact.Consumer) []topology.Operation {
	index := map[string]int{}
	var list []topology.Operation
	for _, k := range consumers {
		most := map[string]uint64{}
		for i := range k.Effects {
			e := &k.Effects[i]
			if e.Level != impact.Breaks && e.Level != impact.Risk {
				continue
			}
			at, ok := index[e.Operation]
			if !ok {
				at = len(list)
				index[e.Operation] = at
				list = append(list, topology.Operation{Name: e.Operation})
			}
			list[at].Calls += max(e.Of, most[e.Operation]) - most[e.Operation]
			most[e.Operation] = max(e.Of, most[e.Operation])
			if e.Level == impact.Breaks {
				list[at].Errors++
			}
		}
	}
	slices.SortFunc(list, func(a, b topology.Operation) int { return strings.Compare(a.Name, b.Name) })
	return list
}
