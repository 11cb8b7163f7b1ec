package locate

import (
	"strings"

	"twinspect.dev/diff"
)

// Summarise returns the most frequent of several locations, the first of these
// where there are as many, with how many there are of it (Same) among all (Of). A
// location without a span is an occurrence whose traces do not differ: it counts
// in Of alone. One that sums up others counts for as many. The zero location is
// returned for none, but for Of.
func Summarise(all []diff.Location) diff.Location {
	var out diff.Location
	same := map[string]uint64{}
	of, most := uint64(0), uint64(0)
	for i := range all {
		of += max(1, all[i].Of)
		if all[i].Span == "" && all[i].Service == "" {
			continue
		}
		same[placeOf(&all[i])] += max(1, all[i].Same)
	}
	for i := range all {
		if n := same[placeOf(&all[i])]; n > most {
			out, most = all[i], n
		}
	}
	out.Same, out.Of = most, of
	return out
}

// placeOf is the same for the same place, whatever the numbers in What.
func placeOf(l *diff.Location) string {
	return strings.Join(append([]string{l.Service, l.Span}, l.Path...), "\x00")
}
