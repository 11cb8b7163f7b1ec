package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/diff/report/evidence"
)

// MaxEvidence is the length in bytes of the longest evidence that [Read] reads:
// 20,000 changes of 1 KB each, and 100 consumers whom 4,000 of them concern, in
// 500 bytes each, are 220 MB.
const MaxEvidence = 256 << 20

// JSON writes r as evidence: indented, the same report always as the same bytes.
// Empty lists are written as such, never as null, and the schema and version are
// filled in where r has none.
func JSON(w io.Writer, r *impact.Report) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(evidenceOf(r)); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

// evidenceOf returns a copy of r without null where a list belongs; r is not
// changed.
func evidenceOf(r *impact.Report) *impact.Report {
	c := *r
	if c.Schema == "" {
		c.Schema = impact.Schema
	}
	if c.Version == "" {
		c.Version = impact.Version
	}
	c.Reasons = append([]string{}, c.Reasons...)
	c.Consumers = append([]impact.Consumer{}, c.Consumers...)
	for i := range c.Consumers {
		k := &c.Consumers[i]
		k.Effects = append([]impact.Effect{}, k.Effects...)
	}
	return &c
}

// kind is what this package writes and reads.
var kind = evidence.Kind{Schema: impact.Schema, Version: impact.Version, What: "compatibility"}

// Read reads evidence as [JSON] writes it, of up to [MaxEvidence] bytes; see
// [evidence.Kind.Read] for its errors. It refuses verdicts, levels and directions that
// it does not know, and what contradicts itself. The report is the caller's.
func Read(r io.Reader) (*impact.Report, error) { return read(r, MaxEvidence) }

func read(r io.Reader, limit int64) (*impact.Report, error) {
	report := new(impact.Report)
	if err := kind.Read(r, limit, report); err != nil {
		return nil, err
	}
	if err := check(report); err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return report, nil
}

// check refuses what would be misread, an unknown verdict for a pass or an unknown
// level for a safe one, and what contradicts itself.
func check(r *impact.Report) error {
	if err := known("verdict", r.Verdict, contract.Pass, contract.Fail, contract.Inconclusive, contract.Interrupted); err != nil {
		return err
	}
	for i := range r.Consumers {
		if err := checkConsumer(&r.Consumers[i], fmt.Sprintf("consumers[%d].", i)); err != nil {
			return err
		}
		if r.Consumers[i].Level == impact.Breaks && r.Verdict == contract.Pass {
			return fmt.Errorf("verdict is pass, but consumers[%d] breaks", i)
		}
	}
	for i := range r.Changes {
		c, at := &r.Changes[i], fmt.Sprintf("changes[%d].", i)
		err := errors.Join(known(at+"level", c.Level, compat.Breaking, compat.Risky, compat.Safe),
			known(at+"direction", c.Direction, compat.InRequest, compat.InResponse, compat.Operation))
		if err != nil {
			return err
		}
		if c.Level == compat.Breaking && r.Verdict == contract.Pass && (r.Strict || len(r.Consumers) == 0) {
			return fmt.Errorf("verdict is pass, but changes[%d] is breaking, which fails by itself", i)
		}
	}
	if err := r.Account.Balance(); err != nil {
		return err //nolint:wrapcheck // it names the stage
	}
	return nil
}

// checkConsumer holds a consumer to its effects: a level below theirs would hide that
// it breaks.
func checkConsumer(k *impact.Consumer, at string) error {
	err := errors.Join(known(at+"level", k.Level, impact.Breaks, impact.Risk, impact.Safe), known(at+"source", k.Source, "traffic", "pact"))
	if err != nil {
		return err
	}
	for j := range k.Effects {
		f := &k.Effects[j]
		if err := known(fmt.Sprintf("%seffects[%d].level", at, j), f.Level, levels...); err != nil {
			return err
		}
		if f.Level != impact.Notice && slices.Index(levels, f.Level) < slices.Index(levels, k.Level) {
			return fmt.Errorf("%slevel is %s, but by effects[%d] it is %s", at, k.Level, j, f.Level)
		}
	}
	return nil
}

func known[T ~string](name string, got T, want ...T) error {
	if slices.Contains(want, got) {
		return nil
	}
	return fmt.Errorf("%s is %.40q, which this program does not know", name, got)
}
