package report

import (
	"twinspect.dev/diff"
	"twinspect.dev/diff/report/look"
)

// Anchor returns the fragment at which a page of [HTML] opens the difference c:
// "report.html#" + Anchor(c). It is the same in every run.
func Anchor(c diff.Cell) string {
	return look.Anchor("difference", c.Operation, string(c.Part), c.Path, string(c.Kind))
}

func operationAnchor(name string) string { return look.Anchor("operation", name) }

func blindAnchor(b diff.BlindSpot) string {
	return look.Anchor("blind", b.Operation, string(b.Part), b.Path)
}
