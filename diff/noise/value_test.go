package noise

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
)

func TestOneRareOtherValueIsNotOverlooked(t *testing.T) {
	status := func(branch string) []diff.Change {
		return []diff.Change{{Place: diff.Place{Part: diff.Status}, Kind: diff.Changed, At: "status", Base: "200", Other: branch}}
	}
	for name, tc := range map[string]struct {
		odd  int // the outcome in which branch answers otherwise
		want bool
	}{"always 201": {-1, true}, "once 500": {97, false}} {
		t.Run(name, func(t *testing.T) {
			whole, parts := New(Limits{}), []*Ledger{New(Limits{}), New(Limits{})}
			for i := range 100 {
				o := Observation{Operation: "POST /orders", Exchange: fmt.Sprintf("%032x", i), Paired: true, Branch: status("201")}
				if i == tc.odd {
					o.Branch = status("500")
				}
				whole.Observe(o)
				parts[i%2].Observe(o)
			}
			parts[0].Merge(parts[1].Partial(), func(name string) string { return name })
			for _, l := range []*Ledger{whole, parts[0]} {
				found := l.Judge(0.05).Differences
				require.Len(t, found, 1)
				assert.Equal(t, tc.want, found[0].OneValue)
				for _, e := range found[0].Examples {
					assert.Contains(t, []string{"201", "500"}, e.Branch)
				}
			}
		})
	}
}
