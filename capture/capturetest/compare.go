// Package capturetest holds what tests of sources and sinks share: the suite
// that every [capture.Source] and [capture.Sink] passes, a generator of
// exchanges, and their comparison.
package capturetest

import (
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"twinspect.dev/capture"
)

// Options are how exchanges, accounts and what holds them are compared: times
// as instants, an empty list or map the same as none.
func Options() cmp.Options {
	return cmp.Options{
		cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
	}
}

// Diff returns what differs between two exchanges or lists of them, or "".
func Diff(want, got any) string { return cmp.Diff(want, got, Options()) }

// Equal reports whether [Diff] finds nothing.
func Equal(want, got *capture.Exchange) bool { return cmp.Equal(want, got, Options()) }
