package report

import (
	"fmt"
	"hash/fnv"
	"strings"

	"twinspect.dev/diff"
)

// Anchor returns the fragment at which a page of [HTML] opens the difference c:
// "report.html#" + Anchor(c). It is the same in every run.
func Anchor(c diff.Cell) string {
	return anchor("difference", c.Operation, string(c.Part), c.Path, string(c.Kind))
}

func operationAnchor(name string) string { return anchor("operation", name) }

func blindAnchor(b diff.BlindSpot) string {
	return anchor("blind", b.Operation, string(b.Part), b.Path)
}

// anchor hashes what names a thing (FNV-1a, 64 bits: among 20,000 things two
// share one by a chance of 1 in 90 billion); the page's script does the same.
func anchor(kind string, parts ...string) string {
	sum := fnv.New64a()
	sum.Write([]byte(strings.Join(parts, "\x00")))
	return fmt.Sprintf("%s-%016x", kind, sum.Sum64())
}
