package selfcheck

import (
	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/noise"
)

// Trial is one answer changed in one way, and what the comparison told of it.
// Neither Rules nor Changes means that the changed answer counts as equal.
type Trial struct {
	Place    Place    `json:"place"`
	Mutation Mutation `json:"mutation"`
	// Rules are the lines of the rules that hid the change.
	Rules []int `json:"rules,omitempty"`
	// Changes is what differs from base beyond what branch differed anyway.
	Changes []Change `json:"changes,omitempty"`
}

// Place is a [diff.Place] that keeps all bytes of its path.
type Place struct {
	Part diff.Part  `json:"part"`
	Path noise.Text `json:"path,omitempty"`
}

func placeOf(p diff.Place) Place { return Place{p.Part, noise.Text(noise.ClipPath(p.Path))} }

func (p Place) place() diff.Place { return diff.Place{Part: p.Part, Path: string(p.Path)} }

// Change is a difference that a mutation gave.
type Change struct {
	Place Place     `json:"place"`
	Kind  diff.Kind `json:"kind"`
	// Values is what the classes of branch's values have in common, or
	// [class.All] where values have none.
	Values class.Set `json:"values"`
}

// maxPath is how long a path may be, in bytes, as the ledger has them.
const maxPath = noise.MaxPath

// maxChanges bounds the differences of one trial. A mutation gives one or two; a
// changed media type may give one for each place.
const maxChanges = 16

// maxRules bounds the rules that are named for one trial.
const maxRules = 8

// maxPathBytes bounds the paths of one answer's trials, so that their record fits
// into a line of a partial, 4 MiB, with each byte escaped by six.
const maxPathBytes = 256 << 10

func (t *Trial) pathBytes() int {
	n := len(t.Place.Path)
	for i := range t.Changes {
		n += len(t.Changes[i].Place.Path)
	}
	return n
}
