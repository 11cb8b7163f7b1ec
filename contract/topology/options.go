package topology

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"twinspect.dev/diff/report/look"
)

// Options say how a graph is written. The zero value is good.
type Options struct {
	// Color, Width and Verbose are those of the terminal.
	Color   bool
	Width   int
	Verbose bool
	// Title tells what was looked at, such as the name of the file.
	Title string
	// Mark colours the services in HTML and DOT; it may be nil.
	Mark func(service string) Mark
}

func (o *Options) mark(service string) Mark {
	if o.Mark == nil {
		return Mark{}
	}
	return o.Mark(service)
}

// rateText writes calls a second with three significant digits.
func rateText(perSecond float64) string {
	switch {
	case perSecond == 0:
		return "–"
	case perSecond >= 1000:
		return look.Grouped(uint64(perSecond+0.5)) + "/s"
	case perSecond < 0.001:
		return "<0.001/s"
	}
	digits := max(0, 2-int(math.Floor(math.Log10(perSecond))))
	return strconv.FormatFloat(perSecond, 'f', min(digits, 3), 64) + "/s"
}

func tookText(d time.Duration) string {
	return look.Milliseconds(float64(d) / float64(time.Millisecond))
}

// perText writes how many calls one request causes.
func perText(l *Link) string {
	if l.Requests == 0 {
		return "–"
	}
	return strconv.FormatFloat(math.Round(l.PerRequest()*10)/10, 'f', -1, 64)
}

// outcomeCount is one entry of a map of outcomes.
type outcomeCount struct {
	Name  string
	Calls uint64
}

// byCount lists outcomes, the most frequent first.
func byCount(m map[string]uint64) []outcomeCount {
	list := make([]outcomeCount, 0, len(m))
	for name, n := range m {
		list = append(list, outcomeCount{name, n})
	}
	slices.SortFunc(list, func(a, b outcomeCount) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// outcomesText writes the most frequent outcomes.
func outcomesText(m map[string]uint64, most int) string {
	text := ""
	list := byCount(m)
	for i, o := range list {
		if i == most {
			text += ", …"
			break
		}
		if i > 0 {
			text += ", "
		}
		text += o.Name
		if len(list) > 1 {
			text += " " + look.Grouped(o.Calls) + "×"
		}
	}
	return text
}

// busiest lists the indexes of n things by their calls, the most first, and, where
// these are equal, as they stand.
func busiest(n int, calls func(i int) uint64) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(calls(b), calls(a)) })
	return list
}
