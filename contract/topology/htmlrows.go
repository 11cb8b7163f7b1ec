package topology

import "twinspect.dev/diff/report/look"

func (v *view) services(g *Graph, o *Options) {
	order := busiest(len(g.Services), func(i int) uint64 { return g.Services[i].Calls })
	shown := min(len(order), maxPageServices)
	v.ServicesLeft = uint64(len(order) - shown)
	room := maxPageOperations
	for _, i := range order[:shown] {
		s := &g.Services[i]
		m := o.mark(s.Name)
		row := serviceView{Name: look.Fit(nameOf(s.Name), nameColumns), Anchor: anchorOf(s.Name), Spans: s.Spans,
			Mark: markOf(m.Tone, m.label()), Tally: g.tallyView(&s.Tally)}
		if s.Role != Instrumented {
			row.Role = string(s.Role)
		}
		ops := busiest(len(s.Operations), func(i int) uint64 { return s.Operations[i].Calls })
		n := min(len(ops), room)
		room -= n
		row.More = uint64(len(ops) - n)
		for _, j := range ops[:n] {
			op := &s.Operations[j]
			row.Operations = append(row.Operations, operationView{look.Fit(nameOf(op.Name), nameColumns), g.tallyView(&op.Tally), ended(op.Outcomes)})
		}
		v.Services = append(v.Services, row)
	}
}

// ended writes the outcomes that a cell has room for.
func ended(outcomes map[string]uint64) string {
	return look.Fit(outcomesText(outcomes, 6), nameColumns)
}

func (v *view) links(g *Graph, o *Options) {
	type pair struct {
		e *Edge
		l *Link
	}
	var all []pair
	for i := range g.Edges {
		for j := range g.Edges[i].Links {
			all = append(all, pair{&g.Edges[i], &g.Edges[i].Links[j]})
		}
	}
	order := busiest(len(all), func(i int) uint64 { return all[i].l.Calls })
	shown := min(len(order), maxPageLinks)
	v.LinksLeft = uint64(len(order) - shown)
	for _, i := range order[:shown] {
		e, l := all[i].e, all[i].l
		m := o.mark(e.Caller)
		tone := m.Calls[e.Provider]
		per := perText(l)
		if l.Most > 1 {
			per += ", at most " + look.Grouped(l.Most)
		}
		v.Links = append(v.Links, linkView{
			Caller: look.Fit(nameOf(e.Caller), nameColumns), For: look.Fit(l.For, nameColumns),
			Provider: look.Fit(nameOf(e.Provider), nameColumns), Operation: look.Fit(nameOf(l.Operation), nameColumns),
			Anchor: anchorOf(e.Provider), Per: per, Outcomes: ended(l.Outcomes), Mark: markOf(tone, string(tone)), Tally: g.tallyView(&l.Tally),
		})
	}
}

func (v *view) roots(g *Graph) {
	order := busiest(len(g.Roots), func(i int) uint64 { return g.Roots[i].Calls })
	shown := min(len(order), maxPageRoots)
	v.RootsLeft = uint64(len(order) - shown)
	for _, i := range order[:shown] {
		r := &g.Roots[i]
		v.Roots = append(v.Roots, rootView{look.Fit(nameOf(r.Service), nameColumns), look.Fit(nameOf(r.Operation), nameColumns), string(r.Begin), g.tallyView(&r.Tally)})
	}
}
