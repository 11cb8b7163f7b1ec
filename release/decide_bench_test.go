package release_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/window"
)

// typical is a case as a gate has it: of each kind three runs of twenty operations, a
// rule or two, and a freeze on every Friday evening.
func typical() (*release.Policy, release.Case) {
	p, c := policy(), release.Case{Question: question()}
	p.Freeze = []window.Window{recurring("0 16 * * FRI", 62*time.Hour)}
	for i := range p.Requirements {
		p.Requirements[i].Operations = []release.OperationRule{
			{Match: "POST *", MinSamples: 10, MaxSuspects: -1},
			{Match: "GET *", MinSamples: 10, MaxSuspects: -1},
		}
		for n := range 3 {
			e := good(release.Kinds[i])
			e.ID += fmt.Sprint(n)
			e.Ended = e.Ended.Add(time.Duration(n) * time.Minute)
			e.Operations = nil
			for o := range 20 {
				e.Operations = append(e.Operations, release.Operation{Name: fmt.Sprintf("GET /products/{id}/parts/%02d", o), Samples: 50})
			}
			c.Evidence = append(c.Evidence, e)
		}
	}
	return p, c
}

func BenchmarkDecide(b *testing.B) {
	worst := func(p *release.Policy, c release.Case) (*release.Policy, release.Case) {
		for i := range c.Evidence {
			c.Evidence[i].Outcome = release.Fail
			for o := range c.Evidence[i].Operations {
				c.Evidence[i].Operations[o].Regressions = 2
			}
		}
		return p, c
	}
	for name, build := range map[string]func() (*release.Policy, release.Case){
		"promote":  typical,
		"rollback": func() (*release.Policy, release.Case) { return worst(typical()) },
		"hold": func() (*release.Policy, release.Case) {
			p, c := typical()
			c.Evidence = c.Evidence[3:]
			return p, c
		},
	} {
		b.Run(name, func(b *testing.B) {
			p, c := build()
			require.Equal(b, release.Decision(name), release.Decide(p, c).Decision)
			b.ReportAllocs()
			for b.Loop() {
				release.Decide(p, c)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
		})
	}
}
