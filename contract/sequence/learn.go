package sequence

import (
	"cmp"
	"slices"

	"twinspect.dev/contract"
)

// Dependency says that an operation takes a value that another gave.
type Dependency struct {
	From      string         // the operation that gave it
	FromPlace contract.Place // in its exchange: "body /id", "header Location"
	To        string
	ToPlace   contract.Place // in its request: "path id"
	// Seen is how often it was.
	Seen uint64
}

// byCount returns dependencies, those that were seen most often first.
func byCount(all []Dependency) []Dependency {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b Dependency) int {
		return cmp.Or(cmp.Compare(b.Seen, a.Seen), cmp.Compare(a.From, b.From), cmp.Compare(a.FromPlace, b.FromPlace),
			cmp.Compare(a.To, b.To), cmp.Compare(a.ToPlace, b.ToPlace))
	})
	return out
}
