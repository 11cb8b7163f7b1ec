package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// blindGroup folds the blind spots at which the same faults are missed for the
// same reason: a hundred headers that are noise are one thing to know.
type blindGroup struct {
	Faults, By    string
	Places        uint64
	Operations    uint64
	Missed, Tried uint64
	Example       diff.BlindSpot
}

// blindGroups returns the groups, those in which most is missed first.
func blindGroups(s *diff.SelfCheck) []blindGroup {
	var groups []blindGroup
	index := map[[2]string]int{}
	operations := map[[3]string]bool{}
	for _, b := range s.Blind {
		by := strings.Join(b.By, ", ")
		key := [2]string{faultNames(b.Mutations), reasonOf(b.By)}
		at, ok := index[key]
		if !ok {
			at = len(groups)
			index[key] = at
			groups = append(groups, blindGroup{Faults: key[0], By: by, Example: b})
		}
		g := &groups[at]
		if g.By != by { // they differ in what stands in brackets
			g.By = key[1]
		}
		g.Places++
		g.Missed += b.Missed
		g.Tried += b.Tried
		if in := [3]string{key[0], key[1], b.Operation}; !operations[in] {
			operations[in] = true
			g.Operations++
		}
	}
	slices.SortStableFunc(groups, func(a, b blindGroup) int { return cmp.Compare(b.Missed, a.Missed) })
	return groups
}

// faults are in words what the names of some faults leave open.
var faults = map[string]string{
	"character": "one character changed", "class": "value of another class", "drop": "dropped", "flip": "true for false",
	"repeat": "repeated", "rename": "renamed", "sign": "sign turned", "swap": "two elements swapped", "type": "other type",
}

func faultNames(names []string) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = cmp.Or(faults[name], name)
	}
	return strings.Join(words, ", ")
}

// reasonOf leaves out of what hides a blind spot the counts in brackets.
func reasonOf(by []string) string {
	names := make([]string, len(by))
	for i, name := range by {
		names[i], _, _ = strings.Cut(name, " (")
	}
	return strings.Join(names, ", ")
}

// Where says at how many places, by name where it is one.
func (g *blindGroup) Where() string {
	example := look.Visible(g.Example.Operation + " " + g.Example.Place.String())
	switch {
	case g.Places == 1:
		return "at " + example
	case g.Operations == 1:
		return fmt.Sprintf("at %s of %s", look.Plural(g.Places, "place"), look.Visible(g.Example.Operation))
	}
	return fmt.Sprintf("at %s in %s, such as %s", look.Plural(g.Places, "place"), look.Plural(g.Operations, "operation"), example)
}

// String tells the group in a sentence.
func (g *blindGroup) String() string {
	s := cmp.Or(look.Visible(g.Faults), "a fault") + ": " + g.Where() + fmt.Sprintf(", %s of %s missed", look.Grouped(g.Missed), look.Grouped(g.Tried))
	if g.By != "" {
		s += "; hidden by " + look.Visible(g.By)
	}
	return s
}
