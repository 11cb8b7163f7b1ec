package contractfile

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/shape"
)

// ErrPair tells that contracts are of different pairs, which cannot be merged.
var ErrPair = errors.New("contracts of different pairs")

// Merge joins the contracts of one pair out of two recordings. Counts are summed and
// the interval encloses both; it does not matter which contract is which, nor in
// which groups several are merged. Document, operation ids and examples are those of
// the contract that ends later. Neither is changed.
func Merge(a, b *contract.Contract) (*contract.Contract, error) {
	if a.Consumer != b.Consumer || a.Provider != b.Provider {
		return nil, fmt.Errorf("%w: %s and %s, %s and %s", ErrPair, a.Consumer, a.Provider, b.Consumer, b.Provider)
	}
	a, b = ordered(a), ordered(b)
	if precedes(b, a) {
		a, b = b, a // b is the later one
	}
	m := &contract.Contract{
		Schema: contract.ContractSchema, Version: contract.ContractVersion, Consumer: a.Consumer, Provider: a.Provider,
		Document: a.Document, From: earlier(a.From, b.From), To: later(a.To, b.To),
	}
	if b.Document != nil {
		m.Document = b.Document
	}
	m.Interactions = join(a.Interactions, b.Interactions, byOperation, mergeInteractions)
	return m, nil
}

// precedes orders contracts by when they end; of those that end at once, what they
// hold decides.
func precedes(a, b *contract.Contract) bool {
	c := cmp.Or(a.To.Compare(b.To), a.From.Compare(b.From))
	if c == 0 {
		c = cmp.Compare(fmt.Sprintf("%+v", a.Document), fmt.Sprintf("%+v", b.Document))
	}
	return c < 0
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// join merges two sorted lists; what only one has stays as it is.
func join[T any](a, b []T, compare func(a, b T) int, merge func(a, b T) T) []T {
	var out []T
	for len(a) > 0 && len(b) > 0 {
		switch c := compare(a[0], b[0]); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, merge(a[0], b[0])), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

func mergeInteractions(a, b contract.Interaction) contract.Interaction {
	m := contract.Interaction{
		Operation: a.Operation, OperationID: cmp.Or(b.OperationID, a.OperationID), Calls: a.Calls + b.Calls,
		For:       sumBy(a.For, b.For),
		Request:   shape.MergeOf(a.Request, a.Calls, b.Request, b.Calls),
		Responses: join(a.Responses, b.Responses, byStatus, mergeResponses),
	}
	return m
}

// mergeResponses takes the media type of the response that was met more often.
func mergeResponses(a, b contract.Answer) contract.Answer {
	media := a.MediaType
	if b.Calls > a.Calls || b.Calls == a.Calls && b.MediaType < a.MediaType {
		media = b.MediaType
	}
	m := contract.Answer{
		Status: a.Status, Calls: a.Calls + b.Calls, MediaType: media, Fields: shape.MergeOf(a.Fields, a.Calls, b.Fields, b.Calls), Example: b.Example,
	}
	if m.Example == nil {
		m.Example = a.Example
	}
	return m
}

func sumBy(a, b map[string]uint64) map[string]uint64 {
	if len(a)+len(b) == 0 {
		return nil
	}
	out := maps.Clone(a)
	if out == nil {
		out = map[string]uint64{}
	}
	for key, n := range b {
		out[key] += n
	}
	return out
}

// find returns what a sorted list has for a key, nil for nothing.
func find[T any](list []T, is func(T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return &list[i]
	}
	return nil
}
