package selfcheck

import (
	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/noise"
)

// Way is one way in which an answer may be changed.
type Way struct {
	diff.Place
	Mutation
}

// Ways returns the ways in which an answer may be changed.
func Ways(operation string, id capture.ID, r *capture.Response) (list []Way) {
	t := newTester(nil, nil)
	all, _ := t.mutations(operation, r, noise.Rank(string(id[:])), true)
	for i := range all {
		list = append(list, Way{all[i].place, all[i].name})
	}
	return list
}

// Apply changes an answer in one way; it is false where that is not possible.
func Apply(operation string, id capture.ID, r *capture.Response, w Way) (capture.Response, bool) {
	t := newTester(nil, nil)
	all, _ := t.mutations(operation, r, noise.Rank(string(id[:])), true)
	changed := *r
	for i := range all {
		if all[i].place == w.Place && all[i].name == w.Mutation {
			all[i].apply(&changed, nil)
			return changed, true
		}
	}
	return changed, false
}
