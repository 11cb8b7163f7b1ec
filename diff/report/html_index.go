package report

import (
	"twinspect.dev/diff"
)

// index is what the page's list shows, a column for each property: it unpacks and
// parses several times as fast as an object for each difference, in a fifth of the
// length. A text stands once in Texts; columns hold its place there, the empty one
// being the first.
type index struct {
	Texts     []string  `json:"texts"`
	Operation []int     `json:"operation"`
	Part      []int     `json:"part"`
	Path      []int     `json:"path"`
	Kind      []int     `json:"kind"`
	Judgement []int     `json:"judgement"`
	Category  []int     `json:"category"`
	Says      []int     `json:"says"`  // what the samples prove
	Cause     []int     `json:"cause"` // and what to do
	N         []uint64  `json:"n"`
	Branch    []uint64  `json:"branch"`
	Control   []uint64  `json:"control"`
	Paired    []int     `json:"paired"` // 1 where control was asked
	EValue    []float64 `json:"e_value"`

	Chunk int     `json:"chunk"` // chunkLength
	Left  leftOut `json:"left"`

	places map[string]int
}

func indexOf(differences []diff.Difference) *index {
	i := &index{Texts: []string{""}, places: map[string]int{"": 0}, Chunk: chunkLength}
	for n := range differences {
		i.add(&differences[n])
	}
	return i
}

func (i *index) add(d *diff.Difference) {
	for _, c := range []struct {
		column *[]int
		text   string
	}{
		{&i.Operation, d.Operation}, {&i.Part, string(d.Part)}, {&i.Path, d.Path}, {&i.Kind, string(d.Kind)},
		{&i.Judgement, string(d.Judgement)}, {&i.Category, string(d.Category)},
		{&i.Says, decided(d)}, {&i.Cause, cause(d.Category, d.Remedy)},
	} {
		*c.column = append(*c.column, i.place(c.text))
	}
	i.N = append(i.N, d.N)
	i.Branch = append(i.Branch, d.Branch)
	i.Control = append(i.Control, d.Control)
	paired := 0
	if d.Paired {
		paired = 1
	}
	i.Paired = append(i.Paired, paired)
	i.EValue = append(i.EValue, d.EValue)
}

func (i *index) place(text string) int {
	n, ok := i.places[text]
	if !ok {
		n = len(i.Texts)
		i.Texts = append(i.Texts, text)
		i.places[text] = n
	}
	return n
}
