package capture

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Reason names why something was filtered or dropped, such as "kernel-drop".
// It is written in lower case with hyphens.
type Reason string

// Stats counts what one stage did with what it saw. It balances:
//
//	Seen = Written + Filtered + Dropped + Open
//
// The zero value is ready to use. It is not safe for concurrent use.
type Stats struct {
	Seen    uint64 `json:"seen"`
	Written uint64 `json:"written"`
	// Filtered was left out because it was asked for, by reason.
	Filtered map[Reason]uint64 `json:"filtered,omitempty"`
	// Dropped was lost although it was wanted, by reason.
	Dropped map[Reason]uint64 `json:"dropped,omitempty"`
	// Open is still inside the stage.
	Open uint64 `json:"open,omitempty"`
}

// Filter counts n more as left out for the reason.
func (s *Stats) Filter(r Reason, n uint64) { count(&s.Filtered, r, n) }

// Drop counts n more as lost for the reason.
func (s *Stats) Drop(r Reason, n uint64) { count(&s.Dropped, r, n) }

func count(m *map[Reason]uint64, r Reason, n uint64) {
	if n == 0 {
		return
	}
	if *m == nil {
		*m = make(map[Reason]uint64)
	}
	(*m)[r] += n
}

// Lost returns how many were dropped, over all reasons.
func (s Stats) Lost() uint64 { return total(s.Dropped) }

// Skipped returns how many were filtered, over all reasons.
func (s Stats) Skipped() uint64 { return total(s.Filtered) }

// Losses lists what was dropped by reason, the most frequent first: "12 gap, 3
// snap-length".
func (s Stats) Losses() string {
	reasons := slices.SortedFunc(maps.Keys(s.Dropped), func(a, b Reason) int {
		return cmp.Or(cmp.Compare(s.Dropped[b], s.Dropped[a]), cmp.Compare(a, b))
	})
	parts := make([]string, len(reasons))
	for i, r := range reasons {
		parts[i] = fmt.Sprintf("%d %s", s.Dropped[r], r)
	}
	return strings.Join(parts, ", ")
}

func total(m map[Reason]uint64) uint64 {
	var sum uint64
	for _, n := range m {
		sum += n
	}
	return sum
}

// Balance returns an error unless everything seen is accounted for.
func (s Stats) Balance() error {
	if sum := s.Written + s.Skipped() + s.Lost() + s.Open; sum != s.Seen {
		return fmt.Errorf("account does not balance: seen %d, accounted for %d", s.Seen, sum)
	}
	return nil
}

// Add adds the counts of o to s.
func (s *Stats) Add(o Stats) {
	s.Seen += o.Seen
	s.Written += o.Written
	s.Open += o.Open
	for r, n := range o.Filtered {
		s.Filter(r, n)
	}
	for r, n := range o.Dropped {
		s.Drop(r, n)
	}
}

// Clone returns a copy that shares no memory with s.
func (s Stats) Clone() Stats {
	s.Filtered = maps.Clone(s.Filtered)
	s.Dropped = maps.Clone(s.Dropped)
	return s
}

// Stage is one stage of an [Account].
type Stage struct {
	// Name says which stage it is, such as "packets" or "replay".
	Name string `json:"name"`
	// Unit says what is counted, in the plural: "frames", "exchanges".
	Unit string `json:"unit"`
	Stats
}

// Account is what the stages of a run did, from the wire to the verdict.
type Account []Stage

// Balance returns an error that names the first stage that does not balance.
func (a Account) Balance() error {
	for _, stage := range a {
		if err := stage.Balance(); err != nil {
			return fmt.Errorf("stage %s: %w", stage.Name, err)
		}
	}
	return nil
}

// Clone returns a copy that shares no memory with a.
func (a Account) Clone() Account {
	c := slices.Clone(a)
	for i := range c {
		c[i].Stats = c[i].Stats.Clone()
	}
	return c
}

// Accounted is implemented by a [Source] that can say what happened before and
// inside it. Account may be called at any time from the goroutine that reads,
// and is final after io.EOF.
type Accounted interface {
	Account() Account
}

// AccountOf returns the account of v, or nil where v keeps none.
func AccountOf(v any) Account {
	if a, ok := v.(Accounted); ok {
		return a.Account()
	}
	return nil
}
