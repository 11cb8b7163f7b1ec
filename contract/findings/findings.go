// Package findings groups what is broken by its cause, and shows the messages that
// broke it.
package findings

import (
	"cmp"
	"slices"

	"twinspect.dev/contract"
)

// Max bounds the causes that are kept with an example; more than these nobody
// reads, and they are counted.
const Max = 500

// maxCases is how many cases a finding names.
const maxCases = 10

// Key tells causes apart.
type Key struct {
	Check            contract.Check
	Operation, Cause string
}

// Found is a cause, with what the finder keeps of the first that had it.
type Found[Of any] struct {
	contract.Finding
	Of Of
}

// Set is the causes that were found. The zero value is empty. It is used by one
// goroutine at a time.
type Set[Of any] struct {
	byKey map[Key]*Found[Of]
	all   []*Found[Of]
	// Over counts what was broken by causes beyond [Max].
	Over uint64
}

// Add adds what a case broke in an operation to the finding of its cause. The
// result is nil where there are too many; Count is 1 where the cause is new.
func (s *Set[Of]) Add(operation, id string, b contract.Broken) *Found[Of] {
	k := Key{b.Check, operation, b.Cause}
	f := s.byKey[k]
	if f == nil {
		if len(s.all) == Max {
			s.Over++
			return nil
		}
		f = &Found[Of]{Finding: contract.Finding{Check: b.Check, Operation: operation, At: b.At, Cause: b.Cause, Message: b.Message}}
		if s.byKey == nil {
			s.byKey = make(map[Key]*Found[Of])
		}
		s.byKey[k] = f
		s.all = append(s.all, f)
	}
	f.Count++
	if len(f.Cases) < maxCases && !slices.Contains(f.Cases, id) {
		f.Cases = append(f.Cases, id)
	}
	return f
}

// All returns the findings in the order in which they were found.
func (s *Set[Of]) All() []*Found[Of] { return s.all }

// Compare puts what is proven before what is flaky, then the order of the checks,
// of the operations and of the causes.
func Compare(a, b *contract.Finding) int {
	if a.Flaky != b.Flaky {
		if b.Flaky {
			return -1
		}
		return 1
	}
	return cmp.Or(
		contract.CompareChecks(a.Check, b.Check),
		cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Cause, b.Cause),
	)
}
