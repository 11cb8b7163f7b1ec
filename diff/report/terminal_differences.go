package report

import (
	"cmp"
	"slices"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// operationGroup holds the differences of one operation.
type operationGroup struct {
	Operation   string
	Differences []diff.Difference
}

// byOperation groups differences by operation in the order in which the
// operations first come, and within it by place. The order is kept otherwise.
func byOperation(differences []diff.Difference) []operationGroup {
	var groups []operationGroup
	index := map[string]int{}
	for _, d := range differences {
		i, ok := index[d.Operation]
		if !ok {
			i = len(groups)
			index[d.Operation] = i
			groups = append(groups, operationGroup{Operation: d.Operation})
		}
		groups[i].Differences = append(groups[i].Differences, d)
	}
	for _, g := range groups {
		sortByPlace(g.Differences)
	}
	return groups
}

// sortByPlace brings together what lies at one place; places keep the order in
// which they first come.
func sortByPlace(differences []diff.Difference) {
	first := map[diff.Place]int{}
	for i := range differences {
		if _, ok := first[differences[i].Place]; !ok {
			first[differences[i].Place] = i
		}
	}
	slices.SortStableFunc(differences, func(a, b diff.Difference) int {
		return cmp.Compare(first[a.Place], first[b.Place])
	})
}

func (t *terminal) differences(title string, s look.Style, j diff.Judgement, limit int) {
	all := judged(t.r, j)
	if len(all) == 0 {
		return
	}
	groups := byOperation(all)
	t.Heading(s, title, look.Plural(uint64(len(all)), "difference")+" in "+look.Plural(uint64(len(groups)), "operation")+", base → branch")
	shown := t.Cut(len(all), limit)
	left := shown
	for _, g := range groups {
		n := min(len(g.Differences), left)
		if n == 0 {
			break
		}
		t.operation(s, g.Operation, g.Differences[:n])
		left -= n
	}
	t.Left(len(all)-shown, "")
}

func (t *terminal) operation(s look.Style, name string, differences []diff.Difference) {
	t.Line("  ", t.Paint(look.Bold, look.Fit(name, t.Width-2)))
	var place diff.Place
	for i := range differences {
		d := &differences[i]
		t.difference(s, d, i > 0 && d.Place == place)
		place = d.Place
	}
}

// difference writes the place, the kind, the counts and what they prove in one
// line where they fit, else in several, then an example and its cause.
func (t *terminal) difference(s look.Style, d *diff.Difference, samePlace bool) {
	const indent = "    "
	what := string(d.Kind)
	about := rates(d.Counts)
	if d.Judgement != diff.Accepted { // its approval says more
		about += ", " + decided(d)
	}
	place := look.Fit(d.Place.String(), t.Width-len(indent)-len(what)-1)
	if samePlace {
		place = strings.Repeat(" ", look.Width(place))
	}
	head := look.Width(indent+place+" "+what) + 2
	if head+len(about) <= t.Width {
		t.Line(indent, t.Paint(s, place), " ", what, "  ", about)
	} else {
		t.Line(indent, t.Paint(s, place), " ", what)
		for _, line := range look.Wrap(about, t.Width-6) {
			t.Line(indent, "  ", line)
		}
	}
	if len(d.Examples) > 0 {
		t.example(d.Kind, &d.Examples[0])
	}
	t.why(d)
}

// why tells the cause where it is no matter of course, where the difference
// begins, and who accepted it.
func (t *terminal) why(d *diff.Difference) {
	const indent = "      "
	add := func(s look.Style, text string) { t.Line(indent, t.Paint(s, look.Fit(text, t.Width-len(indent)))) }
	if a := d.Accepted; a != nil {
		add(look.Cyan, approval(a))
		add(look.Faint, a.Reason)
	}
	if told(d) || t.Verbose && d.Judgement != diff.Noise && d.Remedy != "" {
		add(look.Faint, cause(d.Category, d.Remedy))
	}
	if l := d.Location; l != nil {
		t.Hanging(indent, located(l), 2)
		if t.Verbose && len(l.Path) > 1 {
			add(look.Faint, chain(l))
		}
	}
}

// example writes "base → branch", on two lines where one is too short.
func (t *terminal) example(k diff.Kind, e *diff.Example) {
	const indent = "      "
	width := t.Width - len(indent)
	base, branch := contrast(baseValue(k, e), branchValue(k, e), width-2)
	if look.Width(base)+look.Width(branch)+3 <= width {
		t.Line(indent, base, t.Paint(look.Faint, " → "), branch)
		return
	}
	t.Line(indent, t.Paint(look.Faint, "− "), base)
	t.Line(indent, t.Paint(look.Faint, "+ "), branch)
}

func (t *terminal) noise() {
	all := judged(t.r, diff.Noise)
	if len(all) == 0 {
		return
	}
	t.Heading(look.Cyan, "NOISE", look.Plural(uint64(len(all)), "difference")+" that base also has from itself")
	if t.Verbose {
		for _, g := range byOperation(all) {
			t.operation(look.Faint, g.Operation, g.Differences)
		}
		return
	}
	places := noisyPlaces(all)
	shown := min(len(places), maxNoise)
	g := look.Grid{}
	for _, p := range places[:shown] {
		g = append(g, []look.Cell{look.Left(p.what), look.Left("in " + look.Plural(p.operations, "operation")), look.Left(p.learned)})
	}
	t.Grid(g)
	t.Left(len(places)-shown, " places")
}

// noisyPlace folds the same noise of several operations.
type noisyPlace struct {
	what, learned string
	operations    uint64
}

// noisyPlaces returns the places and kinds of noise, those in most operations
// first.
func noisyPlaces(noise []diff.Difference) []noisyPlace {
	var places []noisyPlace
	index := map[string]int{}
	for i := range noise {
		what := noise[i].Place.String() + " " + string(noise[i].Kind)
		at, ok := index[what]
		if !ok {
			at = len(places)
			index[what] = at
			places = append(places, noisyPlace{what: what, learned: learned(&noise[i])})
		}
		places[at].operations++
	}
	slices.SortStableFunc(places, func(a, b noisyPlace) int { return cmp.Compare(b.operations, a.operations) })
	return places
}

func learned(d *diff.Difference) string {
	if told(d) {
		return look.Visible(cause(d.Category, ""))
	}
	if d.Learned == "" {
		return ""
	}
	return "must stay " + d.Learned
}
