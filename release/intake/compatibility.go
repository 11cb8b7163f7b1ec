package intake

import (
	"io"
	"strings"

	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/contract/compat/report"
	"twinspect.dev/release"
)

func readCompatibility(r io.Reader) (*release.Evidence, error) {
	c, err := report.Read(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was read
	}
	e := release.Evidence{Kind: release.Consumer, Tool: c.Tool, Started: c.Started, Ended: c.Ended, Reasons: c.Reasons}
	var ops operations
	for i := range c.Consumers {
		e.Samples = sum(e.Samples, c.Consumers[i].Calls)
		consumer(&ops, &c.Consumers[i])
	}
	for i := range c.Changes {
		change(&ops, c, &c.Changes[i])
	}
	return build(e, c.Verdict, &ops, c.Account)
}

// consumer notes what concerns one. Of an operation its effects tell of the same calls.
func consumer(ops *operations, k *impact.Consumer) {
	calls := map[string]uint64{}
	for i := range k.Effects {
		f := &k.Effects[i]
		calls[f.Operation] = max(calls[f.Operation], f.Of)
		switch f.Level {
		case impact.Breaks:
			ops.at(f.Operation).regression("%s breaks: it %s", k.Name, f.Text)
		case impact.Risk:
			ops.at(f.Operation).suspect("a risk for %s: it %s", k.Name, f.Text)
		}
	}
	for name, n := range calls {
		op := ops.at(name)
		op.Samples = sum(op.Samples, n)
	}
}

// change notes a breaking one that no consumer tells of: where there are none, or the
// check was strict, it counts by itself, and nobody knows who takes what the provider
// sends.
func change(ops *operations, r *impact.Report, c *impact.Change) {
	switch {
	case c.Level != compat.Breaking || len(c.Breaks) > 0:
	case r.Strict || len(r.Consumers) == 0:
		ops.at(c.Operation).regression("a breaking change: %s", c.Text)
	case strings.HasPrefix(c.Operation, "webhook ") || strings.HasPrefix(c.Operation, "callback "):
		ops.at(c.Operation).suspect("a breaking change of what nobody tells who takes it: %s", c.Text)
	}
}
