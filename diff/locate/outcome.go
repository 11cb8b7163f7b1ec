package locate

import (
	"fmt"
	"slices"
	"strings"
)

// unlike returns the outcomes that tell the sides apart. With as many calls on
// both, these are what is left when equal ones are taken away in pairs; otherwise
// those that only one side has: that there are more calls is told elsewhere.
func unlike(base, other *group) (b, o string) {
	same := base.count == other.count
	return rest(base.outcomes, other.outcomes, same), rest(other.outcomes, base.outcomes, same)
}

func rest(a, b map[string]int, same bool) string {
	var out []string
	for outcome, n := range a {
		switch {
		case same:
			n -= b[outcome]
		case b[outcome] > 0:
			n = 0
		}
		if n == 1 {
			out = append(out, outcome)
		} else if n > 1 {
			out = append(out, fmt.Sprintf("%d x %s", n, outcome))
		}
	}
	slices.Sort(out)
	return cut(strings.Join(out, ", "))
}

// cut bounds a text that comes from programs: codes of gRPC are free texts.
func cut(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
