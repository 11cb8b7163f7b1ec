package report

import (
	"fmt"
	"math"
	"strconv"

	"twinspect.dev/diff/report/look"
)

// evidenceText writes an e-value: how many times rarer than one this would be if
// branch were no different.
func evidenceText(e float64) string {
	switch {
	case math.IsInf(e, 1) || e >= math.MaxFloat64:
		return "beyond measure"
	case e >= 1e6:
		return strconv.FormatFloat(e, 'e', 1, 64)
	case e >= 100:
		return look.Grouped(uint64(e))
	}
	return strconv.FormatFloat(e, 'g', 3, 64)
}

// worsening writes by how much other lies above base, in percent.
func worsening(base, other float64) string {
	if base <= 0 {
		return "–"
	}
	p := math.Round(100 * (other - base) / base)
	switch {
	case p > 0:
		return fmt.Sprintf("+%.0f%%", p)
	case p < 0:
		return fmt.Sprintf("−%.0f%%", -p)
	}
	return "0%"
}
